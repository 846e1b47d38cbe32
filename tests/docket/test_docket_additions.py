"""What Ada adds to her case later, and photos from the draft to their end. Cy has neither her link nor her draft."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.db import connection
from docket_world import ADA, CY, NOW, Mailbox, at_once, confirm, load_latest, mail_text, run_tasks
from photo_world import PLACE, jpeg
from typer.testing import CliRunner

from demur.cli.desk import desk_app
from demur.core.objection import Capacity, CaseState
from demur.docket.addition import MAX_ADDITIONS_A_DAY, MAX_HANDLES_OF_CASE, MAX_LINKS_OF_CASE, Supplement
from demur.docket.decision import Decision, RefusalGround
from demur.docket.drafts import forget_draft, save_draft
from demur.docket.errors import (
    AdditionProblem,
    AdditionRefusedError,
    CaseUnknownError,
    LinkUnknownError,
    LodgingRefusedError,
    PhotoProblem,
    PhotoRefusedError,
)
from demur.docket.models import Addition, Case, Mail, MailKind, Photo, PhotoPurpose
from demur.docket.photo_store import add_photo, draft_photos, remove_photo
from demur.docket.photographs import MAX_PHOTOS, CleanPhoto, clean_photo
from demur.docket.selectors import find_case, find_case_photos, find_status
from demur.docket.services import (
    add_information,
    appeal,
    decide,
    erase_photos,
    erase_unconfirmed,
    lodge_objection,
    start_review,
    withdraw,
)
from demur.ledger.errors import StorageError

pytestmark = pytest.mark.django_db(transaction=True)
PHOTO = clean_photo(BytesIO(jpeg()))
SHOWS, MANDATE = PhotoPurpose.SHOWS_PERSON, PhotoPurpose.MANDATE


def a_draft(photos: int = 1) -> str:
    token = save_draft("", {"country": "AT"}, NOW)
    for _ in range(photos):
        add_photo(token, PHOTO, SHOWS, NOW)
    return token


def refuse(reference: str) -> None:
    start_review(reference, "bo", NOW)
    decide(reference, Decision(CaseState.REFUSED, RefusalGround.NOT_IDENTIFIED, "No account.", "bo"), NOW)


def problem_of(token: str, supplement: Supplement, after: timedelta = timedelta()) -> AdditionProblem:
    with pytest.raises(AdditionRefusedError) as refused:
        add_information(token, supplement, NOW + after)
    return refused.value.problem


def test_photos_of_a_draft_can_be_listed_and_taken_back(home: Path) -> None:
    token = a_draft(2)
    add_photo(token, PHOTO, MANDATE, NOW)
    first, second, mandate = draft_photos(token)
    assert (first.purpose, mandate.purpose, first.size_bytes) == (SHOWS, MANDATE, len(PHOTO.jpeg))
    remove_photo(token, first.id)
    assert draft_photos(token) == (second, mandate)


def test_cy_sees_and_removes_no_photo_of_adas_draft(home: Path) -> None:
    token, cys = a_draft(), a_draft(0)
    [photo] = draft_photos(token)
    remove_photo(cys, photo.id)
    remove_photo("", photo.id)
    assert draft_photos(token) == (photo,)
    assert draft_photos(cys) == draft_photos("") == ()


def test_a_draft_takes_ten_photos_and_no_more(home: Path) -> None:
    token = a_draft(MAX_PHOTOS)
    with pytest.raises(PhotoRefusedError) as refused:
        add_photo(token, PHOTO, SHOWS, NOW)
    assert refused.value.problem is PhotoProblem.TOO_MANY_PHOTOS
    assert len(draft_photos(token)) == MAX_PHOTOS


def test_two_uploads_at_once_share_the_room_that_is_left(home: Path) -> None:
    token = a_draft(MAX_PHOTOS - 1)
    done = at_once(*[lambda: add_photo(token, PHOTO, SHOWS, NOW)] * 2)
    assert sum(isinstance(one, PhotoRefusedError) for one in done) == 1
    assert len(draft_photos(token)) == MAX_PHOTOS


def test_no_photo_is_kept_with_a_draft_that_is_gone(home: Path) -> None:
    for token in ("", "unknown", a_draft()):
        with pytest.raises(LinkUnknownError):
            add_photo(token, PHOTO, SHOWS, NOW + timedelta(hours=24))


def test_a_kept_photo_cannot_be_read_in_the_database(home: Path) -> None:
    marked = CleanPhoto(PHOTO.jpeg + PLACE, 320, 200)
    add_photo(a_draft(0), marked, SHOWS, NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed_jpeg FROM docket_photo")
        sealed = bytes(cursor.fetchone()[0])
    assert PLACE not in sealed
    assert b"\xff\xd8\xff" not in sealed


def test_photos_of_the_draft_become_those_of_the_case(home: Path) -> None:
    token = a_draft(2)
    confirmed = confirm(replace(ADA, capacity=Capacity.NO_ACCOUNT, draft_token=token))
    status = find_status(confirmed.status_token, NOW)
    assert status is not None
    assert (status.photos.of_person, status.photos.of_mandate) == (2, 0)
    assert find_case_photos(confirmed.reference) == [(SHOWS, PHOTO.jpeg)] * 2
    assert draft_photos(token) == ()


def test_photos_end_with_the_draft(home: Path) -> None:
    forget_draft(a_draft())
    a_draft()
    erase_unconfirmed(NOW + timedelta(hours=24))
    assert Photo.objects.count() == 0


def test_photos_end_with_a_case_that_nobody_confirmed(home: Path) -> None:
    lodge_objection(replace(ADA, capacity=Capacity.NO_ACCOUNT, draft_token=a_draft()), NOW)
    erase_unconfirmed(NOW + timedelta(hours=24))
    assert Photo.objects.count() == 0


def test_photos_end_with_the_objection_and_no_earlier(home: Path) -> None:
    kept, withdrawn, refused, appealed = (
        confirm(replace(who, capacity=Capacity.NO_ACCOUNT, draft_token=a_draft())) for who in (CY, ADA, ADA, ADA)
    )
    withdraw(withdrawn.status_token, NOW)
    refuse(refused.reference)
    refuse(appealed.reference)
    appeal(appealed.status_token, "", NOW)
    erase_photos(NOW + timedelta(days=29))
    assert [len(find_case_photos(case.reference)) for case in (kept, withdrawn, refused, appealed)] == [1, 0, 1, 1]
    erase_photos(NOW + timedelta(days=31))
    assert [len(find_case_photos(case.reference)) for case in (kept, withdrawn, refused, appealed)] == [1, 0, 0, 1]


def test_what_is_added_stands_on_the_page_and_before_staff(home: Path, mailbox: Mailbox) -> None:
    confirmed = confirm()
    supplement = Supplement("I also write as Ada L.", ("@ada_talks", "@nobody"), ("https://agora.example/p/1",))
    add_information(confirmed.status_token, replace(supplement, photos=((PHOTO, MANDATE),)), NOW)
    run_tasks()
    case = find_case(confirmed.reference, NOW)
    assert case is not None
    assert [line.text for line in case.status.additions] == ["I also write as Ada L."]
    assert case.status.links == ("https://agora.example/p/1",)
    assert "@ada_talks" in case.status.handles_found
    assert case.status.handles_not_found == ("@nobody",)
    assert case.status.photos.of_mandate == 1


def test_an_account_that_is_added_is_in_the_next_list(home: Path, mailbox: Mailbox) -> None:
    confirmed = confirm(replace(ADA, handles=()))
    run_tasks()
    assert load_latest(home).kinds == {"email": 1}
    add_information(confirmed.status_token, Supplement(handles=("@ada.paints",)), NOW)
    run_tasks()
    assert load_latest(home).kinds == {"account": 2, "email": 1}


def test_the_mail_about_an_addition_counts_and_repeats_nothing(home: Path, mailbox: Mailbox) -> None:
    confirmed = confirm()
    supplement = Supplement("http://evil.example", ("evil", "evil2"), ("https://evil.example/1",), ((PHOTO, SHOWS),))
    add_information(confirmed.status_token, supplement, NOW)
    mail = mail_text(Mail.objects.get(kind=MailKind.ADDITION))
    assert confirmed.reference in mail.subject
    assert "evil" not in mail.text + mail.subject
    for words in ("a text of yours", "2 accounts", "1 link", "1 photo"):
        assert f"- {words}" in mail.text


def test_what_is_there_already_is_nothing_new(home: Path) -> None:
    confirmed = confirm()
    link = Supplement(links=("https://agora.example/p/1",))
    add_information(confirmed.status_token, link, NOW)
    for again in (link, Supplement(handles=("@ADA.paints",)), Supplement(), Supplement(text=" \n ")):
        assert problem_of(confirmed.status_token, again) is AdditionProblem.NOTHING_NEW
    assert Addition.objects.count() == 1


def test_nobody_can_add_to_a_case_without_its_link(home: Path) -> None:
    confirmed = confirm()
    for token in ("", confirmed.reference, confirmed.status_token[:-1]):
        with pytest.raises(LinkUnknownError):
            add_information(token, Supplement("more"), NOW)


def test_nothing_is_added_to_a_case_that_has_ended(home: Path) -> None:
    withdrawn, refused = confirm(), confirm()
    withdraw(withdrawn.status_token, NOW)
    refuse(refused.reference)
    more = Supplement("more")
    assert problem_of(withdrawn.status_token, more) is AdditionProblem.CLOSED
    add_information(refused.status_token, more, NOW + timedelta(days=29))
    assert problem_of(refused.status_token, more, timedelta(days=30)) is AdditionProblem.CLOSED


def test_only_a_person_s_share_is_added_in_a_day(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = confirm().status_token
    for number in range(MAX_ADDITIONS_A_DAY):
        add_information(token, Supplement(f"{number}"), NOW)
    assert problem_of(token, Supplement("more")) is AdditionProblem.ENOUGH_TODAY
    add_information(token, Supplement("more"), NOW + timedelta(days=1))
    monkeypatch.setattr("demur.docket.services.add.MAX_ADDITIONS", MAX_ADDITIONS_A_DAY)
    assert problem_of(token, Supplement("more"), timedelta(days=2)) is AdditionProblem.ENOUGH


def test_a_case_has_room_for_so_many_accounts_links_and_photos(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = confirm().status_token
    for start in range(0, MAX_LINKS_OF_CASE, 20):
        handles = tuple(f"h{number}" for number in range(start, start + 20)) if start < MAX_HANDLES_OF_CASE - 20 else ()
        links = tuple(f"https://a.example/{number}" for number in range(start, start + 20))
        add_information(token, Supplement(handles=handles, links=links), NOW)
    for field, more in (
        ("handles", Supplement(handles=tuple(f"more{number}" for number in range(20)))),
        ("links", Supplement(links=("https://a.example/more",))),
    ):
        with pytest.raises(LodgingRefusedError) as refused:
            add_information(token, more, NOW)
        assert refused.value.field == field
    photos = ((PHOTO, SHOWS),) * MAX_PHOTOS
    add_information(token, Supplement(photos=photos), NOW)
    with pytest.raises(PhotoRefusedError):
        add_information(token, Supplement("with words", photos=photos[:1]), NOW)
    assert Case.objects.get().additions.last().text == ""
    assert Photo.objects.count() == MAX_PHOTOS


def test_two_additions_at_once_share_the_room_that_is_left(home: Path) -> None:
    token = confirm().status_token
    supplement = Supplement(photos=((PHOTO, SHOWS),) * 6)
    done = at_once(*[lambda: add_information(token, supplement, NOW)] * 2)
    assert sum(isinstance(one, PhotoRefusedError) for one in done) == 1
    assert Photo.objects.count() == 6


def test_staff_read_what_was_added_and_can_save_the_photos(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demur.cli.desk.open_ready_home", lambda _: None)
    confirmed = confirm(
        replace(ADA, capacity=Capacity.NO_ACCOUNT, draft_token=a_draft(), links=("https://agora.example/p/1",))
    )
    add_information(confirmed.status_token, Supplement("More words.", photos=((PHOTO, MANDATE),)), NOW)
    shown = CliRunner().invoke(desk_app, ["show", confirmed.reference]).stdout
    for words in ("added More words.", "https://agora.example/p/1", "1 (1 still prepared), and 1 of a mandate"):
        assert words in shown
    to = home / "looked at"
    command = ["photos", confirmed.reference, "--to", str(to)]
    assert "2 photos saved" in CliRunner().invoke(desk_app, command).stdout
    assert {path.name: path.read_bytes() for path in to.iterdir()} == {
        "01-shows-person.jpg": PHOTO.jpeg,
        "02-mandate.jpg": PHOTO.jpeg,
    }
    assert to.stat().st_mode & 0o777 == 0o700
    assert isinstance(CliRunner().invoke(desk_app, command).exception, StorageError)
    unknown = CliRunner().invoke(desk_app, ["photos", "DMR-0000-0000", "--to", str(home / "none")])
    assert isinstance(unknown.exception, CaseUnknownError)
    assert not (home / "none").exists()
