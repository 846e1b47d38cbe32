"""The words of the mails: plain text, from the templates in templates/docket/mail, in the case's language.

A template's first line is the subject. Nothing that a person typed goes into a subject or any other header.

Templates hold a paragraph on one line, however long, so that translations need no line ends of their own. The lines
are broken here, where the words are known.
"""

import json
import re
import textwrap
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from demur.docket.controller import get_controller
from demur.docket.jurisdiction import find_jurisdiction
from demur.docket.models import Case, MailKind

CODE_PATH = "/privacy/genai/code/"
STATUS_PATH = "/privacy/genai/status/"
LINE_CHARS = 72
_BULLET = re.compile(r"\s*(- )?")


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
    local = find_jurisdiction(case.country)
    supervising = local or find_jurisdiction(controller.country)
    context = {
        **words,
        "case": case,
        "controller": controller,
        "authority": supervising and supervising.authority,
        "authority_is_local": local is not None,
        "law_sets_date": local is not None and local.period is not None,
        "base_url": settings.DEMUR_BASE_URL,
    }
    with translation.override(case.language):
        whole = render_to_string(f"docket/mail/{kind.value}.txt", context)
    subject, _, text = whole.strip().partition("\n")
    return MailText(" ".join(subject.split()), break_lines(text))


def break_lines(text: str) -> str:
    """Return a text in lines of at most LINE_CHARS characters, without blank lines in a row; no link is broken."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        lines += _wrap(line.rstrip()) if line.strip() else [""] if lines[-1] else []
    return "\n".join(lines) + "\n"


def _wrap(line: str) -> list[str]:
    bullet = _BULLET.match(line)
    indent = " " * (len(bullet[0]) if bullet else 0)
    return textwrap.wrap(
        line,
        LINE_CHARS,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        expand_tabs=False,
    )
