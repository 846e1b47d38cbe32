"""Take the screenshots that the docs show, of a running installation on real parts.

A person objects in Chromium, at the width of a phone and of a desktop; each page that they meet becomes one picture in
docs/data-subject/pages, and docs/data-subject/pages.md shows them all. Runs for `make docs`.
"""

import shutil
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from demur.cli.demo import wait_for_list
from demur.cli.processes import Installation, Ports
from demur.cli.run import prepare_home, run_gate_over_sample
from demur.cli.visitor import Visitor, find_code, wait_for_mail
from demur.sample.truth import find_examples

OUT = Path(__file__).parent.parent / "docs" / "data-subject" / "pages"
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
EFFECT = "My photos are my work. I shared them with people, years ago, and not with a machine."
_MEANINGS = {
    "others": "What others post about me",
    "child": "My child",
    "agent": "Somebody for whom I act",
    "own": "My own accounts",
}
_COLOURS = 64
_FLOOD = 90
_PEOPLE, _ROWS = 100, 2_000
_SIZES = {"phone": {"width": 360, "height": 760}, "desktop": {"width": 1280, "height": 860}}


def main() -> None:
    """Start an installation in a temporary folder, walk through it, and end it."""
    console = Console()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
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
                flood(installation)
                for name in _SIZES:
                    walk_in_a_flood(browser, installation, name)
                browser.close()
        finally:
            installation.stop_all()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    write_gallery()
    console.print(f"The pictures are in {OUT.relative_to(Path.cwd())}")


def walk(browser: Browser, installation: Installation, size: str) -> None:
    """Object as a person does, taking a picture of each page."""
    context = browser.new_context(viewport=_SIZES[size], base_url=installation.ports.base_url, locale="en-IE")
    camera = _Camera(context.new_page(), size)
    look_around(camera)
    fill_in(camera, find_examples(installation.home / "sample", 1)[0].handle)
    status_page = confirm(camera, installation)
    refuse(installation, camera.page.locator(".reference").inner_text())
    camera.visit("add", f"{status_page}/add")
    camera.visit("refused", status_page)
    camera.visit("appeal", f"{status_page}/appeal")
    camera.visit("withdraw", f"{status_page}/withdraw")
    camera.page.locator("main form button").click()
    camera.take("withdrawn")
    camera.visit("nothing-here", "/privacy/genai/nothing")
    context.close()


def flood(installation: Installation) -> None:
    """Send as many forms as one network may, so that the pages of a flood can be seen."""
    visitor = Visitor(installation.ports.base_url)
    form = visitor.open("/privacy/genai/object/own")
    for number in range(_FLOOD):
        filled = {"country": "IE", "email": f"somebody-{number}@people.example", "handles": "@somebody", "effect": ""}
        visitor.submit(form, filled)


def walk_in_a_flood(browser: Browser, installation: Installation, size: str) -> None:
    """Take what somebody without scripts meets while their network floods the form."""
    context = browser.new_context(
        viewport=_SIZES[size], base_url=installation.ports.base_url, locale="en-IE", java_script_enabled=False
    )
    page = context.new_page()
    camera = _Camera(page, size, taken=90)
    page.goto("/privacy/genai/object")
    page.get_by_label("Country where you live").select_option("IE")
    page.get_by_role("button", name="My own accounts").click()
    camera.take("form-in-a-flood")
    page.get_by_label("E-mail address").fill(camera.email)
    page.get_by_role("button", name="Send").click()
    camera.take("wait")
    context.close()


def look_around(camera: "_Camera") -> None:
    """Take the pages that are there before anybody says anything, also those of the apps' menus."""
    camera.visit("first-screen", "/privacy/genai", whole=False)
    camera.take("privacy-and-ai")
    for product in ("lumen", "agora", "muse"):
        address = f"/app/{product}"
        level = 1
        while address:
            camera.visit(f"menu-{product}-{level}", address)
            level += 1
            onward = camera.page.locator(f"main a[href='/app/{product}/{level}']")
            address = f"/app/{product}/{level}" if onward.count() else ""
    camera.visit("poster", "/privacy/genai/poster")


