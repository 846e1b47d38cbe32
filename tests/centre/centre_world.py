"""The world of the centre's tests: a controller, and what Ada's browser and mailbox do in it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.http import HttpResponse
from django.test import Client

from demur.docket.mail_text import parse_mail_text
from demur.docket.models import Code, Mail, MailKind
from demur.docket.secret import unseal_mail

ADA_EMAIL = "ada@people.example"
TRAINING_STARTS_IN_DAYS = 22

CONTROLLER = """\
name: lumen.example
legal_name: Lumen Platforms Limited
postal_address: [1 Quay Street, Dublin, Ireland]
country: IE
time_zone: Europe/Dublin
contact_email: privacy@lumen.example
data_protection_officer: dpo@lumen.example
languages: [en, pt-br, es, de, fr, it]
appeal_days: 30
policy:
  reasons: optional
  answer_days: 30
  where_no_law: We treat every objection alike.
campaigns:
  - {{id: winter, name: Training of Muse, training_starts_on: {starts_on}}}
products:
  - id: lumen
    name: Lumen
    description: a photo-sharing app
    namespace: lumen
    sign_in_claim: lumen_account
    colour: "#0b5d66"
    text_colour: "#ffffff"
    menu_path: [Profile, Menu, About]
  - id: agora
    name: Agora
    description: a social network
    namespace: agora
    sign_in_claim: agora_account
    colour: "#3b3f8f"
    text_colour: "#ffffff"
    menu_path: [Menu, Help]
collected:
  - id: posts
    name: Posts
    description: What you post, with its date.
    purpose: To train language models.
    legal_basis: Legitimate interests.
    kinds: [post]
    products: [lumen, agora]
    audiences: [public]
    kept_for: as long as the account exists
    used_for_training: true
  - id: messages
    name: Private messages
    description: What you write to people in private.
    purpose: To deliver them.
    legal_basis: Our contract with you.
    kinds: [message]
    products: [agora]
    audiences: [private]
    kept_for: until you or the other person delete them
    used_for_training: false
"""


@dataclass(frozen=True)
class Lodged:
    """An objection that waits for its code."""

    token: str
    code: str

    @property
    def page(self) -> str:
        return f"/privacy/genai/code/{self.token}"


@dataclass(frozen=True)
class Confirmed:
    """An objection in force."""

    reference: str
    token: str

    @property
    def page(self) -> str:
        return f"/privacy/genai/status/{self.token}"


def write_controller(home: Path, starts_in_days: int) -> None:
    starts_on = datetime.now(UTC).date() + timedelta(days=starts_in_days)
    (home / "controller.yaml").write_text(CONTROLLER.format(starts_on=starts_on.isoformat()))


def newest_mail_text(kind: MailKind = MailKind.CODE) -> str:
    """Return the text of the newest mail of a kind that waits to be sent."""
    mail = Mail.objects.filter(kind=kind).latest("pk")
    return parse_mail_text(unseal_mail(bytes(mail.sealed_body or b""), bytes(mail.salt))).text


def code_in_mail() -> str:
    """Return the code of the newest mail that waits to be sent."""
    match = re.search(r"\b([0-9]{3}) ?([0-9]{3})\b", newest_mail_text())
    assert match is not None
    return match[1] + match[2]


def let_pauses_pass() -> None:
    """Make it a day since any code was asked for."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    Code.objects.update(asked_at=[yesterday.isoformat()])


def csrf_token(client: Client, page: str) -> str:
    """Return the token of the forms on a page."""
    match = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(page).content.decode())
    assert match is not None, "the page has no form"
    return match[1]


def submit(client: Client, page: str, *, to: str = "", **fields: str) -> HttpResponse:
    """Open a page and send a form of it as a browser does, with its CSRF token."""
    return client.post(to or page, {"csrfmiddlewaretoken": csrf_token(client, page), **fields})
