"""Withheld rows by entry of the list: against plain Python, and what is refused when the counts are read back."""

import hashlib
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gate_world import GATE_SIGNER, MAPPING, batch_of, entry, lake_rows, list_of, mapping, row, write_parquet
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.core.errors import FormatError
from demur.core.identifier import IdentifierKind
from demur.gate import entry_counts
from demur.gate.decision import decide
from demur.gate.entry_counts import EntryCounter, entry_rows_batch
from demur.gate.entry_counts_file import LAYOUT, WITHHELD_BY_ENTRY, parse_entry_counts
from demur.gate.run import GateRequest, run_gate
from demur.gate.string_window import WINDOW_ROWS
from demur.gate.suppression_list import ListEntry, SuppressionList

NAMES = ["ada", "ad", "adaa", "bo", "cy", "zoe"]
ACCOUNTS = [f"{namespace}:{name}" for namespace in ("agora", "lumen") for name in NAMES]
ENTRIES = st.lists(
    st.builds(
        lambda at, value, kind: ListEntry(
            hashlib.sha256(str(at).encode()).digest()[:16], kind, value, entry("x").in_force_from
        ),
        st.integers(0, 1 << 40),
        st.sampled_from(ACCOUNTS),
        st.sampled_from([IdentifierKind.ACCOUNT, IdentifierKind.ACCOUNT, IdentifierKind.NAME]),
    ),
    max_size=12,
    unique_by=lambda one: one.entry_id,
)
ROWS = st.lists(
    st.builds(
        lambda author, tagged, kind: row(author_account=author, tagged_accounts=tagged, kind=kind),
        st.sampled_from([*ACCOUNTS, None, "ada"]),
        st.one_of(st.none(), st.lists(st.sampled_from([*ACCOUNTS, None]), max_size=4)),
        st.sampled_from(["post", "dm", None]),
    ),
    max_size=40,
)


def counts_by_hand(rows: list[dict[str, object]], entries: list[ListEntry]) -> dict[bytes, int]:
    counted: Counter[bytes] = Counter()
    for each in rows:
        tagged = each["tagged_accounts"]
        people = {each["author_account"], *(tagged if isinstance(tagged, list) else [])}
        counted.update(one.entry_id for one in entries if one.kind is IdentifierKind.ACCOUNT and one.value in people)
    return dict(sorted(counted.items()))


def counts_of(counter: EntryCounter, suppressions: SuppressionList) -> dict[bytes, int]:
    batch = entry_rows_batch(counter.result(), suppressions)
    return dict(zip(batch["entry_id"].to_pylist(), batch["rows"].to_pylist(), strict=True))


@settings(max_examples=300, deadline=None)
@given(entries=ENTRIES, rows=ROWS, cuts=st.lists(st.integers(0, 40), max_size=3))
def test_each_entry_is_counted_as_plain_python_does(
    entries: list[ListEntry], rows: list[dict[str, object]], cuts: list[int]
) -> None:
    suppressions = list_of(others=entries)
    counter = EntryCounter(mapping(), suppressions)
    edges = [0, *sorted(cuts), len(rows)]
    for start, end in pairwise(edges):
        batch = batch_of(*rows[start:end])
        counter.add(batch, decide(batch, mapping(), suppressions), "a batch")
    assert list(counts_of(counter, suppressions).items()) == list(counts_by_hand(rows, entries).items())


@settings(max_examples=100, deadline=None)
@given(entries=ENTRIES, rows=ROWS)
def test_bare_ids_are_counted_for_the_accounts_of_their_product(
    entries: list[ListEntry], rows: list[dict[str, object]]
) -> None:
    """Authors are bare ids here and tags are not: a person who tags themselves still counts once."""
    text = MAPPING.replace(
        "author_account: author_account", "author_account: {column: author_account, namespace: agora}"
    )
    suppressions = list_of(others=entries)
    counter = EntryCounter(mapping(text), suppressions)
    bare = [{**each, "author_account": str(each["author_account"]).rpartition(":")[2]} for each in rows]
    full = [{**each, "author_account": f"agora:{each['author_account']}"} for each in bare]
    batch = batch_of(*bare)
    counter.add(batch, decide(batch, mapping(text), suppressions), "a batch")
    assert counts_of(counter, suppressions) == counts_by_hand(full, entries)


def test_two_cases_about_one_account_are_both_counted() -> None:
    second = replace(entry("lumen:ada"), entry_id=b"\xff" * 16)
    suppressions = list_of("lumen:ada", "lumen:bo", others=[second])
    counter = EntryCounter(mapping(), suppressions)
    batch = batch_of(row(author_account="lumen:ada"), row(tagged_accounts=["lumen:ada", "lumen:ada"]), row())
    counter.add(batch, decide(batch, mapping(), suppressions), "a batch")
    assert counts_of(counter, suppressions) == {entry("lumen:ada").entry_id: 2, second.entry_id: 2}


