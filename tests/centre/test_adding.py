"""Adding to an objection on its private page, photos too; and what a stranger tries against the upload."""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from centre_world import Confirmed, csrf_token, newest_mail_text
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from demur.centre.forms.photos import PhotosField
from demur.centre.photo_words import photo_words
from demur.core.objection import CaseState
from demur.docket.errors import PhotoProblem
from demur.docket.home import empty_uploads
from demur.docket.models import Addition, Case, MailKind, Photo
from demur.docket.photographs import MAX_PHOTOS, MAX_UPLOAD_BYTES
from demur.docket.services import withdraw

SCRIPT = "<script>alert(1)</script>"


def a_photo(name: str = "Ada at home.jpg", width: int = 60) -> SimpleUploadedFile:
    out = BytesIO()
    Image.new("RGB", (width, 40), "teal").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


def some(number: int) -> list[SimpleUploadedFile]:
    return [a_photo() for _ in range(number)]


def no_photo(name: str = "Ada.jpg", raw: bytes = b"%PDF-1.7") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, raw, "image/jpeg")


def send(client: Client, case: Confirmed, **fields: object) -> HttpResponse:
    page = f"{case.page}/add"
    return client.post(page, {"csrfmiddlewaretoken": csrf_token(client, page), **fields})


def text_of(response: HttpResponse) -> str:
    return " ".join(response.content.decode().split())


