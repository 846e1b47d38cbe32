"""The faces by which people agreed to be looked for: on the list while they agree, and nowhere in clear.

Ada agrees. Cy must get nothing by her consent, and Mallory nothing by a photo of hers.
"""

import logging
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from docket_world import ADA, CY, NOW, Mailbox, confirm, load_latest, run_tasks
from face_case_world import a_face, compare_faces, listed_faces, with_face
from photo_case_world import MANDATE, OTHER, SHOWS, a_draft, confirm_with
from test_photo_ends import a_manifest, desk, judge, rows_told

from demur.core.identifier import IdentifierKind, Standing
from demur.core.objection import Capacity, CaseState
from demur.docket import publishing
from demur.docket.addition import Supplement
from demur.docket.errors import FaceProblem, LinkUnknownError
from demur.docket.face_reading import SoughtFace
from demur.docket.lodging import ConfirmedCase
from demur.docket.models import Case, CaseIdentifier, Face, ListWish, Photo, PublishedList, TrainingSet
from demur.docket.photo_store import draft_photos, remove_photo
from demur.docket.secret import seal_face, seal_form
from demur.docket.selectors import FaceLine, find_status, receipt_bytes
from demur.docket.services import (
    add_information,
    erase_photos,
    erase_unconfirmed,
    lodge_objection,
    withdraw,
    withdraw_faces,
)
from demur.docket.services.training_sets import GatedSet, record_training_set

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
HER_FACE = a_face(1)


@pytest.fixture(autouse=True)
def home(home: Path) -> Path:
    compare_faces(home)
    return home


def publish_at(home: Path, days: int) -> list[str]:
    """Erase and publish as of a later day, and return the faces that are listed from then on."""
    erase_photos(NOW + days * DAY)
    publishing.publish(NOW + days * DAY, lambda _: None, even_if_unchanged=True)
    return listed_faces(home)


def faces_told(case: ConfirmedCase) -> tuple[FaceLine, ...]:
    status = find_status(case.status_token, NOW)
    assert status is not None
    return status.faces


def test_face_of_a_confirmed_case_is_listed_under_a_name_of_its_own_and_told_by_its_photo(home: Path) -> None:
    case = confirm_with(OTHER, with_face())
    run_tasks()
    assert listed_faces(home) == [HER_FACE]
    newest = load_latest(home)
    _, [place] = newest.values(IdentifierKind.FACE)
    face = Face.objects.get()
    assert newest.entry_ids[int(place)].as_py() == bytes(face.entry_id) != bytes(face.photo.entry_id)
    assert str(face) == f"face of photo {face.photo.pk}"
    assert newest.values(IdentifierKind.PHOTO)[0], "copies are looked for as before"
    assert faces_told(case) == (FaceLine(2, NOW, None),)


def test_photo_without_consent_tells_nothing_of_a_face(home: Path) -> None:
    case = confirm_with(OTHER)
    run_tasks()
    assert not Face.objects.exists()
    assert listed_faces(home) == []
    assert faces_told(case) == ()


@pytest.mark.parametrize("problem", FaceProblem)
def test_consent_with_a_photo_that_shows_no_one_face_keeps_the_photo_and_nothing_of_a_face(
    home: Path, problem: FaceProblem
) -> None:
    confirm_with(replace(OTHER, face=SoughtFace(problem=problem)))
    assert Photo.objects.count() == 1
    assert not Face.objects.exists()


def test_face_of_an_objection_that_nobody_confirmed_is_never_listed_and_goes_with_it(home: Path) -> None:
    lodge_objection(replace(ADA, capacity=Capacity.NO_ACCOUNT, draft_token=a_draft(with_face())), NOW)
    a_draft(with_face(2))
    run_tasks()
    assert listed_faces(home) == []
    assert Face.objects.count() == 2
    erase_unconfirmed(NOW + DAY)
    assert not Face.objects.exists()


def test_removing_a_photo_from_the_form_removes_the_face_and_a_stranger_cannot(home: Path) -> None:
    draft, of_cy = a_draft(with_face(), OTHER), a_draft()
    first, second = draft_photos(draft)
    assert (first.has_face, second.has_face) == (True, False)
    remove_photo(of_cy, first.id)
    assert Face.objects.exists()
    remove_photo(draft, first.id)
    assert not Face.objects.exists()


def test_withdrawn_consent_erases_the_face_at_once_and_takes_it_off_the_next_list(home: Path) -> None:
    case, of_cy = confirm_with(with_face()), confirm_with(with_face(2), email="cy@mail.example")
    run_tasks()
    assert len(listed_faces(home)) == 2
    withdraw_faces(case.status_token, NOW + DAY)
    assert Face.objects.get(sealed_value=None).withdrawn_at == NOW + DAY
    assert faces_told(case) == (FaceLine(1, NOW, NOW + DAY),)
    assert faces_told(of_cy) == (FaceLine(1, NOW, None),), "another person's consent stands"
    assert publishing.is_due(NOW)
    run_tasks()
    assert listed_faces(home) == [a_face(2)]
    assert len(load_latest(home).values(IdentifierKind.PHOTO)[0]) == 2, "the objection itself stays"