def test_a_row_that_is_withheld_for_another_reason_alone_counts_for_nobody() -> None:
    suppressions = list_of("lumen:ada")
    counter = EntryCounter(mapping(), suppressions)
    batch = batch_of(row(kind="dm"), row(author_is_minor=True))
    counter.add(batch, decide(batch, mapping(), suppressions), "a batch")
    assert counts_of(counter, suppressions) == {}


def test_what_is_found_is_added_up_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry_counts, "_FOUND_ROWS", 2)
    suppressions = list_of("lumen:ada", "lumen:bo", "lumen:dee")
    counter = EntryCounter(mapping(), suppressions)
    for author in ("ada", "bo", "dee", "ada", "bo", "ada"):
        batch = batch_of(row(author_account=f"lumen:{author}"), row(author_account="lumen:ada"))
        counter.add(batch, decide(batch, mapping(), suppressions), "a batch")
    assert sorted(counts_of(counter, suppressions).values()) == [1, 2, 9]


def test_authors_of_many_windows_and_of_a_dictionary_are_counted() -> None:
    authors = ["lumen:ada", "lumen:cy", "lumen:bo"] * (WINDOW_ROWS // 2)
    suppressions = list_of("lumen:ada", "lumen:bo")
    batch = batch_of(*[row()] * len(authors))
    for column in (pa.array(authors), pa.array(authors).dictionary_encode(), pa.array(authors, pa.large_string())):
        counter = EntryCounter(mapping(), suppressions)
        changed = batch.set_column(3, "author_account", column)
        counter.add(changed, decide(changed, mapping(), suppressions), "a batch")
        assert set(counts_of(counter, suppressions).values()) == {WINDOW_ROWS // 2}


def test_a_run_writes_the_counts_of_all_its_files(tmp_path: Path) -> None:
    for name in "abc":
        write_parquet(tmp_path / "lake" / f"{name}.parquet", lake_rows(1000), row_group_size=300)
    suppressions = list_of("lumen:ada", "lumen:bo", "lumen:nobody")
    for out in ("first", "second"):
        request = GateRequest(tmp_path / "lake", mapping(), tmp_path / out)
        manifest = run_gate(request, suppressions, GATE_SIGNER, lambda _done, _total: None)
    raw = (tmp_path / "first" / WITHHELD_BY_ENTRY).read_bytes()
    assert manifest.outputs[-1].path == WITHHELD_BY_ENTRY
    assert (manifest.outputs[-1].rows, manifest.outputs[-1].sha256) == (2, hashlib.sha256(raw).digest())
    assert raw == (tmp_path / "second" / WITHHELD_BY_ENTRY).read_bytes()
    assert parse_entry_counts(raw) == {entry("lumen:ada").entry_id: 600, entry("lumen:bo").entry_id: 3000}


def test_a_run_in_which_nobody_is_found_writes_no_counts(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", lake_rows(30))
    run_gate(GateRequest(path, mapping(), tmp_path / "out"), list_of(), GATE_SIGNER, lambda _done, _total: None)
    assert parse_entry_counts((tmp_path / "out" / WITHHELD_BY_ENTRY).read_bytes()) == {}


def parquet_of(tmp_path: Path, table: pa.Table) -> bytes:
    pq.write_table(table, tmp_path / "counts.parquet")
    return (tmp_path / "counts.parquet").read_bytes()


@pytest.mark.parametrize(
    "columns",
    [
        {"entry_id": [b"a" * 16, b"a" * 16], "rows": [1, 1]},
        {"entry_id": [b"b" * 16, b"a" * 16], "rows": [1, 1]},
        {"entry_id": [b"a" * 16], "rows": [0]},
        {"entry_id": [b"a" * 16], "rows": [-1]},
    ],
    ids=["twice", "out of order", "no row", "less than no row"],
)
def test_counts_that_make_no_sense_are_refused(columns: dict[str, list[object]], tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="out of order"):
        parse_entry_counts(parquet_of(tmp_path, pa.table(columns, LAYOUT.schema)))


def test_other_columns_and_empty_fields_are_refused(tmp_path: Path) -> None:
    nullable = pa.schema([field.with_nullable(nullable=True) for field in LAYOUT.schema])
    for table in (
        pa.table({"entry_id": ["ada"], "rows": [1]}),
        pa.table({"entry_id": [None], "rows": [1]}, nullable),
    ):
        with pytest.raises(FormatError, match="other columns"):
            parse_entry_counts(parquet_of(tmp_path, table))


def test_what_is_not_parquet_is_no_counts() -> None:
    with pytest.raises(FormatError, match="not a Parquet file"):
        parse_entry_counts(b"PAR1 and nothing more")
