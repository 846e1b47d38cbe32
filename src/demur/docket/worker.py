"""The worker: one process that does the duties (demur.docket.duties) in turn, until it is told to stop.

Exactly one process works on a docket. For SQLite that is enforced by a lock on `<home>/worker.lock`, for PostgreSQL by
an advisory lock of the database as well, since workers may then run on several machines; both end with the process
that holds them, however it ends.
"""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from demur.core.account import NullAccountDirectory
from demur.docket.duties import all_duties
from demur.docket.errors import WorkerRunningError

LOCK_FILE = "worker.lock"
IDLE_SECONDS = 0.3
ROUND_SECONDS = 0.25
"""A round begins so long after the one before, or later: what comes meanwhile shares an append to the log and a
connection to the mail server, each of which costs as much as several mails."""

_LOOK_AT_LOCK_SECONDS = 5.0
_ADVISORY_LOCK = 0x64656D7572  # "demur"; any number will do that no other program uses in this database
_LOCK_MODE = 0o600
_STAND_IN = f"{NullAccountDirectory.__module__}.{NullAccountDirectory.__qualname__}"
_log = logging.getLogger(__name__)


def run_worker(stop: threading.Event) -> None:
    """Work until `stop` is set; the duty that is being done then is finished first.

    A database that goes away is waited for, and the locks are taken anew when it is back.

    Raises:
        WorkerRunningError: another worker serves this docket.
    """
    if settings.DEMUR_ACCOUNT_DIRECTORY == _STAND_IN:
        _log.warning(
            "no account directory is set (DEMUR_ACCOUNT_DIRECTORY): no handle leads to an account, so the gate "
            "recognises nobody's rows"
        )
    worked_before = False
    while not stop.is_set():
        try:
            with _only_worker() as is_alone:
                worked_before = True
                _work(stop, is_alone)
        except WorkerRunningError:
            # After a loss of the database its server may take a while to notice that our old lock has ended.
            if not worked_before:
                raise
        except (OperationalError, InterfaceError):
            # Their words can hold values of a row. Nothing is lost meanwhile.
            _log.warning("the database did not answer; trying again")
            close_old_connections()
        stop.wait(IDLE_SECONDS)


def _work(stop: threading.Event, is_alone: Callable[[], bool]) -> None:
    duties = all_duties()
    look_at = time.monotonic() + _LOOK_AT_LOCK_SECONDS
    while not stop.is_set():
        if time.monotonic() >= look_at:
            if not is_alone():
                return
            look_at = time.monotonic() + _LOOK_AT_LOCK_SECONDS
        began = time.monotonic()
        found = [duty.do_if_due(timezone.now()) for duty in duties if not stop.is_set()]
        stop.wait(max(began + ROUND_SECONDS - time.monotonic(), 0) if any(found) else IDLE_SECONDS)


@contextmanager
def _only_worker() -> Iterator[Callable[[], bool]]:
    """Hold the worker's locks; what is yielded tells whether they are still held."""
    descriptor = os.open(Path(settings.DEMUR_HOME) / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _LOCK_MODE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WorkerRunningError from error
        if connection.vendor == "postgresql":
            with _advisory_lock() as is_held:
                yield is_held
        else:
            yield lambda: True
    finally:
        os.close(descriptor)


@contextmanager
def _advisory_lock() -> Iterator[Callable[[], bool]]:
    held = connection.copy()  # a connection of its own: the lock ends when it is closed
    try:
        with held.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ADVISORY_LOCK])
            if not cursor.fetchone()[0]:
                raise WorkerRunningError
        yield held.is_usable
    finally:
        held.close()
