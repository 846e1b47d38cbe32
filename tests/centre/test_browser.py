"""The pages in a real Chromium: accessible, by keyboard alone, small, and talking to nobody else."""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from browser_world import Window
from centre_world import ADA_EMAIL, Confirmed, Lodged, code_in_mail
from playwright.sync_api import Page, Response, expect
from pytest_django.live_server_helper import LiveServer

from demur.core.objection import CaseState
from demur.docket.controller import get_controller
from demur.docket.models import Case

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

FIRST_LOAD_BYTES = 60_000
START = "/privacy/genai/object"
FORMS = [f"{START}/{meaning}" for meaning in ("own", "others", "child", "agent")]
APPS = ["/app/lumen", "/app/agora/2", "/app/lumen/4", "/privacy/genai/poster"]


def press_tab_until(page: Page, selector: str) -> None:
    """Walk with the Tab key to an element, checking that the way there is always visible."""
    for _ in range(40):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"the Tab key does not lead to {selector}")


def test_the_whole_way_by_keyboard_alone(open_window: Callable[..., Window]) -> None:
    page = open_window().page
    page.goto("/privacy/genai")
    press_tab_until(page, "a.skip")
    page.keyboard.press("Enter")
    press_tab_until(page, "main a.button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/object")
    press_tab_until(page, "#id_country")
    page.keyboard.type("Portugal")
    press_tab_until(page, "button[value=own]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/own")
    press_tab_until(page, "#id_email")
    page.keyboard.type("ada at people")
    press_tab_until(page, "#id_handles")
    page.keyboard.type("@ada")
    press_tab_until(page, "#id_effect")
    page.keyboard.type("My children.")
    press_tab_until(page, "button")
    page.keyboard.press("Enter")

    expect(page.locator("#errors")).to_be_focused()
    press_tab_until(page, "#errors a")
    page.keyboard.press("Enter")
    expect(page.locator("#id_email")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type(ADA_EMAIL)
    page.keyboard.press("Enter")

    page.wait_for_url("**/code/*")
    code = code_in_mail()
    press_tab_until(page, "#id_code")
    page.keyboard.type(f"{code[:3]} {code[3:]}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your objection is in force")
    case = Case.objects.get()
    assert (case.country, case.effect, case.state) == ("PT", "My children.", CaseState.RECEIVED)


def test_no_page_after_the_form_asks_another_origin_for_anything(
    open_window: Callable[..., Window],
    live_server: LiveServer,
    lodge: Callable[..., Lodged],
    confirm: Callable[..., Confirmed],
) -> None:
    window = open_window()
    for address in (lodge().page, confirm().page, "/nothing"):
        window.page.goto(address, wait_until="networkidle")
    assert window.asked
    assert asked_elsewhere(window, live_server) == []


def asked_elsewhere(window: Window, ours: LiveServer) -> list[str]:
    return [url for url in window.asked if not url.startswith(f"{ours.url}/")]


@pytest.mark.parametrize("address", ["/privacy/genai", *APPS, START, *FORMS])
def test_a_first_visit_loads_less_than_60_kilobytes_and_nothing_from_another_origin(
    open_window: Callable[..., Window], live_server: LiveServer, address: str
) -> None:
    window, answers = open_window(), list[Response]()
    page = window.page
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  (Playwright cannot wrap a built-in)
    page.goto(address, wait_until="networkidle")
    assert len(answers) >= 2
    assert sum(len(answer.body()) for answer in answers) < FIRST_LOAD_BYTES
    assert asked_elsewhere(window, live_server) == []


def test_nothing_is_wider_than_the_narrowest_phone(
    open_window: Callable[..., Window], lodge: Callable[..., Lodged], confirm: Callable[..., Confirmed]
) -> None:
    page = open_window(viewport={"width": 320, "height": 640}).page
    case = confirm(("@ada", "@" + "nobody" * 40))
    for address in ("/privacy/genai", *APPS, START, *FORMS, lodge().page, case.page, f"{case.page}/withdraw"):
        page.goto(address)
        wide = "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > 320)"
        assert page.evaluate(f"{wide}.map(e => e.outerHTML)") == [], address
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 320, address


def test_going_back_from_a_wrong_address_finds_what_was_typed(open_window: Callable[..., Window]) -> None:
    page = open_window().page
    page.goto(START)
    page.locator("#id_country").select_option("PT")
    page.get_by_role("button", name="My own accounts").click()
    page.locator("#id_email").fill("adda@people.example")
    page.locator("#id_effect").fill("My children.")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/code/*")
    page.go_back()
    expect(page.locator("#id_effect")).to_have_value("My children.")
    expect(page.locator("[name=country]")).to_have_value("PT")
    page.locator("#id_email").fill(ADA_EMAIL)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/code/*")
    assert Case.objects.latest("pk").effect == "My children."


def test_everything_works_without_javascript(open_window: Callable[..., Window]) -> None:
    page = open_window(java_script_enabled=False).page
    page.goto("/privacy/genai")
    page.get_by_role("link", name="Right to object").first.click()
    page.locator("#id_country").select_option("PT")
    page.get_by_role("button", name="My own accounts").click()
    page.locator("#id_email").fill(ADA_EMAIL)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/code/*")
    page.locator("#id_code").fill(code_in_mail())
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/status/*")
    page.get_by_role("link", name="Withdraw").click()
    page.get_by_role("button", name="Yes, withdraw it").click()
    page.wait_for_url("**/status/*")
    assert Case.objects.get().state == CaseState.WITHDRAWN


def test_opening_the_mails_link_does_not_break_the_page_that_is_open(
    open_window: Callable[..., Window], live_server: LiveServer, lodge: Callable[..., Lodged]
) -> None:
    first, lodged = open_window().page, lodge()
    first.goto(lodged.page)
    webmail = first.context.new_page()
    webmail.goto("data:text/html,<title>Webmail</title>")
    webmail.set_content(f'<a href="{live_server.url}{lodged.page}">Your code</a>')
    webmail.get_by_role("link").click()
    webmail.wait_for_url("**/code/*")
    first.locator("#id_code").fill(lodged.code)
    first.get_by_role("button", name="Confirm").click()
    first.wait_for_url("**/status/*")


def test_the_status_pages_address_is_told_to_nobody(
    open_window: Callable[..., Window], confirm: Callable[..., Confirmed]
) -> None:
    window = open_window()
    referrers: list[str] = []
    window.page.on("request", lambda request: referrers.append(request.headers.get("referer", "")))
    window.page.goto(confirm().page)
    window.page.route("https://**", lambda route: route.abort())
    window.page.get_by_role("link", name="Comissão").click()
    window.page.wait_for_timeout(0)
    assert len(window.asked) >= 3
    assert not any(referrers)


ZONES = ["Etc/GMT+12", "Pacific/Pago_Pago", "America/New_York", "Europe/Dublin", "Asia/Tokyo", "Pacific/Kiritimati"]


@pytest.mark.parametrize("zone", ZONES)
def test_the_last_safe_day_is_said_as_the_calendar_of_the_persons_place_has_it(
    open_window: Callable[..., Window], zone: str
) -> None:
    (campaign,) = get_controller().campaigns
    page = open_window(timezone_id=zone).page
    page.goto("/privacy/genai")
    shown = page.locator(".here time")
    expect(shown).to_be_visible()
    expect(page.locator(".everywhere")).to_be_hidden()
    day = campaign.starts_at.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    assert shown.get_attribute("datetime") == day.isoformat()
    assert f"({zone.replace('_', ' ')})" in shown.inner_text()


def test_once_the_last_day_is_over_where_a_person_is_it_is_not_called_safe_there(
    open_window: Callable[..., Window],
) -> None:
    page = open_window(timezone_id="America/New_York").page
    page.clock.set_fixed_time(get_controller().campaign.starts_at - timedelta(hours=3))
    page.goto("/privacy/genai")
    expect(page.locator(".here")).to_be_hidden()
    expect(page.locator(".everywhere")).to_be_visible()


def test_the_menus_of_an_app_are_walked_with_the_keyboard(open_window: Callable[..., Window]) -> None:
    page = open_window(viewport={"width": 360, "height": 740}).page
    page.goto("/app/lumen")
    for level in (2, 3, 4):
        press_tab_until(page, ".menu a")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/app/lumen/{level}")
    press_tab_until(page, "main a.button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/object")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_band_of_an_app_has_the_colours_of_its_product(open_window: Callable[..., Window], scheme: str) -> None:
    page = open_window(color_scheme=scheme).page
    page.goto("/app/agora")
    band = page.locator("header")
    expect(band).to_have_css("background-color", "rgb(59, 63, 143)")
    expect(band.locator(".brand")).to_have_css("color", "rgb(255, 255, 255)")
    expect(band.locator("summary")).to_have_css("color", "rgb(255, 255, 255)")


def test_the_way_to_object_is_on_the_first_screen_of_a_phone(open_window: Callable[..., Window]) -> None:
    page = open_window(viewport={"width": 360, "height": 640}).page
    page.goto("/privacy/genai")
    expect(page.get_by_role("link", name="Right to object").first).to_be_in_viewport(ratio=1)
