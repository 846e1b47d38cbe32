"""The consent that a face is looked for: given by a tick of one's own, told at once, withdrawn on the private page.

Ada agrees. Cy, and forms and sessions that are not hers, must neither give her consent nor take it back.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from centre_world import Confirmed, code_in_mail, csrf_token, newest_mail_text, submit
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from objecting_world import FILLED, FORMS, photo, sign_in

from demur.centre.meaning import Meaning
from demur.core.identifier import FACE_DIMENSIONS, face_value
from demur.docket.errors import FaceProblem
from demur.docket.face_reading import SoughtFace
from demur.docket.models import Case, Draft, Face, ListWish, MailKind, Photo
from demur.docket.photographs import CleanPhoto
from demur.docket.secret import unseal_form

sys.path.append(str(Path(__file__).parents[1] / "faces"))
from face_world import astronaut, encoded, landscape

pytestmark = pytest.mark.django_db
FORM = FORMS[Meaning.OTHERS]
HERS = FILLED[Meaning.OTHERS]
AGREED = {"face_consent": "agreed"}
BOX = re.compile(r'<input type="checkbox" name="face_consent"[^>]*>')


@pytest.fixture(autouse=True)
def home(home: Path) -> Path:
    file = home / "controller.yaml"
    file.write_text(f"{file.read_text()}compare_faces: true\n")
    return home


@pytest.fixture
def drawn_here(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Draw photos without a child process; what is in the list says, for each, whether a face was looked for."""
    looked: list[bool] = []

    def draw(raw: BinaryIO, *, with_face: bool = False) -> CleanPhoto:
        looked.append(with_face)
        face = SoughtFace(face_value([len(looked) / 200] * FACE_DIMENSIONS)) if with_face else None
        return CleanPhoto(raw.read(), 40, 30, face)

    monkeypatch.setattr("demur.centre.forms.photos.clean_photo", draw)
    return looked


