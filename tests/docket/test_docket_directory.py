"""The account directory: renames, strangers' handles, and a directory that is broken, slow or lies."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from django_tasks_db.models import DBTaskResult
from docket_world import ADA, confirm, load_latest, run_tasks
from pytest_django import Settings

from demur.core.account import Account
from demur.docket.accounts import ask_directory
from demur.docket.models import CaseIdentifier
from demur.docket.selectors import find_status
from demur.docket.tasks import resolve_handles

pytestmark = pytest.mark.django_db(transaction=True)
NEVER = threading.Event()


class BrokenDirectory:
    def find_accounts(self, handle: str) -> list[Account]:
        raise ConnectionError(handle)


class SlowDirectory:
    def find_accounts(self, handle: str) -> list[Account]:  # noqa: ARG002  (the port's signature)
        NEVER.wait(timeout=60)
        return []


class LyingDirectory:
    def find_accounts(self, handle: str) -> list[Account]:
        return [Account("not an account", "lumen", handle)]


def values(kind: str) -> list[str]:
    return sorted(CaseIdentifier.objects.filter(kind=kind).values_list("value", flat=True))


def test_handle_becomes_every_account_that_it_means(home: Path) -> None:
    confirm(ADA)
    assert values("account") == ["agora:q9", "lumen:p1"]


def test_two_handles_of_one_person_are_one_set_of_accounts(home: Path) -> None:
    confirmed = confirm(replace(ADA, handles=("@ada.paints", "https://agora.example/ada_talks")))
    assert values("account") == ["agora:q9", "lumen:p1"]
    run_tasks()
    assert load_latest(home).kinds == {"account": 2, "email": 1}
    status = find_status(confirmed.status_token)
    assert status is not None
    assert len(status.handles_found) == 2


@pytest.mark.parametrize("directory", ["BrokenDirectory", "LyingDirectory"])
def test_directory_that_fails_does_not_lose_the_confirmation(home: Path, settings: Settings, directory: str) -> None:
    settings.DEMUR_ACCOUNT_DIRECTORY = f"{__name__}.{directory}"
    confirmed = confirm(ADA)
    run_tasks()
    assert load_latest(home).kinds == {"handle": 1, "email": 1}
    status = find_status(confirmed.status_token)
    assert status is not None
    assert status.handles_pending == ("@Ada.Paints",)

    settings.DEMUR_ACCOUNT_DIRECTORY = "docket_world.open_directory"
    [again] = DBTaskResult.objects.filter(status="READY", task_path=resolve_handles.module_path)
    resolve_handles.call(*again.args_kwargs["args"])
    run_tasks()
    assert load_latest(home).kinds == {"account": 2, "email": 1}


def test_directory_that_keeps_failing_is_asked_after_growing_pauses(home: Path, settings: Settings) -> None:
    settings.DEMUR_ACCOUNT_DIRECTORY = f"{__name__}.BrokenDirectory"
    confirm(ADA)
    pauses = []
    for _ in range(3):
        [task] = DBTaskResult.objects.filter(status="READY", task_path=resolve_handles.module_path)
        task.delete()
        resolve_handles.call(*task.args_kwargs["args"])
        [planned] = DBTaskResult.objects.filter(status="READY", task_path=resolve_handles.module_path)
        pauses.append(round((planned.run_after - planned.enqueued_at).total_seconds()))
    assert pauses == [60, 120, 240]


def test_slow_directory_is_given_up(settings: Settings) -> None:
    settings.DEMUR_ACCOUNT_DIRECTORY = f"{__name__}.SlowDirectory"
    assert ask_directory(["ada"], wait_seconds=0.05) == []


def test_no_directory_at_all_leaves_handles_claimed(home: Path, settings: Settings) -> None:
    settings.DEMUR_ACCOUNT_DIRECTORY = "demur.core.account.NullAccountDirectory"
    confirmed = confirm(ADA)
    status = find_status(confirmed.status_token)
    assert status is not None
    assert status.handles_not_found == ("@Ada.Paints",)
