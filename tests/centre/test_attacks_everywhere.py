"""Attacks that look at every page, field and mail, those that came later among them. Cy is the stranger."""

import hmac
import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from centre_world import ADA_EMAIL, Confirmed, Lodged, csrf_token, let_pauses_pass, submit
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from journey_world import FORM, START, Journey, crawl, links_of_mails, waiting_mails

from demur.core.objection import CaseState
from demur.docket import admission
from demur.docket.admission import BusyTimes
from demur.docket.models import Case, CaseIdentifier, Code, Mail, UsedShare
from demur.docket.selectors import open_cases
from demur.docket.services import confirm as confirming

CANARY = "cy7canary"
FIELDS = {
    "email": f"{CANARY}@people.example",
    "name": CANARY,
    "representative_name": CANARY,
    "handles": f"@{CANARY}",
    "links": f"https://social.example/{CANARY}",
    "effect": f"{CANARY} and more",
}
OTHER_EMAIL = f"{CANARY}.right@people.example"
MARKUP = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}{% now 'Y' %}${7*7}"
HEADERS = "x\r\nBcc: everyone@people.example\r\nSubject: Buy now\r\n\r\nBuy"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "busy_times", BusyTimes())


@pytest.fixture
def journey(db: None) -> Journey:
    """Ada has gone the whole way, with the canary in every field."""
    journey = Journey()
    journey.walk(FIELDS, OTHER_EMAIL)
    return journey


def whole_database() -> dict[str, list[object]]:
    """Return every row of every table of ours."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names() if not name.startswith("django_")]
        return {name: cursor.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall() for name in tables}  # type: ignore[union-attr]


def test_a_second_objection_does_not_skip_the_code(
    cy: Client, confirm: Callable[..., Confirmed], lodge: Callable[..., Lodged]
) -> None:
    first_code = lodge().code
    confirm()
    cy_page = submit(cy, FORM, **{**FIELDS, "email": ADA_EMAIL, "country": "PT"}).headers["Location"]
    for typed in ("", "000000", first_code):
        assert submit(cy, cy_page, code=typed).status_code == 422
    second = Case.objects.latest("pk")
    assert second.state == CaseState.LODGED
    assert not CaseIdentifier.objects.filter(case=second, standing="verified").exists()
    assert second.reference not in [case.reference for case in open_cases(datetime.now(UTC))]


def test_codes_cannot_be_guessed_across_sessions(lodge: Callable[..., Lodged]) -> None:
    lodged = lodge()
    guess = f"{(int(lodged.code) + 1) % 1_000_000:06}"
    answers = [submit(Client(enforce_csrf_checks=True), lodged.page, code=guess) for _ in range(8)]
    assert "typed five times" in " ".join(answers[4].content.decode().split())
    assert submit(Client(enforce_csrf_checks=True), lodged.page, code=lodged.code).status_code == 422
    assert Case.objects.get().state == CaseState.LODGED


def test_a_right_code_a_wrong_one_and_one_that_nobody_was_sent_take_the_same_way_to_the_answer(
    cy: Client, lodge: Callable[..., Lodged], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Spy:
        def __init__(self) -> None:
            self.queries: list[int] = []

        def compare_digest(self, first: str, second: str) -> bool:
            self.queries.append(len(connection.queries_log))
            return hmac.compare_digest(first, second)

    spy = Spy()
    lodged = [lodge(), lodge(), lodge()]
    right, wrong = lodged[0], lodged[1]
    unsent = submit(cy, FORM, **{**FIELDS, "email": ADA_EMAIL, "country": "PT"}).headers["Location"]
    monkeypatch.setattr(confirming, "hmac", spy)
    for page, code in ((right.page, right.code), (wrong.page, "000000"), (unsent, "000000")):
        token = csrf_token(cy, page)
        with CaptureQueriesContext(connection):
            connection.queries_log.clear()
            cy.post(page, {"csrfmiddlewaretoken": token, "code": code})
    assert len(spy.queries) == 3
    assert len(set(spy.queries)) == 1
    assert sorted(Case.objects.values_list("state", flat=True)) == ["lodged", "lodged", "lodged", "received"]


def test_the_form_does_the_same_work_for_an_address_that_is_known(
    cy: Client, confirm: Callable[..., Confirmed]
) -> None:
    confirm()

    def work_of(email: str) -> int:
        fields = {"csrfmiddlewaretoken": csrf_token(cy, FORM), **FIELDS, "email": email, "country": "PT"}
        cy.cookies.pop("draft", None)
        with CaptureQueriesContext(connection) as captured:
            assert cy.post(FORM, fields).status_code == 302
        return len(captured)

    work_of("first@people.example")
    assert len({work_of(email) for email in ("new@people.example", *[ADA_EMAIL] * 5)}) == 1


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_scanner_that_opens_every_link_of_every_mail_and_page_changes_nothing(
    journey: Journey, cy: Client, method: str
) -> None:
    waiting = Journey()
    waiting.lodge(**{**FIELDS, "email": ADA_EMAIL})
    links = links_of_mails(settings.DEMUR_BASE_URL)
    assert {path for path in links if "/code/" in path}
    assert {path for path in links if "/status/" in path}
    links |= set(journey.addresses()) | {
        waiting.code_page,
        f"{waiting.code_page}/resend",
        f"{waiting.code_page}?code=1",
    }
    let_pauses_pass()
    before = whole_database()

    def fetch(address: str) -> HttpResponse:
        if method == "head":
            cy.head(address)
        return cy.get(address)

    seen = crawl(fetch, links)
    assert len(seen) > 20
    assert whole_database() == before


def forms_of(journey: Journey) -> list[str]:
    """Return every address that takes a form."""
    others = [f"{START}/forget", "/privacy/sign-in", "/privacy/sign-out", f"{journey.code_page}/resend"]
    return [*journey.addresses(), *others]


@pytest.fixture
def open_journey(db: None) -> Journey:
    """Ada's case is confirmed, and another of hers waits for its code."""
    journey = Journey()
    journey.lodge(**FIELDS)
    code = next(mail for mail in waiting_mails()).subject.removeprefix("Your code: ")
    journey.status_page = journey.post(journey.code_page, code=code).headers["Location"]
    journey.lodge(**{**FIELDS, "email": OTHER_EMAIL})
    let_pauses_pass()
    return journey


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.example"}, {"origin": "null"}])
@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"]
)
def test_no_form_of_ours_can_be_sent_from_another_site(
    open_journey: Journey, headers: dict[str, str], content_type: str
) -> None:
    before = whole_database()
    body = "meaning=own&country=PT&email=cy@people.example&code=000000&text=x"
    # Ada's own browser, as another site makes it send, without our page's token.
    for address in forms_of(open_journey):
        if address == open_journey.status_page:
            continue
        answer = open_journey.browser.post(address, body, content_type=content_type, headers=headers)
        assert answer.status_code == 403, address
        assert "The form was not sent" in answer.content.decode()
    assert whole_database() == before


