"""The words of the mails: plain text, from the templates in templates/docket/mail, in the case's language.

A template's first line is the subject. Nothing that a person typed goes into a subject or any other header.

Templates hold a paragraph on one line, however long, so that translations need no line ends of their own. The lines
are broken here, where the words are known.
"""

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format

from demur.docket.controller import get_controller
from demur.docket.jurisdiction import find_jurisdiction
from demur.docket.kept_text import SameController, fill, has_mark, mark
from demur.docket.models import Case, MailKind

CODE_PATH = "/privacy/genai/code/"
STATUS_PATH = "/privacy/genai/status/"
LINE_CHARS = 72
_KEPT_TEXTS = 256
"""Of some 3 KB each."""

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


Own = Mapping[str, str | tuple[str, ...]]
"""What only one person's mail says, by the names that the template gives it."""

_NOTHING: Own = MappingProxyType({})


def write_mail(kind: MailKind, case: Case, own: Own = _NOTHING, **words: object) -> MailText:
    """Return a mail's words.

    Args:
        kind: also names the template.
        case: whose reference, dates and country the template may use.
        own: what else the template of that kind needs, and only this person's mail says.
        words: what else it needs; for a mail that is kept, nothing of the person's.
    """
    with translation.override(case.language):
        own, words = {**own, **_of_case(case)}, {**words, "base_url": settings.DEMUR_BASE_URL}
        if kind not in _KEPT:
            subject, _, text = _draw(kind, case.country, {**words, **own}).partition("\n")
            return MailText(" ".join(subject.split()), break_lines(text))
        shape = tuple((name, len(value) if isinstance(value, tuple) else None) for name, value in own.items())
        same = SameController(get_controller())
        kept = _kept(kind, case.language, case.country, same, shape, tuple(words.items()))
    values = dict(_flat(own))
    subject = fill(kept.subject, values.__getitem__)
    return MailText(" ".join(subject.split()), _without_rows_of_blanks(kept.lines(values)))


_KEPT = frozenset({MailKind.CODE, MailKind.CONFIRMATION})
"""Those that everybody gets."""


@dataclass(frozen=True)
class _KeptMail:
    """A mail that was drawn with marks: its subject, and its lines, those without a mark broken already."""

    subject: str
    paragraphs: tuple[str | tuple[str, ...], ...]

    def lines(self, values: Mapping[str, str]) -> Iterator[str]:
        for paragraph in self.paragraphs:
            if isinstance(paragraph, tuple):
                yield from paragraph
            else:
                yield from _broken(fill(paragraph, values.__getitem__))


@lru_cache(maxsize=_KEPT_TEXTS)
def _kept(
    kind: MailKind,
    _language: str,
    country: str,
    _controller: SameController,
    shape: tuple[tuple[str, int | None], ...],
    words: tuple[tuple[str, object], ...],
) -> _KeptMail:
    """Return a mail in the active language, with a mark for each value of `_flat`."""
    own = {
        name: mark(name) if count is None else tuple(mark(f"{name}_{place}") for place in range(count))
        for name, count in shape
    }
    subject, _, text = _draw(kind, country, {**dict(words), **own}).partition("\n")
    paragraphs = text.splitlines()
    return _KeptMail(subject, tuple(one if has_mark(one) else tuple(_broken(one)) for one in paragraphs))


def _flat(own: Own) -> Iterator[tuple[str, str]]:
    """Return the values one by one, those of a tuple numbered."""
    for name, value in own.items():
        if isinstance(value, tuple):
            yield from ((f"{name}_{place}", one) for place, one in enumerate(value))
        else:
            yield name, value


def _of_case(case: Case) -> dict[str, str]:
    return {
        "reference": case.reference,
        "received": date_format(case.received_at, "DATETIME_FORMAT") if case.received_at else "",
        "due_on": date_format(case.due_on, "DATE_FORMAT") if case.due_on else "",
    }


def _draw(kind: MailKind, country: str, words: Mapping[str, object]) -> str:
    controller = get_controller()
    local = find_jurisdiction(country)
    supervising = local or find_jurisdiction(controller.country)
    context = {
        **words,
        "controller": controller,
        "authority": supervising and supervising.authority,
        "authority_is_local": local is not None,
        "law_sets_date": local is not None and local.period is not None,
    }
    return render_to_string(f"docket/mail/{kind.value}.txt", context).strip()


def break_lines(text: str) -> str:
    """Return a text in lines of at most LINE_CHARS characters, without blank lines in a row; no link is broken."""
    return _without_rows_of_blanks(_broken(text))


def _without_rows_of_blanks(lines: Iterable[str]) -> str:
    kept = [""]
    for line in lines:
        if line or kept[-1]:
            kept.append(line)
    return "\n".join(kept).strip("\n") + "\n"


def _broken(text: str) -> Iterator[str]:
    """Return the lines of a text, broken where they are too long; a blank one stays one."""
    for line in text.splitlines() or [""]:
        yield from _wrap(line.rstrip()) if line.strip() else [""]


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
