"""The server's log: what went wrong and where in the code, never who asked, for what address, or with what words.

Addresses hold private tokens, and the words of foreign errors may quote what somebody typed. So of a foreign error
its type and the places in the code remain. Our own errors keep their sentence, which never holds personal data.
"""

import logging
import traceback

from demur.core.errors import DemurError

_ABOUT_REQUESTS = ("django.request", "django.security")


class PrivateFilter(logging.Filter):
    """Takes out of a record what a log must not hold."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; keep it."""
        error = record.exc_info[1] if record.exc_info else None
        if record.name.startswith(_ABOUT_REQUESTS):
            record.msg, record.args = "a request was refused or failed", ()
        if error is not None:
            record.msg, record.args = f"{record.getMessage()}: {describe(error)}", ()
            record.exc_info = record.exc_text = None
        return True


def describe(error: BaseException) -> str:
    """Return an error's type and the places that it passed, innermost last; the sentence too if it is one of ours."""
    name = type(error).__name__
    sentence = f" ({error})" if isinstance(error, DemurError) else ""
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    told = f"{name}{sentence} at {' > '.join(places) or 'an unknown place'}"
    return f"{told}, because of {describe(error.__cause__)}" if error.__cause__ else told