def a_file(raw: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("Ada at home.png", raw, "image/png")


def text_of(response: HttpResponse) -> str:
    return " ".join(response.content.decode().split())


def turn_off(home: Path) -> None:
    file = home / "controller.yaml"
    file.write_text(file.read_text().replace("compare_faces: true", "compare_faces: false"))


def send(client: Client, page: str, **fields: object) -> HttpResponse:
    return client.post(page, {"csrfmiddlewaretoken": csrf_token(client, page), **fields})


def agree(client: Client, case: Confirmed, *photos: SimpleUploadedFile) -> None:
    answer = send(client, f"{case.page}/add", photos=photos or (photo(),), **AGREED)
    assert answer.status_code == 302


def test_from_the_tick_to_the_status_page_with_a_real_photo(ada: Client) -> None:
    portrait = a_file(encoded(astronaut()))
    sent = send(ada, FORM, **HERS, **AGREED, photos=[a_file(encoded(landscape())), portrait])
    assert sent.status_code == 422
    told = text_of(sent)
    assert "We found no face in photo 1. The photo is kept, and nothing of a face." in told
    assert told.count("Your face is looked for by it, as you agreed.") == 1
    assert Photo.objects.count() == 2
    assert Face.objects.count() == 1
    sent = send(ada, FORM, **HERS)
    confirmed = send(ada, sent.headers["Location"], code=code_in_mail())
    page = ada.get(confirmed.headers["Location"])
    assert "looked for, as you agreed, by" in text_of(page)
    assert "photo 2 of 2, sent on" in text_of(page)
    assert "You agreed that your face is looked for." in text_of(page)
    assert "We also hold back photos that show a face like yours, as you agreed." in text_of(page)
    mail = " ".join(newest_mail_text(MailKind.CONFIRMATION).split())
    assert "We look for your face only if you agree to that." in mail


@pytest.mark.parametrize("problem", FaceProblem)
def test_whoever_agreed_is_told_at_once_that_a_photo_shows_no_one_face_and_goes_on_without(
    ada: Client, monkeypatch: pytest.MonkeyPatch, problem: FaceProblem
) -> None:
    drawn = CleanPhoto(b"a JPEG", 40, 30, SoughtFace(problem=problem))
    monkeypatch.setattr("demur.centre.forms.photos.clean_photo", lambda _raw, **_: drawn)
    sent = send(ada, FORM, **HERS, **AGREED, photos=photo())
    assert sent.status_code == 422
    assert "and nothing of a face. Choose" in text_of(sent)
    assert "tick the box again, or go on without." in text_of(sent)
    assert "Photo 1 is kept" in text_of(sent)
    assert not Face.objects.exists()
    assert send(ada, FORM, **HERS).status_code == 302
    assert Case.objects.get().photos.count() == 1


def test_box_is_never_ticked_by_us_not_even_after_the_persons_own_tick(ada: Client, drawn_here: list[bool]) -> None:
    wrong = {**HERS, "email": "ada"}
    pages = [
        ada.get(FORM),
        send(ada, FORM, **wrong, **AGREED),
        send(ada, FORM, **wrong, **AGREED, photos=photo()),
        ada.get(FORM),
    ]
    for page in pages:
        [box] = BOX.findall(page.content.decode())
        assert "checked" not in box
        assert "required" not in box
        assert 'autocomplete="off"' in box


def test_a_tick_stands_in_no_draft(ada: Client, drawn_here: list[bool]) -> None:
    send(ada, FORM, **{**HERS, "email": "ada"}, **AGREED, photos=photo())
    draft = Draft.objects.get()
    assert b"consent" not in unseal_form(bytes(draft.sealed_fields), bytes(draft.salt))


def test_a_tick_counts_once_and_only_for_the_photos_that_came_with_it(ada: Client, drawn_here: list[bool]) -> None:
    send(ada, FORM, **{**HERS, "email": "ada"}, photos=photo())
    send(ada, FORM, **{**HERS, "email": "ada"}, **AGREED, photos=photo())
    send(ada, FORM, **{**HERS, "email": "ada"}, photos=photo())
    assert drawn_here == [False, True, False]
    assert list(Photo.objects.order_by("pk").values_list("face", flat=True)) == [None, Face.objects.get().pk, None]


def test_a_tick_without_a_photo_agrees_to_nothing_and_says_so(ada: Client, drawn_here: list[bool]) -> None:
    send(ada, FORM, **{**HERS, "email": "ada"}, photos=photo())
    answer = send(ada, FORM, **HERS, **AGREED)
    assert answer.status_code == 422
    assert "A tick counts for the photos that you choose together with it." in text_of(answer)
    assert not Case.objects.exists()
    assert not Face.objects.exists()


def test_nothing_but_the_box_itself_is_taken_for_consent(ada: Client, drawn_here: list[bool]) -> None:
    token = csrf_token(ada, FORM)
    sent = {**HERS, "email": "ada", "csrfmiddlewaretoken": token}
    for value in ("on", "true", "1", "", "Agreed", "agreed "):
        ada.post(FORM, {**sent, "photos": photo(), "face_consent": value})
    ada.post(f"{FORM}?face_consent=agreed", {**sent, "photos": photo()})
    ada.post(FORM, {**sent, "photos": photo(), "faces": "agreed", "consent": "agreed", "ground": "agreed"})
    ada.post(FORM, {**sent, "photos": [photo(), a_file(b"agreed")]})
    assert not any(drawn_here)
    assert not Face.objects.exists()


def test_a_photo_without_the_tick_is_never_looked_at_for_a_face(ada: Client, drawn_here: list[bool]) -> None:
    assert send(ada, FORM, **HERS, photos=photo()).status_code == 302
    assert drawn_here == [False]


@pytest.mark.parametrize("meaning", [Meaning.OWN, Meaning.CHILD, Meaning.AGENT])
def test_no_other_form_asks_for_it_or_takes_it(ada: Client, drawn_here: list[bool], meaning: Meaning) -> None:
    page = FORMS[meaning]
    assert not BOX.search(ada.get(page).content.decode())
    send(ada, page, **FILLED[meaning], **AGREED, photos=photo())
    assert not any(drawn_here)
    assert not Face.objects.exists()


def test_form_begun_as_ones_own_gives_no_consent_for_a_child(ada: Client, drawn_here: list[bool]) -> None:
    send(ada, FORM, **{**HERS, "email": "ada"}, **AGREED, photos=photo())
    assert Face.objects.exists()
    assert "Your face is looked for" not in text_of(ada.get(FORMS[Meaning.CHILD]))
    assert send(ada, FORMS[Meaning.CHILD], **FILLED[Meaning.CHILD]).status_code == 302
    assert Case.objects.get().photos.count() == 1
    assert not Face.objects.exists()


def test_turned_off_no_page_asks_and_a_tick_that_is_sent_all_the_same_is_passed_over(
    home: Path, ada: Client, drawn_here: list[bool], confirm: Callable[..., Confirmed]
) -> None:
    turn_off(home)
    case = confirm()
    for page in (FORM, f"{case.page}/add"):
        assert not BOX.search(ada.get(page).content.decode())
        assert "We do not look for faces." in text_of(ada.get(page))
    assert send(ada, f"{case.page}/add", photos=photo(), **AGREED).status_code == 302
    assert send(ada, FORM, **HERS, **AGREED, photos=photo()).status_code == 302
    assert not any(drawn_here)
    assert not Face.objects.exists()


def test_turned_off_the_status_page_says_so_and_the_agreement_can_still_be_withdrawn(
    home: Path, ada: Client, drawn_here: list[bool], confirm: Callable[..., Confirmed]
) -> None:
    case = confirm()
    agree(ada, case)
    turn_off(home)
    text = text_of(ada.get(case.page))
    assert "not looked for at present: we have turned that off." in text
    assert "looked for, as you agreed" not in text
    assert "is held back" not in text
    assert "The numbers of your face are kept sealed until you withdraw" in text
    submit(ada, f"{case.page}/face")
    assert Face.objects.get().sealed_value is None


def test_withdrawing_asks_once_then_erases_at_once_and_leaves_the_objection(
    ada: Client, drawn_here: list[bool], confirm: Callable[..., Confirmed]
) -> None:
    case = confirm()
    agree(ada, case)
    Case.objects.update(list_wish=ListWish.NONE)
    assert f'href="{case.page}/face"' in text_of(ada.get(case.page))
    asked = text_of(ada.get(f"{case.page}/face"))
    assert "deleted at once" in asked
    assert "Yes, no longer look for my face" in asked
    assert Face.objects.get().sealed_value is not None
    done = submit(ada, f"{case.page}/face")
    assert Face.objects.get().sealed_value is None
    assert Case.objects.get().list_wish == ListWish.WANTED
    text = text_of(ada.get(done.headers["Location"]))
    assert "Your agreement is withdrawn, and the numbers of your face are deleted." in text
    assert "You withdrew that agreement." in text
    assert f'href="{case.page}/face"' not in text
    assert Photo.objects.count() == 1
    assert ada.get(f"{case.page}/face").headers["Location"] == case.page


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_scanner_that_opens_the_address_withdraws_nothing(
    ada: Client, cy: Client, drawn_here: list[bool], confirm: Callable[..., Confirmed], method: str
) -> None:
    case = confirm()
    agree(ada, case)
    getattr(cy, method)(f"{case.page}/face?sure=yes")
    assert Face.objects.get().withdrawn_at is None


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_foreign_page_withdraws_nothing_and_agrees_to_nothing(
    ada: Client, drawn_here: list[bool], confirm: Callable[..., Confirmed], origin: str
) -> None:
    case = confirm()
    agree(ada, case)
    for page, fields in ((f"{case.page}/face", {}), (f"{case.page}/add", {**AGREED, "photos": photo()})):
        token = csrf_token(ada, page)
        answer = ada.post(page, {"csrfmiddlewaretoken": token, **fields}, headers={"origin": origin})
        assert answer.status_code == 403
    assert ada.post(f"{case.page}/face").status_code == 403, "without a token"
    assert Face.objects.get().withdrawn_at is None


def test_another_cases_link_and_a_made_up_one_withdraw_nothing(
    ada: Client, cy: Client, drawn_here: list[bool], confirm: Callable[..., Confirmed]
) -> None:
    case, of_cy = confirm(), confirm(("@cy",))
    agree(ada, case)
    token = csrf_token(cy, f"{of_cy.page}/withdraw")
    for page in (of_cy.page, f"/privacy/genai/status/{'A' * 32}"):
        cy.post(f"{page}/face", {"csrfmiddlewaretoken": token})
    assert Face.objects.get().withdrawn_at is None
    assert "Your face" not in text_of(cy.get(of_cy.page))


def test_strangers_draft_and_session_are_never_taken_for_adas(
    home: Path, ada: Client, cy: Client, drawn_here: list[bool]
) -> None:
    sign_in(home, cy)
    send(cy, FORM, **{**HERS, "email": "cy"}, **AGREED, photos=photo())
    assert Face.objects.count() == 1
    assert send(ada, FORM, **HERS, photos=photo()).status_code == 302
    assert not Face.objects.filter(photo__case__isnull=False).exists()


def test_page_answers_are_the_same_for_a_photo_of_which_a_face_is_kept_and_hold_no_number_of_it(
    ada: Client, drawn_here: list[bool], confirm: Callable[..., Confirmed]
) -> None:
    case = confirm()
    agree(ada, case)
    value = face_value([1 / 200] * FACE_DIMENSIONS)
    for page in (case.page, f"{case.page}/add", f"{case.page}/face"):
        assert value not in ada.get(page).content.decode()


def test_what_is_agreed_to_is_said_before_the_box_and_apart_from_it(ada: Client) -> None:
    text = text_of(ada.get(FORM))
    box = text.index('name="face_consent"')
    for words in ("128 numbers", "biometric data", "GDPR Art. 9(2)(a)", "a person at our side", "white, middle-aged"):
        assert text.index(words) < box
    assert text.index("You can withdraw your agreement at any time on your private page") < box
    assert "We do not look for faces." not in text


def test_landing_says_when_a_face_is_looked_for(home: Path, ada: Client) -> None:
    words = "We look for your face only if you send a photo of yourself and expressly agree to that."
    assert words in text_of(ada.get("/privacy/genai"))
    turn_off(home)
    assert words not in text_of(ada.get("/privacy/genai"))


def test_child_that_dies_over_a_face_is_told_as_a_photo_that_could_not_be_opened(
    ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demur.docket.photographs._draw_in_child", lambda *_: b"")
    answer = send(ada, FORM, **HERS, **AGREED, photos=photo())
    assert "We could not open photo 1 just now." in text_of(answer)
    assert not Photo.objects.exists()
