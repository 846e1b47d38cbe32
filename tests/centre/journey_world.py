"""The whole way through the centre, with given words in every field: for attacks that look everywhere."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape

from centre_world import code_in_mail, csrf_token, let_pauses_pass
from django.http import HttpResponse
from django.test import Client

from demur.core.objection import CaseState
from demur.docket.decision import Decision, RefusalGround
from demur.docket.mail_text import MailText, parse_mail_text
from demur.docket.models import Case, Mail
from demur.docket.secret import unseal_mail
from demur.docket.services import decide, start_review

START = "/privacy/genai/object"
FORM = f"{START}/agent"
FIELDS = ("email", "name", "representative_name", "handles", "links", "effect", "text", "code", "altcha", "do")
_LINK = re.compile(r'(?:href|src)="([^"]+)"')
_MAILED_LINK = re.compile(r"https?://\S+")


@dataclass
class Journey:
    """A browser on its way, and every answer that it got."""

    browser: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))
    answers: list[HttpResponse] = field(default_factory=list)

    def get(self, page: str) -> HttpResponse:
        self.answers.append(self.browser.get(page))
        return self.answers[-1]

    def post(self, page: str, to: str = "", **fields: str) -> HttpResponse:
        token = csrf_token(self.browser, page)
        self.answers.append(self.browser.post(to or page, {"csrfmiddlewaretoken": token, **fields}))
        return self.answers[-1]

    def addresses(self) -> list[str]:
        """Return where forms are on this site once `walk` is done, private pages among them."""
        return [START, FORM, self.code_page, f"{self.code_page}/address", *self.status_pages()]

    def status_pages(self) -> list[str]:
        return [self.status_page, *(f"{self.status_page}/{end}" for end in ("add", "appeal", "withdraw"))]

    code_page = status_page = ""

    def lodge(self, **fields: str) -> str:
        """Send the form after one that has an error; return the code page's path."""
        self.post(START, country="PT", meaning="agent")
        self.post(FORM, **{**fields, "email": "no address"})
        self.get(FORM)
        self.code_page = self.post(FORM, **fields).headers["Location"].partition("?")[0]
        self.get(self.code_page)
        return self.code_page

    def walk(self, fields: dict[str, str], other_email: str) -> None:
        """Go everywhere, with these words wherever there is room for words."""
        self.get("/privacy/genai")
        self.lodge(**fields)
        self.post(f"{self.code_page}/address", email=fields["effect"])
        corrected = self.post(f"{self.code_page}/address", email=other_email).headers["Location"]
        self.code_page = corrected.partition("?")[0]
        self.get(corrected)
        self.post(self.code_page, code=fields["effect"])
        self.post(self.code_page, code="000000")
        self.post(self.code_page, to=f"{self.code_page}/resend")
        let_pauses_pass()
        self.get(self.post(self.code_page, to=f"{self.code_page}/resend").headers["Location"])
        self.status_page = self.post(self.code_page, code=code_in_mail()).headers["Location"]
        self.get(self.code_page)
        self.post(f"{self.status_page}/add", handles=fields["effect"], text=fields["effect"])
        self.post(f"{self.status_page}/add", text=fields["effect"], links=fields["links"])
        self.get(self.status_page)
        self.get(f"{self.status_page}/receipt")
        _refuse()
        self.get(self.status_page)
        self.post(f"{self.status_page}/appeal", text=fields["effect"] * 5_000)
        self.post(f"{self.status_page}/appeal", text=fields["effect"])
        self.post(f"{self.status_page}/withdraw")
        self.get(self.status_page)
        self.get(f"{self.status_page}/nothing")


def _refuse() -> None:
    now, case = datetime.now(UTC), Case.objects.latest("pk")
    start_review(case.reference, "bo", now)
    decide(case.reference, Decision(CaseState.REFUSED, RefusalGround.NOT_IDENTIFIED, "No account.", "bo"), now)


def links_of(page: HttpResponse) -> set[str]:
    """Return every address on a page that leads to another page of this site."""
    found = {unescape(link) for link in _LINK.findall(page.content.decode())}
    return {link for link in found if re.match(r"/(?!/|static/)", link)}


def waiting_mails() -> list[MailText]:
    """Return every mail that waits to be sent."""
    mails = Mail.objects.exclude(sealed_body=None)
    return [parse_mail_text(unseal_mail(bytes(mail.sealed_body or b""), bytes(mail.salt))) for mail in mails]


def links_of_mails(base_url: str) -> set[str]:
    """Return every path of this site in a mail."""
    found = {link for mail in waiting_mails() for link in _MAILED_LINK.findall(mail.text)}
    return {link.removeprefix(base_url) for link in found if link.startswith(base_url)}


def crawl(fetch: Callable[[str], HttpResponse], first: set[str]) -> set[str]:
    """Open addresses, and all to which they lead; return them."""
    seen: set[str] = set()
    waiting = set(first)
    while waiting:
        address = waiting.pop()
        seen.add(address)
        answer = fetch(address)
        is_html = answer.headers.get("Content-Type", "").startswith("text/html")
        found = links_of(answer) if is_html else set()
        location = answer.headers.get("Location", "")
        found |= {location} if location.startswith("/") else set()
        waiting |= {link.partition("#")[0] for link in found} - seen - {""}
    return seen
