"""The engine: Django asks for this module and this class by name."""

import select
import time

from django.db.backends.postgresql import base

_TRUSTED_SECONDS = 1.0
_GONE_OR_SPEAKS = select.POLLIN | select.POLLHUP | select.POLLERR


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL in which a connection that answered a moment ago is not asked once more for the next page.

    Django asks the server before the first query of each page, so that nobody sees an error because the database was
    started anew. Under load that was a sixth of all questions.
    """

    _answered_at = float("-inf")

    def is_usable(self) -> bool:
        """Tell whether the connection can be used: ask the server, unless it answered within the last second.

        Even then a connection that the server has ended is noticed, since its end can be read.
        """
        now = time.monotonic()
        if now < self._answered_at + _TRUSTED_SECONDS and self._is_silent():
            return True
        is_usable = bool(super().is_usable())
        self._answered_at = now if is_usable else float("-inf")
        return is_usable

    def _is_silent(self) -> bool:
        """Tell whether there is nothing to read, as between two questions on a connection that is in order."""
        if self.connection is None or self.connection.closed:
            return False
        waiting = select.poll()
        waiting.register(self.connection.fileno(), _GONE_OR_SPEAKS)
        return not waiting.poll(0)
