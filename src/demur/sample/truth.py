"""Read a sample's truth: which rows concern whom, and why. For tests, benchmarks and suggestions; not for the gate."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from demur.sample.directory import SampleAccountDirectory
from demur.sample.errors import SampleFolderError

ORIGINAL = "original"
"""What is said of a row that carries a photo itself, where of others the kind of copy is said."""

_LOOK_AT_ONCE = 1000
_LEAST_KINDS = 2


@dataclass(frozen=True)
class Example:
    """Somebody to try the chain with: an adult whose handle means them alone and leads to all of their accounts.

    Attributes:
        handle: without "@".
        email: their address.
        accounts: all of their accounts.
        rows: how many rows they wrote or are tagged in.
    """

    handle: str
    email: str
    accounts: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class PhotoExample:
    """Somebody without an account who is in a photo of somebody else, of which others posted copies.

    Attributes:
        person_id: theirs.
        full_name: theirs; others may bear it too.
        email: their address.
        photo: the original file: what they would send with an objection.
        rows: the rows that carry it, each with `original` or the kind of copy.
    """

    person_id: str
    full_name: str
    email: str
    photo: Path
    rows: dict[str, str]


def rows_concerning(truth: Path, accounts: Collection[str]) -> dict[str, set[str]]:
    """Return the rows that concern the people who have these accounts, with why: author, tagged, named, photographed.

    A person's rows are all of theirs, also those in accounts that are not among the given ones; accounts that nobody
    has give nothing. Reads only the parts of the files in which the people occur.

    Raises:
        SampleFolderError: the folder holds no truth.
    """
    return _rows_of(truth, persons_with(truth, accounts))


def persons_with(truth: Path, accounts: Collection[str]) -> list[str]:
    """Return the ids of the people who have any of these accounts."""
    people = _people(truth, ["person_id", "accounts"])
    owner = pc.list_parent_indices(people["accounts"])
    is_wanted = pc.is_in(pc.list_flatten(people["accounts"]), value_set=pa.array(list(accounts), pa.string()))
    persons: list[str] = people["person_id"].take(owner.filter(is_wanted)).unique().to_pylist()
    return persons


def _rows_of(truth: Path, persons: list[str]) -> dict[str, set[str]]:
    files = ds.dataset(truth / "rows", format="parquet")
    is_theirs = pc.field("person_id").isin(pa.array(persons, pa.string()))
    table = files.to_table(columns=["record_id", "why"], filter=is_theirs)
    rows: dict[str, set[str]] = {}
    for record_id, why in zip(table["record_id"].to_pylist(), table["why"].to_pylist(), strict=True):
        rows.setdefault(record_id, set()).add(why)
    return rows


def find_examples(sample: Path, count: int) -> list[Example]:
    """Return up to `count` people to try the chain with: those with the most accounts, then with the most rows, first.

    Args:
        sample: the folder of the sample (not that of its truth).
        count: how many.

    Raises:
        SampleFolderError: the folder holds no sample.
    """
    directory = SampleAccountDirectory(sample / "accounts.sqlite3")
    usable = (example for example in _adults_by_rows(sample / "truth") if _means_them_alone(example, directory))
    return list(islice(usable, count))


def _adults_by_rows(truth: Path) -> Iterator[Example]:
    people, rows = _people(truth, None), _rows_by_person(truth)
    own = pc.fill_null(rows["rows"].take(pc.index_in(people["person_id"], rows["person_id"])), 0)
    ranked = people.append_column("rows", own).append_column("places", pc.list_value_length(people["accounts"]))
    order = [("places", "descending"), ("rows", "descending"), ("person_id", "ascending")]
    adults = ranked.filter(pc.field("has_account") & ~pc.field("is_minor")).sort_by(order)
    for batch in adults.to_batches(max_chunksize=_LOOK_AT_ONCE):
        for person in batch.to_pylist():
            yield Example(person["handles"][0], person["email"], tuple(person["accounts"]), person["rows"])


def _means_them_alone(example: Example, directory: SampleAccountDirectory) -> bool:
    found = directory.find_accounts(example.handle)
    return sorted(account.account for account in found) == sorted(example.accounts)


def _rows_by_person(truth: Path) -> pa.Table:
    """Return person_id and rows, how many rows each person wrote or is tagged in."""
    is_own = pc.field("why").isin(["author", "tagged"])
    table = ds.dataset(truth / "rows", format="parquet").to_table(columns=["person_id"], filter=is_own)
    return table.group_by("person_id").aggregate([([], "count_all")]).rename_columns(["person_id", "rows"])


def _people(truth: Path, columns: list[str] | None) -> pa.Table:
    return _read(truth, "people.parquet", columns)


def rows_with_copies(sample: Path, image_path: str) -> dict[str, str]:
    """Return the rows that carry a photo or a copy of it, each with the kind of copy, or `original`.

    Args:
        sample: the folder of the sample (not that of its truth).
        image_path: of an original, as rows have it. That of a copy gives the rows that carry this very file.

    Raises:
        SampleFolderError: the folder holds no truth.

    Reads two columns of the whole lake.
    """
    photos = _read(sample / "truth", "photos.parquet", ["image_path", "copy_of", "copy_kind"])
    family = photos.filter((pc.field("image_path") == image_path) | (pc.field("copy_of") == image_path))
    kinds = dict(zip(family["image_path"].to_pylist(), family["copy_kind"].to_pylist(), strict=True))
    rows = _rows_with_photos(sample, list(kinds), ["record_id", "image_path"])
    pairs = zip(rows["record_id"].to_pylist(), rows["image_path"].to_pylist(), strict=True)
    return {record_id: kinds[path] or ORIGINAL for record_id, path in pairs}


def find_photo_example(sample: Path) -> PhotoExample | None:
    """Return an adult without an account to try out photos with; None if nobody fits, as in samples of few rows.

    A portrait of somebody else shows them, and others than its owner posted copies of it, in as many ways as of no
    other. The original is neither damaged nor does it carry a reservation.

    Args:
        sample: the folder of the sample (not that of its truth).

    Raises:
        SampleFolderError: the folder holds no truth.
    """
    photos = _read(sample / "truth", "photos.parquet", None)
    posted = _posted_kinds(sample, photos.filter(pc.field("copy_of").is_valid()))
    was_copied = pc.field("image_path").isin(pa.array(list(posted), pa.string()))
    is_sound = ~pc.field("is_reserved") & ~pc.field("is_damaged") & was_copied
    sound = {photo["image_path"]: photo["shown_ids"] for photo in photos.filter(is_sound).to_pylist()}
    people = _people(sample / "truth", ["person_id", "full_name", "email", "is_minor", "has_account"])
    fit = people.filter(~pc.field("has_account") & ~pc.field("is_minor")).to_pylist()
    adults = {person["person_id"]: person for person in fit}
    for path in sorted(sound, key=lambda path: (-len(posted[path]), path)):
        for person in (adults[shown] for shown in sound[path] if shown in adults):
            rows = rows_with_copies(sample, path)
            return PhotoExample(
                person["person_id"], person["full_name"], person["email"], sample / "photos" / path, rows
            )
    return None


def _posted_kinds(sample: Path, copies: pa.Table) -> dict[str, set[str]]:
    """Return the kinds of copy that rows carry, of each original of which they carry enough kinds."""
    posted = set(_rows_with_photos(sample, copies["image_path"].to_pylist(), ["image_path"])["image_path"].to_pylist())
    kinds: dict[str, set[str]] = {}
    for copy in copies.to_pylist():
        if copy["image_path"] in posted:
            kinds.setdefault(copy["copy_of"], set()).add(copy["copy_kind"])
    return {original: of_it for original, of_it in kinds.items() if len(of_it) >= _LEAST_KINDS}


def _rows_with_photos(sample: Path, paths: list[str], columns: list[str]) -> pa.Table:
    lake = ds.dataset(sample / "lake", format="parquet")
    return lake.to_table(columns=columns, filter=pc.field("image_path").isin(pa.array(paths, pa.string())))


def _read(truth: Path, name: str, columns: list[str] | None) -> pa.Table:
    try:
        return pq.read_table(truth / name, columns=columns)
    except FileNotFoundError as error:
        raise SampleFolderError(f"{truth} holds no truth of a sample", hint='run "demur sample" first') from error
