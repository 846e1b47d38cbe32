"""What a person is told of the photos that they sent: which are looked for, which are not, and what is never found."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from centre_world import Confirmed, csrf_token, newest_mail_text
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from demur.docket.models import MOST_HASHINGS, Case, MailKind, Photo, PhotoPurpose
from demur.docket.photo_hashing import hash_next

pytestmark = pytest.mark.django_db(transaction=True)


def a_file(image: Image.Image) -> SimpleUploadedFile:
    out = BytesIO()
    image.save(out, "JPEG")
    return SimpleUploadedFile("Ada at home.jpg", out.getvalue(), "image/jpeg")


def a_photo(seed: int) -> SimpleUploadedFile:
    spots = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), np.uint8)
    return a_file(Image.fromarray(spots).resize((320, 240), Image.Resampling.BICUBIC))


def a_plain_photo() -> SimpleUploadedFile:
    return a_file(Image.new("RGB", (64, 64), "white"))


def send(client: Client, case: Confirmed, *photos: SimpleUploadedFile) -> None:
    page = f"{case.page}/add"
    answer = client.post(page, {"csrfmiddlewaretoken": csrf_token(client, page), "photos": photos})
    assert answer.status_code == 302


def told(client: Client, case: Confirmed, language: str = "en") -> str:
    """Return what the status page says of photos; empty if it says nothing."""
    page = client.get(case.page, headers={"accept-language": language}).content.decode()
    found = [part for part in " ".join(page.split()).split("<dt>") if part.startswith(("Photos<", "Foto"))]
    return found[0].partition("</dd>")[0] if found else ""


def test_each_photo_is_told_by_what_became_of_it(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm()
    assert told(ada, case) == ""
    send(ada, case, a_photo(1), a_photo(2), a_plain_photo(), a_photo(3))
    assert "4 photos are being prepared" in told(ada, case)
    for _ in range(3):
        assert hash_next()
    words = told(ada, case)
    assert "2 photos are looked for: where we compare photos, copies of them are left out." in words
    assert "1 photo cannot be recognised, because there is too little in it." in words
    assert "1 photo is being prepared" in words
    assert "could not be prepared" not in words
    Photo.objects.filter(hashes=None).update(hashings=MOST_HASHINGS)
    words = told(ada, case)
    assert "1 photo could not be prepared, and is not looked for." in words
    assert "being prepared" not in words


def test_page_says_that_faces_are_not_looked_for_and_what_is_not_found_and_leads_nowhere_else(
    ada: Client, confirm: Callable[..., Confirmed]
) -> None:
    case = confirm()
    send(ada, case, a_photo(1))
    words = told(ada, case)
    for part in ("We do not look for faces", "screenshot", "captions", "turned by some degrees", "a tenth"):
        assert part in words
    assert "when the time to appeal is over" in words
    assert "<a" not in words


def test_page_says_the_same_once_the_picture_itself_is_erased(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm()
    send(ada, case, a_photo(1))
    hash_next()
    before = told(ada, case)
    Photo.objects.update(sealed_jpeg=None)
    assert told(ada, case) == before


def test_photo_of_a_mandate_is_not_told_as_one_that_is_looked_for(
    ada: Client, confirm: Callable[..., Confirmed]
) -> None:
    case = confirm()
    send(ada, case, a_photo(1))
    Photo.objects.update(purpose=PhotoPurpose.MANDATE)
    Case.objects.update(representative_name="Bea")
    assert told(ada, case) == ""
    assert "1 photo of the mandate" in ada.get(case.page).content.decode()


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES if code != "en"])
def test_photos_are_told_in_every_language(ada: Client, confirm: Callable[..., Confirmed], language: str) -> None:
    case = confirm()
    send(ada, case, a_photo(1), a_plain_photo(), a_photo(2))
    hash_next()
    hash_next()
    words = told(ada, case, language)
    assert words.count("<br>") == 3
    assert "photo is" not in words
    assert "faces" not in words


def test_nobody_is_told_any_more_that_photos_are_not_recognised(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm(("@nobody",))
    pages = [ada.get(page).content.decode() for page in (case.page, "/privacy/genai", f"{case.page}/add")]
    said = " ".join([*pages, newest_mail_text(MailKind.CONFIRMATION)])
    assert "by a name or a photo" not in said
    assert "recognise you in them yet" not in said
    assert said.count("copies of photos that you send us") == 2
    assert "We do not look for faces." in said
    assert "numbers of it by which copies of it are recognised" in said
