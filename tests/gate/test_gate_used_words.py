"""What stays of a dictionary when rows are withheld: only words that kept rows use."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gate_world import GATE_SIGNER, SCHEMA, list_of, mapping, row
from hypothesis import given
from hypothesis import strategies as st

from demur.gate.errors import OutputWriteError
from demur.gate.run import GateRequest, run_gate
from demur.gate.used_words import drop_unused_words, has_dictionary

WORDS = pa.dictionary(pa.int8(), pa.string())
TYPES = {
    "dictionary": WORDS,
    "ordered": pa.dictionary(pa.uint16(), pa.string(), ordered=True),
    "numbers": pa.dictionary(pa.int32(), pa.int64()),
    "list": pa.list_(WORDS),
    "large list": pa.large_list(WORDS),
    "pair": pa.list_(WORDS, 2),
    "struct": pa.struct([pa.field("number", pa.int64()), pa.field("word", WORDS)]),
    "map": pa.map_(WORDS, pa.list_(WORDS)),
    "opaque": pa.opaque(WORDS, "word", "lumen.example"),
    "plain": pa.list_(pa.string()),
}
VALUES: dict[str, st.SearchStrategy[object]] = {
    "dictionary": st.sampled_from("abc"),
    "ordered": st.sampled_from("abc"),
    "numbers": st.integers(0, 3),
    "opaque": st.sampled_from("abc"),
    "list": st.lists(st.none() | st.sampled_from("abc"), max_size=3),
    "large list": st.lists(st.none() | st.sampled_from("abc"), max_size=3),
    "pair": st.lists(st.none() | st.sampled_from("abc"), min_size=2, max_size=2),
    "struct": st.fixed_dictionaries({"number": st.none(), "word": st.none() | st.sampled_from("abc")}),
    "map": st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.sampled_from("abc"))), max_size=2),
    "plain": st.lists(st.sampled_from("abc")),
}


def array_of(values: list[object], kind: pa.DataType) -> pa.Array:
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, pa.array(values, kind.storage_type))
    return pa.array(values, kind)


def words_below(values: pa.Array) -> set[object]:
    """Every word that is in memory, used or not."""
    if isinstance(values, pa.ExtensionArray):
        return words_below(values.storage)
    if isinstance(values, pa.DictionaryArray):
        return set(values.dictionary.to_pylist())
    if isinstance(values, pa.StructArray):
        return set().union(*(words_below(values.field(at)) for at in range(values.type.num_fields)))
    return words_below(values.values) if pa.types.is_nested(values.type) else set()


def in_use(value: object) -> set[object]:
    if isinstance(value, dict):
        return set().union(*(in_use(each) for each in value.values()))
    if isinstance(value, (list, tuple)):
        return set().union(*map(in_use, value))
    return set() if value is None else {value}


@pytest.mark.parametrize("name", list(TYPES))
def test_values_stay_and_no_unused_word_does(name: str) -> None:
    @given(values=st.lists(st.none() | VALUES[name]), data=st.data())
    def check(values: list[object], data: st.DataObject) -> None:
        kept = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
        filtered = array_of(values, TYPES[name]).filter(pa.array(kept, pa.bool_()))
        dropped = drop_unused_words(filtered)
        dropped.validate(full=True)
        assert dropped.to_pylist() == filtered.to_pylist()
        assert dropped.type == filtered.type
        assert words_below(dropped) <= in_use(filtered.to_pylist())

    check()
    assert has_dictionary(TYPES[name]) == (name != "plain")


@pytest.mark.parametrize("where", ["top", "nested"])
@pytest.mark.parametrize("rows_of_cy", [0, 1, 100])
def test_what_a_withheld_row_says_is_nowhere_in_the_kept_file(rows_of_cy: int, where: str, tmp_path: Path) -> None:
    """A dictionary is written whole, with its words that no row uses any more."""
    schema = SCHEMA
    for column in ("author_account", "text"):
        schema = schema.set(schema.get_field_index(column), pa.field(column, WORDS))
    more = {"top": WORDS, "nested": pa.list_(pa.struct([pa.field("comment", WORDS)]))}[where]
    said, other = {"top": ("words of Ada", "x"), "nested": ([{"comment": "words of Ada"}], [{"comment": "x"}])}[where]
    schema = schema.append(pa.field("more", more))
    ada = row(author_account="lumen:ada", text="words of Ada", more=said)
    others = [row(record_id=f"r{n}", more=other) for n in range(rows_of_cy)]
    table = pa.Table.from_pylist([ada, *others], schema=schema)
    pq.write_table(table, tmp_path / "a.parquet", compression="none")
    request = GateRequest(tmp_path / "a.parquet", mapping(), tmp_path / "out")
    run_gate(request, list_of("lumen:ada"), GATE_SIGNER, lambda _done, _total: None)
    raw = (tmp_path / "out" / "kept" / "a.parquet").read_bytes()
    assert b"words of Ada" in (tmp_path / "a.parquet").read_bytes()
    assert b"words of Ada" not in raw
    assert b"lumen:ada" not in raw
    assert pq.ParquetFile(tmp_path / "out" / "kept" / "a.parquet").read().to_pylist() == table.slice(1).to_pylist()


def test_a_type_whose_unused_words_cannot_be_told_is_refused(tmp_path: Path) -> None:
    words = pa.array(["words of Ada", "x"], WORDS)
    views = pa.ListViewArray.from_arrays(pa.array([0, 1], pa.int32()), pa.array([1, 1], pa.int32()), words)
    table = pa.Table.from_pylist([row(author_account="lumen:ada"), row(record_id="r2")], schema=SCHEMA)
    pq.write_table(table.append_column("more", views), tmp_path / "a.parquet")
    request = GateRequest(tmp_path / "a.parquet", mapping(), tmp_path / "out")
    with pytest.raises(OutputWriteError, match="cannot be encoded"):
        run_gate(request, list_of("lumen:ada"), GATE_SIGNER, lambda _done, _total: None)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", [pa.string_view(), pa.list_(pa.string_view())])
def test_nulls_of_views_stay_what_they_are(kind: pa.DataType, tmp_path: Path) -> None:
    table = pa.Table.from_pylist([row(author_account="lumen:ada"), row(record_id="r2")], schema=SCHEMA)
    table = table.append_column("more", pa.nulls(2, kind))
    pq.write_table(table, tmp_path / "a.parquet")
    request = GateRequest(tmp_path / "a.parquet", mapping(), tmp_path / "out")
    run_gate(request, list_of("lumen:ada"), GATE_SIGNER, lambda _done, _total: None)
    assert pq.ParquetFile(tmp_path / "out" / "kept" / "a.parquet").read().equals(table.slice(1))
