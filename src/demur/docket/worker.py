"""The worker: runs the tasks of the database, and looks after what no request does.

Exactly one process works on a docket. For SQLite that is enforced by a lock on `<home>/worker.lock`, for PostgreSQL by
an advisory lock of the database as well, since workers may then run on several machines; both end with the process
that holds them, however it ends. So, at the start, a task that is marked as running was left by a worker that was
killed: it is put back, which is safe because every task may run twice.

A task that failed is tried again after pauses that grow. A mail that the server did not take is not a failed task: it
plans its own next attempt (demur.docket.delivery).
"""

import fcntl
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from demur.core.account import NullAccountDirectory
from demur.docket import publishing
from demur.docket.errors import WorkerRunningError
from demur.docket.services import erase_photos, erase_unconfirmed
from demur.docket.tasks import append_log_entries, publish_list

LOCK_FILE = "worker.lock"
_IDLE_SECONDS = 0.3
_DUTIES_EVERY_SECONDS = 5.0
_LONGEST_WAIT = timedelta(seconds=15)  # of a list behind mails: each may take 20 seconds of a server that hangs
_FIRST_OF_ALL = 20  # above a code mail
_AFTER_FAILURE = timedelta(seconds=2)  # short at first: a list is promised within a minute
_LONGEST_PAUSE = timedelta(hours=1)
_MOST_DOUBLINGS = 11
_KEEP_FINISHED = timedelta(days=1)
_ADVISORY_LOCK = 0x64656D7572  # "demur"; any number will do that no other program uses in this database
_LOCK_MODE = 0o600
_PROMISED = (append_log_entries.module_path, publish_list.module_path)
_STAND_IN = f"{NullAccountDirectory.__module__}.{NullAccountDirectory.__qualname__}"
_log = logging.getLogger(__name__)


def run_worker(stop: threading.Event) -> None:
    """Work until `stop` is set; the task that runs then is finished first.

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
        stop.wait(_IDLE_SECONDS)


def _work(stop: threading.Event, is_alone: Callable[[], bool]) -> None:
    reset_interrupted()
    publish_list.enqueue()  # also repairs what a crash left of the lists
    duties_at = time.monotonic()  # not the clock, which may be set back
    while not stop.is_set():
        if time.monotonic() >= duties_at:
            if not is_alone():
                return
            look_after(timezone.now())
            duties_at = time.monotonic() + _DUTIES_EVERY_SECONDS
        if not run_next_task():
            stop.wait(_IDLE_SECONDS)


def run_next_task() -> bool:
    """Run the task that is due first; tell whether there was one."""
    if not DBTaskResult.objects.ready().exists():
        return False
    Worker(
        queue_names=["*"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=1,
        worker_id=secrets.token_hex(16),
        excluded_queue_names=[],
    ).run()
    return True


def reset_interrupted() -> int:
    """Put back the tasks that a killed worker left running; return how many. Only for who holds the worker's lock."""
    return DBTaskResult.objects.running().update(status=TaskResultStatus.READY)


def look_after(now: datetime) -> None:
    """Do what is due by the clock and not by a request."""
    erase_unconfirmed(now)
    erase_photos(now)
    publishings = DBTaskResult.objects.filter(task_path=publish_list.module_path)
    # One that failed is tried again below: a disk that is full for a day must not leave thousands.
    if publishing.is_due(now) and not publishings.exclude(status=TaskResultStatus.SUCCESSFUL).exists():
        publish_list.enqueue()
    waiting = DBTaskResult.objects.ready().filter(enqueued_at__lte=now - _LONGEST_WAIT)
    waiting.filter(task_path__in=_PROMISED).update(priority=_FIRST_OF_ALL)
    for failed in DBTaskResult.objects.failed():
        doublings = min(max(len(failed.worker_ids) - 1, 0), _MOST_DOUBLINGS)
        pause = min(_AFTER_FAILURE * 2**doublings, _LONGEST_PAUSE)
        if not timedelta() <= now - failed.finished_at < pause:  # below zero after the clock was set back
            DBTaskResult.objects.failed().filter(pk=failed.pk).update(status=TaskResultStatus.READY)
    DBTaskResult.objects.successful().filter(finished_at__lte=now - _KEEP_FINISHED).delete()


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
