"""Pages that are kept once they were drawn: nobody finds anything of another on them, and nothing that was changed."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from centre_world import Confirmed, Lodged, submit
from django.conf import settings
from django.test import Client
from objecting_world import FILLED, FORMS, START, sign_in

from demur.centre.meaning import Meaning

pytestmark = pytest.mark.django_db
OWN = FORMS[Meaning.OWN]


def open_form(browser: Client, country: str = "PT", meaning: Meaning = Meaning.OWN, **headers: str) -> str:
    browser.cookies["country"] = country
    return browser.get(FORMS[meaning], headers=headers).text


def token_on(page: str) -> str:
    return page.split('name="csrfmiddlewaretoken" value="')[1].split('"', maxsplit=1)[0]


@pytest.mark.parametrize("address", [START, OWN])
def test_each_browser_gets_a_token_of_its_own(ada: Client, cy: Client, address: str) -> None:
    ada.cookies["country"] = cy.cookies["country"] = "PT"
    hers, his = ada.get(address).text, cy.get(address).text
    assert token_on(hers) != token_on(his)
    assert hers.replace(token_on(hers), "") == his.replace(token_on(his), "")
    assert submit(ada, OWN, **FILLED[Meaning.OWN]).status_code == 302


def test_what_one_person_typed_or_signed_in_with_is_on_nobody_elses_page(ada: Client, cy: Client, home: Path) -> None:
    submit(ada, OWN, **{**FILLED[Meaning.OWN], "email": "ada at people"})
    assert "ada at people" in open_form(ada)
    sign_in(home, ada)
    assert "ada.lisbon" in open_form(ada)
    for page in (open_form(cy), cy.get(START).text):
        assert not re.search(r"\bada\b", page, re.IGNORECASE)


def test_one_country_and_language_are_not_shown_to_another(ada: Client, cy: Client) -> None:
    assert "Country: Portugal" in open_form(ada)
    assert "Country: Brazil" in open_form(cy, "BR")
    assert "Land: Portugal" in open_form(ada, **{"Accept-Language": "de"})
    assert "Country: Portugal" in open_form(cy)
    assert "Object for your child" in open_form(cy, meaning=Meaning.CHILD)


def test_a_changed_controller_file_shows_at_once(ada: Client, home: Path) -> None:
    before = open_form(ada), ada.get(START).text
    file = home / "controller.yaml"
    name = before[0].split("<footer>")[1].split("<p>")[1].split(",")[0]
    file.write_text(file.read_text().replace(name, "Another Name"))
    for page in (open_form(ada), ada.get(START).text):
        assert "Another Name" in page
        assert name not in page


def test_the_date_of_the_answer_moves_on_at_midnight(ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    today = open_form(ada)

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # noqa: ARG003  (the clock's signature)
            return datetime.now(UTC) + timedelta(days=1)

    monkeypatch.setattr("demur.centre.form_visit.datetime", Tomorrow)
    tomorrow = open_form(ada)
    assert tomorrow.replace(token_on(tomorrow), "") != today.replace(token_on(today), "")


def test_the_kept_page_is_the_page_that_is_drawn_for_one_request(ada: Client) -> None:
    kept = open_form(ada)
    submit(ada, START, country="PT", meaning=Meaning.OWN)
    drawn = ada.post(
        OWN, {"csrfmiddlewaretoken": token_on(kept), "do": "country", "country": "PT"}, headers={"Referer": START}
    ).text
    assert settings.CSRF_COOKIE_NAME in ada.cookies
    for page in (kept, drawn):
        assert "Which law this is" in page
    assert drawn.replace(token_on(drawn), "") == kept.replace(token_on(kept), "")


def test_what_is_on_one_persons_code_page_is_on_nobody_elses(
    ada: Client, cy: Client, lodge: Callable[..., Lodged]
) -> None:
    hers = submit(ada, OWN, **{**FILLED[Meaning.OWN], "email": "ada@lisbon.example"}).headers["Location"]
    his = submit(cy, OWN, **{**FILLED[Meaning.OWN], "email": "cy@porto.example"}).headers["Location"]
    for browser, own, email, other, other_email in (
        (ada, hers, "a…@lisbon.example", his, "porto"),
        (cy, his, "c…@porto.example", hers, "lisbon"),
        (ada, hers, "a…@lisbon.example", his, "porto"),
    ):
        page = browser.get(own).text
        assert email in page
        assert f'action="{own}"' in page
        assert other not in page
        assert other_email not in page
    assert token_on(ada.get(hers).text) != token_on(cy.get(his).text)


def test_a_tried_code_shows_on_the_code_page_at_once(ada: Client, cy: Client, lodge: Callable[..., Lodged]) -> None:
    tried, other = lodge().page, lodge().page
    assert "You have 5 tries left" in ada.get(tried).text
    submit(ada, tried, code="000000")
    assert "You have 4 tries left" in ada.get(tried).text
    assert "You have 5 tries left" in cy.get(other).text


def test_what_is_on_one_persons_status_page_is_on_nobody_elses(
    ada: Client, cy: Client, confirm: Callable[..., Confirmed]
) -> None:
    hers, his = confirm(("@ada.lisbon",)), confirm(("@cy.porto",))
    for browser, own, handle, other, other_handle in (
        (ada, hers, "@ada.lisbon", his, "@cy.porto"),
        (cy, his, "@cy.porto", hers, "@ada.lisbon"),
        (ada, hers, "@ada.lisbon", his, "@cy.porto"),
    ):
        page = browser.get(own.page).text
        assert handle in page
        assert own.reference in page
        assert other_handle not in page
        assert other.reference not in page
        assert other.page not in page


@pytest.mark.parametrize("language", ["en", "pt-br", "fr"])
@pytest.mark.parametrize("handles", [(), ("@ada",), ("@ada", "@a<b>&c", "@nobody")])
def test_a_status_page_that_is_kept_is_the_one_that_is_drawn(
    ada: Client,
    confirm: Callable[..., Confirmed],
    monkeypatch: pytest.MonkeyPatch,
    handles: tuple[str, ...],
    language: str,
) -> None:
    case = confirm(handles, "US")
    kept = [ada.get(case.page, headers={"Accept-Language": language}).text for _ in range(2)]
    monkeypatch.setattr("demur.centre.views.status._is_usual", lambda _status: False)
    drawn = ada.get(case.page, headers={"Accept-Language": language}).text
    assert kept == [drawn, drawn]
