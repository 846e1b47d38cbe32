"""Suppression lists: when one is published, what is in it, and what a crash at each step leaves behind."""

from datetime import timedelta
from pathlib import Path

import pytest
from docket_world import ADA, CY, NOW, confirm, load_latest, run_tasks
from pytest_django import Settings

from demur.core.canonical import JsonObject
from demur.core.suppression_list import SuppressionListHeader, verify_list
from demur.docket import publishing
from demur.docket.models import Case, LogEntry, PublishedList
from demur.docket.services import withdraw
from demur.ledger.keys import KeyRole, load_signer

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


def say_nothing(statement: JsonObject) -> None:
    """Stand for the log where a test is not about it."""


class PowerCutError(Exception):
    """What a test raises where the power is cut."""


def cut_power(statement: JsonObject) -> None:
    raise PowerCutError


def publish(hours: int = 0) -> int | None:
    return publishing.publish(NOW + hours * HOUR, say_nothing)


def header_of(path: Path, home: Path) -> SuppressionListHeader:
    return verify_list(path.read_bytes(), load_signer(home / "keys", KeyRole.LIST).verifier_key).header


def test_first_list_is_published_though_nobody_objected(home: Path) -> None:
    assert publish() == 1
    assert header_of(home / "lists/latest.list", home).entries == 0


def test_list_is_published_again_only_when_something_changed(home: Path) -> None:
    confirmed = confirm(ADA)
    assert publish() == 1
    assert publish() is None
    confirm(CY)
    assert publish() == 2
    withdraw(confirmed.status_token, NOW)
    assert publish() == 3
    assert publish() is None


def test_list_is_published_again_when_half_of_its_lifetime_is_over(home: Path, settings: Settings) -> None:
    settings.DEMUR_LIST_LIFETIME_HOURS = 8
    assert publish() == 1
    assert (publish(hours=3), publishing.is_due(NOW + 3 * HOUR)) == (None, False)
    assert publishing.is_due(NOW + 4 * HOUR)
    assert publish(hours=4) == 2
    assert header_of(home / "lists/latest.list", home).expires_at == NOW + 12 * HOUR


def test_list_can_be_asked_for_unchanged(home: Path) -> None:
    publish()
    assert publishing.publish(NOW, say_nothing, even_if_unchanged=True) == 2


def test_task_logs_the_list_with_the_digest_that_gate_manifests_quote(home: Path) -> None:
    confirm(ADA)
    run_tasks()
    entry = LogEntry.objects.get(event="list-published")
    assert entry.leaf_index is not None
    assert entry.statement["header_sha256"] == load_latest(home).header_sha256.hex()
    assert entry.statement["number"] == 1


def test_everything_logged_below_the_tree_size_of_a_list_is_in_it(home: Path) -> None:
    confirm(ADA)
    run_tasks()
    confirm(CY)
    run_tasks()
    latest = load_latest(home)
    logged = LogEntry.objects.filter(event="objection-received", leaf_index__lt=latest.header.tree_size)
    assert logged.count() <= latest.kinds["email"] == 2


def test_many_requests_to_publish_become_one_list(home: Path) -> None:
    for _ in range(3):
        confirm(ADA)
    run_tasks()
    assert PublishedList.objects.count() == 1
    assert set(Case.objects.values_list("first_list_number", flat=True)) == {1}


def test_case_keeps_the_number_of_the_first_list_that_carried_it(home: Path) -> None:
    confirm(ADA)
    publish()
    confirm(CY)
    publish()
    assert list(Case.objects.order_by("pk").values_list("first_list_number", flat=True)) == [1, 2]


def test_power_cut_before_the_list_is_noted_leaves_the_old_one_and_never_reuses_the_number(home: Path) -> None:
    publish()
    confirm(ADA)
    with pytest.raises(PowerCutError):
        publishing.publish(NOW, cut_power)
    assert (home / "lists/latest.list").readlink() == Path("000001.list")
    assert Case.objects.get().first_list_number is None
    assert publish() == 3
    assert (home / "lists/latest.list").readlink() == Path("000003.list")
    assert sorted(path.name for path in (home / "lists").iterdir()) == [
        "000001.list",
        "000002.unannounced",
        "000003.list",
        "latest.list",
    ]
    confirm(CY)
    assert publish() == 4


def test_power_cut_before_the_pointer_moves_is_repaired_by_the_next_run(home: Path) -> None:
    publish()
    confirm(ADA)
    publish()
    latest = home / "lists/latest.list"
    latest.unlink()
    latest.symlink_to("000001.list")
    assert publish() is None
    assert latest.readlink() == Path("000002.list")


def test_half_written_file_is_not_taken_for_a_list(home: Path) -> None:
    publish()
    (home / "lists/.000002.list.tmp").write_bytes(b"half")
    confirm(ADA)
    assert publish() == 2


def test_lost_file_is_replaced_by_a_new_list(home: Path) -> None:
    publish()
    for path in (home / "lists").iterdir():
        path.unlink()
    assert publish() == 2


def test_database_restored_from_a_backup_does_not_take_gates_back(home: Path) -> None:
    publish()
    confirm(ADA)
    publish()
    PublishedList.objects.filter(number=2).delete()
    assert (home / "lists/latest.list").readlink() == Path("000002.list")
    assert publish() == 3
    assert (home / "lists/latest.list").readlink() == Path("000003.list")


def test_handle_without_an_account_is_listed_as_a_handle(home: Path) -> None:
    confirm(CY)
    publish()
    assert load_latest(home).kinds == {"handle": 1, "email": 1}


def test_lists_can_be_read_by_nobody_else(home: Path) -> None:
    publish()
    assert (home / "lists").stat().st_mode & 0o077 == 0


def test_list_of_a_clock_that_was_set_back_is_replaced_since_no_gate_takes_it(home: Path) -> None:
    assert publish(hours=3) == 1
    assert publishing.is_due(NOW)
    assert publish() == 2
    assert header_of(home / "lists/latest.list", home).issued_at <= NOW


def test_list_whose_file_alone_was_lost_is_replaced(home: Path) -> None:
    assert publish() == 1
    (home / "lists/000001.list").unlink()
    assert publish() == 2


def test_what_somebody_put_beside_the_lists_stops_nothing(home: Path) -> None:
    assert publish() == 1
    (home / "lists/copy of 1.list").touch()
    (home / "lists/latest.list").unlink()
    (home / "lists/latest.list").symlink_to("copy of 1.list")
    assert publish() is None
    assert header_of(home / "lists/latest.list", home).number == 1
    assert (home / "lists/copy of 1.list").exists()
