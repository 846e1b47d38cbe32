"""The challenge and the code page in a real Chromium."""

from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_world import Window
from centre_world import ADA_EMAIL, Lodged, let_pauses_pass
from flood_world import FORM
from playwright.sync_api import Page, Response, expect

from demur.docket import admission
from demur.docket.admission import PROVEN, UNPROVEN, BusyTimes
from demur.docket.models import Case, UsedShare
from demur.docket.share import Share, take_share

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
FIRST_LOAD_BYTES = 60_000


@pytest.fixture
def page(open_window: Callable[..., Window], monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setattr(admission, "busy_times", BusyTimes())
    return open_window(viewport={"width": 360, "height": 740}).page


def use_up(share: Share) -> None:
    for _ in range(share.most):
        take_share("lodgings from 127.0.0.1", share, datetime.now(UTC))


def fill_in(page: Page) -> None:
    page.locator("#id_country").select_option("PT")
    page.locator("#id_email").fill(ADA_EMAIL)


def test_in_a_flood_the_page_answers_the_challenge_by_itself_while_the_person_types(page: Page) -> None:
    use_up(UNPROVEN)
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  (Playwright cannot wrap a built-in)
    page.goto(FORM)
    began = monotonic()
    expect(page.locator("#proof")).to_have_text("The calculation is done. You can send the form.")
    print(f"challenge answered in {monotonic() - began:.2f} s")
    assert sum(len(answer.body()) for answer in answers) < FIRST_LOAD_BYTES
    assert Axe().run(page).violations_count == 0
    fill_in(page)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/code/*")
    assert Case.objects.count() == 1


def test_sent_before_the_challenge_is_answered_the_form_waits_for_it(page: Page) -> None:
    use_up(UNPROVEN)
    page.route(
        "**/proof.js", lambda route: route.fulfill(body=_slowed(route.fetch().text()), content_type="text/javascript")
    )
    page.goto(FORM)
    fill_in(page)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/code/*")
    assert UsedShare.objects.count() == 2


def _slowed(script: str) -> str:
    slow = "const solve = async (challenge) => { await new Promise((done) => setTimeout(done, 1500));"
    assert "const solve = async (challenge) => {" in script
    return script.replace("const solve = async (challenge) => {", slow)


def test_a_flood_that_is_stopped_leaves_the_form_as_it_was(page: Page) -> None:
    use_up(PROVEN)
    page.goto(FORM)
    fill_in(page)
    page.locator("#id_effect").fill("My children.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Please try again a little later")).to_be_visible()
    page.get_by_role("link", name="Back to the page").click()
    expect(page.locator("#id_effect")).to_have_value("My children.")


def test_an_address_is_corrected_by_keyboard(page: Page, lodge: Callable[..., Lodged]) -> None:
    lodged = lodge()
    page.goto(lodged.page)
    page.get_by_role("link", name="Correct the e-mail address").press("Enter")
    page.wait_for_url("**/address")
    page.locator("#id_email").fill("ada")
    page.keyboard.press("Enter")
    expect(page.locator("#errors")).to_be_focused()
    page.locator("#id_email").fill("ada.right@people.example")
    page.keyboard.press("Enter")
    page.wait_for_url("**?corrected")
    expect(page.get_by_role("status")).to_contain_text("The address is corrected.")
    let_pauses_pass()
    page.reload()
    page.get_by_role("button", name="Send a new code").press("Enter")
    page.wait_for_url("**?sent")
