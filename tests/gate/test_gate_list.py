"""The suppression list's inside: what a publisher may write, and what a gate refuses to believe."""

from base64 import b64encode
from datetime import datetime, timedelta
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from gate_world import GATE_SIGNER, LIST_KEY, LIST_SIGNER, NOW, entry, list_of, load, sealed

from demur.core.errors import (
    DigestMismatchError,
    ExpiredError,
    FormatError,
    SignatureMismatchError,
    UnsealError,
)
from demur.core.identifier import IdentifierKind, face_value, photo_value
from demur.gate.suppression_list import SCHEMA, ListEntry, encode_entries, load_suppression_list

ADA = entry("lumen:ada")
BO = entry("lumen:bo")
EVERY_KIND = [
    entry("lumen:p0000042"),
    entry("lumen:Zoë_1"),
    entry("ada.l", IdentifierKind.HANDLE),
    entry("ада", IdentifierKind.HANDLE),
    entry("ada@mail.example", IdentifierKind.EMAIL),
    entry("ada+x@sub.mail.example", IdentifierKind.EMAIL),
    entry("+3225551234", IdentifierKind.PHONE),
    entry("Ada Lovelace", IdentifierKind.NAME),
    entry(photo_value([b"h" * 32, b"g" * 32]), IdentifierKind.PHOTO),
    entry(face_value([0.1] * 128), IdentifierKind.FACE),
]


def payload(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def table(*rows: tuple[bytes, int, str, int, datetime], schema: pa.Schema = SCHEMA) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, each, strict=True)) for each in rows], schema=schema)


def line(value: str = "lumen:ada", kind: int = 1, scope: int = 0) -> tuple[bytes, int, str, int, datetime]:
    return b"i" * 16, kind, value, scope, NOW


def test_every_kind_comes_back_and_is_counted() -> None:
    suppressions = load(sealed(encode_entries(EVERY_KIND), len(EVERY_KIND)))
    assert suppressions.kinds == {
        "account": 2,
        "handle": 2,
        "email": 2,
        "phone": 1,
        "name": 1,
        "photo": 1,
        "face": 1,
    }
    for each in EVERY_KIND:
        assert suppressions.index(each.kind).contains(pa.array([each.value, "x", None])).tolist() == [
            True,
            False,
            False,
        ]


def test_any_order_of_entries_gives_the_same_bytes() -> None:
    shuffled = EVERY_KIND.copy()
    Random(7).shuffle(shuffled)
    assert encode_entries(shuffled) == encode_entries(EVERY_KIND)


def test_an_instant_is_the_same_in_every_zone() -> None:
    moved = [ListEntry(ADA.entry_id, ADA.kind, ADA.value, NOW.astimezone(tz=None))]
    assert encode_entries(moved) == encode_entries([ADA])


def test_a_list_of_nobody_is_a_list() -> None:
    suppressions = load(sealed(encode_entries([]), 0))
    assert suppressions.kinds == {}
    assert not suppressions.index(IdentifierKind.ACCOUNT).contains(pa.array(["lumen:ada"])).any()


def test_two_cases_may_name_the_same_account() -> None:
    again = ListEntry(b"other case id 16", ADA.kind, ADA.value, ADA.in_force_from)
    assert load(sealed(encode_entries([ADA, again]), 2)).kinds == {"account": 2}


def test_entries_of_one_namespace_are_indexed_by_their_bare_ids() -> None:
    suppressions = list_of("lumen:ada", "agora:bo", "lumen-x:cy")
    found = suppressions.index(IdentifierKind.ACCOUNT, "lumen").contains(pa.array(["ada", "bo", "cy", "lumen:ada"]))
    assert found.tolist() == [True, False, False, False]


def test_an_index_is_built_once() -> None:
    suppressions = list_of("lumen:ada")
    assert suppressions.index(IdentifierKind.ACCOUNT) is suppressions.index(IdentifierKind.ACCOUNT)
    assert suppressions.index(IdentifierKind.ACCOUNT) is not suppressions.index(IdentifierKind.ACCOUNT, "lumen")


def test_an_unknown_scope_covers_everything() -> None:
    suppressions = load(sealed(payload(table(line(scope=9))), 1))
    assert suppressions.index(IdentifierKind.ACCOUNT).contains(pa.array(["lumen:ada"])).all()


def test_an_entry_applies_whatever_its_date() -> None:
    suppressions = list_of(others=[entry("lumen:ada", at=NOW + timedelta(days=400))])
    assert suppressions.index(IdentifierKind.ACCOUNT).contains(pa.array(["lumen:ada"])).all()


@pytest.mark.parametrize(
    "bad",
    [
        ListEntry(b"short", IdentifierKind.ACCOUNT, "lumen:ada", NOW),
        ListEntry(ADA.entry_id, IdentifierKind.ACCOUNT, "lumen:ada", NOW.replace(tzinfo=None)),
        entry("ada"),
        entry("lumen:ada "),
        entry("Lumen:ada"),
        entry("lumen:" + "a" * 320),
        entry("@ada", IdentifierKind.HANDLE),
        entry("Ada", IdentifierKind.HANDLE),
        entry("Ada@mail.example", IdentifierKind.EMAIL),
        entry("ada", IdentifierKind.EMAIL),
        entry("", IdentifierKind.NAME),
        entry("  ", IdentifierKind.PHONE),
        entry("a" * 321, IdentifierKind.NAME),
    ],
)
def test_a_publisher_cannot_write_what_no_gate_would_accept(bad: ListEntry) -> None:
    with pytest.raises(FormatError) as caught:
        encode_entries([BO, bad])
    assert "ada" not in str(caught.value).casefold()


