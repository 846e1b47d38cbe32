"""How photos end, and what is told of the rows that they withheld.

Mallory sends photos of other people, to learn how many rows show them.
"""

import json
import logging
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from docket_world import ADA, NOW, Mailbox, confirm, run_tasks
from photo_case_world import (
    MANDATE,
    OTHER,
    PHOTO,
    PLAIN,
    SHOWS,
    a_draft,
    a_photo,
    confirm_with,
    counts,
    listed,
    value_of,
)
from typer.testing import CliRunner

from demur.cli.desk import desk_app
from demur.core.gate_manifest import GateManifest
from demur.core.identifier import IdentifierKind, Standing
from demur.core.objection import Capacity, CaseState
from demur.docket import publishing
from demur.docket.addition import Supplement
from demur.docket.decision import Decision, RefusalGround
from demur.docket.lodging import ConfirmedCase
from demur.docket.models import (
    MOST_HASHINGS,
    CaseIdentifier,
    LogEntry,
    Photo,
    PublishedList,
    TrainingSet,
)
from demur.docket.photo_hashing import hash_next
from demur.docket.selectors import find_case_photos, receipt_bytes
from demur.docket.services import (
    add_information,
    appeal,
    decide,
    erase_photos,
    start_review,
    withdraw,
)
from demur.docket.services.training_sets import GatedSet, record_training_set
from demur.docket.training_sets import training_sets

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def judge(case: ConfirmedCase, outcome: CaseState) -> None:
    start_review(case.reference, "bo@lumen.example", NOW)
    ground = None if outcome is CaseState.UPHELD else RefusalGround.NOT_IDENTIFIED
    decide(case.reference, Decision(outcome, ground, "Because." if ground else "", "bo@lumen.example"), NOW)


def publish_at(home: Path, days: int) -> list[str]:
    """Erase and publish as of a later day, and return the photos that are listed from then on."""
    erase_photos(NOW + days * DAY)
    publishing.publish(NOW + days * DAY, lambda _: None, even_if_unchanged=True)
    return listed(home)


def test_upheld_objection_keeps_its_hashes_in_force_and_loses_the_picture_when_the_appeal_is_over(home: Path) -> None:
    cases = [confirm_with(a_photo(seed), email=f"{seed}@mail.example") for seed in (1, 2, 3)]
    run_tasks()
    before = listed(home)
    for case, outcome in zip(cases, (CaseState.UPHELD, CaseState.UPHELD_IN_PART, CaseState.REFUSED), strict=True):
        judge(case, outcome)
    assert publish_at(home, 29) == before
    assert [find_case_photos(case.reference) for case in cases] == [[(SHOWS, a_photo(n).jpeg)] for n in (1, 2, 3)]
    assert publish_at(home, 31) == sorted(map(value_of, (a_photo(1), a_photo(2))))
    assert [find_case_photos(case.reference) for case in cases] == [[(SHOWS, None)], [(SHOWS, None)], []]
    assert [counts(case).looked_for for case in cases] == [1, 1, 0]
    withdraw(cases[0].status_token, NOW + 40 * DAY)
    assert publish_at(home, 40) == [value_of(a_photo(2))]
    assert Photo.objects.count() == 1


def test_picture_is_kept_while_an_appeal_is_open_and_counts_anew_from_the_second_decision(home: Path) -> None:
    case = confirm_with(PHOTO)
    run_tasks()
    judge(case, CaseState.UPHELD_IN_PART)
    appeal(case.status_token, "", NOW + 20 * DAY)
    assert publish_at(home, 60) == [value_of(PHOTO)]
    decide(case.reference, Decision(CaseState.UPHELD, None, "", "bea@lumen.example"), NOW + 60 * DAY)
    erase_photos(NOW + 89 * DAY)
    assert find_case_photos(case.reference) == [(SHOWS, PHOTO.jpeg)]
    erase_photos(NOW + 91 * DAY)
    assert find_case_photos(case.reference) == [(SHOWS, None)]


def test_mandate_goes_with_the_pictures_once_the_appeal_is_over(home: Path) -> None:
    draft = a_draft(OTHER, purpose=MANDATE)
    agent = replace(ADA, capacity=Capacity.AUTHORISED_AGENT, representative_name="Bea", draft_token=draft)
    case = confirm(agent)
    judge(case, CaseState.UPHELD)
    erase_photos(NOW + 29 * DAY)
    assert find_case_photos(case.reference) == [(MANDATE, OTHER.jpeg)]
    erase_photos(NOW + 31 * DAY)
    assert find_case_photos(case.reference) == [(MANDATE, None)]
    assert counts(case).of_mandate == 1


def test_picture_that_came_long_after_the_decision_is_kept_as_long_as_others_for_somebody_to_look_at(
    home: Path,
) -> None:
    case = confirm_with()
    judge(case, CaseState.UPHELD)
    add_information(case.status_token, Supplement(photos=((PHOTO, SHOWS),)), NOW + 50 * DAY)
    run_tasks()
    erase_photos(NOW + 79 * DAY)
    assert find_case_photos(case.reference) == [(SHOWS, PHOTO.jpeg)]
    erase_photos(NOW + 81 * DAY)
    assert find_case_photos(case.reference) == [(SHOWS, None)]