def test_a_token_of_cys_browser_does_not_send_a_form_in_adas(open_journey: Journey, cy: Client) -> None:
    stolen = csrf_token(cy, START)
    before = whole_database()
    for address in forms_of(open_journey):
        if address != open_journey.status_page:
            sent = {"csrfmiddlewaretoken": stolen, "code": "000000", "email": "cy@people.example", "text": "x"}
            assert open_journey.browser.post(address, sent).status_code == 403, address
    assert whole_database() == before


@pytest.mark.parametrize("poison", [MARKUP, HEADERS])
@pytest.mark.parametrize("name", [*FIELDS, "country", "meaning", "do", "ground", "altcha", "csrfmiddlewaretoken"])
@pytest.mark.parametrize("meaning", ["own", "others", "child", "agent"])
def test_words_that_act_in_a_field_of_the_form_are_only_words(cy: Client, meaning: str, name: str, poison: str) -> None:
    fields = {**FIELDS, "country": "PT", "csrfmiddlewaretoken": csrf_token(cy, f"{START}/{meaning}"), name: poison}
    answer = cy.post(f"{START}/{meaning}", fields)
    assert answer.status_code in {302, 403, 422, 200}
    check_is_harmless(answer)
    check_is_harmless(cy.get(f"{START}/{meaning}"))
    check_mails_are_harmless()


@pytest.mark.parametrize("poison", [MARKUP, HEADERS])
def test_words_that_act_on_the_pages_after_the_form_are_only_words(open_journey: Journey, poison: str) -> None:
    journey = open_journey
    pages = {
        journey.code_page: ("code", "altcha"),
        f"{journey.code_page}/address": ("email", "altcha"),
        f"{journey.status_page}/add": ("text", "handles", "links"),
    }
    for page, names in pages.items():
        for name in names:
            given = {"text": "more", name: poison}
            check_is_harmless(journey.post(page, **given))
    submit(journey.browser, f"{journey.status_page}/add", text=poison)
    check_is_harmless(journey.get(journey.status_page))
    check_mails_are_harmless()


def check_is_harmless(answer: HttpResponse) -> None:
    html = answer.content.decode()
    assert "<script>" not in html
    assert "<img" not in html
    assert "49" not in re.sub(r'"[^"]*"|\d\d:\d\d|\d{3,}', "", html)
    heads = json.dumps(dict(answer.headers)).casefold()
    assert "bcc:" not in heads  # with its colon, since "bcc" alone can stand in a random token
    assert "script>" not in heads


