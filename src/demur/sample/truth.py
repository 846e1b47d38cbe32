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

_LOOK_AT_ONCE = 1000


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
    try:
        return pq.read_table(truth / "people.parquet", columns=columns)
    except FileNotFoundError as error:
        raise SampleFolderError(f"{truth} holds no truth of a sample", hint='run "demur sample" first') from error
