"""A window of a real Chromium, for the centre's tests."""

from dataclasses import dataclass

from playwright.sync_api import Page

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass
class Window:
    """A browser window, and every address that it asked for."""

    page: Page
    asked: list[str]
