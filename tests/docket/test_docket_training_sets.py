"""What people are told of training sets, from what the gate really wrote, and which manifests are not believed."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from docket_world import ADA, CY, NOW, at_once, confirm, load_latest, run_tasks

from demur.core.errors import FormatError, SignatureMismatchError
from demur.core.identifier import IdentifierKind, Standing
from demur.core.note import Signer, VerifierKey, sign_note
from demur.core.objection import CaseState
from demur.docket.decision import Decision, RefusalGround
from demur.docket.errors import TrainingSetRefusedError
from demur.docket.models import Case, CaseIdentifier, LogEntry, TrainingSet, WithheldCount
from demur.docket.services import decide, start_review, withdraw
from demur.docket.services.training_sets import read_training_set, record_training_set
from demur.docket.training_sets import TrainingSetLine, training_sets
from demur.gate.mapping import parse_mapping
from demur.gate.run import GateRequest, run_gate
from demur.ledger.keys import KeyRole, load_signer

pytestmark = pytest.mark.django_db(transaction=True)

MAPPING = parse_mapping(b"""\
form: demur-source-mapping/v1
row_id: record_id
kind: {column: kind, values: {post: post}}
audience: {column: audience, public: [public]}
author_account: author
author_is_minor: is_minor
tagged_accounts: tagged
""")
SCHEMA = pa.schema(
    {
        **dict.fromkeys(("record_id", "kind", "audience", "author"), pa.string()),
        "is_minor": pa.bool_(),
        "tagged": pa.list_(pa.string()),
    },
)
ROW = {"record_id": "r", "kind": "post", "audience": "public", "is_minor": False}
ADA_WROTE = [{**ROW, "author": "lumen:p1", "tagged": []}] * 3
CY_WROTE = [{**ROW, "author": "lumen:c7", "tagged": []}] * 4
ADA_IS_TAGGED_BY_HERSELF = [{**ROW, "author": "lumen:p1", "tagged": ["agora:q9"]}] * 2
HOUR = timedelta(hours=1)


class Gated:
    """What a gate left behind: the manifest and the counts beside it."""

    def __init__(self, home: Path, rows: list[dict[str, object]], *, signer: Signer | None = None) -> None:
        folder = home / "training"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / "rows.parquet")
        request = GateRequest(folder / "rows.parquet", MAPPING, folder / "out")
        own = load_signer(home / "keys", KeyRole.GATE)
        run_gate(request, load_latest(home), signer or own, lambda _done, _total: None)
        self.manifest = (folder / "out" / "manifest.note").read_bytes()
        self.counts = (folder / "out" / "withheld-by-entry.parquet").read_bytes()
        self.key: VerifierKey = own.verifier_key

    def log(self, hours: int = 1) -> bool:
        """Log the manifest; by then everybody's accounts are shown to be theirs."""
        CaseIdentifier.objects.filter(kind=IdentifierKind.ACCOUNT).update(standing=Standing.VERIFIED)
        return record_training_set(read_training_set(self.manifest, self.counts, self.key), NOW + hours * HOUR)


def line(rows: int, *, hours: int = 1, number: int = 1, of: int, is_exact: bool = True) -> TrainingSetLine:
    return TrainingSetLine(NOW + hours * HOUR, number, of, rows, is_exact)


def test_a_person_sees_how_many_of_their_rows_were_left_out_and_nobody_elses(home: Path) -> None:
    ada, cy = confirm(ADA), confirm(CY)
    run_tasks()
    assert Gated(home, ADA_WROTE + CY_WROTE).log()
    assert training_sets(ada.status_token) == (line(3, of=7),)
    assert training_sets(cy.status_token) == (line(0, of=7),)
    assert training_sets("somebody else's link") == ()
    stored = TrainingSet.objects.get()
    assert (stored.input_rows, stored.withheld_rows, stored.list_number) == (7, 3, 1)


def test_a_stranger_who_claims_a_handle_does_not_learn_how_many_rows_its_owner_has(home: Path) -> None:
    stranger = confirm(replace(ADA, email="stranger@mail.example"))
    run_tasks()
    Gated(home, ADA_WROTE).log()
    accounts = CaseIdentifier.objects.filter(kind=IdentifierKind.ACCOUNT)
    accounts.update(standing=Standing.CLAIMED)
    assert [one.withheld_rows for one in training_sets(stranger.status_token)] == [None]
    case = Case.objects.get()
    start_review(case.reference, "bo", NOW)
    assert [one.withheld_rows for one in training_sets(stranger.status_token)] == [None]
    decide(case.reference, Decision(CaseState.UPHELD, None, "", "bo"), NOW)
    assert [one.withheld_rows for one in training_sets(stranger.status_token)] == [3]
    accounts.filter(value="lumen:p1").update(standing=Standing.VERIFIED)
    Case.objects.update(state=CaseState.RECEIVED)
    assert [one.withheld_rows for one in training_sets(stranger.status_token)] == [None]


def test_rows_that_two_accounts_of_a_person_share_are_an_upper_bound_and_said_so(home: Path) -> None:
    ada = confirm(ADA)
    run_tasks()
    Gated(home, ADA_IS_TAGGED_BY_HERSELF).log()
    assert training_sets(ada.status_token) == (line(4, of=2, is_exact=False),)


def test_two_cases_about_one_account_both_see_its_rows(home: Path) -> None:
    first, second = confirm(ADA), confirm(replace(ADA, email="ada.at.work@mail.example"))
    run_tasks()
    Gated(home, ADA_WROTE).log()
    assert training_sets(first.status_token) == training_sets(second.status_token) == (line(3, of=3),)


