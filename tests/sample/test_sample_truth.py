"""The truth, held against what a plain reader of the lake would say: loops over rows, no code of the generator."""

import re
import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from demur.sample.directory import SampleAccountDirectory
from demur.sample.errors import SampleFolderError
from demur.sample.truth import find_examples, persons_with, rows_concerning

MENTION = re.compile(r"@([a-z._]+[0-9]+)")
Pairs = set[tuple[str, str]]


class Reader:
    """Somebody who reads the lake row by row, with the platform's files beside it."""

    def __init__(self, sample: Path) -> None:
        self.rows: list[dict[str, Any]] = pq.read_table(sample / "lake").to_pylist()
        self.people: list[dict[str, Any]] = pq.read_table(sample / "truth/people.parquet").to_pylist()
        self.owner = {account: person["person_id"] for person in self.people for account in person["accounts"]}
        photos = pq.read_table(sample / "truth/photos.parquet").to_pylist()
        self.shown = {photo["image_path"]: set(photo["shown_ids"]) for photo in photos}
        self.truth: dict[str, Pairs] = defaultdict(set)
        for pair in pq.read_table(sample / "truth/rows").to_pylist():
            self.truth[pair["why"]].add((pair["record_id"], pair["person_id"]))
        with closing(sqlite3.connect(sample / "accounts.sqlite3")) as connection:
            self.held = defaultdict(list)
            for handle, account, until_us in connection.execute("SELECT * FROM handles"):
                until = float("inf") if until_us is None else until_us
                self.held[account.partition(":")[0], handle].append((until, account))

    def holder(self, product: str, handle: str, at: datetime) -> str:
        """Return who had the handle at an instant: the one who gave it up soonest afterwards."""
        at_us = round(at.timestamp() * 1_000_000)
        return self.owner[min(held for held in self.held[product, handle] if held[0] > at_us)[1]]


@pytest.fixture(scope="module")
def reader(sample: Path) -> Reader:
    return Reader(sample)


def test_authors_are_the_owners_of_the_author_accounts(reader: Reader) -> None:
    assert reader.truth["author"] == {(row["record_id"], reader.owner[row["author_account"]]) for row in reader.rows}


def test_tagged_are_the_owners_of_tagged_accounts_and_bearers_of_tagged_names(reader: Reader) -> None:
    by_account = {
        (row["record_id"], reader.owner[account]) for row in reader.rows for account in row["tagged_accounts"]
    }
    by_name = reader.truth["tagged"] - by_account
    assert by_account <= reader.truth["tagged"]
    names = {person["person_id"]: person["full_name"] for person in reader.people if not person["has_account"]}
    tagged_names = {row["record_id"]: row["tagged_names"] for row in reader.rows if row["tagged_names"]}
    assert {record_id: [names[person]] for record_id, person in by_name} == tagged_names


def test_photographed_are_those_whom_the_row_s_photo_shows(reader: Reader) -> None:
    expected = {(row["record_id"], person) for row in reader.rows for person in reader.shown.get(row["image_path"], ())}
    assert reader.truth["photographed"] == expected
    assert expected


def test_named_are_those_who_bore_the_mentioned_handle_at_that_instant(reader: Reader) -> None:
    named = dict(reader.truth["named"])
    assert len(named) == len(reader.truth["named"]), "a text names one person at most"
    mentions = 0
    for row in reader.rows:
        mention = MENTION.search(row["text"])
        if mention:
            mentions += 1
            product = row["author_account"].partition(":")[0]
            assert named[row["record_id"]] == reader.holder(product, mention[1], row["created_at"])
    assert mentions > 500


def test_named_without_a_handle_bear_the_name_in_the_text_and_no_other_text_names_anybody(reader: Reader) -> None:
    named = dict(reader.truth["named"])
    names = {person["person_id"]: person["full_name"] for person in reader.people}
    for row in reader.rows:
        if MENTION.search(row["text"]):
            continue
        person = named.get(row["record_id"])
        if person is None:
            assert not [name for name in names.values() if name in row["text"]]
        else:
            assert names[person] in row["text"]


