"""The words of the mails: plain text, from the templates in templates/docket/mail, in the case's language.

A template's first line is the subject. Nothing that a person typed goes into a subject or any other header.
"""

import json
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from demur.controller.controller import Controller
from demur.docket.controller import get_controller
from demur.docket.jurisdiction import find_jurisdiction
from demur.docket.models import Case, MailKind

CODE_PATH = "/privacy/genai/code/"
STATUS_PATH = "/privacy/genai/status/"


@dataclass(frozen=True)
class MailText:
    """A mail's subject (one line) and text."""

    subject: str
    text: str

    def to_bytes(self) -> bytes:
        """Return the form in which a waiting mail is sealed."""
        return json.dumps({"subject": self.subject, "text": self.text}).encode()


def parse_mail_text(raw: bytes) -> MailText:
    """Return what `to_bytes` wrote."""
    fields = json.loads(raw)
    return MailText(fields["subject"], fields["text"])


def code_link(continue_token: str) -> str:
    """Return the address of the code page."""
    return f"{settings.DEMUR_BASE_URL}{CODE_PATH}{continue_token}"


def status_link(status_token: str) -> str:
    """Return the address of the status page."""
    return f"{settings.DEMUR_BASE_URL}{STATUS_PATH}{status_token}"


def write_mail(kind: MailKind, case: Case, **words: object) -> MailText:
    """Return a mail's words.

    Args:
        kind: also names the template.
        case: whose reference, dates and country the template may use.
        words: what else the template of that kind needs.
    """
    controller = get_controller()
    context = {
        **words,
        "case": case,
        "controller": controller,
        "authority": _authority(case, controller),
        "base_url": settings.DEMUR_BASE_URL,
    }
    with translation.override(case.language):
        whole = render_to_string(f"docket/mail/{kind.value}.txt", context)
    subject, _, text = whole.strip().partition("\n")
    return MailText(" ".join(subject.split()), text.strip() + "\n")


def _authority(case: Case, controller: Controller) -> object:
    """Return the authority where the person lives; where none is known, that of the controller's country."""
    jurisdiction = find_jurisdiction(case.country) or find_jurisdiction(controller.country)
    return jurisdiction and jurisdiction.authority
