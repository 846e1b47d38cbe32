"""What Django remembers for each request: its language, and how addresses are read."""

import threading

from django.urls import base as addresses
from django.utils.translation import trans_real as languages


def keep_state_by_thread() -> None:
    """Let Django keep it in plain variables of the thread, which one request has from its start to its end here.

    There is no public name for that. Django's own follow a request from task to task of an asynchronous server. This
    one has no such tasks, and reading one of those variables, as each translated word does, takes longer than finding
    the translation. Call it before there is any request.
    """
    languages._active = threading.local()  # type: ignore[attr-defined]  # noqa: SLF001
    addresses._prefixes = threading.local()  # type: ignore[attr-defined]  # noqa: SLF001
    addresses._urlconfs = threading.local()  # type: ignore[attr-defined]  # noqa: SLF001
