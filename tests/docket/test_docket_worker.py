"""The worker: there is one, it picks up what a killed one left, and it does what is due by the clock."""

import sqlite3
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from docket_world import ADA, NOW, WORKER, Mailbox, confirm, run_tasks, worker_environment
from pytest_django import Settings

from demur.docket import worker
from demur.docket.errors import WorkerRunningError
from demur.docket.models import Case, MailState, PublishedList
from demur.docket.services import lodge_objection
from demur.docket.tasks import append_log_entries, deliver_mail, publish_list
from demur.docket.worker import _advisory_lock, _work, look_after, reset_interrupted, run_next_task, run_worker
from demur.ledger.errors import KeyFileError

pytestmark = pytest.mark.django_db(transaction=True)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


class StopAfter(threading.Event):
    """An event that is set when it was asked about, or waited for, so often."""

    def __init__(self, questions: int) -> None:
        super().__init__()
        self._questions = questions

    def is_set(self) -> bool:
        self._questions -= 1
        return self._questions < 0

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002  (the event's signature)
        return super().wait(0)


def test_worker_works_off_what_waits_and_stops_when_told(home: Path, mailbox: Mailbox) -> None:
    confirm(ADA)
    run_worker(StopAfter(20))
    assert len(mailbox.raw) == 2
    assert PublishedList.objects.get().number == 1
    assert not DBTaskResult.objects.ready().exists()


def test_worker_without_an_account_directory_says_that_nobody_is_recognised(
    home: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    run_worker(StopAfter(0))
    assert "DEMUR_ACCOUNT_DIRECTORY" not in caplog.text
    settings.DEMUR_ACCOUNT_DIRECTORY = "demur.core.account.NullAccountDirectory"
    run_worker(StopAfter(0))
    assert "the gate recognises nobody" in caplog.text
    assert "DEMUR_ACCOUNT_DIRECTORY" in caplog.text


def test_task_that_a_killed_worker_left_running_is_run(home: Path, mailbox: Mailbox) -> None:
    lodge_objection(ADA, NOW)
    DBTaskResult.objects.get().claim("a worker that was killed")
    run_worker(StopAfter(10))
    assert len(mailbox.raw) == 1


def test_mail_that_a_killed_worker_was_sending_is_sent(home: Path, mailbox: Mailbox) -> None:
    lodge_objection(ADA, NOW)
    case = Case.objects.get()
    case.mails.update(state=MailState.SENDING, attempts=1)
    run_tasks()
    assert len(mailbox.raw) == 1


def test_second_worker_is_refused_while_the_first_lives_and_not_after_it_was_killed(
    home: Path,
    mailbox: Mailbox,
) -> None:
    lodge_objection(ADA, NOW)
    first = subprocess.Popen([sys.executable, "-c", WORKER], env=worker_environment(home))
    assert mailbox.wait_for(1)
    with pytest.raises(WorkerRunningError):
        run_worker(StopAfter(1))
    first.kill()
    first.wait()
    run_worker(StopAfter(1))


def test_failed_task_is_put_back_after_pauses_that_grow(home: Path) -> None:
    (home / "keys" / "list.seed").unlink()
    publish_list.enqueue()
    assert run_next_task()
    failed = DBTaskResult.objects.failed().get()
    look_after(failed.finished_at)
    assert DBTaskResult.objects.failed().count() == 1
    look_after(failed.finished_at + timedelta(seconds=2))
    assert DBTaskResult.objects.failed().count() == 0
    while DBTaskResult.objects.failed().count() == 0:
        assert run_next_task()
    again = DBTaskResult.objects.failed().get(pk=failed.pk)
    look_after(again.finished_at + timedelta(seconds=3))
    assert DBTaskResult.objects.failed().filter(pk=failed.pk).exists()
    look_after(again.finished_at + timedelta(seconds=4))
    assert not DBTaskResult.objects.failed().filter(pk=failed.pk).exists()


def test_worker_erases_what_was_never_confirmed(home: Path) -> None:
    lodge_objection(ADA, NOW - DAY - MINUTE)
    look_after(NOW)
    assert not Case.objects.exists()


def test_worker_forgets_finished_tasks_after_a_day(home: Path, mailbox: Mailbox) -> None:
    lodge_objection(ADA, NOW)
    run_tasks()
    assert DBTaskResult.objects.successful().exists()
    look_after(NOW + DAY + 10 * MINUTE)
    assert not DBTaskResult.objects.successful().exists()


def test_list_is_renewed_by_the_clock_though_nobody_asks(home: Path) -> None:
    publish_list.call()
    look_after(NOW + 13 * timedelta(hours=1))
    assert DBTaskResult.objects.ready().filter(task_path=publish_list.module_path).exists()


def test_list_that_cannot_be_published_is_asked_for_once(home: Path) -> None:
    (home / "keys" / "list.seed").unlink()
    look_after(NOW)
    look_after(NOW)
    assert DBTaskResult.objects.get().task_path == publish_list.module_path
    assert run_next_task()
    look_after(NOW)
    assert DBTaskResult.objects.count() == 1


def test_list_and_log_go_before_mails_once_they_have_waited(home: Path) -> None:
    publish_list.call()
    publish_list.enqueue()
    append_log_entries.enqueue()
    lodge_objection(ADA, NOW)
    look_after(timezone.now())
    assert next(task.task_path for task in DBTaskResult.objects.ready()) == deliver_mail.module_path
    look_after(timezone.now() + timedelta(seconds=20))
    order = [task.task_path for task in DBTaskResult.objects.ready() if task.task_path != deliver_mail.module_path]
    assert order == [task.task_path for task in DBTaskResult.objects.ready()][: len(order)]


def test_duties_go_on_when_the_clock_is_set_back(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instants = iter([NOW + DAY] * 2)
    duties: list[bool] = []
    monkeypatch.setattr(worker, "_DUTIES_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(timezone, "now", lambda: next(instants, NOW))

    def is_alone() -> bool:
        duties.append(True)
        return True

    _work(StopAfter(6), is_alone)
    assert len(duties) > 1


def test_failed_task_of_a_later_day_is_tried_again_after_the_clock_is_set_back(home: Path) -> None:
    (home / "keys" / "list.seed").unlink()
    publish_list.enqueue()
    assert run_next_task()
    look_after(DBTaskResult.objects.failed().get().finished_at - DAY)
    assert not DBTaskResult.objects.failed().exists()


def test_publishing_by_hand_that_fails_leaves_the_wish_of_others_to_the_worker(home: Path) -> None:
    confirm(ADA)
    wishes = DBTaskResult.objects.ready().filter(task_path=publish_list.module_path)
    (home / "keys" / "list.seed").rename(home / "kept")
    with pytest.raises(KeyFileError):
        publish_list.call()
    assert wishes.exists()
    (home / "kept").rename(home / "keys" / "list.seed")
    publish_list.call()
    assert not wishes.exists()


def test_nothing_is_reset_where_nothing_was_interrupted(home: Path) -> None:
    lodge_objection(ADA, NOW)
    assert reset_interrupted() == 0
    assert DBTaskResult.objects.get().task_path == deliver_mail.module_path


if connection.vendor == "postgresql":

    def test_second_worker_on_another_machine_is_refused_by_the_database() -> None:
        with _advisory_lock() as is_held:
            assert is_held()
            with pytest.raises(WorkerRunningError), _advisory_lock():
                pass
        with _advisory_lock():
            pass

    def test_worker_notices_that_the_database_has_dropped_its_lock() -> None:
        with _advisory_lock() as is_held:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = "
                    "(SELECT oid FROM pg_database WHERE datname = current_database())",
                )
            assert not is_held()
        with _advisory_lock() as is_held:
            assert is_held()

else:

    def test_worker_waits_for_a_database_that_is_locked_and_goes_on(home: Path, mailbox: Mailbox) -> None:
        lodge_objection(ADA, NOW)
        other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        options = {**connection.settings_dict["OPTIONS"]}
        connection.close()
        connection.settings_dict["OPTIONS"] = {**options, "timeout": 0}
        try:
            run_worker(StopAfter(2))
            assert mailbox.raw == []
            other.execute("ROLLBACK")
            run_worker(StopAfter(10))
        finally:
            other.close()
            connection.close()
            connection.settings_dict["OPTIONS"] = options
        assert len(mailbox.raw) == 1