def test_withdrawing_twice_or_what_was_never_agreed_to_changes_nothing(home: Path) -> None:
    case, without = confirm_with(with_face()), confirm_with(OTHER, email="cy@mail.example")
    withdraw_faces(case.status_token, NOW + DAY)
    run_tasks()
    withdraw_faces(case.status_token, NOW + 2 * DAY)
    withdraw_faces(without.status_token, NOW + 2 * DAY)
    assert Face.objects.get().withdrawn_at == NOW + DAY
    assert not Case.objects.exclude(list_wish=ListWish.NONE).exists()


def test_no_other_cases_link_withdraws_a_consent_nor_one_that_was_made_up(home: Path) -> None:
    confirm_with(with_face())
    of_cy = confirm_with(OTHER, email="cy@mail.example")
    withdraw_faces(of_cy.status_token, NOW)
    with pytest.raises(LinkUnknownError):
        withdraw_faces("made-up-" * 4, NOW)
    assert Face.objects.get().withdrawn_at is None


def test_who_withdrew_can_agree_again_with_another_photo(home: Path) -> None:
    case = confirm_with(with_face())
    withdraw_faces(case.status_token, NOW)
    add_information(case.status_token, Supplement(photos=((with_face(2), SHOWS),)), NOW + DAY)
    run_tasks()
    assert listed_faces(home) == [a_face(2)]
    assert faces_told(case) == (FaceLine(1, NOW, NOW), FaceLine(2, NOW + DAY, None))


def test_turned_off_by_the_controller_faces_leave_with_the_next_list_and_come_back_with_the_switch(home: Path) -> None:
    confirm_with(with_face())
    run_tasks()
    assert not publishing.is_due(timezone.now())
    for turned_on, listed in ((False, []), (True, [HER_FACE])):
        compare_faces(home, turned_on=turned_on)
        assert publishing.is_due(timezone.now())
        run_tasks()
        assert listed_faces(home) == listed
        assert not publishing.is_due(timezone.now())


def test_a_switch_that_changes_no_entry_makes_no_list_and_is_not_asked_about_for_ever(home: Path) -> None:
    confirm_with(OTHER)
    run_tasks()
    lists = PublishedList.objects.count()
    compare_faces(home, turned_on=False)
    assert publishing.is_due(timezone.now())
    assert publishing.publish(timezone.now(), lambda _: None) is None
    assert not publishing.is_due(timezone.now())
    assert PublishedList.objects.count() == lists


def test_face_that_comes_after_the_switch_was_turned_off_is_not_kept(home: Path) -> None:
    compare_faces(home, turned_on=False)
    confirm_with(with_face())
    assert Photo.objects.count() == 1
    assert not Face.objects.exists()


@pytest.mark.parametrize("capacity", [Capacity.PARENT_OR_GUARDIAN, Capacity.AUTHORISED_AGENT])
def test_nobody_agrees_for_somebody_else_not_even_by_a_form_begun_as_their_own(home: Path, capacity: Capacity) -> None:
    other = replace(ADA, capacity=capacity, representative_name="Bea", draft_token=a_draft(with_face()))
    case = confirm(other)
    add_information(case.status_token, Supplement(photos=((with_face(2), SHOWS),)), NOW)
    assert Photo.objects.count() == 2
    assert not Face.objects.exists()


def test_account_holder_agrees_when_adding_a_photo(home: Path) -> None:
    case = confirm(ADA)
    add_information(case.status_token, Supplement(photos=((with_face(), SHOWS),)), NOW)
    run_tasks()
    assert listed_faces(home) == [HER_FACE]


def test_who_agreed_is_told_so_by_mail_lest_somebody_else_did(home: Path, mailbox: Mailbox) -> None:
    words = "You agreed that your face is looked for. You can withdraw that at any time on your private page."

    def told() -> list[bool]:
        mailbox.raw.clear()
        run_tasks()
        return [words in " ".join(raw.decode().split()) for raw in mailbox.raw]

    case, without = confirm_with(with_face()), confirm_with(OTHER, email="cy@mail.example")
    assert sorted(told()) == [False, False, False, True], "two codes, and two confirmations"
    add_information(case.status_token, Supplement(photos=((with_face(2), SHOWS),)), NOW + DAY)
    assert told() == [True]
    add_information(case.status_token, Supplement(photos=((OTHER, SHOWS),)), NOW + 2 * DAY)
    add_information(without.status_token, Supplement(text="Words."), NOW + 2 * DAY)
    assert told() == [False, False]