def fill_in(camera: "_Camera", handle: str) -> None:
    """Take the start and the form of each meaning, then send that for one's own accounts."""
    page = camera.page
    page.goto("/privacy/genai")
    page.get_by_role("link", name="Right to object").first.click()
    camera.take("start")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Or the handle").wait_for()
    camera.take("sign-in-at-the-platform")
    page.locator("button[name=account]").first.click()
    page.get_by_label("E-mail address").wait_for()
    camera.take("form-signed-in")
    camera.visit("start-signed-in", "/privacy/genai/object")
    page.get_by_role("button", name="Sign out").click()
    for name, button in _MEANINGS.items():
        page.goto("/privacy/genai/object")
        page.get_by_label("Country where you live").select_option("IE")
        page.get_by_role("button", name=button).click()
        camera.take(f"form-{name}")
    page.get_by_role("button", name="Send").click()
    camera.take("form-with-errors")
    page.goto("/privacy/genai/object/own")
    page.get_by_label("E-mail address").fill(camera.email)
    page.get_by_label("Your accounts").fill(f"@{handle}")
    page.locator("summary", has_text="Help me").click()
    camera.take("form-help-with-words")
    page.get_by_label("Tell us how").fill(EFFECT)
    camera.take("form-filled-in")
    page.get_by_role("button", name="Send").click()


def confirm(camera: "_Camera", installation: Installation) -> str:
    """Take the pages of the code, type it, and return the private page's address."""
    page, mails = camera.page, installation.home / "mail"
    code = find_code(wait_for_mail(mails, camera.email, "code"))
    camera.take("code")
    code_page = page.url
    camera.visit("correct-the-address", f"{code_page}/address")
    page.goto(code_page)
    page.get_by_label("Six-digit code").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Confirm").click()
    wait_for_mail(mails, camera.email, "We have your objection")
    number = wait_for_list(installation, 0)
    run_gate_over_sample(installation, number, quiet=True)
    page.reload()
    status_page = page.url
    camera.take("status")
    camera.visit("confirmed-already", code_page)
    page.goto(status_page)
    return status_page


def refuse(installation: Installation, reference: str) -> None:
    """Refuse the objection, so that the pages after that can be seen."""
    words = ["--ground", "gdpr-11-2-not-identified", "--text", "We could not tell which photos are yours."]
    for command in (["review", reference], ["decide", reference, "--outcome", "refused", *words]):
        done = installation.demur("desk", *command, "--staff", "bo")
        if done.returncode:
            raise SystemExit(done.stderr)


def write_gallery() -> None:
    """Write the page that shows every picture, in the order of the walk."""
    names = sorted(path.stem.removesuffix("-phone") for path in OUT.glob("*-phone.png"))
    lines = [
        "# Every page, as it looks",
        "",
        "On a phone and on a desk, in English. `make docs` takes these pictures.",
        "",
    ]
    for name in names:
        words = name.partition("-")[2].replace("-", " ").capitalize()
        pictures = [
            f'<img src="pages/{name}-{size}.png" width="{width}" alt="{words}, on a {place}">'
            for size, width, place in (("phone", 200, "phone"), ("desktop", 480, "desk"))
        ]
        lines += [f"## {words}", "", " ".join(pictures), ""]
    (OUT.parent / "pages.md").write_text("\n".join(lines))


class _Camera:
    """Takes a person's page at one size; pictures are numbered in the order in which they are taken."""

    def __init__(self, page: Page, size: str, *, taken: int = 0) -> None:
        self.page = page
        self.email = f"ada-{size}@people.example"
        self._size = size
        self._taken = taken

    def visit(self, name: str, address: str, *, whole: bool = True) -> None:
        """Open an address and take it."""
        self.page.goto(address)
        self.take(name, whole=whole)

    def take(self, name: str, *, whole: bool = True) -> None:
        """Take the page as it is now."""
        self._taken += 1
        self.page.locator("body").evaluate("body => body.ownerDocument.activeElement.blur()")
        picture = Image.open(BytesIO(self.page.screenshot(full_page=whole))).convert("RGB")
        # Flat colours: a small palette loses nothing that can be seen, and keeps the repository small.
        flat = picture.quantize(_COLOURS, dither=Image.Dither.NONE)
        flat.save(OUT / f"{self._taken:02}-{name}-{self._size}.png", optimize=True)


def _chromium() -> str:
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next(path for path in found if path)


if __name__ == "__main__":
    main()
