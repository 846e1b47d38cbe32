"""A disk that fails at a chosen operation, and what every test of the log appends."""

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

OPERATIONS = ("open", "write", "fsync", "replace", "mkdir", "unlink", "rmdir")
"""What the ledger asks of the system when it changes something, by its name in `os`."""


class PowerOffError(BaseException):
    """The process is gone: nothing that catches errors catches this."""


class FailingDisk:
    """A disk whose n-th operation fails: before it is stored, or after."""

    def __init__(self, fail_at: int, *, stored: bool, error: Callable[[], BaseException]) -> None:
        self.left = fail_at
        self.failed = False
        self._stored = stored
        self._error = error

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in OPERATIONS:
                patch.setattr(os, name, self._wrap(getattr(os, name)))
            yield

    def _wrap(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        owner = threading.get_ident()

        def wrapped(*arguments: Any, **keywords: Any) -> Any:
            if threading.get_ident() == owner:
                self.left -= 1
            if self.left != -1 or self.failed or threading.get_ident() != owner:
                return operation(*arguments, **keywords)
            self.failed = True
            if self._stored:
                operation(*arguments, **keywords)
            raise self._error()

        return wrapped


def disk_is_full() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def numbered(start: int, end: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(start, end)]
