"""A flood, and the people who must get through it: browsers with and without scripts, and one that is signed in."""

import json
import re
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import altcha
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory

from demur.centre.sign_in import SignedIn, remember_signed_in
from demur.docket.mail_text import parse_mail_text
from demur.docket.models import Mail, MailState
from demur.docket.secret import unseal_mail

FORM = "/privacy/genai/object/own"
SCHOOL, HOME = "192.0.2.1", "198.51.100.7"
ISSUER = "https://id.lumen.example"


def filled(email: str) -> dict[str, str]:
    return {"country": "PT", "email": email, "handles": "@ada", "effect": "My children."}


def challenge_of(page: HttpResponse) -> str:
    """Return the challenge that a form page carries; empty if there is none."""
    found = re.search(r'data-challenge="([^"]*)"', page.content.decode())
    return unescape(found[1]) if found else ""


def solve(challenge: str) -> str:
    """Return what the script of the page would send."""
    parsed = altcha.Challenge.from_dict(json.loads(challenge))
    solution = altcha.solve_challenge(parsed)
    assert solution is not None
    return altcha.Payload(parsed, solution).to_base64()


@dataclass
class Person:
    """Somebody with a browser. `has_scripts`: whether it answers challenges, as proof.js does."""

    email: str
    address: str = HOME
    has_scripts: bool = True
    browser: Client = field(default_factory=Client)

    def send_form(self) -> HttpResponse:
        challenge = challenge_of(self.browser.get(FORM, REMOTE_ADDR=self.address))
        proof = {"altcha": solve(challenge)} if challenge and self.has_scripts else {}
        return self.browser.post(FORM, {**filled(self.email), **proof}, REMOTE_ADDR=self.address)

    def objects(self) -> bool:
        """Go the whole way, from the form by the mail to the status page; tell whether it led there."""
        sent = self.send_form()
        if sent.status_code != 302:
            return False
        mail = Mail.objects.filter(recipient=self.email, state=MailState.QUEUED).latest("pk")
        subject = parse_mail_text(unseal_mail(bytes(mail.sealed_body or b""), bytes(mail.salt))).subject
        page = sent.headers["Location"]
        code = subject.removeprefix("Your code: ")
        return "/status/" in self.browser.post(page, {"code": code}, REMOTE_ADDR=self.address).headers["Location"]


def offer_sign_in(home: Path) -> None:
    """Give the controller an identity provider."""
    with (home / "controller.yaml").open("a") as file:
        file.write(f"sign_in: {{issuer: {ISSUER}, client_id: centre}}\n")


def sign_in(browser: Client, email: str) -> None:
    """Let a browser come back from the identity provider with a verified address."""
    request = RequestFactory().get("/")
    request.session = browser.session
    remember_signed_in(request, SignedIn("Ada", email, "PT", ()), ISSUER)
    request.session.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key


def mails_by_recipient() -> Counter[str]:
    """Return how many mails leave for each address."""
    return Counter(Mail.objects.exclude(state=MailState.WITHHELD).values_list("recipient", flat=True))


def forged(payload: str, **changes: object) -> str:
    """Return a proof with some of its challenge's parameters changed."""
    whole = altcha.Payload.from_base64(payload).to_dict()
    whole["challenge"]["parameters"].update(changes)
    return b64encode(json.dumps(whole).encode()).decode()
