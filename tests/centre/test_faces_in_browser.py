"""The consent in a real Chromium: from the tick to its withdrawal without scripts, and what axe-core finds there."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_world import Window
from centre_world import Confirmed
from django.conf import settings
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer
from test_every_page import check_in_every_look

from demur.core.identifier import FACE_DIMENSIONS, face_value
from demur.docket.addition import Supplement
from demur.docket.face_reading import SoughtFace
from demur.docket.models import Face, Photo, PhotoPurpose
from demur.docket.photographs import CleanPhoto
from demur.docket.services import add_information, withdraw_faces

sys.path.append(str(Path(__file__).parents[1] / "faces"))
from face_world import astronaut, beside

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
FORM = "/privacy/genai/object/others"


@pytest.fixture(autouse=True)
def home(home: Path) -> Path:
    file = home / "controller.yaml"
    file.write_text(f"{file.read_text()}compare_faces: true\n")
    return home


def agree(case: Confirmed) -> None:
    drawn = CleanPhoto(b"a JPEG", 1, 1, SoughtFace(face_value([0.1] * FACE_DIMENSIONS)))
    add_information(case.token, Supplement(photos=((drawn, PhotoPurpose.SHOWS_PERSON),)), datetime.now(UTC))


def test_tick_is_told_at_once_what_came_of_it_and_taken_back_without_scripts_or_a_mouse(
    open_window: Callable[..., Window], confirm: Callable[..., Confirmed], tmp_path: Path
) -> None:
    case = confirm()
    group, alone = tmp_path / "group.jpg", tmp_path / "alone.jpg"
    beside(astronaut(), astronaut()).save(group)
    astronaut().save(alone)
    page = open_window(java_script_enabled=False, viewport={"width": 360, "height": 800}).page
    page.goto(f"{case.page}/add")
    expect(page.locator("#id_face_consent")).not_to_be_checked()
    page.locator("#id_photos").set_input_files([group, alone])
    page.locator("#id_face_consent").press("Space")
    page.get_by_role("button", name="Add this").press("Enter")
    expect(page.locator("#errors")).to_contain_text("Photo 1 shows several faces")
    expect(page.get_by_role("status")).to_contain_text("2 photos have arrived")
    expect(page.locator("#id_face_consent")).not_to_be_checked()
    assert (Photo.objects.count(), Face.objects.count()) == (2, 1)
    page.goto(case.page)
    expect(page.locator("main")).to_contain_text("photo 2 of 2, sent on")
    page.get_by_role("link", name="Withdraw my agreement").press("Enter")
    page.get_by_role("button", name="Yes, no longer look for my face").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Your agreement is withdrawn")
    assert Face.objects.get().sealed_value is None


def test_axe_finds_nothing_where_faces_are_asked_for_told_and_withdrawn_and_no_language_is_too_wide(
    open_window: Callable[..., Window], live_server: LiveServer, confirm: Callable[..., Confirmed]
) -> None:
    page, axe = open_window(bypass_csp=True).page, Axe()
    case, withdrawn = confirm(("@nobody",)), confirm()
    for one in (case, withdrawn):
        agree(one)
    withdraw_faces(withdrawn.token, datetime.now(UTC))
    addresses = (FORM, case.page, f"{case.page}/face", f"{withdrawn.page}?face")
    for address in addresses:
        page.goto(address)
        check_in_every_look(page, axe)
    page.goto(f"{case.page}/add")
    page.locator("#id_face_consent").check()
    page.locator("main form button.button").click()
    expect(page.locator("#errors a[href='#id_face_consent']")).to_be_visible()
    check_in_every_look(page, axe)
    page.set_viewport_size({"width": 360, "height": 800})
    for language in (code for code, _ in settings.LANGUAGES if code != "en"):
        page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
        for address in addresses:
            page.goto(address)
            assert page.locator("html").get_attribute("lang") == language
            assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), page.url