def test_picture_that_was_not_hashed_yet_is_not_erased_before_it_is(home: Path) -> None:
    case = confirm_with(PHOTO)
    judge(case, CaseState.UPHELD)
    erase_photos(NOW + 100 * DAY)  # the worker stood still for so long
    assert find_case_photos(case.reference) == [(SHOWS, PHOTO.jpeg)]
    run_tasks()
    assert publish_at(home, 100) == [value_of(PHOTO)]
    assert find_case_photos(case.reference) == [(SHOWS, None)]


def test_picture_that_was_given_up_is_erased_as_the_others_are(home: Path) -> None:
    case = confirm_with(PHOTO)
    judge(case, CaseState.UPHELD)
    Photo.objects.update(hashings=MOST_HASHINGS)
    erase_photos(NOW + 31 * DAY)
    assert find_case_photos(case.reference) == [(SHOWS, None)]


def test_staff_are_told_of_pictures_that_were_erased_and_what_became_of_each(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demur.cli.desk.open_ready_home", lambda _: None)
    case = confirm_with(PHOTO, PLAIN, OTHER)
    assert "3 (3 still prepared), and 0 of a mandate" in desk("show", case.reference)
    hash_next()
    hash_next()
    Photo.objects.filter(hashes=None).update(hashings=MOST_HASHINGS)
    fates = "3 (1 looked for, 1 with too little in them, 1 that could not be prepared)"
    assert fates in desk("show", case.reference)
    Photo.objects.filter(pk=Photo.objects.order_by("pk")[0].pk).update(sealed_jpeg=None)
    words = desk("photos", case.reference, "--to", str(home / "seen"))
    assert "2 photos saved." in words
    assert "1 more were erased, since the time to appeal against the decision is over." in words
    assert sorted(path.name for path in (home / "seen").iterdir()) == ["02-shows-person.jpg", "03-shows-person.jpg"]


def desk(*command: str) -> str:
    return " ".join(CliRunner().invoke(desk_app, list(command), env={"COLUMNS": "200"}).stdout.split())


def count_rows(**rows: int) -> None:
    """Take note of a training set in which rows were withheld by the photo, and by the account, of each person."""
    manifest_list = PublishedList.objects.order_by("-number")[0].number
    by_entry: dict[bytes, int] = {}
    for kind, number in rows.items():
        entries = Photo.objects if kind == "photo" else CaseIdentifier.objects.filter(kind=kind)
        by_entry |= {bytes(entry_id): number for entry_id in entries.values_list("entry_id", flat=True)}
    record_training_set(GatedSet(a_manifest(manifest_list), f"{TrainingSet.objects.count():064x}", by_entry), NOW + DAY)


def a_manifest(number: int) -> GateManifest:
    return SimpleNamespace(list_number=number, kept_rows=90, withheld_rows=10)  # type: ignore[return-value]


def rows_told(case: ConfirmedCase) -> list[tuple[int | None, bool]]:
    return [(line.withheld_rows, line.is_exact) for line in training_sets(case.status_token)]


def test_rows_withheld_for_a_photo_are_told_once_somebody_has_upheld_the_case(home: Path) -> None:
    case = confirm_with(PHOTO)
    CaseIdentifier.objects.filter(kind=IdentifierKind.ACCOUNT).update(standing=Standing.VERIFIED)
    run_tasks()
    count_rows(photo=4)
    assert rows_told(case) == [(None, True)]
    judge(case, CaseState.UPHELD)
    assert rows_told(case) == [(4, True)]


def test_mallory_does_not_learn_by_a_photo_of_ada_how_many_rows_show_it_not_even_by_withdrawing(home: Path) -> None:
    mallory = confirm_with(PHOTO)
    CaseIdentifier.objects.filter(kind=IdentifierKind.ACCOUNT).update(standing=Standing.VERIFIED)
    run_tasks()
    count_rows(photo=4, account=3)
    assert rows_told(mallory) == [(None, False)]
    withdraw(mallory.status_token, NOW + DAY)
    erase_photos(NOW + DAY)
    assert not Photo.objects.exists()
    assert rows_told(mallory) == [(None, False)]


def test_photo_that_withheld_nothing_keeps_back_no_number_of_a_verified_account(home: Path) -> None:
    case = confirm_with(PHOTO)
    run_tasks()
    CaseIdentifier.objects.filter(kind=IdentifierKind.ACCOUNT).update(standing=Standing.VERIFIED)
    CaseIdentifier.objects.filter(kind=IdentifierKind.ACCOUNT, value="agora:q9").delete()
    count_rows(account=3)
    assert rows_told(case) == [(3, True)]


def test_hashes_reach_no_log_no_mail_and_no_receipt(
    home: Path, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    case = confirm_with(PHOTO, PLAIN)
    run_tasks()
    judge(case, CaseState.UPHELD)
    run_tasks()
    hashes = bytes(Photo.objects.order_by("pk")[0].hashes or b"")
    assert len(hashes) >= 32 * 500
    said = json.dumps(list(LogEntry.objects.values_list("statement", flat=True))) + caplog.text
    said += (receipt_bytes(case.status_token) or b"").decode()
    said += "".join(raw.decode() for raw in mailbox.raw)
    assert "objection" in said
    for at in range(0, len(hashes), 32):
        one = hashes[at : at + 32]
        assert one.hex() not in said
        assert b64encode(one).decode().rstrip("=") not in said
    assert "photo" not in json.dumps(list(LogEntry.objects.values_list("statement", flat=True)))