def test_a_publisher_cannot_write_a_row_twice() -> None:
    with pytest.raises(FormatError, match="twice"):
        encode_entries([ADA, ADA])


def test_an_expired_list_is_refused() -> None:
    with pytest.raises(ExpiredError):
        load(sealed(encode_entries([ADA]), 1, expires_at=NOW))


def test_a_list_from_the_future_is_refused() -> None:
    with pytest.raises(ExpiredError):
        load(sealed(encode_entries([ADA]), 1, issued_at=NOW + timedelta(seconds=1)))


def test_a_list_of_somebody_else_is_refused() -> None:
    with pytest.raises(SignatureMismatchError):
        load_suppression_list(sealed(encode_entries([ADA]), 1), GATE_SIGNER.verifier_key, LIST_KEY, NOW)


def test_a_list_sealed_for_somebody_else_is_refused() -> None:
    with pytest.raises(UnsealError):
        load_suppression_list(sealed(encode_entries([ADA]), 1), LIST_SIGNER.verifier_key, b"k" * 32, NOW)


def test_a_list_with_one_changed_byte_is_refused_wherever_it_is() -> None:
    raw = sealed(encode_entries([ADA, BO]), 2)
    for place in range(0, len(raw), 7):
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises((FormatError, SignatureMismatchError, DigestMismatchError)):
            load(bytes(changed))


def test_a_list_that_is_cut_off_is_refused() -> None:
    raw = sealed(encode_entries([ADA, BO]), 2)
    for end in range(0, len(raw), 11):
        with pytest.raises((FormatError, SignatureMismatchError, DigestMismatchError)):
            load(raw[:end])


@pytest.mark.parametrize("promised", [0, 1, 3])
def test_a_list_with_more_or_fewer_entries_than_promised_is_refused(promised: int) -> None:
    with pytest.raises(FormatError, match="promises"):
        load(sealed(encode_entries([ADA, BO]), promised))


@pytest.mark.parametrize("kind", [0, 8, 255])
def test_a_kind_that_this_version_cannot_honour_refuses_the_whole_list(kind: int) -> None:
    with pytest.raises(FormatError, match="does not know") as caught:
        load(sealed(payload(table(line(), line(kind=kind))), 2))
    assert "update" in caught.value.hint


@pytest.mark.parametrize("value", ["ada", "lumen:a b", "", "lumen:ada\n"])
def test_a_value_that_is_not_normalised_is_refused(value: str) -> None:
    with pytest.raises(FormatError):
        load(sealed(payload(table(line(value))), 1))


@pytest.mark.parametrize("value", ["9f02c4d1", b64encode(b"h" * 32 + b"g" * 32).decode(), b64encode(b"h").decode()])
def test_a_photo_that_is_no_set_of_hashes_in_order_is_refused(value: str) -> None:
    with pytest.raises(FormatError):
        load(sealed(payload(table(line(value, 6))), 1))


@pytest.mark.parametrize(
    "rows",
    [
        (line("lumen:b"), line("lumen:a")),
        (line("ada@mail.example", 3), line("lumen:a")),
        (line("lumen:a"), line("lumen:a")),
    ],
)
def test_rows_out_of_order_are_refused(rows: tuple[tuple[bytes, int, str, int, datetime], ...]) -> None:
    with pytest.raises(FormatError, match="order"):
        load(sealed(payload(table(*rows)), 2))


@pytest.mark.parametrize(
    "schema",
    [
        SCHEMA.set(1, pa.field("kind", pa.int64(), nullable=False)),
        SCHEMA.set(2, pa.field("value", pa.string())),
        SCHEMA.append(pa.field("more", pa.string())),
        SCHEMA.remove(3),
        SCHEMA.with_metadata({"a": "b"}),
    ],
)
def test_other_columns_are_refused(schema: pa.Schema) -> None:
    rows = pa.Table.from_pylist([dict(zip(SCHEMA.names, line(), strict=True))], schema=schema)
    with pytest.raises(FormatError, match="columns"):
        load(sealed(payload(rows), 1))


def test_an_empty_field_is_refused() -> None:
    values = pa.array([None], pa.string())
    rows = pa.Table.from_arrays([*table(line()).columns[:2], values, *table(line()).columns[3:]], schema=SCHEMA)
    with pytest.raises(FormatError, match="empty field"):
        load(sealed(payload(rows), 1))


def test_a_payload_that_is_not_arrow_is_refused() -> None:
    whole = encode_entries([ADA])
    for damaged in (b"", b"not arrow at all", whole[:200]):
        with pytest.raises(FormatError, match="Arrow"):
            load(sealed(damaged, 1))


def test_text_that_is_not_utf8_is_refused() -> None:
    good = table(line())
    bad_value = pa.Array.from_buffers(
        pa.string(),
        1,
        [None, pa.py_buffer(np.array([0, 9], np.int32)), pa.py_buffer(b"lumen:\xff\xffx")],
    )
    rows = pa.Table.from_arrays([*good.columns[:2], bad_value, *good.columns[3:]], schema=SCHEMA)
    with pytest.raises(FormatError, match="Arrow"):
        load(sealed(payload(rows), 1))
