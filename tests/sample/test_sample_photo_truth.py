"""Which rows carry which photo, and somebody to try photos out with, held against a plain reading of the lake."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.sample.errors import SampleFolderError
from demur.sample.platform import SampleRequest, generate
from demur.sample.truth import ORIGINAL, find_photo_example, rows_with_copies


@pytest.fixture(scope="module")
def photos(sample: Path) -> dict[str, dict[str, Any]]:
    rows = pq.read_table(sample / "truth/photos.parquet").to_pylist()
    return {photo["image_path"]: photo for photo in rows}


@pytest.fixture(scope="module")
def rows(sample: Path) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = pq.read_table(sample / "lake").to_pylist()
    return listed


def test_rows_with_copies_are_those_whose_photo_is_the_original_or_was_made_of_it(
    sample: Path, photos: dict[str, dict[str, Any]], rows: list[dict[str, Any]]
) -> None:
    copied = {photo["copy_of"] for photo in photos.values() if photo["copy_of"]}
    for path in copied:
        expected = {row["record_id"]: ORIGINAL for row in rows if row["image_path"] == path}
        for row in rows:
            photo = photos.get(row["image_path"])
            if photo and photo["copy_of"] == path:
                expected[row["record_id"]] = photo["copy_kind"]
        assert rows_with_copies(sample, path) == expected
    assert len(copied) > 2


def test_path_of_a_copy_gives_the_rows_of_that_file_only(
    sample: Path, photos: dict[str, dict[str, Any]], rows: list[dict[str, Any]]
) -> None:
    posted = Counter(row["image_path"] for row in rows)
    path = next(path for path, photo in photos.items() if photo["copy_of"] and posted[path])
    assert Counter(rows_with_copies(sample, path).values()) == {photos[path]["copy_kind"]: posted[path]}


def test_photo_that_is_not_there_is_in_no_rows(sample: Path) -> None:
    assert rows_with_copies(sample, "photo-9999999.jpg") == {}


def test_photo_example_is_an_adult_without_account_in_somebody_else_s_photo_that_others_posted(
    sample: Path, photos: dict[str, dict[str, Any]], rows: list[dict[str, Any]]
) -> None:
    example = find_photo_example(sample)
    assert example is not None
    people = {person["person_id"]: person for person in pq.read_table(sample / "truth/people.parquet").to_pylist()}
    person, photo = people[example.person_id], photos[example.photo.name]
    assert (example.full_name, example.email) == (person["full_name"], person["email"])
    assert not person["has_account"]
    assert not person["is_minor"]
    assert example.photo == sample / "photos" / photo["image_path"]
    assert example.photo.is_file()
    assert example.person_id in photo["shown_ids"]
    assert photo["copy_of"] is None
    assert not photo["is_reserved"] | photo["is_damaged"] | photo["is_plain"]
    assert example.rows == rows_with_copies(sample, photo["image_path"])
    assert len(set(example.rows.values()) - {ORIGINAL}) >= 4
    owner = {account: one for one, of_one in people.items() for account in of_one["accounts"]}
    authors = {row["record_id"]: owner[row["author_account"]] for row in rows}
    for record_id, kind in example.rows.items():
        assert (authors[record_id] == photo["owner_id"]) == (kind == ORIGINAL)
    assert find_photo_example(sample) == example


def with_column(sample: Path, copy: Path, name: str, column: str, values: Callable[[list[Any]], list[Any]]) -> Path:
    """Copy a sample with another column in one of its truths."""
    shutil.copytree(sample, copy)
    table = pq.read_table(copy / "truth" / name)
    place = table.schema.get_field_index(column)
    changed = pa.array(values(table[column].to_pylist()), table.schema.field(place).type)
    pq.write_table(table.set_column(place, column, changed), copy / "truth" / name)
    return copy


@pytest.mark.parametrize("column", ["is_minor", "has_account"])
def test_minors_and_people_with_an_account_are_no_photo_example(sample: Path, tmp_path: Path, column: str) -> None:
    changed = with_column(sample, tmp_path / "sample", "people.parquet", column, lambda values: [True] * len(values))
    assert find_photo_example(changed) is None


def test_a_photo_that_was_copied_in_one_way_only_is_no_example(sample: Path, tmp_path: Path) -> None:
    def all_mirrored(kinds: list[Any]) -> list[Any]:
        return [kind and "mirrored" for kind in kinds]

    assert find_photo_example(with_column(sample, tmp_path / "s", "photos.parquet", "copy_kind", all_mirrored)) is None


@pytest.mark.parametrize("column", ["is_reserved", "is_damaged"])
def test_files_that_say_no_or_are_damaged_are_no_photo_example(sample: Path, tmp_path: Path, column: str) -> None:
    changed = with_column(sample, tmp_path / "sample", "photos.parquet", column, lambda values: [True] * len(values))
    assert find_photo_example(changed) is None


def test_no_photo_example_is_made_up_where_nobody_posted_copies(tmp_path: Path) -> None:
    generate(SampleRequest(tmp_path / "sample", people=30, rows=1, seed=1, photos=8), lambda _done, _total: None)
    assert find_photo_example(tmp_path / "sample") is None


def test_a_folder_without_truth_of_photos_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SampleFolderError, match="holds no truth"):
        rows_with_copies(tmp_path, "photo-0000001.jpg")
    with pytest.raises(SampleFolderError, match="holds no truth"):
        find_photo_example(tmp_path)
