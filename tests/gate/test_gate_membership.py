"""Membership against a Python set: no false answer either way, whatever the hash, the type and the layout."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.gate.membership import HashFunction, MembershipIndex, keyed_hash
from demur.gate.string_window import WINDOW_ROWS, StringWindow, find_codes, present

TEXT = st.one_of(
    st.text(alphabet="ab:\0é", max_size=20),
    st.text(alphabet="ab", min_size=7, max_size=9),
    st.text(max_size=40),
)
ROWS = st.lists(st.one_of(st.none(), TEXT), max_size=60)

HASHES: dict[str, HashFunction | None] = {
    "keyed": None,
    "another key": keyed_hash(b"\xff" * 8),
    "always the same": lambda window: np.zeros(len(window.lengths), np.uint64),
    "always the largest": lambda window: np.full(len(window.lengths), 2**64 - 1, np.uint64),
    "the length": lambda window: window.lengths.astype(np.uint64) << np.uint64(60),
}

LAYOUTS: dict[str, Callable[[list[str | None]], pa.Array | pa.ChunkedArray]] = {
    "string": lambda rows: pa.array(rows, pa.string()),
    "large_string": lambda rows: pa.array(rows, pa.large_string()),
    "string_view": lambda rows: pa.array(rows, pa.string_view()),
    "dictionary": lambda rows: pa.array(rows, pa.string()).dictionary_encode(),
    "large dictionary": lambda rows: pa.array(rows, pa.large_string()).dictionary_encode(),
    "dictionary with a null word": lambda rows: pa.array(rows, pa.string()).dictionary_encode(null_encoding="encode"),
    "slice": lambda rows: pa.array(["x", "lumen:ada", *rows, "y"], pa.string()).slice(2, len(rows)),
    "slice of a dictionary": lambda rows: (
        pa.array([*map(str, range(99)), *rows], pa.string()).dictionary_encode().slice(99)
    ),
    "chunks": lambda rows: pa.chunked_array([rows[:3], [], rows[3:]], pa.string()),
    "no chunks": lambda rows: pa.chunked_array([rows] if rows else [], pa.string()),
}


def index_of(values: list[str], hash_window: HashFunction | None = None) -> MembershipIndex:
    return MembershipIndex(pa.chunked_array([values], pa.string()), hash_window)


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


def test_a_very_long_string_costs_no_more_than_a_short_one() -> None:
    words_read: list[int] = []

    def counting(window: StringWindow) -> np.ndarray:
        words_read.append(int(window.lengths.max()))
        return keyed_hash(bytes(8))(window)

    index = index_of(["ada"], counting)
    assert index.contains(pa.array(["x" * 10_000_000, "ada", "adaada"])).tolist() == [False, True, False]
    assert words_read[-1] <= len("ada")


def test_different_keys_hash_differently() -> None:
    windows: list[StringWindow] = []

    def remember(window: StringWindow) -> np.ndarray:
        windows.append(window)
        return np.zeros(len(window.lengths), np.uint64)

    index_of(["lumen:ada"], remember)
    assert keyed_hash(bytes(8))(windows[0]) != keyed_hash(b"\x01" * 8)(windows[0])


def test_hashes_of_ids_that_count_up_do_not_collide() -> None:
    hashes: list[np.ndarray] = []

    def remember(window: StringWindow) -> np.ndarray:
        hashes.append(keyed_hash(bytes(8))(window))
        return hashes[-1]

    index_of([f"lumen:p{number:07d}" for number in range(200_000)], remember)
    assert len(np.unique(np.concatenate(hashes))) == 200_000
