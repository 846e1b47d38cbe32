"""The pages in a real Chromium: accessible, by keyboard alone, small, and talking to nobody else."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from centre_world import ADA_EMAIL, Confirmed, Lodged, code_in_mail
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from demur.core.objection import CaseState
from demur.docket.decision import Decision, RefusalGround
from demur.docket.models import Case
from demur.docket.services import decide, start_review

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
AXE_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
}
FIRST_LOAD_BYTES = 60_000
START = "/privacy/genai/object"
FORMS = [f"{START}/{meaning}" for meaning in ("own", "others", "child", "agent")]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(found for name in names if (found := shutil.which(name)))
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Window:
    """A browser window, and every address that it asked for."""

    page: Page
    asked: list[str]


@pytest.fixture
def open_window(chromium: Browser, live_server: LiveServer) -> Iterator[Callable[..., Window]]:
    contexts = []

    def open_window(**options: Any) -> Window:
        context = chromium.new_context(base_url=live_server.url, locale="pt-PT", **options)
        contexts.append(context)
        window = Window(context.new_page(), [])
        window.page.on("request", lambda request: window.asked.append(request.url))
        return window

    yield open_window
    for context in contexts:
        context.close()


def refuse(case: Confirmed) -> None:
    now = datetime.now(UTC)
    start_review(case.reference, "bo", now)
    decide(case.reference, Decision(CaseState.REFUSED, RefusalGround.NOT_IDENTIFIED, "No account.", "bo"), now)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_on_any_page(
    open_window: Callable[..., Window],
    lodge: Callable[..., Lodged],
    confirm: Callable[..., Confirmed],
    width: int,
    scheme: str,
) -> None:
    page = open_window(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True).page
    refused, case, lodged = confirm(("@nobody",)), confirm(("@ada", "@nobody")), lodge()
    refuse(refused)
    addresses = ["/privacy/genai", START, *FORMS, lodged.page, case.page, refused.page, "/nothing"]
    addresses += [f"{case.page}/withdraw", f"{refused.page}/appeal"]
    for address in addresses:
        page.goto(address)
        check_with_axe(page)
    refusals = [(START, "My child"), (lodged.page, "Confirm my objection")]
    for address, button in [*refusals, *((form, "Send, and get the code") for form in FORMS)]:
        page.goto(address)
        page.get_by_role("button", name=button).click()
        expect(page.locator("#errors")).to_be_visible()
        check_with_axe(page)


def check_with_axe(page: Page) -> None:
    results = Axe().run(page, options=AXE_OPTIONS)
    assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"


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


def test_no_page_asks_another_origin_for_anything(
    open_window: Callable[..., Window],
    live_server: LiveServer,
    lodge: Callable[..., Lodged],
    confirm: Callable[..., Confirmed],
) -> None:
    window = open_window()
    for address in ("/privacy/genai", START, *FORMS, lodge().page, confirm().page, "/nothing"):
        window.page.goto(address, wait_until="networkidle")
    assert window.asked
    assert [url for url in window.asked if not url.startswith(f"{live_server.url}/")] == []


@pytest.mark.parametrize("address", ["/privacy/genai", START, *FORMS])
def test_a_first_visit_loads_less_than_60_kilobytes(open_window: Callable[..., Window], address: str) -> None:
    page, answers = open_window().page, list[Response]()
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  (Playwright cannot wrap a built-in)
    page.goto(address, wait_until="networkidle")
    assert len(answers) >= 2
    assert sum(len(answer.body()) for answer in answers) < FIRST_LOAD_BYTES


def test_nothing_is_wider_than_the_narrowest_phone(
    open_window: Callable[..., Window], lodge: Callable[..., Lodged], confirm: Callable[..., Confirmed]
) -> None:
    page = open_window(viewport={"width": 320, "height": 640}).page
    case = confirm(("@ada", "@" + "nobody" * 40))
    for address in ("/privacy/genai", START, *FORMS, lodge().page, case.page, f"{case.page}/withdraw"):
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
