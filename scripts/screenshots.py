"""Take the screenshots that the docs show, of a running installation on real parts.

A person objects in Chromium, at the width of a phone and of a desktop; each page that they meet becomes one picture in
docs/data-subject. Runs for `make docs`.
"""

import shutil
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from demur.cli.processes import Installation, Ports
from demur.cli.run import prepare_home
from demur.cli.visitor import find_code, wait_for_mail
from demur.sample.truth import find_examples

OUT = Path(__file__).parent.parent / "docs" / "data-subject"
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
EFFECT = "My photos are my work. I shared them with people, years ago, and not with a machine."
_COLOURS = 64
_PEOPLE, _ROWS = 100, 2_000
_SIZES = {"phone": {"width": 360, "height": 760}, "desktop": {"width": 1280, "height": 860}}


def main() -> None:
    """Start an installation in a temporary folder, walk through it, and end it."""
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="demur-screenshots-"))
    try:
        home = prepare_home(folder / "home", console, people=_PEOPLE, rows=_ROWS)
        installation = Installation(home, Ports.free())
        installation.start_all()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=_chromium(), args=list(CHROMIUM_ARGUMENTS))
                for name in _SIZES:
                    walk(browser, installation, name)
                browser.close()
        finally:
            installation.stop_all()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    console.print(f"The pictures are in {OUT.relative_to(Path.cwd())}")


def walk(browser: Browser, installation: Installation, size: str) -> None:
    """Object as a person does, taking a picture of each page."""
    handle = find_examples(installation.home / "sample", 1)[0].handle
    email = f"ada-{size}@people.example"
    context = browser.new_context(viewport=_SIZES[size], base_url=installation.ports.base_url, locale="en-IE")
    page = context.new_page()
    page.goto("/privacy/genai")
    _take(page, f"0-first-screen-{size}", whole=False)
    _take(page, f"1-privacy-and-ai-{size}")
    page.get_by_role("link", name="Right to object").first.click()
    page.get_by_label("Country where you live").select_option("IE")
    _take(page, f"2-start-{size}")
    page.get_by_role("button", name="My own accounts").click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Your accounts").fill(f"@{handle}")
    page.get_by_label("Tell us how").fill(EFFECT)
    _take(page, f"2-form-{size}")
    page.get_by_role("button", name="Send").click()
    code = find_code(wait_for_mail(installation.home / "mail", email, "code"))
    page.get_by_label("Six-digit code").fill(f"{code[:3]} {code[3:]}")
    _take(page, f"3-code-{size}")
    page.get_by_role("button", name="Confirm").click()
    wait_for_mail(installation.home / "mail", email, "We have your objection")
    page.reload()
    _take(page, f"4-status-{size}")
    context.close()


def _take(page: Page, name: str, *, whole: bool = True) -> None:
    page.evaluate("document.activeElement.blur()")
    picture = Image.open(BytesIO(page.screenshot(full_page=whole))).convert("RGB")
    # Flat colours: a small palette loses nothing that can be seen, and keeps the repository small.
    picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(OUT / f"{name}.png", optimize=True)


def _chromium() -> str:
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next(path for path in found if path)


if __name__ == "__main__":
    main()
