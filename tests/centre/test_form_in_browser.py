"""The form in a real Chromium: nothing typed is lost, and what a button does not say does not happen."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from browser_world import Window, check_with_axe
from centre_world import ADA_EMAIL
from objecting_world import FORMS, START, photo
from playwright.sync_api import Page, expect

from demur.centre.meaning import Meaning
from demur.docket.models import Case, Draft

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

DRAFT_LIFETIME = timedelta(hours=24)
KEPT = "Object.keys(localStorage).length"


def begin(page: Page, country: str = "PT", meaning: str = "own") -> None:
    page.goto(START)
    page.locator("#id_country").select_option(country)
    page.locator(f"button[value={meaning}]").click()
    page.wait_for_url(f"**/{meaning}")


def test_what_was_typed_and_never_sent_survives_a_closed_tab(open_window: Callable[..., Window]) -> None:
    page = open_window().page
    begin(page)
    page.locator("#id_email").fill(ADA_EMAIL)
    page.locator("#id_effect").fill("My children.")
    again = page.context.new_page()
    page.close()
    again.goto(FORMS[Meaning.OWN])
    expect(again.locator("#id_email")).to_have_value(ADA_EMAIL)
    expect(again.locator("#id_effect")).to_have_value("My children.")
    assert not Draft.objects.exists()


@pytest.mark.parametrize(("hours", "left"), [(23.9, "My children."), (24.1, "")])
def test_after_24_hours_nothing_of_it_is_left_in_the_browser(
    open_window: Callable[..., Window], hours: float, left: str
) -> None:
    page = open_window().page
    now = datetime.now(UTC)
    page.clock.install(time=now)
    begin(page)
    page.locator("#id_effect").fill("My children.")
    assert page.evaluate(KEPT) == 1
    page.clock.set_fixed_time(now + timedelta(hours=hours))
    page.goto(START)  # any page of the way, not only the form
    assert page.evaluate(KEPT) == (1 if left else 0)
    page.goto(FORMS[Meaning.OWN])
    expect(page.locator("#id_effect")).to_have_value(left)


def test_what_a_clock_set_back_makes_endless_is_forgotten(open_window: Callable[..., Window]) -> None:
    page = open_window().page
    now = datetime.now(UTC)
    page.clock.install(time=now)
    begin(page)
    page.locator("#id_effect").fill("My children.")
    page.clock.set_fixed_time(now - timedelta(days=365))
    page.goto(FORMS[Meaning.OWN])
    assert page.evaluate(KEPT) == 0


def test_a_sent_form_leaves_nothing_in_the_browser(open_window: Callable[..., Window]) -> None:
    page = open_window().page
    begin(page)
    page.locator("#id_email").fill(ADA_EMAIL)
    page.locator("#id_email").press("Enter")
    page.wait_for_url("**/code/*")
    assert page.evaluate(KEPT) == 0


def test_forgetting_leaves_nothing_in_the_browser_and_none_of_the_text_on_the_form(
    open_window: Callable[..., Window],
) -> None:
    page = open_window().page
    begin(page)
    page.locator("#id_effect").fill("My children.")
    page.get_by_role("button", name="Forget all of it").click()
    page.wait_for_url(f"**{START}")
    assert page.evaluate(KEPT) == 0
    page.goto(FORMS[Meaning.OWN])
    expect(page.locator("#id_effect")).to_have_value("")


def test_what_came_from_the_server_is_not_overwritten_by_what_the_browser_kept(
    open_window: Callable[..., Window],
) -> None:
    page = open_window().page
    begin(page)
    page.locator("#id_effect").fill("An older text.")
    kept = page.evaluate("JSON.stringify(localStorage)")
    page.locator("#id_effect").fill("A newer text.")
    page.get_by_role("button", name="Change the country").click()
    page.wait_for_url(f"**{START}")
    page.evaluate("kept => Object.entries(JSON.parse(kept)).forEach(([k, v]) => localStorage.setItem(k, v))", kept)
    page.goto(FORMS[Meaning.OWN])
    expect(page.locator("#id_effect")).to_have_value("A newer text.")


ODD = ["", "null", "no JSON", "[]", '{"at": 1e300, "typed": {"effect": "x"}}', '{"typed": 1}']


@pytest.mark.parametrize("planted", ODD)
def test_odd_things_in_the_browsers_store_do_no_harm(open_window: Callable[..., Window], planted: str) -> None:
    page = open_window().page
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    begin(page)
    page.evaluate("planted => localStorage.setItem('draft own', planted)", planted)
    page.goto(FORMS[Meaning.OWN])
    expect(page.locator("#id_effect")).to_have_value("")
    page.locator("#id_effect").fill("Still works.")
    assert faults == []


def test_a_kept_text_is_never_read_as_html(open_window: Callable[..., Window]) -> None:
    page = open_window().page
    begin(page)
    page.locator("#id_effect").fill("</textarea><img src=x onerror=alert(1)>")
    page.goto(FORMS[Meaning.OWN])
    expect(page.locator("#id_effect")).to_have_value("</textarea><img src=x onerror=alert(1)>")
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("browser", [{}, {"java_script_enabled": False}], ids=["with scripts", "without"])
def test_the_enter_key_sends_the_form_whatever_buttons_stand_before(
    open_window: Callable[..., Window], browser: dict[str, bool]
) -> None:
    page = open_window(**browser).page
    begin(page)
    page.locator("#id_email").fill(ADA_EMAIL)
    page.locator("#id_email").press("Enter")
    page.wait_for_url("**/code/*")
    assert Case.objects.count() == 1


@pytest.mark.parametrize("browser", [{}, {"java_script_enabled": False}], ids=["with scripts", "without"])
def test_ticked_sentences_stand_in_the_text_where_the_person_is(
    open_window: Callable[..., Window], browser: dict[str, bool]
) -> None:
    page = open_window(**browser).page
    begin(page)
    page.locator("#id_email").fill("not finished")
    page.get_by_text("Help me with the words").click()
    page.get_by_label("My posts show my children.").check()
    page.get_by_role("button", name="Put the ticked sentences").click()
    expect(page.locator("#id_effect")).to_have_value("My posts show my children.")
    expect(page.locator("#id_effect")).to_be_focused()
    expect(page.locator("#id_email")).to_have_value("not finished")
    assert not Case.objects.exists()


def test_choosing_another_language_keeps_what_was_typed(open_window: Callable[..., Window]) -> None:
    page = open_window().page
    begin(page)
    page.locator("#id_effect").fill("My children.")
    page.locator(".languages summary").click()
    page.get_by_role("link", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#id_effect")).to_have_value("My children.")


@pytest.mark.parametrize("width", [360, 1280])
def test_both_ways_to_begin_have_the_same_size(open_window: Callable[..., Window], home: Path, width: int) -> None:
    file = home / "controller.yaml"
    file.write_text(f"{file.read_text()}sign_in: {{issuer: 'https://id.lumen.example', client_id: centre}}\n")
    page = open_window(viewport={"width": width, "height": 800}).page
    page.goto(START)
    sizes = [page.locator(f".card:has({button}) {button}").first.bounding_box() for button in BOTH_WAYS]
    assert len({(size["width"], size["height"]) for size in sizes if size}) == 1
    cards = [page.locator(f".card:has({button})").bounding_box() for button in BOTH_WAYS]
    assert len({card["width"] for card in cards if card}) == 1


BOTH_WAYS = ("form[action='/privacy/sign-in'] button", "button[value=own]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_when_everything_is_unfolded_and_kept(
    open_window: Callable[..., Window], tmp_path: Path, scheme: str
) -> None:
    page = open_window(viewport={"width": 360, "height": 800}, color_scheme=scheme, bypass_csp=True).page
    file = tmp_path / "photo.jpg"
    file.write_bytes(photo().read())
    begin(page, "US", "agent")
    for field in ("photos", "mandate"):
        page.locator(f"#id_{field}").set_input_files(file)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#errors")).to_be_visible()
    expect(page.get_by_role("button", name="Remove photo 1")).to_have_count(2)
    page.evaluate("document.querySelectorAll('main details').forEach(part => part.open = true)")
    check_with_axe(page)
    page.goto(START)
    expect(page.get_by_role("heading", name="You began an objection")).to_be_visible()
    check_with_axe(page)
