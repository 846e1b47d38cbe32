"""The worker: there is one, it picks up what a killed one left, and it does what is due by the clock."""

import sqlite3
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from docket_world import ADA, NOW, WORKER, Mailbox, confirm, run_tasks, worker_environment
from pytest_django import Settings

from demur.core.suppression_list import seal_list
from demur.docket import publishing, worker
from demur.docket.duties import Duty, publish_list
from demur.docket.errors import WorkerRunningError
from demur.docket.models import Case, Mail, MailState, PublishedList
from demur.docket.services import lodge_objection, withdraw
from demur.docket.worker import _advisory_lock, _work, run_worker
from demur.ledger.errors import KeyFileError, StorageError

pytestmark = pytest.mark.django_db(transaction=True)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


class StopAfter(threading.Event):
    """An event that is set when it was asked about, or waited for, so often."""

    def __init__(self, questions: int) -> None:
        super().__init__()
        self._questions = questions
        self.pauses: list[float | None] = []

    def is_set(self) -> bool:
        self._questions -= 1
        return self._questions < 0

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout)
        return super().wait(0)


def test_worker_works_off_what_waits_and_stops_when_told(home: Path, mailbox: Mailbox) -> None:
    confirm(ADA)
    run_worker(StopAfter(20))
    assert len(mailbox.raw) == 2
    assert PublishedList.objects.get().number == 1


def test_worker_that_found_something_looks_again_soon_but_lets_some_more_gather(home: Path, mailbox: Mailbox) -> None:
    confirm(ADA)
    run_worker(stop := StopAfter(20))
    found, nothing_found = stop.pauses[0] or 0, stop.pauses[-1]
    assert 0 <= found <= worker.ROUND_SECONDS < worker.IDLE_SECONDS == nothing_found


def test_worker_without_an_account_directory_says_that_nobody_is_recognised(
    home: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    run_worker(StopAfter(0))
    assert "DEMUR_ACCOUNT_DIRECTORY" not in caplog.text
    settings.DEMUR_ACCOUNT_DIRECTORY = "demur.core.account.NullAccountDirectory"
    run_worker(StopAfter(0))
    assert "the gate recognises nobody" in caplog.text
    assert "DEMUR_ACCOUNT_DIRECTORY" in caplog.text


def test_mail_that_a_killed_worker_was_sending_is_sent(home: Path, mailbox: Mailbox) -> None:
    lodge_objection(ADA, NOW)
    Mail.objects.update(state=MailState.SENDING, attempts=1)
    run_worker(StopAfter(10))
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


class Clock:
    """What time.monotonic tells in a test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.seconds)


def test_duty_that_fails_is_tried_again_after_pauses_that_grow(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock, tried = Clock(monkeypatch), [1000.0]

    def fail(_now: datetime) -> bool:
        tried.append(clock.seconds)
        raise StorageError("the disk is full")

    duty = Duty("publishing lists", fail)
    for _ in range(9_000):
        assert not duty.do_if_due(NOW)
        clock.seconds += 1
    assert [later - before for before, later in pairwise(tried)] == [0, *(2**power for power in range(1, 12)), 3600]
    assert "publishing lists: the disk is full; trying again in 2 seconds" in caplog.text


def test_duty_that_works_again_pauses_shortly_at_its_next_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, fails = Clock(monkeypatch), [True, True, False, True, False]

    def act(_now: datetime) -> bool:
        if fails.pop(0):
            raise KeyError
        return True

    duty = Duty("anything", act)
    found = []
    for wait in (0, 2, 4, 0, 2):
        clock.seconds += wait
        found.append(duty.do_if_due(NOW))
    assert found == [False, False, True, False, True]


def test_duty_takes_no_more_than_its_share_of_the_time_and_rests_no_longer_than_a_promise_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, takes = Clock(monkeypatch), [3.0, 100.0, 0.0]

    def act(_now: datetime) -> bool:
        clock.seconds += takes.pop(0)
        return True

    duty, began = Duty("publishing lists", act, every_seconds=2, share=0.1), []
    while takes:
        before = clock.seconds
        if duty.do_if_due(NOW):
            began.append(before - 1000)
        clock.seconds += 0.5
    assert [round(instant) for instant in began] == [0, 30, 170]


def test_failing_duty_keeps_no_other_from_being_done(home: Path, mailbox: Mailbox) -> None:
    (home / "keys" / "log.seed").unlink()
    (home / "keys" / "list.seed").unlink()
    lodge_objection(ADA, NOW)
    run_worker(StopAfter(20))
    assert len(mailbox.raw) == 1


def test_worker_erases_what_was_never_confirmed(home: Path) -> None:
    lodge_objection(ADA, NOW - DAY - MINUTE)
    run_tasks()
    assert not Case.objects.exists()


def test_list_is_renewed_by_the_clock_though_nobody_asks(home: Path) -> None:
    publish_list(NOW - 13 * timedelta(hours=1))
    assert not publishing.is_due(NOW - 8 * timedelta(hours=1))
    run_tasks()
    assert PublishedList.objects.count() == 2


def test_list_is_published_when_gates_do_not_use_the_newest(home: Path) -> None:
    publish_list(NOW)
    assert not publishing.is_due(NOW)
    (home / "lists/latest.list").unlink()
    assert publishing.is_due(NOW)
    run_tasks()
    assert (home / "lists/latest.list").readlink() == Path("000001.list")


def test_duties_go_on_when_the_clock_is_set_back(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instants = iter([NOW + DAY] * 2)
    looks: list[bool] = []
    monkeypatch.setattr(worker, "_LOOK_AT_LOCK_SECONDS", 0.0)
    monkeypatch.setattr(timezone, "now", lambda: next(instants, NOW))

    def is_alone() -> bool:
        looks.append(True)
        return True

    _work(StopAfter(20), is_alone)
    assert len(looks) > 1


def test_wish_for_a_list_outlives_a_publishing_that_fails(home: Path) -> None:
    confirm(ADA)
    (home / "keys" / "list.seed").rename(home / "kept")
    with pytest.raises(KeyFileError):
        publish_list(NOW)
    assert publishing.is_due(NOW)
    (home / "kept").rename(home / "keys" / "list.seed")
    publish_list(NOW)
    assert not publishing.is_due(NOW)


def test_change_while_a_list_is_made_wishes_for_the_next_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    confirmed = confirm(ADA)

    def seal_slowly(*arguments: object) -> bytes:
        withdraw(confirmed.status_token, NOW)
        return seal_list(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(publishing, "seal_list", seal_slowly)
    publish_list(NOW)
    assert publishing.is_due(NOW)


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
