"""Signing in, in a real browser, at the sample platform's own provider, which runs as a process beside the centre.

Given a running installation, when somebody goes from the landing page to the status page through the sign-in, then
what the gate gets names their accounts, without a handle ever being typed.
"""

import re
from collections.abc import Iterator

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page, Request, expect

from demur.cli.demo import wait_for_list
from demur.cli.processes import Installation
from demur.cli.run import run_gate_over_sample
from demur.cli.visitor import find_code, wait_for_mail
from demur.sample.members import Member, Members
from demur.sample.truth import rows_concerning

pytestmark = pytest.mark.slow


@pytest.fixture
def ada(shared_installation: Installation) -> Member:
    """Somebody of the sample with accounts in both products, linked, and an address that is verified."""
    return next(one for one in Members(shared_installation.home / "sample").suggest_members() if len(one.accounts) > 1)


@pytest.fixture
def page(shared_installation: Installation, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 360, "height": 740}, base_url=shared_installation.ports.base_url)
    yield context.new_page()
    context.close()


def press_sign_in(page: Page) -> None:
    page.goto("/privacy/genai")
    page.get_by_role("link", name="Right to object").first.click()
    page.get_by_role("button", name="Sign in").click()


def sign_in(page: Page, person: Member) -> None:
    press_sign_in(page)
    page.get_by_label("Or the handle of any account").fill(person.handle)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile("/privacy/genai/object/own$"))


def test_whoever_signs_in_objects_with_five_taps_and_types_no_handle(
    shared_installation: Installation, page: Page, ada: Member
) -> None:
    home = shared_installation.home
    before = wait_for_list(shared_installation, 0)
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(_host(request)))
    sign_in(page, ada)
    assert hosts == {
        f"127.0.0.1:{shared_installation.ports.centre}",
        f"127.0.0.1:{shared_installation.ports.identity}",
    }
    expect(page.get_by_label("E-mail address")).to_have_value(ada.email)
    page.get_by_role("button", name="Send, and get the code").click()
    page.get_by_label("Six-digit code").fill(find_code(wait_for_mail(home / "mail", ada.email, "code")))
    page.get_by_role("button", name="Confirm my objection").click()
    expect(page).to_have_url(re.compile("/privacy/genai/status/"))
    expect(page.get_by_text("your sign-in has shown that they are yours")).to_be_visible()
    out = run_gate_over_sample(shared_installation, wait_for_list(shared_installation, before), quiet=True)
    concerned = rows_concerning(home / "sample" / "truth", ada.accounts)
    theirs = {row for row, whys in concerned.items() if "author" in whys}
    kept = {row for file in (out / "kept").rglob("*.parquet") for row in pq.read_table(file)["record_id"].to_pylist()}
    assert theirs
    assert not kept & theirs


def test_whoever_is_signed_in_at_the_platform_already_is_not_asked_again(page: Page, ada: Member) -> None:
    sign_in(page, ada)
    page.goto("/privacy/genai/object")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out here.")).to_be_visible()
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/privacy/genai/object/own$"))


def test_whoever_would_rather_not_sign_in_is_back_in_one_tap(page: Page) -> None:
    press_sign_in(page)
    page.get_by_role("button", name="Do not sign in").click()
    expect(page.get_by_text("You did not sign in.")).to_be_visible()
    expect(page.get_by_role("button", name="My own accounts")).to_be_visible()


def test_the_browsers_back_button_leads_out_of_the_sign_in(page: Page) -> None:
    press_sign_in(page)
    expect(page.get_by_label("Or the handle of any account")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="My own accounts")).to_be_visible()


def test_a_platform_that_is_down_leaves_the_way_without_open(
    shared_installation: Installation, page: Page, ada: Member
) -> None:
    shared_installation.running["identity"].kill()
    shared_installation.running["identity"].wait()
    try:
        press_sign_in(page)
        expect(page.get_by_text("Signing in does not work at the moment.")).to_be_visible()
        page.get_by_label("Country where you live").select_option("PT")
        page.get_by_role("button", name="My own accounts").click()
        expect(page.get_by_label("Your accounts")).to_be_visible()
    finally:
        shared_installation.revive()
        shared_installation.wait_until_ready("identity")
    sign_in(page, ada)


def _host(request: Request) -> str:
    return request.url.split("/")[2]