def test_photo_of_a_mandate_never_brings_a_face(home: Path) -> None:
    a_draft(with_face(), purpose=MANDATE)
    assert not Face.objects.exists()


def test_face_ends_with_its_objection_and_outlives_only_the_picture_of_one_that_was_upheld(home: Path) -> None:
    outcomes = (CaseState.UPHELD, CaseState.UPHELD_IN_PART, CaseState.REFUSED)
    cases = [confirm_with(with_face(seed), email=f"{seed}@mail.example") for seed in (1, 2, 3)]
    run_tasks()
    for case, outcome in zip(cases, outcomes, strict=True):
        judge(case, outcome)
    assert len(publish_at(home, 29)) == 3
    assert publish_at(home, 31) == sorted([a_face(1), a_face(2)])
    assert Photo.objects.filter(sealed_jpeg=None).count() == Face.objects.count() == 2
    withdraw(cases[0].status_token, NOW + 40 * DAY)
    assert publish_at(home, 40) == [a_face(2)]
    assert Face.objects.count() == 1


def test_erasing_reads_no_photo_into_memory_that_goes(home: Path) -> None:
    case = confirm_with(with_face(), OTHER)
    a_draft(with_face(2))
    withdraw(case.status_token, NOW)
    lodge_objection(replace(CY, capacity=Capacity.NO_ACCOUNT, draft_token=a_draft(with_face(3))), NOW)
    with CaptureQueriesContext(connection) as asked:
        erase_photos(NOW + DAY)
        erase_unconfirmed(NOW + DAY)
    assert not Photo.objects.exists()
    assert not Face.objects.exists()
    read = [query["sql"] for query in asked if query["sql"].startswith("SELECT")]
    assert [sql for sql in read if "sealed_jpeg" in sql] == []


def test_face_of_a_case_that_is_not_in_force_is_not_listed(home: Path) -> None:
    case = confirm_with(with_face())
    Case.objects.filter(reference=case.reference).update(state=CaseState.LODGED)
    assert publish_at(home, 0) == []


def test_face_that_was_tampered_with_is_left_out_and_keeps_no_other_from_the_list(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    confirm_with(with_face(), with_face(2))
    first = Face.objects.order_by("pk")[0]
    sealed, salt = seal_form(HER_FACE.encode())  # by the same key, but not as a face
    Face.objects.filter(pk=first.pk).update(sealed_value=sealed, salt=salt)
    assert publish_at(home, 0) == [a_face(2)]
    [told] = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert told == f"face {first.pk} cannot be unsealed, so it is not looked for"


def test_embedding_stands_nowhere_in_clear_not_in_the_database_a_log_a_mail_or_a_receipt(
    home: Path, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    photo = with_face()
    case = confirm_with(photo)
    run_tasks()
    judge(case, CaseState.UPHELD)
    run_tasks()
    receipt = (receipt_bytes(case.status_token) or b"").decode()
    told = [receipt, caplog.text, *(raw.decode() for raw in mailbox.raw), repr(photo.face)]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            told.extend(value.hex() if isinstance(value, bytes) else str(value) for row in cursor for value in row)
    said = "\n".join(told)
    assert case.reference in said
    raw = b64decode(HER_FACE)
    for spelling in (HER_FACE, raw.hex(), HER_FACE.encode().hex(), b64encode(raw[:30]).decode()):
        assert spelling not in said
    assert seal_face(HER_FACE) != seal_face(HER_FACE)


def test_mallory_does_not_learn_by_a_face_of_ada_how_many_rows_show_her(home: Path) -> None:
    mallory = confirm_with(with_face())
    CaseIdentifier.objects.filter(kind=IdentifierKind.ACCOUNT).update(standing=Standing.VERIFIED)
    run_tasks()
    number = PublishedList.objects.order_by("-number")[0].number
    by_entry = {bytes(Face.objects.get().entry_id): 4}
    record_training_set(GatedSet(a_manifest(number), f"{TrainingSet.objects.count():064x}", by_entry), NOW + DAY)
    assert rows_told(mallory) == [(None, True)]
    withdraw_faces(mallory.status_token, NOW)
    assert rows_told(mallory) == [(None, True)]
    judge(mallory, CaseState.UPHELD)
    assert rows_told(mallory) == [(4, True)]


def test_staff_are_told_which_photo_somebody_agreed_to_be_looked_for_by(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demur.cli.desk.open_ready_home", lambda _: None)
    case = confirm_with(OTHER, with_face())
    assert "face agreed to by photo 2" in desk("show", case.reference)
    withdraw_faces(case.status_token, NOW)
    assert "face agreed" not in desk("show", case.reference)
