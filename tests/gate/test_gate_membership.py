"""Membership against a Python set: no false answer either way, whatever the hash, the type and the layout."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.compiled import compiled
from demur.gate import membership_kernel
from demur.gate.membership import NOWHERE, HashFunction, MembershipIndex, keyed_hash
from demur.gate.string_window import WINDOW_ROWS, StringWindow, find_codes, present

TEXT = st.one_of(
    st.text(alphabet="ab:\0é", max_size=20),
    st.text(alphabet="ab", min_size=7, max_size=9),
    st.text(max_size=40),
    st.just("x" * 100_000),
)
ROWS = st.lists(st.one_of(st.none(), TEXT), max_size=60)


def all_alike(bits: int) -> HashFunction:
    return lambda window, _longest_bytes: np.full(len(window.strings), bits, np.uint64)


HASHES: dict[str, HashFunction | None] = {
    "keyed": None,
    "another key": keyed_hash(b"\xff" * 16),
    "always the same": all_alike(0),
    "always the largest": all_alike(2**64 - 1),
    "the length first": lambda window, _: window.lengths.astype(np.uint64) << np.uint64(60),
    "the length last": lambda window, _: window.lengths.astype(np.uint64),
}

LAYOUTS: dict[str, Callable[[list[str | None]], pa.Array | pa.ChunkedArray]] = {
    "string": lambda rows: pa.array(rows, pa.string()),
    "large_string": lambda rows: pa.array(rows, pa.large_string()),
    "string_view": lambda rows: pa.array(rows, pa.string_view()),
    "dictionary": lambda rows: pa.array(rows, pa.string()).dictionary_encode(),
    "large dictionary": lambda rows: pa.array(rows, pa.large_string()).dictionary_encode(),
    "dictionary with a null word": lambda rows: pa.array(rows, pa.string()).dictionary_encode(null_encoding="encode"),
    "slice": lambda rows: pa.array(["x", "lumen:ada", *rows, "y"], pa.string()).slice(2, len(rows)),
    "slice of large strings": lambda rows: pa.array([None, *rows, "y"], pa.large_string()).slice(1, len(rows)),
    "slice of a dictionary": lambda rows: (
        pa.array([*map(str, range(99)), *rows], pa.string()).dictionary_encode().slice(99)
    ),
    "chunks": lambda rows: pa.chunked_array([rows[:3], [], rows[3:]], pa.string()),
    "no chunks": lambda rows: pa.chunked_array([rows] if rows else [], pa.string()),
}


def index_of(values: list[str], hash_window: HashFunction | None = None) -> MembershipIndex:
    return MembershipIndex(pa.chunked_array([values], pa.string()), hash_window)


def raw_column(rows: list[bytes]) -> pa.Array:
    """Text that need not be UTF-8: a Parquet file can call any bytes so."""
    binary = pa.array(rows, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(rows), binary.buffers())


@pytest.fixture
def uncompiled(uncompile: Callable[..., None]) -> None:
    uncompile(membership_kernel)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("hash_name", HASHES)
@settings(max_examples=40, deadline=None)
@given(values=st.lists(TEXT, max_size=30), rows=ROWS, data=st.data())
def test_it_answers_as_a_set_does(
    layout: str,
    hash_name: str,
    values: list[str],
    rows: list[str | None],
    data: st.DataObject,
) -> None:
    rows += data.draw(st.lists(st.sampled_from(values), max_size=10)) if values else []
    index = index_of(values, HASHES[hash_name])
    assert index.contains(LAYOUTS[layout](rows)).tolist() == [row in set(values) for row in rows]
    assert len(index) == len(set(values))
    plain = pa.array(rows, pa.string())
    assert index.find_places(plain).tolist() == [values.index(row) if row in values else NOWHERE for row in rows]


@settings(max_examples=100, deadline=None)
@given(values=st.lists(TEXT, max_size=5), rows=ROWS)
def test_a_few_values_are_found_as_well(values: list[str], rows: list[str | None]) -> None:
    for make in LAYOUTS.values():
        column = make(rows)
        if isinstance(column, pa.Array):
            words = list(dict.fromkeys(values))
            assert find_codes(column, words).tolist() == [words.index(row) if row in words else -1 for row in rows]
            assert present(column).tolist() == [row is not None for row in rows]


def test_many_windows_are_one_column() -> None:
    rows = [f"lumen:p{number}" for number in range(3 * WINDOW_ROWS + 5)]
    wanted = {rows[0], rows[WINDOW_ROWS - 1], rows[WINDOW_ROWS], rows[-1]}
    assert set(np.array(rows)[index_of([*wanted, "absent"]).contains(pa.array(rows))]) == wanted


def test_a_value_that_differs_in_one_byte_is_another() -> None:
    for length in range(1, 40):
        value = "a" * length
        near = [value[:place] + "b" + value[place + 1 :] for place in range(length)]
        found = index_of([value]).contains(pa.array([*near, value + "a", value[1:], value + "\0", value]))
        assert found.tolist() == [False] * (length + 3) + [True]


def test_bytes_left_in_a_null_are_not_a_value() -> None:
    offsets = pa.py_buffer(np.array([0, 3, 6], np.int32))
    column = pa.Array.from_buffers(pa.string(), 2, [pa.py_buffer(b"\x02"), offsets, pa.py_buffer(b"adaada")])
    assert column.to_pylist() == [None, "ada"]
    assert index_of(["ada"]).contains(column).tolist() == [False, True]


def test_bytes_left_in_a_null_have_no_place() -> None:
    offsets = pa.py_buffer(np.array([0, 3, 6], np.int32))
    column = pa.Array.from_buffers(pa.string(), 2, [pa.py_buffer(b"\x02"), offsets, pa.py_buffer(b"adaada")])
    assert index_of(["ada"]).find_places(column).tolist() == [NOWHERE, 0]


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(st.text(max_size=12), max_size=20),
    rows=st.lists(st.binary(max_size=12), max_size=30),
)
def test_bytes_that_are_not_utf_8_are_compared_as_bytes(values: list[str], rows: list[bytes]) -> None:
    rows += [value.encode() for value in values] + [value.encode() + b"\xff" for value in values]
    wanted = {value.encode() for value in values}
    assert index_of(values).contains(raw_column(rows)).tolist() == [row in wanted for row in rows]


@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("hash_name", HASHES)
def test_the_loops_are_as_right_before_they_are_compiled(hash_name: str) -> None:
    values = ["", "a", "ada", "lumen:ad", "lumen:ada", "lumen:adb", "ada", "x" * 20]
    rows = ["a", "b", "lumen:ada", "lumen:adz", None, "", "y" * 20, "x" * 20, "x" * 21]
    index = index_of(values, HASHES[hash_name])
    assert index.contains(pa.array(rows)).tolist() == [row in values for row in rows]
    assert len(index) == len(set(values))


@pytest.mark.parametrize("length", [*range(10), 40])
def test_the_same_string_has_the_same_hash_wherever_it_lies(length: int) -> None:
    string = b"0123456789" * 4
    apart = keyed_hash(b"k" * 16)(StringWindow.of(raw_column([string[:length]])), 40)
    among = keyed_hash(b"k" * 16)(StringWindow.of(raw_column([b"before", string[:length], b"and after"])), 40)
    assert apart[0] == among[1]


SIPHASH = {
    b"a": 0x407448D2B89B1813,
    b"lumen:a": 0xE321344E0861B754,
    b"lumen:ad": 0x55056A698CBB623B,
    b"lumen:ada": 0xA4A6A4AE6FF57157,
    b"\xff" * 23: 0x757CEB3222E74F4F,
    b"x" * 100: 0x12DE6D6E12E5750C,
}
"""SipHash-1-3 with a key of zeros by an independent implementation: hash() of CPython 3.11 under PYTHONHASHSEED=0."""


def test_the_hash_is_siphash() -> None:
    rows = list(SIPHASH)
    assert keyed_hash(bytes(16))(StringWindow.of(raw_column(rows)), 100).tolist() == list(SIPHASH.values())


@pytest.mark.parametrize("offsets", [[0, 900, 9], [0, 6, 3, 9], [0, -3, 3]])
@pytest.mark.parametrize("ways", ["compiled", "uncompiled"])
def test_strings_outside_their_buffer_are_refused(
    offsets: list[int], ways: str, request: pytest.FixtureRequest
) -> None:
    column = pa.Array.from_buffers(
        pa.string(), len(offsets) - 1, [None, pa.py_buffer(np.array(offsets, np.int32)), pa.py_buffer(b"adaadaada")]
    )
    index = index_of(["ada"])
    if ways == "uncompiled":
        request.getfixturevalue("uncompiled")
    with pytest.raises(pa.ArrowInvalid, match="outside"):
        index.contains(column)


def test_where_no_folder_can_be_written_it_is_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numba.core.caching.CacheImpl._locator_classes", [])
    assert compiled(lambda number: number + 1)(1) == 2


def test_a_very_long_string_is_not_read() -> None:
    hash_window = keyed_hash(bytes(16))
    long = StringWindow.of(pa.array(["x" * 10_000_000, "y" * 4, "ada"]))
    assert (hash_window(long, 3) == 0).tolist() == [True, True, False]
    limits: list[int] = []

    def remember(window: StringWindow, longest_bytes: int) -> np.ndarray:
        limits.append(longest_bytes)
        return hash_window(window, longest_bytes)

    index = index_of(["ada"], remember)
    assert index.contains(pa.array(["x" * 10_000_000, "ada", "adaada"])).tolist() == [False, True, False]
    assert limits[-1] == len("ada")


def test_different_keys_hash_differently() -> None:
    window = StringWindow.of(pa.array(["lumen:ada"]))
    assert keyed_hash(bytes(16))(window, 9) != keyed_hash(bytes(15) + b"\x01")(window, 9)
    assert keyed_hash(bytes(16))(window, 9) != keyed_hash(b"\x01" + bytes(15))(window, 9)


def test_hashes_of_ids_that_count_up_do_not_collide() -> None:
    window = StringWindow.of(pa.array([f"lumen:p{number:07d}" for number in range(200_000)]))
    assert len(np.unique(keyed_hash(bytes(16))(window, 20))) == 200_000
