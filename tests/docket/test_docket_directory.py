"""The account directory: renames, strangers' handles, and a directory that is broken, slow or lies."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from docket_world import ADA, NOW, confirm, load_latest, run_tasks
from pytest_django import Settings

from demur.core.account import Account
from demur.docket.accounts import WAIT_SECONDS, ask_directory
from demur.docket.models import CaseIdentifier
from demur.docket.resolution import ask_about_oldest
from demur.docket.selectors import find_status

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
    status = find_status(confirmed.status_token, NOW)
    assert status is not None
    assert len(status.handles_found) == 2


@pytest.mark.parametrize("directory", ["BrokenDirectory", "LyingDirectory"])
def test_directory_that_fails_does_not_lose_the_confirmation(home: Path, settings: Settings, directory: str) -> None:
    settings.DEMUR_ACCOUNT_DIRECTORY = f"{__name__}.{directory}"
    now = datetime.now(UTC)  # the worker plans by the real clock, and by how long the case has waited
    confirmed = confirm(ADA, now)
    run_tasks()
    assert load_latest(home).kinds == {"handle": 1, "email": 1}
    status = find_status(confirmed.status_token, now)
    assert status is not None
    assert status.handles_pending == ("@Ada.Paints",)

    settings.DEMUR_ACCOUNT_DIRECTORY = "docket_world.open_directory"
    assert not ask_about_oldest(now + timedelta(seconds=50), WAIT_SECONDS)
    assert ask_about_oldest(now + timedelta(minutes=2), WAIT_SECONDS)
    run_tasks()
    assert load_latest(home).kinds == {"account": 2, "email": 1}


def test_directory_that_keeps_failing_is_asked_after_growing_pauses(home: Path, settings: Settings) -> None:
    settings.DEMUR_ACCOUNT_DIRECTORY = f"{__name__}.BrokenDirectory"
    confirm(ADA)
    asked_at = [NOW]
    for _ in range(12):
        assert ask_about_oldest(asked_at[-1], WAIT_SECONDS)
        assert not ask_about_oldest(asked_at[-1], WAIT_SECONDS)
        planned = CaseIdentifier.objects.get(kind="handle").ask_at
        assert planned is not None
        asked_at.append(planned)
    minutes = [(later - before) // timedelta(minutes=1) for before, later in pairwise(asked_at)]
    assert minutes == [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]


def test_directory_is_asked_though_only_a_wrong_clock_can_have_planned_the_date(home: Path, settings: Settings) -> None:
    settings.DEMUR_ACCOUNT_DIRECTORY = f"{__name__}.BrokenDirectory"
    confirm(ADA, NOW)
    assert ask_about_oldest(NOW, WAIT_SECONDS)
    assert ask_about_oldest(NOW - timedelta(days=400), WAIT_SECONDS)


def test_slow_directory_is_given_up(settings: Settings) -> None:
    settings.DEMUR_ACCOUNT_DIRECTORY = f"{__name__}.SlowDirectory"
    assert ask_directory(["ada"], wait_seconds=0.05) == []


def test_no_directory_at_all_leaves_handles_claimed(home: Path, settings: Settings) -> None:
    settings.DEMUR_ACCOUNT_DIRECTORY = "demur.core.account.NullAccountDirectory"
    confirmed = confirm(ADA)
    status = find_status(confirmed.status_token, NOW)
    assert status is not None
    assert status.handles_not_found == ("@Ada.Paints",)
