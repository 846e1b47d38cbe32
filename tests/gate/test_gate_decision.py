"""The decision against plain Python, rule by rule and all together; and that doubt always withholds."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from gate_oracle import ADA_OBJECTS, ROWS, reasons_by_hand
from gate_world import MAPPING, SCHEMA, batch_of, entry, list_of, mapping, row
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.core.identifier import IdentifierKind
from demur.gate.decision import REASONS, decide
from demur.gate.errors import ColumnMissingError, ColumnTypeError, RowIdMissingError
from demur.gate.rules import LATE_RULES, RULES, rules_for


@settings(max_examples=300, deadline=None)
@given(rows=ROWS)
def test_every_reason_is_what_plain_python_says(rows: list[dict[str, object]]) -> None:
    decision = decide(batch_of(*rows), mapping(), ADA_OBJECTS)
    expected = [reasons_by_hand(each) for each in rows]
    assert "not-in-catalogue" in REASONS  # which never applies without a catalogue
    assert decision.kept_mask.tolist() == [not reasons for reasons in expected]
    assert decision.withheld_reasons().to_pylist() == [reasons for reasons in expected if reasons]
    counted = {code: sum(code in reasons for reasons in expected) for code in REASONS}
    assert dict(zip(REASONS, decision.count_by_reason().tolist(), strict=True)) == counted


OTHER_TYPES = {
    "large": {
        "kind": pa.large_string(),
        "author_account": pa.large_string(),
        "tagged_accounts": pa.large_list(pa.large_string()),
    },
    "views": {"kind": pa.string_view(), "audience": pa.string_view(), "author_account": pa.string_view()},
    "dictionaries": {
        "kind": pa.dictionary(pa.int8(), pa.string()),
        "audience": pa.dictionary(pa.int32(), pa.large_string()),
        "author_account": pa.dictionary(pa.int32(), pa.string()),
        "tagged_accounts": pa.list_(pa.dictionary(pa.int32(), pa.string())),
    },
}


@pytest.mark.parametrize("names", OTHER_TYPES)
@settings(max_examples=50, deadline=None)
@given(rows=ROWS, cut=st.integers(0, 5))
def test_other_types_of_text_and_slices_decide_the_same(
    names: str,
    rows: list[dict[str, object]],
    cut: int,
) -> None:
    schema = pa.schema([pa.field(f.name, OTHER_TYPES[names].get(f.name, f.type)) for f in SCHEMA])
    arrays = [
        pa.array([each[field.name] for each in rows], SCHEMA.field(field.name).type).cast(field.type)
        if not pa.types.is_list(field.type)
        else pa.array([each[field.name] for each in rows], field.type)
        for field in schema
    ]
    batch = pa.RecordBatch.from_arrays(arrays, schema=schema).slice(cut)
    expected = decide(batch_of(*rows).slice(cut), mapping(), ADA_OBJECTS)
    assert decide(batch, mapping(), ADA_OBJECTS).reasons.tolist() == expected.reasons.tolist()


def test_a_few_rows_of_a_large_dictionary_of_views_decide_the_same() -> None:
    words = pa.array(["lumen:cy", "lumen:bo", "lumen:ada"]).cast(pa.string_view())
    authors = pa.DictionaryArray.from_arrays(pa.array([2, 0], pa.int8()), words)
    batch = batch_of(row(), row()).set_column(3, "author_account", authors)
    assert decide(batch, mapping(), ADA_OBJECTS).kept_mask.tolist() == [False, True]


def test_lists_of_a_fixed_size_decide_the_same() -> None:
    schema = SCHEMA.set(5, pa.field("tagged_accounts", pa.list_(pa.string(), 2)))
    rows = [
        row(tagged_accounts=["lumen:bo", "lumen:cy"]),
        row(tagged_accounts=None),
        row(tagged_accounts=["lumen:bo", "lumen:ada"]),
        row(tagged_accounts=["lumen:bo", None]),
    ]
    expected = decide(batch_of(*rows), mapping(), ADA_OBJECTS)
    assert expected.kept_mask.tolist() == [True, False, False, False]
    assert decide(batch_of(*rows, schema=schema), mapping(), ADA_OBJECTS).reasons.tolist() == expected.reasons.tolist()


def test_bare_ids_belong_to_their_namespace_only() -> None:
    text = MAPPING.replace(
        "author_account: author_account", "author_account: {column: author_account, namespace: lumen}"
    )
    text = text.replace(
        "tagged_accounts: tagged_accounts", "tagged_accounts: {column: tagged_accounts, namespace: agora}"
    )
    rows = [
        row(author_account="ada"),
        row(author_account="cy", tagged_accounts=["ada"]),
        row(author_account="cy", tagged_accounts=["Zoë"]),
        row(author_account="lumen:ada"),
    ]
    decision = decide(batch_of(*rows), mapping(text), ADA_OBJECTS)
    assert decision.kept_mask.tolist() == [False, False, True, False]
    assert decision.withheld_reasons().to_pylist() == [
        ["author-objected"],
        ["tagged-person-objected"],
        ["author-unreadable"],
    ]


def test_a_mapping_that_forgot_the_namespace_keeps_nothing() -> None:
    decision = decide(batch_of(*(row(author_account=f"p{n}") for n in range(50))), mapping(), ADA_OBJECTS)
    assert not decision.kept_mask.any()


def test_a_dataset_without_tags_is_not_asked_for_them() -> None:
    without = mapping(MAPPING.replace("tagged_accounts: tagged_accounts", "tagged_accounts: none"))
    batch = batch_of(row(), row(author_account="lumen:ada")).drop_columns(["tagged_accounts"])
    assert decide(batch, without, ADA_OBJECTS).kept_mask.tolist() == [True, False]
    ran = {rule.CODE for rule in rules_for(without)}
    without_images = {rule.CODE for rule in RULES} - {rule.CODE for rule in LATE_RULES}
    assert without_images - ran == {"tagged-person-objected", "tagged-unreadable", "not-in-catalogue"}


def test_no_row_gives_no_decision() -> None:
    decision = decide(batch_of(), mapping(), ADA_OBJECTS)
    assert len(decision.kept_mask) == 0
    assert decision.withheld_reasons().type == pa.list_(pa.string())


def test_a_row_without_id_stops_everything() -> None:
    schema = SCHEMA.set(0, pa.field("record_id", pa.string()))
    with pytest.raises(RowIdMissingError):
        decide(batch_of(row(), row(record_id=None), schema=schema), mapping(), ADA_OBJECTS)


@pytest.mark.parametrize("name", SCHEMA.names)
def test_a_missing_column_stops_everything(name: str) -> None:
    with pytest.raises(ColumnMissingError, match=f'no column "{name}"'):
        decide(batch_of(row()).drop_columns([name]), mapping(), ADA_OBJECTS)


def test_a_column_that_is_there_twice_stops_everything() -> None:
    batch = batch_of(row())
    twice = pa.RecordBatch.from_arrays([*batch.columns, batch.column("kind")], names=[*SCHEMA.names, "kind"])
    with pytest.raises(ColumnMissingError, match='more than one column "kind"'):
        decide(twice, mapping(), ADA_OBJECTS)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("record_id", pa.float64()),
        ("record_id", pa.list_(pa.string())),
        ("kind", pa.int32()),
        ("kind", pa.dictionary(pa.int8(), pa.int32())),
        ("audience", pa.binary()),
        ("author_account", pa.int64()),
        ("author_is_minor", pa.string()),
        ("author_is_minor", pa.int8()),
        ("tagged_accounts", pa.string()),
        ("tagged_accounts", pa.list_(pa.int64())),
    ],
)
def test_a_column_of_a_wrong_type_stops_everything(name: str, wrong: pa.DataType) -> None:
    schema = SCHEMA.set(SCHEMA.get_field_index(name), pa.field(name, wrong))
    with pytest.raises(ColumnTypeError, match=name):
        decide(pa.RecordBatch.from_pylist([], schema=schema), mapping(), ADA_OBJECTS)


@pytest.mark.parametrize(
    "kind",
    [pa.int64(), pa.uint8(), pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(16), pa.large_string()],
)
def test_row_ids_may_be_text_bytes_or_numbers(kind: pa.DataType) -> None:
    schema = SCHEMA.set(0, pa.field("record_id", kind))
    assert len(decide(pa.RecordBatch.from_pylist([], schema=schema), mapping(), ADA_OBJECTS).reasons) == 0


def test_deciding_changes_nothing_in_the_batch() -> None:
    batch = batch_of(*(row(author_account=account) for account in ["lumen:ada", None, "lumen:cy"]))
    before = batch.to_pylist()
    first, second = decide(batch, mapping(), ADA_OBJECTS), decide(batch, mapping(), ADA_OBJECTS)
    assert batch.to_pylist() == before
    assert np.array_equal(first.reasons, second.reasons)


def test_reason_codes_are_those_of_the_specification() -> None:
    page = (Path(__file__).parents[2] / "docs" / "spec" / "gate-manifest.md").read_text()
    table = page.split("## Reasons")[1].split("## Kept files")[0]
    assert [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")] == list(REASONS)


def test_a_text_that_mentions_somebody_on_the_list_is_withheld_and_null_mentions_nobody() -> None:
    people = list_of(
        others=[entry("Maria Silva", IdentifierKind.NAME), entry("maria@mail.example", IdentifierKind.EMAIL)]
    )
    texts = ["with Maria Silva", "ask MARIA@mail.example", "with Mario Silva", None]
    decision = decide(batch_of(*(row(text=text) for text in texts)), mapping(), people)
    assert decision.kept_mask.tolist() == [False, False, True, True]
    assert decision.withheld_reasons().to_pylist() == [["mentioned-person-objected"]] * 2


def test_a_text_that_is_not_utf8_is_withheld() -> None:
    raw = pa.array([b"caf\xe9", b"caf\xc3\xa9", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xe2\x82", None])
    text = pa.StringArray.from_buffers(len(raw), raw.buffers()[1], raw.buffers()[2], raw.buffers()[0])
    batch = batch_of(*[row()] * len(raw)).set_column(6, "text", text)
    decision = decide(batch, mapping(), ADA_OBJECTS)
    assert decision.kept_mask.tolist() == [False, True, False, False, False, False, True]
    assert decision.withheld_reasons().to_pylist() == [["text-unreadable"]] * 5