def test_what_is_added_stands_on_the_status_page(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm()
    assert f'href="{case.page}/add"' in text_of(ada.get(case.page))
    sent = send(ada, case, text="More.", handles="@nobody\n@ada.lisbon", links="agora.example/p/1", photos=some(2))
    assert sent.headers["Location"] == f"{case.page}?added"
    text = text_of(ada.get(sent.headers["Location"]))
    assert "We have what you added." in text
    for words in ("You added information.", "@nobody", "https://agora.example/p/1", "2 photos are being prepared"):
        assert words in text
    assert "1 link" in newest_mail_text(MailKind.ADDITION)


def test_the_page_says_what_is_stored_and_for_how_long(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    text = text_of(ada.get(f"{confirm().page}/add"))
    assert "made smaller; place, time and all else" in text
    assert "erased when your objection ends" in text
    assert text.index("erased when your objection ends") < text.index('type="file"')


def test_an_empty_addition_is_refused_in_words(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm()
    answer = send(ada, case, text=" ", handles="", links="")
    assert answer.status_code == 422
    assert "Fill in at least one field" in text_of(answer)
    assert Addition.objects.count() == 0


def test_what_is_known_already_is_said_to_be(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    assert "We have all of this already." in text_of(send(ada, confirm(), handles="@ada"))


def test_each_bad_photo_is_named_by_its_place_and_the_good_ones_are_kept(
    ada: Client, confirm: Callable[..., Confirmed]
) -> None:
    case = confirm()
    photos = [a_photo(), no_photo("Ada's diary.pdf"), a_photo(), SimpleUploadedFile("empty.jpg", b"")]
    answer = send(ada, case, text="Kept words.", photos=photos)
    text = text_of(answer)
    assert answer.status_code == 422
    assert "Photo 2 is not a photo." in text
    assert "Photo 4 is empty." in text
    assert "diary" not in text
    assert "2 photos have arrived" in text
    assert "Kept words.</textarea>" in text
    assert Photo.objects.count() == 2


def test_an_eleventh_photo_is_refused_with_the_room_left(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm()
    send(ada, case, photos=some(8))
    assert "There is room for 2 more photos" in text_of(ada.get(f"{case.page}/add"))
    answer = send(ada, case, photos=some(3))
    assert answer.status_code == 422
    assert "There is room for 2 more photos. Choose" in text_of(answer)
    assert Photo.objects.count() == 8
    send(ada, case, photos=some(2))
    assert "no room for more" in text_of(ada.get(f"{case.page}/add"))


def test_more_than_ten_photos_at_once_are_said_to_be_too_many(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    answer = send(ada, confirm(), photos=some(MAX_PHOTOS + 1))
    assert "There is room for 10 photos in all." in text_of(answer)
    assert Photo.objects.count() == MAX_PHOTOS


def test_when_no_photo_can_be_opened_nobody_waits_for_the_others(
    ada: Client, confirm: Callable[..., Confirmed], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[bytes] = []

    def die(sent: bytes, _long_edge_pixels: int) -> bytes:
        tried.append(sent)
        return b""

    monkeypatch.setattr("demur.docket.photographs._draw_in_child", die)
    text = text_of(send(ada, confirm(), photos=some(3)))
    assert "We could not open photo 1 just now." in text
    assert "The photos after photo 1 were not opened either." in text
    assert len(tried) == 1


def test_too_many_additions_or_accounts_are_refused_in_words(
    ada: Client, confirm: Callable[..., Confirmed], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = confirm()
    monkeypatch.setattr("demur.docket.services.add.MAX_HANDLES_OF_CASE", 1)
    assert "Send a second objection for the others" in text_of(send(ada, case, handles="@more"))
    monkeypatch.setattr("demur.docket.services.add.MAX_ADDITIONS_A_DAY", 0)
    assert "add the rest tomorrow" in text_of(send(ada, case, text="more"))
    assert "could not take this as it is" in text_of(send(ada, case, text="\u0958" * 9_000))


def test_a_case_that_has_ended_takes_nothing_more(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm()
    page = f"{case.page}/add"
    token = csrf_token(ada, page)
    withdraw(case.token, datetime.now(UTC))
    assert ada.post(page, {"csrfmiddlewaretoken": token, "text": "more"}).headers["Location"] == case.page
    assert ada.get(page).headers["Location"] == case.page
    assert page not in text_of(ada.get(case.page))
    assert Addition.objects.count() == 0


def test_only_who_acts_for_somebody_else_is_asked_for_a_mandate(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm()
    assert 'name="mandate"' not in text_of(ada.get(f"{case.page}/add"))
    Case.objects.update(capacity="authorised_agent", representative_name="Bea")
    assert 'name="mandate"' in text_of(ada.get(f"{case.page}/add"))
    send(ada, case, mandate=[a_photo()])
    text = text_of(ada.get(case.page))
    assert "1 photo of the mandate" in text
    assert "Bea" in text


def test_status_says_how_many_days_are_left_and_when_it_is_late(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm()
    today = datetime.now(UTC).date()
    for days, words in ((12, "12 days left"), (0, "That is today."), (-4, "we are late")):
        Case.objects.update(due_on=today + timedelta(days=days))
        # The controller's day may have begun an hour before that of UTC.
        text = text_of(ada.get(case.page))
        assert words in text or (days == 12 and "11 days left" in text) or (days == 0 and "we are late" in text)


def test_status_names_the_law_and_what_is_not_recognised_yet(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm()
    Case.objects.update(name="Ada Lovelace", links=["https://agora.example/p/1"])
    text = text_of(ada.get(case.page))
    assert "2016/679" in text
    assert "recognise nobody by a name yet" in text
    assert "recognise nothing by a link yet" in text


def test_status_names_the_authority_of_the_controllers_country_where_none_else_is_known(
    ada: Client, confirm: Callable[..., Confirmed]
) -> None:
    text = text_of(ada.get(confirm(country="AQ").page))
    assert "Or the authority of the country where we are" in text
    assert "dataprotection.ie" in text


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_opening_the_add_address_changes_nothing(cy: Client, confirm: Callable[..., Confirmed], method: str) -> None:
    getattr(cy, method)(f"{confirm().page}/add?text=more")
    assert Addition.objects.count() == 0


def test_adding_from_another_site_or_without_the_link_fails(cy: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm()
    assert cy.post(f"{case.page}/add", {"text": "more"}).status_code == 403
    assert cy.get(f"/privacy/genai/status/{case.reference}/add").status_code == 404
    assert cy.get(f"/privacy/genai/status/{'A' * 32}/add").status_code == 404
    assert Addition.objects.count() == 0


def test_script_in_what_is_added_is_text(cy: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm()
    bad = send(cy, case, text=SCRIPT, handles=SCRIPT, links=SCRIPT, photos=[no_photo(SCRIPT)])
    assert bad.status_code == 422
    assert "<script>alert" not in bad.content.decode()
    send(cy, case, text=SCRIPT, links=f"https://a.example/{SCRIPT}", handles="a<b>")
    html = cy.get(case.page).content.decode()
    assert "<script>alert" not in html
    assert "a&lt;b&gt;" in html


@pytest.mark.parametrize("name", ["../../../keys/list.key", "/etc/passwd", "..\\..\\x.jpg", "a\0b.jpg", "x" * 5_000])
def test_the_name_of_a_file_is_used_for_nothing(cy: Client, confirm: Callable[..., Confirmed], name: str) -> None:
    before = sorted(str(path) for path in Path(settings.DEMUR_HOME).rglob("*"))
    answer = send(cy, confirm(), photos=[a_photo(name)])
    assert answer.status_code in {302, 400, 422}
    assert sorted(str(path) for path in Path(settings.DEMUR_HOME).rglob("*")) == before
    assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []


def test_a_large_photo_waits_in_the_private_folder_and_leaves_nothing(
    cy: Client, confirm: Callable[..., Confirmed], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    check = PhotosField.clean

    def clean(field: PhotosField, value: object) -> object:
        seen.extend(path.name for path in settings.FILE_UPLOAD_TEMP_DIR.iterdir())
        return check(field, value)

    monkeypatch.setattr(PhotosField, "clean", clean)
    large = SimpleUploadedFile("large.jpg", a_photo().read() + bytes(5_000_000))
    assert send(cy, confirm(), photos=[large]).status_code == 302
    assert len(seen) == 1
    assert "large" not in seen[0]
    assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []
    assert settings.FILE_UPLOAD_TEMP_DIR.stat().st_mode & 0o777 == 0o700


def test_what_a_crash_left_of_uploads_is_gone_after_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    empty_uploads(folder)
    (folder / "tmp1.upload").write_bytes(b"a photo")
    empty_uploads(folder)
    assert list(folder.iterdir()) == []
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.fixture
def endless() -> Callable[[int], dict[str, object]]:
    """What a request says that is followed by so many bytes; reading one of them fails the test."""

    class Unread:
        def read(self, *_: object) -> bytes:
            pytest.fail("the body was read")

        readline = read

    def claim(size: int) -> dict[str, object]:
        return {"wsgi.input": Unread(), "CONTENT_LENGTH": str(size), "CONTENT_TYPE": "multipart/form-data; boundary=x"}

    return claim


def test_a_page_without_photos_refuses_a_large_body_unread(
    cy: Client, confirm: Callable[..., Confirmed], endless: Callable[[int], dict[str, object]]
) -> None:
    case = confirm()
    for page in ("/privacy/genai/object", f"{case.page}/withdraw", f"{case.page}/appeal"):
        answer = cy.generic("POST", page, **endless(2_000_000))
        assert answer.status_code == 413
        assert "more than we can take at once" in answer.content.decode()


def test_more_than_ten_large_photos_are_refused_in_words_unread(
    cy: Client, confirm: Callable[..., Confirmed], endless: Callable[[int], dict[str, object]]
) -> None:
    answer = cy.generic("POST", f"{confirm().page}/add", **endless(MAX_UPLOAD_BYTES + 1))
    assert answer.status_code == 413
    assert "ten photos of 20 MB each" in answer.content.decode()


def test_a_thousand_files_are_refused_in_words(cy: Client, confirm: Callable[..., Confirmed]) -> None:
    answer = send(cy, confirm(), photos=some(1_000))
    assert answer.status_code == 400
    assert "We could not read what your browser sent" in answer.content.decode()
    assert Photo.objects.count() == 0


@pytest.mark.parametrize("problem", list(PhotoProblem))
def test_every_problem_has_a_sentence_that_names_the_photo_by_its_place(problem: PhotoProblem) -> None:
    words = photo_words(problem, 7)
    assert re.search(r"\b7\b", words)
    assert words.endswith(".")
    assert "%" not in words


def test_the_state_of_a_case_is_not_changed_by_an_addition(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm()
    due_on = Case.objects.get().due_on
    send(ada, case, text="more")
    assert (Case.objects.get().state, Case.objects.get().due_on) == (CaseState.RECEIVED, due_on)


def test_nothing_of_a_photo_reaches_the_log(
    ada: Client, confirm: Callable[..., Confirmed], caplog: pytest.LogCaptureFixture
) -> None:
    send(ada, confirm(), photos=[no_photo("Ada Lovelace.jpg"), a_photo("Ada Lovelace 2.jpg")])
    assert "Lovelace" not in caplog.text
    assert os.sep + "uploads" not in caplog.text