def test_people_without_accounts_are_named_tagged_and_photographed_but_write_nothing(reader: Reader) -> None:
    outsiders = {person["person_id"] for person in reader.people if not person["has_account"]}
    concerned = {why: {person for _, person in pairs} for why, pairs in reader.truth.items()}
    assert not concerned["author"] & outsiders
    for why in ("named", "tagged", "photographed"):
        assert concerned[why] & outsiders


def test_a_handle_that_changed_hands_means_each_holder_in_their_own_time(reader: Reader) -> None:
    taken_over = {key for key, held in reader.held.items() if len(held) > 1}
    assert taken_over
    for key in taken_over:
        assert len({reader.owner[account] for _, account in reader.held[key]}) == len(reader.held[key])


def test_accounts_and_their_groups_are_those_of_the_directory(sample: Path, reader: Reader) -> None:
    with closing(sqlite3.connect(sample / "accounts.sqlite3")) as connection:
        accounts = connection.execute("SELECT account, handle, linked_group FROM accounts").fetchall()
    linked = defaultdict(set)
    for account, _, group in accounts:
        linked[account if group is None else group].add(account)
    groups = {frozenset(group) for person in reader.people for group in person["account_groups"]}
    assert groups == {frozenset(group) for group in linked.values()}
    assert {len(group) for group in groups} == {1, 2}
    handles = {account: handle for account, handle, _ in accounts}
    for person in reader.people:
        assert [handles[account] for account in person["accounts"]] == person["handles"]
        assert person["has_account"] == bool(person["accounts"])


def test_rows_concerning_gathers_all_rows_of_the_person_from_any_of_their_accounts(
    sample: Path, reader: Reader
) -> None:
    person = next(person for person in reader.people if len(person["accounts"]) == 2)
    expected: dict[str, set[str]] = defaultdict(set)
    for why, pairs in reader.truth.items():
        for record_id, person_id in pairs:
            if person_id == person["person_id"]:
                expected[record_id].add(why)
    for account in person["accounts"]:
        assert rows_concerning(sample / "truth", [account]) == expected
    assert rows_concerning(sample / "truth", set(person["accounts"])) == expected
    assert persons_with(sample / "truth", person["accounts"]) == [person["person_id"]]


def test_accounts_that_nobody_has_concern_no_rows(sample: Path) -> None:
    assert rows_concerning(sample / "truth", ["lumen:p9999999"]) == {}
    assert rows_concerning(sample / "truth", []) == {}


def test_examples_are_adults_whose_handle_leads_to_all_of_their_accounts_and_to_nobody_elses(
    sample: Path, reader: Reader
) -> None:
    directory = SampleAccountDirectory(sample / "accounts.sqlite3")
    people = {tuple(person["accounts"]): person for person in reader.people if person["accounts"]}
    examples = find_examples(sample, 5)
    assert len(examples) == len({example.handle for example in examples}) == 5
    assert len(examples[0].accounts) == 2
    for example in examples:
        assert {account.account for account in directory.find_accounts(example.handle)} == set(example.accounts)
        person = people[example.accounts]
        assert not person["is_minor"]
        assert example.email == person["email"]
        whys = rows_concerning(sample / "truth", example.accounts).values()
        assert example.rows == sum(1 for why in whys if why & {"author", "tagged"})
    assert find_examples(sample, 2) == examples[:2]


def test_no_more_examples_are_given_than_there_are(sample: Path, reader: Reader) -> None:
    adults = [person for person in reader.people if person["has_account"] and not person["is_minor"]]
    assert 0 < len(find_examples(sample, 10_000)) < len(adults)


def test_a_folder_without_truth_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SampleFolderError, match="holds no truth"):
        rows_concerning(tmp_path, ["lumen:p0000001"])
