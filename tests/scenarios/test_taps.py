"""How many taps and fields an objection takes, counted in a real browser: this fails when they grow.

Counted is what a person does between the landing page and "done": each link or button, and each field that is filled
in or chosen. Elsewhere it takes eight at two large social networks, and nineteen at the worst (independent counts).
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from demur.cli.processes import Installation
from demur.cli.visitor import find_code, wait_for_mail
from demur.sample.members import Member, Members

pytestmark = pytest.mark.slow
WITH_AN_ACCOUNT, WITHOUT_AN_ACCOUNT = 5, 8


class Person:
    """Somebody at a page, whose every action counts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions: list[str] = []

    def tap(self, what: Locator) -> None:
        self.actions.append(f"tap {what.inner_text()}")
        what.click()

    def tap_button(self, name: str) -> None:
        self.tap(self.page.get_by_role("button", name=name))

    def fill(self, label: str, text: str) -> None:
        self.actions.append(f"fill {label}")
        self.page.get_by_label(label).fill(text)

    def choose(self, label: str, value: str) -> None:
        self.actions.append(f"choose {label}")
        self.page.get_by_label(label).select_option(value)

    def begin(self) -> None:
        self.page.goto("/privacy/genai")
        self.tap(self.page.get_by_role("link", name="Right to object").first)

    def confirm(self, mail: Path, email: str) -> None:
        expect(self.page).to_have_url(re.compile("/privacy/genai/code/"))
        self.fill("Six-digit code", find_code(wait_for_mail(mail, email, "code")))
        self.tap_button("Confirm my objection")
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("Your objection is in force")


@pytest.fixture
def member(each_installation: Installation) -> Member:
    suggested = Members(each_installation.home / "sample").suggest_members()
    return next(member for member in suggested if member.email_is_verified)


@pytest.fixture
def person(each_installation: Installation, chromium: Browser) -> Iterator[Person]:
    page = chromium.new_page(
        base_url=each_installation.ports.base_url, viewport={"width": 360, "height": 760}, locale="en-IE"
    )
    yield Person(page)
    page.context.close()


def test_somebody_who_is_signed_in_at_the_platform_needs_at_most_five(
    each_installation: Installation, member: Member, person: Person
) -> None:
    sign_in_at_the_platform(person.page, member)
    person.begin()
    person.tap_button("Sign in")
    expect(person.page.get_by_label("E-mail address")).to_have_value(member.email)
    person.tap_button("Send, and get the code")
    person.confirm(each_installation.home / "mail", member.email)
    assert len(person.actions) <= WITH_AN_ACCOUNT, person.actions
    expect(person.page.locator("main")).to_contain_text(member.handle)


def sign_in_at_the_platform(page: Page, member: Member) -> None:
    """Leave the browser as that of somebody who uses the platform's apps: signed in there, unknown to the centre."""
    page.goto("/privacy/genai/object")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Or the handle").fill(member.handle)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("E-mail address")).to_be_visible()
    page.goto("/privacy/genai/object")
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("main")).to_contain_text("You are not signed in")


def test_somebody_with_an_account_who_does_not_sign_in_needs_at_most_eight(
    each_installation: Installation, member: Member, person: Person
) -> None:
    person.begin()
    person.choose("Country where you live", "IE")
    person.tap_button("My own accounts")
    person.fill("E-mail address", "bea@people.example")
    person.fill("Your accounts", f"@{member.handle}")
    person.tap_button("Send, and get the code")
    person.confirm(each_installation.home / "mail", "bea@people.example")
    assert len(person.actions) <= WITHOUT_AN_ACCOUNT, person.actions


def test_somebody_without_an_account_needs_at_most_eight(each_installation: Installation, person: Person) -> None:
    person.begin()
    person.choose("Country where you live", "BR")
    person.tap_button("What others post about me")
    person.fill("E-mail address", "eva@people.example")
    person.fill("Your name", "Eva Example")
    person.tap_button("Send, and get the code")
    person.confirm(each_installation.home / "mail", "eva@people.example")
    assert len(person.actions) <= WITHOUT_AN_ACCOUNT, person.actions
