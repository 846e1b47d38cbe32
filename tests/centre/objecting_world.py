"""What the tests of the form share: its addresses, what Ada fills in, her sign-in, and a photo."""

from io import BytesIO
from pathlib import Path

from centre_world import ADA_EMAIL
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from PIL import Image

from demur.centre.meaning import Meaning
from demur.centre.sign_in import SignedIn, remember_signed_in
from demur.docket.lodging import VerifiedAccount

START = "/privacy/genai/object"
FORMS = {meaning: f"{START}/{meaning}" for meaning in Meaning}
ISSUER = "https://id.lumen.example"
FILLED = {
    Meaning.OWN: {"country": "PT", "email": ADA_EMAIL, "handles": "@ada", "effect": "My children."},
    Meaning.OTHERS: {"country": "PT", "email": ADA_EMAIL, "name": "Ada of Lisbon", "effect": "They post me."},
    Meaning.CHILD: {
        "country": "PT",
        "email": ADA_EMAIL,
        "representative_name": "Ada of Lisbon",
        "name": "Little Ada",
        "effect": "",
    },
    Meaning.AGENT: {
        "country": "PT",
        "email": ADA_EMAIL,
        "representative_name": "Ada of Lisbon",
        "links": "https://lumen.example/p/1",
        "effect": "",
    },
}


def ask_reasons_as_the_law_does(home: Path) -> None:
    """Let the controller ask for reasons where the law does."""
    file = home / "controller.yaml"
    file.write_text(file.read_text().replace("reasons: optional", "reasons: as-the-law-asks"))


def sign_in(home: Path, browser: Client, country: str = "PT", account: str = "p0000001") -> None:
    """Let a browser come back from the identity provider as Ada, with two accounts."""
    file = home / "controller.yaml"
    if ISSUER not in file.read_text():
        file.write_text(f"{file.read_text()}sign_in: {{issuer: {ISSUER}, client_id: centre}}\n")
    request = RequestFactory().get("/")
    request.session = browser.session
    accounts = (VerifiedAccount(f"lumen:{account}", "ada"), VerifiedAccount(f"agora:{account}", "ada.lisbon"))
    remember_signed_in(request, SignedIn("Ada", ADA_EMAIL, country, accounts), ISSUER)
    request.session.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key


def photo(name: str = "photo.jpg") -> SimpleUploadedFile:
    """Return a small photo as a browser sends it."""
    file = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, "JPEG")
    return SimpleUploadedFile(name, file.getvalue(), "image/jpeg")
