"""A person at the centre, for the demonstration and the scenarios: opens pages, sends forms, reads mails.

Speaks HTTP and reads HTML like a browser without scripts, and knows nothing of the centre but its pages.
"""

import email.policy
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from demur.core.errors import DemurError

_POLL_SECONDS = 0.1
_CODE = re.compile(r"(?<![0-9])([0-9]{3})[ \u202f]?([0-9]{3})(?![0-9])")


class VisitError(DemurError):
    """The centre did not answer as a person would need."""


@dataclass
class Form:
    """A form of a page: where it goes, the fields with the values they have, and what its buttons add."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """A page as it came: its address after redirects, its HTTP status, bytes and forms."""

    url: str
    status: int
    content: bytes
    forms: tuple[Form, ...]

    @property
    def text(self) -> str:
        """The page's HTML."""
        return self.content.decode()


class Visitor:
    """A browser without scripts: one cookie jar, following redirects."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._opener: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))

    def open(self, address: str, form: Mapping[str, str] | None = None) -> Page:
        """Get a page, or send a form to it."""
        url = urljoin(self._base_url, address)
        if not url.startswith(self._base_url):
            raise VisitError("the page leads away from the centre")
        request = Request(url, data=None if form is None else urlencode(form).encode())  # noqa: S310  (checked above)
        if form is not None:
            request.add_header("Origin", self._base_url)
        try:
            answer = self._opener.open(request, timeout=30)
        except HTTPError as error:
            answer = error
        with answer:
            content, status, final = answer.read(), int(answer.status or 0), str(answer.url)
        is_html = "html" in (answer.headers.get("Content-Type") or "")
        return Page(final, status, content, tuple(_read_forms(content.decode())) if is_html else ())

    def submit(self, page: Page, filled: Mapping[str, str], *, action: str = "", press: str = "") -> Page:
        """Fill in the form of a page that has all of these fields, and send it.

        Args:
            page: that has the form.
            filled: values by field.
            action: a part of the address to which the form goes.
            press: the value of the button to press, where that matters.

        Raises:
            VisitError: the page has no such form.
        """
        for form in page.forms:
            pressed = {name: value for name, value in form.buttons if value == press} if press else {}
            if set(filled) <= set(form.fields) and action in form.action and bool(pressed) == bool(press):
                target = urljoin(page.url, form.action) if form.action else page.url
                return self.open(target, {**form.fields, **filled, **pressed})
        raise VisitError(f"the page has no form with the fields {', '.join(sorted(filled)) or '(none)'}")


def wait_for_mail(folder: Path, recipient: str, wanted: str, *, seconds: float = 60) -> EmailMessage:
    """Return the newest mail to a recipient whose subject or text holds some words, waiting until it arrives.

    Raises:
        VisitError: it did not arrive in time.
    """
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        mails = read_mails(folder, recipient)
        found = [mail for mail in mails if wanted in f"{mail['Subject']}\n{mail_text(mail)}"]
        if found:
            return found[-1]
        time.sleep(_POLL_SECONDS)
    raise VisitError(f'no mail with "{wanted}" arrived within {seconds:.0f} seconds')


def read_mails(folder: Path, recipient: str) -> list[EmailMessage]:
    """Return the caught mails to a recipient, oldest first."""
    paths = sorted(folder.glob("*.eml"), key=lambda path: int(path.stem))
    parser: BytesParser[EmailMessage] = BytesParser(policy=email.policy.default)
    messages: list[EmailMessage] = [parser.parsebytes(path.read_bytes()) for path in paths]
    return [message for message in messages if recipient in str(message["To"])]


def mail_text(message: EmailMessage) -> str:
    """Return a mail's plain text."""
    body = message.get_body(("plain",))
    return str(body.get_content()) if body is not None else ""


def find_code(message: EmailMessage) -> str:
    """Return the six-digit code of a mail."""
    match = _CODE.search(mail_text(message))
    if match is None:
        raise VisitError("the mail has no six-digit code")
    return match[1] + match[2]


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action", "")))
        if not self.forms:
            return
        fields, name = self.forms[-1].fields, values.get("name", "")
        ticked = values.get("type") not in {"checkbox", "radio"} or "checked" in values
        if tag == "input" and name and ticked:
            fields[name] = values.get("value", "")
        elif tag == "button" and name:
            self.forms[-1].buttons.append((name, values.get("value", "")))
        elif tag == "textarea":
            fields[name], self._textarea = "", name
        elif tag == "select":
            fields[name], self._select = "", name
        elif tag == "option" and "selected" in values:
            fields[self._select] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.forms[-1].fields[self._textarea] += data.removeprefix("\n")


def _read_forms(html: str) -> list[Form]:
    reader = _FormReader()
    reader.feed(html)
    return reader.forms
