"""Statements on their way into the log: each exactly once, whatever is cut off."""

from dataclasses import replace
from pathlib import Path

import pytest
from docket_world import ADA, CY, NOW, at_once, confirm

from demur.core.entry import Event, make_entry
from demur.core.errors import FormatError
from demur.docket.models import LogEntry
from demur.docket.receipts import log_reader
from demur.docket.selectors import find_status, receipt_bytes
from demur.docket.sequencing import append_waiting
from demur.docket.services import record_statement
from demur.ledger.keys import KeyRole, load_signer
from demur.ledger.log import Log, append_missing, verify_log

pytestmark = pytest.mark.django_db(transaction=True)


def raw(entry: LogEntry) -> bytes:
    return make_entry(Event(entry.event), entry.statement, bytes(entry.salt)).to_bytes()


def test_crash_between_log_and_database_makes_no_second_entry(home: Path) -> None:
    confirm(ADA)
    confirm(CY)
    waiting = list(LogEntry.objects.all())
    with Log(home / "log", load_signer(home / "keys", KeyRole.LOG)) as log:
        append_missing(log, [raw(entry) for entry in waiting], 0)  # and here the power is cut
    confirm(ADA)
    append_waiting()
    assert log_reader().checkpoint().tree_size == 3
    assert sorted(LogEntry.objects.values_list("leaf_index", flat=True)) == [0, 1, 2]
    verify_log(home / "log", load_signer(home / "keys", KeyRole.LOG).verifier_key)


def test_two_runs_at_once_append_each_statement_once(home: Path) -> None:
    for number in range(5):
        confirm(replace(ADA, email=f"ada{number}@mail.example"))
    assert set(at_once(append_waiting, append_waiting)) <= {0, 5}
    assert log_reader().checkpoint().tree_size == 5
    assert sorted(LogEntry.objects.values_list("leaf_index", flat=True)) == [0, 1, 2, 3, 4]


def test_each_statement_is_found_at_its_place(home: Path) -> None:
    confirm(ADA)
    record_statement(Event.GATE_MANIFEST, {"manifest_sha256": "00"}, NOW)
    append_waiting()
    for entry in LogEntry.objects.all():
        assert entry.leaf_index is not None
        assert log_reader().entry(entry.leaf_index) == raw(entry)


def test_statement_that_cannot_be_committed_to_is_refused_before_it_is_stored(home: Path) -> None:
    with pytest.raises(FormatError):
        record_statement(Event.GATE_MANIFEST, {"share": 0.5}, NOW)  # type: ignore[dict-item]
    assert not LogEntry.objects.exists()


def test_receipt_is_not_there_before_the_entry_is(home: Path) -> None:
    confirmed = confirm(ADA)
    status = find_status(confirmed.status_token, NOW)
    assert status is not None
    assert (status.has_receipt, receipt_bytes(confirmed.status_token)) == (False, None)
    append_waiting()
    assert receipt_bytes(confirmed.status_token) is not None
    assert receipt_bytes("invented") is None


def test_log_says_nothing_about_who_objected(home: Path) -> None:
    # Long enough that no hash or signature, of which three letters are soon found in one, spells it by chance.
    who = replace(ADA, email="ada.lovelace@mail.example", handles=("@Ada.Paints", "@Lovelace"), name="Ada Lovelace")
    confirm(who)
    append_waiting()
    whole = b"".join(path.read_bytes() for path in (home / "log").rglob("*") if path.is_file()).lower()
    for said in (who.email, "ada.paints", "lovelace", "mail.example", who.effect.lower()):
        assert said.encode() not in whole