def check_mails_are_harmless() -> None:
    for mail in waiting_mails():
        assert "\n" not in mail.subject
        assert "Buy" not in mail.subject
        assert "Buy now" not in mail.text
        assert "<script>" not in mail.text
    assert not Mail.objects.filter(recipient__contains="everyone").exists()
    assert not [row for row in Mail.objects.values_list("recipient", "message_id") if "\n" in "".join(row)]


EVIL = ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)")


@pytest.mark.parametrize("evil", EVIL)
def test_no_page_leads_to_another_site_whatever_its_address_asks_for(open_journey: Journey, evil: str) -> None:
    names = ("next", "url", "redirect", "return_to", "back", "language", "sign-in", "state", "iss")
    query = "?" + "&".join(f"{name}={evil}" for name in names)
    for address in ["/privacy/genai", "/object", "/privacy/sign-in/callback", *forms_of(open_journey)]:
        answers = [open_journey.browser.get(f"{address}{query}")]
        if address != open_journey.status_page:
            fields = {"csrfmiddlewaretoken": csrf_token(open_journey.browser, START), "next": evil, "code": "000000"}
            answers.append(open_journey.browser.post(f"{address}{query}", fields))
        for answer in answers:
            location = answer.headers.get("Location", "/")
            # What is left of a query may stand in a query; the host and the path are ours.
            assert re.match(r"/(?![/\\])", location), address
            assert "evil" not in location.partition("?")[0]
            assert f'href="{evil}' not in answer.content.decode()


def test_a_forged_host_gets_into_no_page_no_redirect_and_no_mail(open_journey: Journey) -> None:
    forged = {"x-forwarded-host": "evil.example", "forwarded": "host=evil.example", "x-original-host": "evil.example"}
    for address in [
        *forms_of(open_journey),
        "/privacy/genai",
        "/privacy/genai/poster",
        "/privacy/genai/qr.svg",
        "/object",
    ]:
        answer = open_journey.browser.get(address, headers=forged)
        assert "evil" not in json.dumps(dict(answer.headers)) + answer.content.decode()
        refused = open_journey.browser.get(address, headers={"host": "evil.example"})
        assert refused.status_code == 400
        assert "evil" not in refused.content.decode()
    let_pauses_pass()
    token = csrf_token(open_journey.browser, open_journey.code_page)
    sent = {"csrfmiddlewaretoken": token}
    assert open_journey.browser.post(f"{open_journey.code_page}/resend", sent, headers=forged).status_code == 302
    assert not [mail for mail in waiting_mails() if "evil" in mail.text]


def test_nobodys_words_stand_in_a_log_an_address_a_header_a_cache_or_an_error_page(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)  # only with DEBUG on, which it never is
    journey = Journey()
    journey.walk(FIELDS, OTHER_EMAIL)
    journey.get(f"/privacy/genai/{CANARY}?email={CANARY}")
    assert len(journey.answers) > 25
    tokens = [page.rsplit("/", 1)[1] for page in (journey.code_page, journey.status_page)]
    for answer in journey.answers:
        heads = f"{json.dumps(dict(answer.headers))} {answer.cookies}"
        assert CANARY not in heads
        assert answer.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}
        is_private = answer.status_code != 200 or CANARY in answer.content.decode()
        assert answer.headers["Cache-Control"] == "no-store" or not is_private
        if answer.status_code in {400, 403, 404, 429}:
            assert CANARY not in answer.content.decode()
    said = caplog.text
    assert not [word for word in (CANARY, *tokens, *codes()) if word in said]


def codes() -> list[str]:
    return [mail.subject[-6:] for mail in waiting_mails() if mail.subject.startswith("Your code")]


def test_an_error_in_the_middle_shows_and_logs_nothing_of_what_was_sent(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, db: None
) -> None:
    def fail(*values: object) -> None:
        raise RuntimeError(f"cannot handle {values}")

    journey = Journey(Client(raise_request_exception=False))
    monkeypatch.setattr("demur.centre.views.objecting.lodge_objection", fail)
    answer = journey.post(FORM, **{**FIELDS, "country": "PT"})
    assert answer.status_code == 500
    assert CANARY not in answer.content.decode()
    assert "RuntimeError" in caplog.text
    assert CANARY not in caplog.text


def test_the_limits_against_floods_keep_no_address_of_anybody(cy: Client) -> None:
    cy.post(FORM, {**FIELDS, "country": "PT", "csrfmiddlewaretoken": csrf_token(cy, FORM)}, REMOTE_ADDR="192.0.2.77")
    kept = repr(whole_database()["docket_usedshare"]) + repr(whole_database()["docket_mailallowance"])
    assert UsedShare.objects.exists()
    assert "192.0.2" not in kept
    assert CANARY not in kept
    assert Code.objects.exists()
