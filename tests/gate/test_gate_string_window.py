"""Strings as numbers: which of a few values each row holds."""

import numpy as np
import pyarrow as pa
import pytest

from demur.gate.string_window import find_codes

WORDS = pa.array(["post", "message", "photo"])


def coded(places: list[int | None]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), WORDS, safe=False)


@pytest.mark.parametrize("column", [coded([2, None, 0, 1]), coded([2, None, 0, 1]).cast(pa.string())])
def test_a_value_has_its_number_and_everything_else_has_none(column: pa.Array) -> None:
    assert find_codes(column, ["photo", "post"]).tolist() == [0, -1, 1, -1]


@pytest.mark.parametrize("places", [[0, 1, -1, 2], [0, 1, 2, -3], [0, 1, 2, 3], [None, 1, 2, 3], [None, 0, 0, -2]])
def test_a_place_outside_the_dictionary_does_not_pass_for_another_word(places: list[int | None]) -> None:
    with pytest.raises(pa.ArrowInvalid, match="its dictionary does not have"):
        find_codes(coded(places), ["photo", "post"])


def test_rows_of_nothing_have_no_numbers() -> None:
    assert (
        find_codes(pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([], pa.string())), ["a"]).dtype
        == np.int32
    )
