"""The story of somebody without an account: others post a photo that shows them, and copies of it, and none is kept.

Given a sample platform and a running installation, when a person who has no account sends the photo in Chromium and
confirms the code, then no row of the next training set carries it or a copy that can be recognised, whoever posted it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, expect

from demur.cli.demo import wait_for_list
from demur.cli.gate_options import load_list
from demur.cli.processes import Installation
from demur.cli.visitor import find_code, wait_for_mail
from demur.sample.truth import PhotoExample, find_photo_example

pytestmark = pytest.mark.slow
NEVER_CAUGHT = {"captioned", "screenshot"}
"""docs/data-engineer/photos.md says so, and the person is told."""


@dataclass(frozen=True)
class Story:
    """What became of the rows, with why, and what the person's page says."""

    example: PhotoExample
    kept: set[str]
    withheld: dict[str, list[str]]
    status_page: str


@pytest.fixture(scope="module")
def story(photo_installation: Installation, chromium: Browser) -> Iterator[Story]:
    installation, home = photo_installation, photo_installation.home
    example = find_photo_example(home / "sample")
    assert example is not None, "the sample has nobody to tell the story of"
    before = wait_for_list(installation, 0)

    page = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"{installation.ports.base_url}/privacy/genai")
    page.get_by_role("link", name="Right to object").first.click()
    page.get_by_label("Country where you live").select_option("BR")
    page.get_by_role("button", name="What others post about me").click()
    page.get_by_label("E-mail address").fill(example.email)
    page.get_by_label("Your name").fill(example.full_name)
    page.get_by_label("Photos of you").set_input_files(str(example.photo))
    page.get_by_role("button", name="Send, and get the code").click()
    page.get_by_label("Six-digit code").fill(find_code(wait_for_mail(home / "mail", example.email, "code")))
    page.get_by_role("button", name="Confirm my objection").click()

    list_file = wait_for_photo(installation, before)
    page.reload()
    expect(page.locator("main")).to_contain_text("1 photo is looked for")
    out = home / "out"
    gate = ["gate", "run", str(home / "sample/lake"), "--mapping", str(home / "sample/mapping.yaml")]
    ran = installation.demur(*gate, "--list", str(list_file), "--out", str(out))
    assert ran.returncode == 0, ran.stderr
    withheld = pq.read_table(out / "withheld").to_pydict()
    yield Story(
        example,
        set(pq.read_table(out / "kept", columns=["record_id"])["record_id"].to_pylist()),
        dict(zip(withheld["record_id"], withheld["reasons"], strict=True)),
        page.locator("main").inner_text(),
    )
    page.context.close()


def wait_for_photo(installation: Installation, before: int) -> Path:
    """Wait until a list carries a photo: the worker hashes it after the code, maybe after the list that follows it."""
    while True:
        before = wait_for_list(installation, before)
        path = installation.home / "lists" / f"{before:06d}.list"
        if "photo" in load_list(path, installation.home / "keys").kinds:
            return path


def test_no_copy_that_can_be_recognised_is_kept_whoever_posted_it(story: Story) -> None:
    recognised = {row for row, kind in story.example.rows.items() if kind not in NEVER_CAUGHT}
    kinds = {story.example.rows[row] for row in recognised}
    assert len(kinds) > 2, "too few kinds of copies were posted: the test shows nothing"
    assert not recognised & story.kept
    for_the_photo = {row for row, reasons in story.withheld.items() if "photo-objected" in reasons}
    assert for_the_photo, "all of the copies were withheld for other reasons: the test shows nothing"
    assert for_the_photo <= recognised


def test_no_row_is_withheld_for_a_photo_of_somebody_else(story: Story) -> None:
    for_the_photo = {row for row, reasons in story.withheld.items() if "photo-objected" in reasons}
    assert for_the_photo <= story.example.rows.keys()


def test_the_person_is_told_what_is_not_found(story: Story) -> None:
    for words in ("We do not look for faces", "screenshot", "captions"):
        assert words in story.status_page
