"""Every page, in every language, at the width of a phone and of a desktop, in light and dark: what axe-core finds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from browser_world import AXE_OPTIONS, Window
from centre_world import Confirmed, Lodged
from django.conf import settings
from django.test import Client
from objecting_world import ISSUER, sign_in
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from demur.core.objection import CaseState
from demur.docket.addition import Supplement
from demur.docket.decision import Decision, RefusalGround
from demur.docket.errors import FloodError
from demur.docket.models import MOST_HASHINGS, Photo, PhotoPurpose
from demur.docket.photographs import CleanPhoto
from demur.docket.services import add_information, confirm_code, decide, start_review, withdraw

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

IN_THE_DARK = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
"""Only these look at colours; nothing else of a page differs in the dark."""

START = "/privacy/genai/object"
FORMS = [f"{START}/{meaning}" for meaning in ("own", "others", "child", "agent")]
ABOUT = ["/privacy/genai", "/privacy/genai/poster", "/nothing"]
MENUS = ["/app/lumen", "/app/lumen/2", "/app/lumen/4", "/app/agora"]
WIDTHS = (360, 1280)
PHONE = WIDTHS[:1]
"""Enough for states of a page that was seen at both widths, and for pages made of the same few parts."""


def refuse(case: Confirmed) -> None:
    now = datetime.now(UTC)
    start_review(case.reference, "bo", now)
    decide(case.reference, Decision(CaseState.REFUSED, RefusalGround.NOT_IDENTIFIED, "No account.", "bo"), now)


def check_in_every_look(page: Page, axe: Axe, *, widths: tuple[int, ...] = WIDTHS) -> None:
    page.evaluate(axe.axe_script)  # once: `Axe.run` would load it for each look
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="light")
        check(page, AXE_OPTIONS)
        page.emulate_media(color_scheme="dark")
        check(page, IN_THE_DARK)
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), f"{page.url} at {width} px"


def check(page: Page, options: dict[str, Any]) -> None:
    results = AxeResults(page.evaluate("options => axe.run(options)", options))
    assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"


def add_photos_of_every_fate(case: Confirmed) -> None:
    photo = CleanPhoto(b"a JPEG", 1, 1)
    add_information(case.token, Supplement(photos=((photo, PhotoPurpose.SHOWS_PERSON),) * 4), datetime.now(UTC))
    looked_for, plain, given_up, _pending = Photo.objects.order_by("pk")
    Photo.objects.filter(pk=looked_for.pk).update(hashes=b"h" * 32)
    Photo.objects.filter(pk=plain.pk).update(hashes=b"")
    Photo.objects.filter(pk=given_up.pk).update(hashings=MOST_HASHINGS)


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_axe_finds_nothing_on_any_page_in_any_look(
    open_window: Callable[..., Window],
    live_server: LiveServer,
    lodge: Callable[..., Lodged],
    confirm: Callable[..., Confirmed],
    language: str,
) -> None:
    page, axe = open_window(bypass_csp=True).page, Axe()
    page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    refused, case, lodged = confirm(("@nobody",)), confirm(("@ada", "@nobody")), lodge()
    refuse(refused)
    add_photos_of_every_fate(case)
    private = [lodged.page, f"{lodged.page}/address", case.page, refused.page, f"{case.page}/withdraw"]
    for address in [*ABOUT, *MENUS, START, *private, f"{case.page}/add", f"{refused.page}/appeal"]:
        page.goto(address)
        assert page.locator("html").get_attribute("lang") == language
        check_in_every_look(page, axe)
    page.goto(START)
    page.locator("button[value=child]").click()
    expect(page.locator("#errors")).to_be_visible()
    check_in_every_look(page, axe, widths=PHONE)
    page.locator("#id_country").select_option("DE")
    page.locator("button[value=own]").click()
    for address in FORMS:
        page.goto(address)
        expect(page.locator("#id_email")).to_be_visible()
        check_in_every_look(page, axe)
    for address in (FORMS[0], FORMS[3], f"{lodged.page}/address", lodged.page):
        page.goto(address)
        page.locator("#id_email, #id_code").first.fill("\N{SNOWMAN}")
        page.keyboard.press("Enter")
        expect(page.locator("#errors")).to_be_visible()
        check_in_every_look(page, axe, widths=PHONE)


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_axe_finds_nothing_on_pages_that_come_in_passing(
    open_window: Callable[..., Window],
    live_server: LiveServer,
    lodge: Callable[..., Lodged],
    confirm: Callable[..., Confirmed],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
) -> None:
    page, axe = open_window(bypass_csp=True).page, Axe()
    page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    withdrawn, lodged = confirm(), lodge()
    withdraw(withdrawn.token, datetime.now(UTC))
    confirm_code(lodged.token, lodged.code, datetime.now(UTC))
    for address in (withdrawn.page, lodged.page):
        page.goto(address)
        check_in_every_look(page, axe, widths=PHONE)
    browser = Client()
    sign_in(home, browser)
    page.route(f"{ISSUER}/**", lambda route: route.fulfill(status=204))  # the page that leads there stays
    monkeypatch.setattr("demur.centre.views.signing_in.address_to_sign_in", lambda _request: f"{ISSUER}/authorise")
    page.goto(START)
    page.locator("form[action$=sign-in] button").click()
    expect(page.locator(f"a[href^='{ISSUER}']")).to_be_visible()
    check_in_every_look(page, axe, widths=PHONE)
    session = browser.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page.goto(START)
    expect(page.locator("form[action$=sign-out]")).to_be_visible()
    check_in_every_look(page, axe, widths=PHONE)
    monkeypatch.setattr("demur.centre.views.objecting.lodge_objection", stop_a_flood)
    page.goto(FORMS[0])
    page.locator("#id_email").press("Enter")
    expect(page.locator("main a.button")).to_have_attribute("href", FORMS[0])
    assert page.locator("html").get_attribute("lang") == language
    check_in_every_look(page, axe, widths=PHONE)


def stop_a_flood(*_: object) -> None:
    raise FloodError(datetime.now(UTC) + timedelta(minutes=2))


@pytest.mark.parametrize("address", [*ABOUT, *MENUS, START])
def test_letters_twice_as_large_need_no_scrolling_sideways(open_window: Callable[..., Window], address: str) -> None:
    page = open_window(bypass_csp=True, viewport={"width": 1280, "height": 800}).page
    page.goto(address)
    page.add_style_tag(content="html { font-size: 200%; }")
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
