"""Dictionaries without the words that no row uses.

Arrow keeps a dictionary whole when rows are taken out of a column, and Parquet writes it whole. The words of withheld
rows would so be in the kept file, though in none of its rows.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.gate.string_window import BoolMask

_LISTS: Final = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list, pa.types.is_map)


def has_dictionary(kind: pa.DataType) -> bool:
    """Tell whether values of a type are, or hold at any depth, words of a dictionary."""
    if isinstance(kind, pa.BaseExtensionType):
        return has_dictionary(kind.storage_type)
    return pa.types.is_dictionary(kind) or any(has_dictionary(kind.field(at).type) for at in range(kind.num_fields))


def has_extended_dictionary(kind: pa.DataType) -> bool:
    """Tell whether values of a type are, or hold at any depth, words of a dictionary under an extension type."""
    if isinstance(kind, pa.BaseExtensionType):
        return has_dictionary(kind.storage_type)
    return any(has_extended_dictionary(kind.field(at).type) for at in range(kind.num_fields))


def can_drop_words(kind: pa.DataType) -> bool:
    """Tell whether `map_dictionaries` reaches all dictionaries in values of a type."""
    if isinstance(kind, pa.BaseExtensionType):
        return can_drop_words(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return not has_dictionary(kind.value_type)
    is_reached = pa.types.is_struct(kind) or any(is_list(kind) for is_list in _LISTS)
    children = (kind.field(at).type for at in range(kind.num_fields))
    return not has_dictionary(kind) or (is_reached and all(can_drop_words(child) for child in children))


def drop_unused_words(values: pa.Array) -> pa.Array:
    """Return the same values of the same type, with only the words that they use, in the same order.

    Args:
        values: any Parquet type, without an offset, as `filter` and `concat_arrays` return them.

    Raises:
        ArrowNotImplementedError: views of a list. They may leave out a part of it, words and all.
    """
    return map_dictionaries(values, _drop_from_dictionary)


def map_dictionaries(values: pa.Array, change: Callable[[pa.DictionaryArray], pa.DictionaryArray]) -> pa.Array:
    """Return values with every column of words in them changed, at any depth, in the same order each time.

    Args:
        values: of a type of which `can_drop_words` is true, without an offset.
        change: returns as many values as it gets, of the same type.

    Raises:
        ArrowNotImplementedError: views of a list.
    """
    if isinstance(values, pa.ExtensionArray):
        return pa.ExtensionArray.from_storage(values.type, map_dictionaries(values.storage, change))
    if isinstance(values, pa.DictionaryArray):
        return change(values)
    if not has_dictionary(values.type):
        return values
    if isinstance(values, (pa.ListViewArray, pa.LargeListViewArray)):
        raise pa.ArrowNotImplementedError("views of lists of words")
    # Flattened, since what stands below a null struct is undefined.
    children = values.flatten() if isinstance(values, pa.StructArray) else [values.values]
    has_offsets = not isinstance(values, (pa.StructArray, pa.FixedSizeListArray))
    own = values.buffers()[: 1 + has_offsets]
    return pa.Array.from_buffers(
        values.type,
        len(values),
        own,
        values.null_count,
        children=[map_dictionaries(child, change) for child in children],
    )


def used_words(values: pa.DictionaryArray) -> BoolMask:
    """Return which words of a dictionary are used: bool[len(dictionary)]."""
    used = np.zeros(len(values.dictionary), bool)
    used[values.indices.drop_null().to_numpy()] = True
    return used


def keep_words(values: pa.DictionaryArray, used: BoolMask, words: pa.Array) -> pa.DictionaryArray:
    """Return the same values with a dictionary of fewer words.

    Args:
        values: which use no other words.
        used: which words are kept: bool[len(values.dictionary)].
        words: those, in the same order.
    """
    new_index = pa.array(np.cumsum(used) - 1).cast(values.type.index_type, safe=False)
    return pa.DictionaryArray.from_arrays(pc.take(new_index, values.indices), words, ordered=values.type.ordered)


def _drop_from_dictionary(values: pa.DictionaryArray) -> pa.DictionaryArray:
    used = used_words(values)
    return values if used.all() else keep_words(values, used, values.dictionary.filter(pa.array(used)))
