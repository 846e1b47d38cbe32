"""The cast of the centre's tests: Ada objects; Cy must see and change nothing. No worker runs here."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from browser_world import ARGUMENTS, Window
from centre_world import ADA_EMAIL, TRAINING_STARTS_IN_DAYS, Confirmed, Lodged, code_in_mail, write_controller
from django.test import Client
from playwright.sync_api import Browser, sync_playwright
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from demur.core.objection import Capacity
from demur.docket.lodging import Lodging
from demur.docket.services import confirm_code, lodge_objection


@pytest.fixture(autouse=True)
def home(settings: Settings, tmp_path: Path) -> Path:
    shutil.copytree(settings.DEMUR_HOME / "keys", tmp_path / "keys")
    write_controller(tmp_path, TRAINING_STARTS_IN_DAYS)
    settings.DEMUR_HOME = tmp_path
    settings.DEMUR_ACCOUNT_DIRECTORY = "centre_directory.Directory"
    return tmp_path


@pytest.fixture
def lodge(db: None) -> Callable[..., Lodged]:
    def lodge(handles: tuple[str, ...] = ("@ada",), country: str = "PT", effect: str = "My children.") -> Lodged:
        capacity = Capacity.ACCOUNT_HOLDER if handles else Capacity.NO_ACCOUNT
        lodging = Lodging(country, ADA_EMAIL, handles, effect, "en", capacity, "")
        token = lodge_objection(lodging, datetime.now(UTC)).continue_token
        return Lodged(token, code_in_mail())

    return lodge


@pytest.fixture
def confirm(lodge: Callable[..., Lodged]) -> Callable[..., Confirmed]:
    def confirm(handles: tuple[str, ...] = ("@ada",), country: str = "PT") -> Confirmed:
        lodged = lodge(handles, country)
        case = confirm_code(lodged.token, lodged.code, datetime.now(UTC))
        return Confirmed(case.reference, case.status_token)

    return confirm


@pytest.fixture
def ada(db: None) -> Client:
    """Ada's browser, with the protections of a real request: CSRF is enforced."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def cy(db: None) -> Client:
    """The stranger's browser."""
    return Client(enforce_csrf_checks=True)


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


@pytest.fixture
def open_window(chromium: Browser, live_server: LiveServer) -> Iterator[Callable[..., Window]]:
    contexts = []

    def open_window(**options: Any) -> Window:
        context = chromium.new_context(base_url=live_server.url, locale="en-PT", **options)
        contexts.append(context)
        window = Window(context.new_page(), [])
        window.page.on("request", lambda request: window.asked.append(request.url))
        return window

    yield open_window
    for context in contexts:
        context.close()
