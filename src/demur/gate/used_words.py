"""Dictionaries without the words that no row uses.

Arrow keeps a dictionary whole when rows are taken out of a column, and Parquet writes it whole. The words of withheld
rows would so be in the kept file, though in none of its rows.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def has_dictionary(kind: pa.DataType) -> bool:
    """Tell whether values of a type are, or hold at any depth, words of a dictionary."""
    if isinstance(kind, pa.BaseExtensionType):
        return has_dictionary(kind.storage_type)
    return pa.types.is_dictionary(kind) or any(has_dictionary(kind.field(at).type) for at in range(kind.num_fields))


def drop_unused_words(values: pa.Array) -> pa.Array:
    """Return the same values of the same type, with only the words that they use, in the same order.

    Args:
        values: any Parquet type, without an offset, as `filter` and `concat_arrays` return them.

    Raises:
        ArrowNotImplementedError: views of a list. They may leave out a part of it, words and all.
    """
    if isinstance(values, pa.ExtensionArray):
        return pa.ExtensionArray.from_storage(values.type, drop_unused_words(values.storage))
    if isinstance(values, pa.DictionaryArray):
        return _drop_from_dictionary(values)
    if not has_dictionary(values.type):
        return values
    if isinstance(values, (pa.ListViewArray, pa.LargeListViewArray)):
        raise pa.ArrowNotImplementedError("views of lists of words")
    # Flattened, since what stands below a null struct is undefined.
    children = values.flatten() if isinstance(values, pa.StructArray) else [values.values]
    has_offsets = not isinstance(values, (pa.StructArray, pa.FixedSizeListArray))
    own = values.buffers()[: 1 + has_offsets]
    return pa.Array.from_buffers(
        values.type, len(values), own, values.null_count, children=[drop_unused_words(child) for child in children]
    )


def _drop_from_dictionary(values: pa.DictionaryArray) -> pa.DictionaryArray:
    used = np.zeros(len(values.dictionary), bool)
    used[values.indices.drop_null().to_numpy()] = True
    if used.all():
        return values
    new_index = pa.array(np.cumsum(used) - 1).cast(values.type.index_type, safe=False)
    return pa.DictionaryArray.from_arrays(
        pc.take(new_index, values.indices),
        values.dictionary.filter(pa.array(used)),
        ordered=values.type.ordered,
    )
