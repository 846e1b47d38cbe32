"""The story: a person says no in a real browser, and their rows are gone from a training set, with a receipt.

Given a sample platform of 200,000 rows and a running installation, when a person walks from the landing page to the
status page in Chromium, then the gate's result is held against the truth that the generator wrote beside the data.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, expect

from demur.cli.demo import wait_for_list
from demur.cli.processes import Installation
from demur.cli.visitor import find_code, mail_text, wait_for_mail
from demur.sample.truth import Example, find_examples, rows_concerning

pytestmark = pytest.mark.slow
ADA = "ada@people.example"
COUNTS = "withheld-by-entry.parquet"
OBJECTED = {"author-objected": "author", "tagged-person-objected": "tagged"}


@dataclass(frozen=True)
class Story:
    """What the walk left behind."""

    installation: Installation
    example: Example
    out: Path
    receipt: Path
    list_file: Path
    status_page: str
    upheld_page: str
    leaf_index: int


@pytest.fixture(scope="module")
def story(
    story_installation: Installation, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    installation, folder = story_installation, tmp_path_factory.mktemp("kept")
    home = installation.home
    example = find_examples(home / "sample", 1)[0]
    before = wait_for_list(installation, 0)

    page = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"{installation.ports.base_url}/privacy/genai")
    page.get_by_role("link", name="Right to object").first.click()
    page.get_by_label("Country where you live").select_option("PT")
    page.get_by_role("button", name="My own accounts").click()
    page.get_by_label("E-mail address").fill(ADA)
    page.get_by_label("Your accounts").fill(f"@{example.handle}")
    page.get_by_label("Tell us how this processing affects you").fill("My children are in my photos.")
    page.get_by_role("button", name="Send, and get the code").click()
    page.get_by_label("Six-digit code").fill(find_code(wait_for_mail(home / "mail", ADA, "code")))
    page.get_by_role("button", name="Confirm my objection").click()
    expect(page).to_have_url(re.compile("/privacy/genai/status/"))

    number = wait_for_list(installation, before)
    list_file = home / "lists" / f"{number:06d}.list"
    gate = ["gate", "run", str(home / "sample/lake"), "--mapping", str(home / "sample/mapping.yaml")]
    gate += ["--controller", str(home / "controller.yaml")]
    ran = installation.demur(*gate, "--list", str(list_file), "--out", str(folder / "out"))
    assert ran.returncode == 0, ran.stderr
    added = installation.demur("ledger", "add", str(folder / "out" / "manifest.note"))
    assert added.returncode == 0, added.stderr

    token = page.url.rstrip("/").rsplit("/", 1)[-1]
    mail = wait_for_mail(home / "mail", ADA, token)
    receipt = folder / "receipt.json"
    receipt.write_bytes(next(mail.iter_attachments()).get_payload(decode=True))
    page.reload()
    leaf_index = json.loads((folder / "out" / "manifest.receipt.json").read_bytes())["leaf_index"]
    status_page = page.locator("main").inner_text()
    reference = page.locator(".reference").inner_text()
    for command in (["review", reference], ["decide", reference, "--outcome", "upheld"]):
        decided = installation.demur("desk", *command, "--staff", "bo")
        assert decided.returncode == 0, decided.stderr
    page.reload()
    upheld_page = page.locator("main").inner_text()
    yield Story(installation, example, folder / "out", receipt, list_file, status_page, upheld_page, leaf_index)
    page.context.close()


def column(files: Path, *names: str) -> list[tuple[object, ...]]:
    """Read columns of a folder of Parquet files as rows."""
    rows: list[tuple[object, ...]] = []
    for path in sorted(files.rglob("*.parquet")):
        table = pq.read_table(path, columns=list(names))
        rows += zip(*(table[name].to_pylist() for name in names), strict=True)
    return rows


def test_no_row_of_the_person_is_kept_and_no_row_of_anybody_else_is_withheld_for_them(story: Story) -> None:
    truth = rows_concerning(story.installation.home / "sample" / "truth", story.example.accounts)
    of_person = {why: {row for row, whys in truth.items() if why in whys} for why in OBJECTED.values()}
    assert of_person["author"], "the example person wrote nothing: the test shows nothing"
    kept = {row for (row,) in column(story.out / "kept", "record_id")}
    withheld = dict(column(story.out / "withheld", "record_id", "reasons"))
    assert not kept & (of_person["author"] | of_person["tagged"])
    for reason, why in OBJECTED.items():
        assert {row for row, reasons in withheld.items() if reason in reasons} == of_person[why]


def test_every_row_is_kept_or_withheld_and_never_both(story: Story) -> None:
    everything = [row for (row,) in column(story.installation.home / "sample" / "lake", "record_id")]
    kept = [row for (row,) in column(story.out / "kept", "record_id")]
    withheld = [row for (row,) in column(story.out / "withheld", "record_id")]
    assert len(everything) == 200_000
    assert sorted([*kept, *withheld]) == sorted(everything)


def test_no_private_message_and_nothing_of_a_minor_is_kept(story: Story) -> None:
    for kind, audience, is_minor in column(story.out / "kept", "kind", "audience", "author_is_minor"):
        assert (kind != "message", audience, is_minor) == (True, "public", False)


def test_kept_files_have_the_layout_and_schema_of_the_lake(story: Story) -> None:
    lake = story.installation.home / "sample" / "lake"
    assert names(lake) == names(story.out / "kept") == names(story.out / "withheld")
    for name in names(lake):
        assert pq.read_schema(story.out / "kept" / name).equals(pq.read_schema(lake / name), check_metadata=True)


def test_logging_a_manifest_twice_logs_it_once(story: Story) -> None:
    again = story.installation.demur("ledger", "add", str(story.out / "manifest.note"))
    assert again.returncode == 0, again.stderr
    assert json.loads((story.out / "manifest.receipt.json").read_bytes())["leaf_index"] == story.leaf_index


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.parquet"))


def test_the_person_is_told_where_the_case_stands(story: Story) -> None:
    mail = mail_text(wait_for_mail(story.installation.home / "mail", ADA, "We have your objection"))
    for words in (story.status_page, mail):
        assert re.search(r"DMR-[0-9A-Z]{4}-[0-9A-Z]{4}", words)
        assert re.search(r"\b2[0-9]{3}\b", words), "no year: the legal date is missing"
        assert "Comissão Nacional de Proteção de Dados" in words, "the supervisory authority of Portugal is missing"


def test_the_status_page_counts_the_rows_that_were_left_out(story: Story) -> None:
    lake = column(story.installation.home / "sample" / "lake", "author_account", "tagged_accounts")
    people = [{author, *tagged} for author, tagged in lake]  # type: ignore[misc]
    rows = sum(account in of_row for of_row in people for account in story.example.accounts)
    assert "Rows that we recognise were left out." in story.status_page, "a handle is anybody's claim"
    assert f"{rows:,} rows were left out" in story.upheld_page
    assert "200,000 rows were looked at" in story.status_page


def test_counts_that_were_changed_are_refused_and_a_manifest_without_any_is_only_logged(
    story: Story, tmp_path: Path
) -> None:
    manifest, counts = (Path(shutil.copy(story.out / name, tmp_path)) for name in ("manifest.note", COUNTS))
    counts.write_bytes(counts.read_bytes() + b"\0")
    changed = story.installation.demur("ledger", "add", str(manifest))
    assert changed.returncode != 0
    assert f'the file "{COUNTS}" is not the one that the manifest names' in changed.stderr
    assert not (tmp_path / "manifest.receipt.json").exists()
    counts.unlink()
    without = story.installation.demur("ledger", "add", str(manifest))
    assert without.returncode == 0, without.stderr
    assert "people are not told" in without.stdout


def test_everything_verifies_offline_with_the_public_keys(story: Story) -> None:
    for file in things(story).values():
        done = verify(story, file)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("what", ["receipt", "list", "manifest", "log"])
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_one_changed_byte_is_refused_by_name(story: Story, tmp_path: Path, what: str, place: str) -> None:
    original = things(story)[what]
    copy = tmp_path / "thing"  # what it is must be said by the words, not by its name
    (shutil.copytree if original.is_dir() else shutil.copy)(original, copy)
    target = copy
    if copy.is_dir():
        within = sorted(path for path in copy.rglob("*") if path.is_file() and not path.name.startswith("."))
        target = PLACES[place](within)
    raw = bytearray(target.read_bytes())
    at = PLACES[place](range(len(raw)))
    raw[at] ^= 1
    target.write_bytes(raw)
    done = verify(story, copy)
    assert done.returncode in {3, 5}, done.stdout + done.stderr
    assert what in (done.stdout + done.stderr).casefold()
    assert "Traceback" not in done.stderr


PLACES: dict[str, Callable] = {  # type: ignore[type-arg]
    "first": lambda things: things[0],
    "middle": lambda things: things[len(things) // 2],
    "last": lambda things: things[-1],
}


def things(story: Story) -> dict[str, Path]:
    return {
        "receipt": story.receipt,
        "list": story.list_file,
        "manifest": story.out / "manifest.note",
        "log": story.installation.home / "log",
    }


def verify(story: Story, file: Path):  # noqa: ANN201  (a finished process)
    return story.installation.demur("verify", str(file), "--keys", str(story.installation.home / "keys/public.keys"))
