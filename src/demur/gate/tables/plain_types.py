"""Arrow's views as what they are views of: rows that are taken out of a column of views leave their bytes in it."""

from typing import Final

import pyarrow as pa

_PLAIN: Final = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}


def has_list_view(kind: pa.DataType) -> bool:
    """Tell whether values of a type are, or hold at any depth, views of lists.

    Rows that are taken out of such a column leave their elements in it, and Arrow's files take them along.
    """
    if isinstance(kind, pa.BaseExtensionType):
        return has_list_view(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return has_list_view(kind.value_type)
    is_view = pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind)
    return is_view or any(has_list_view(kind.field(at).type) for at in range(kind.num_fields))


def without_views(schema: pa.Schema) -> pa.Schema:
    """Return the schema with string and binary views, at any depth, as strings and binaries of any size."""
    return pa.schema([_plain_field(field) for field in schema], schema.metadata)


def _plain_field(field: pa.Field) -> pa.Field:
    return field.with_type(_plain(field.type))


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_list(kind):
        return pa.list_(_plain_field(kind.value_field))
    if pa.types.is_large_list(kind):
        return pa.large_list(_plain_field(kind.value_field))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(_plain_field(kind.value_field), kind.list_size)
    if pa.types.is_struct(kind):
        return pa.struct([_plain_field(field) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(_plain_field(kind.key_field), _plain_field(kind.item_field), keys_sorted=kind.keys_sorted)
    return _PLAIN.get(kind, kind)