def test_the_newest_set_comes_first_and_the_oldest_of_many_are_left_out(home: Path) -> None:
    ada = confirm(ADA)
    run_tasks()
    for rows in range(1, 23):
        Gated(home, ADA_WROTE[:1] * rows).log(hours=rows)
    lines = training_sets(ada.status_token)
    assert [one.withheld_rows for one in lines] == list(range(22, 2, -1))


def test_a_set_that_was_built_before_a_person_objected_is_none_of_theirs(home: Path) -> None:
    confirm(ADA)
    run_tasks()
    Gated(home, CY_WROTE).log()
    cy = confirm(CY)
    assert training_sets(cy.status_token) == ()
    run_tasks()
    assert training_sets(cy.status_token) == ()


def test_a_set_that_was_built_after_a_withdrawal_is_not_said_to_be_without_their_rows(home: Path) -> None:
    ada = confirm(ADA, NOW - 2 * HOUR)
    run_tasks()
    Gated(home, ADA_WROTE).log()
    withdraw(ada.status_token, NOW - HOUR)
    confirm(CY)
    run_tasks()
    Gated(home, ADA_WROTE).log(hours=2)
    assert TrainingSet.objects.count() == 2
    assert training_sets(ada.status_token) == (line(3, of=3),)


def test_a_set_is_theirs_while_a_refusal_can_be_appealed(home: Path) -> None:
    ada = confirm(ADA, NOW - 40 * 24 * HOUR)
    run_tasks()
    case = Case.objects.get()
    start_review(case.reference, "bo", NOW - 2 * HOUR)
    refused = Decision(CaseState.REFUSED, RefusalGround.NOT_IDENTIFIED, "We found no account.", "bo")
    decide(case.reference, refused, NOW - HOUR)
    confirm(CY)
    run_tasks()
    Gated(home, CY_WROTE).log()
    assert training_sets(ada.status_token) == (line(0, of=4, number=load_latest(home).header.number),)


def test_a_manifest_that_is_logged_twice_is_one_training_set(home: Path) -> None:
    confirm(ADA)
    run_tasks()
    gated = Gated(home, ADA_WROTE)
    assert (gated.log(), gated.log(hours=2)) == (True, False)
    assert Gated(home, ADA_WROTE).log(hours=3) is False
    assert (TrainingSet.objects.count(), WithheldCount.objects.count()) == (1, 1)


def test_a_manifest_that_is_logged_twice_at_once_is_one_training_set(home: Path) -> None:
    confirm(ADA)
    run_tasks()
    gated = Gated(home, ADA_WROTE)
    assert sorted(map(bool, at_once(gated.log, gated.log))) == [False, True]
    assert (TrainingSet.objects.count(), WithheldCount.objects.count()) == (1, 1)


def test_another_signature_below_a_manifest_makes_no_second_training_set(home: Path) -> None:
    confirm(ADA)
    run_tasks()
    gated = Gated(home, ADA_WROTE)
    gated.log()
    text = gated.manifest.decode().rpartition("\n\n")[0] + "\n"
    gated.manifest += sign_note(text, Signer("witness.example", b"\x09" * 32)).decode().rpartition("\n\n")[2].encode()
    assert gated.log(hours=2) is False


def test_entries_of_a_case_that_is_gone_are_nobodys(home: Path) -> None:
    confirm(ADA)
    run_tasks()
    gated = Gated(home, ADA_WROTE)
    Case.objects.get().identifiers.all().delete()
    assert gated.log()
    assert not WithheldCount.objects.exists()


def test_a_manifest_signed_by_another_key_is_refused(home: Path) -> None:
    confirm(ADA)
    run_tasks()
    with pytest.raises(SignatureMismatchError):
        Gated(home, ADA_WROTE, signer=load_signer(home / "keys", KeyRole.LIST)).log()
    with pytest.raises(SignatureMismatchError):
        Gated(home, ADA_WROTE, signer=Signer("lumen.example/gate", b"\x09" * 32)).log()
    assert not TrainingSet.objects.exists()


def test_counts_that_were_changed_are_refused_in_a_sentence(home: Path) -> None:
    confirm(ADA)
    run_tasks()
    gated, other = Gated(home, ADA_WROTE), Gated(home, ADA_WROTE + CY_WROTE + ADA_IS_TAGGED_BY_HERSELF)
    for counts in (other.counts, gated.counts + b"\0", b""):
        gated.counts = counts
        with pytest.raises(TrainingSetRefusedError, match=r"withheld-by-entry\.parquet"):
            gated.log()
    assert not TrainingSet.objects.exists()


def test_a_manifest_by_a_list_that_was_never_published_here_is_refused_in_a_sentence(home: Path) -> None:
    confirm(ADA)
    run_tasks()
    gated = Gated(home, ADA_WROTE)
    entry = LogEntry.objects.get(event="list-published")
    for change in ({"number": 2}, {"header_sha256": "00" * 32}):
        LogEntry.objects.filter(pk=entry.pk).update(statement={**entry.statement, **change})
        with pytest.raises(TrainingSetRefusedError, match=r"suppression list 1 .* never published"):
            gated.log()
    assert not TrainingSet.objects.exists()


def test_what_is_no_manifest_is_refused(home: Path) -> None:
    key = load_signer(home / "keys", KeyRole.GATE).verifier_key
    with pytest.raises(FormatError):
        read_training_set(b"not a manifest", b"", key)
