"""Values as Python libraries hold them, made into columns of Arrow.

Each column gets the type that its own values have, never one that they could be turned into: turned into a list, a
text is its letters, none of which is on a list of objections. What has not the type of its role is an error, as it
would be for a file. Only a column that says nothing, since all its values are null or all its lists are empty, takes
the type of its role: in a batch that may well be so.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import pyarrow as pa

from demur.gate.errors import ColumnMissingError, ColumnTypeError
from demur.gate.mapped_batch import ROLE_TYPES, Role, needed_columns, needed_roles
from demur.gate.mapping import SourceMapping

_Rows = TypeVar("_Rows", pa.RecordBatch, pa.Table)

_TEXT: Final = pa.large_string()
_TYPES: Final[Mapping[str, pa.DataType]] = {
    Role.ROW_ID: _TEXT,
    Role.KIND: _TEXT,
    Role.AUDIENCE: _TEXT,
    Role.AUTHOR_ACCOUNT: _TEXT,
    Role.AUTHOR_IS_MINOR: pa.bool_(),
    Role.TAGGED_ACCOUNTS: pa.large_list(_TEXT),
    Role.PRODUCT: _TEXT,
    Role.TEXT: _TEXT,
    Role.IMAGE: pa.large_binary(),
    Role.IMAGE_PLACE: _TEXT,
    Role.WEB_URL: _TEXT,
    Role.WEB_HEADERS: _TEXT,
    Role.WEB_PAGE: _TEXT,
}


def table_of_columns(columns: Mapping[str, object], mapping: SourceMapping, *, nan_is_null: bool = False) -> pa.Table:
    """Return a table of the columns that rules read.

    Args:
        columns: n values each, by name; anything that `pyarrow.array` takes. Others are not looked at.
        mapping: which column plays which role.
        nan_is_null: whether a NaN means that nobody knows, as in pandas.

    Raises:
        ColumnMissingError: a column is not there.
        ColumnTypeError: a column has values of different types, or not as many as the others.
    """
    arrays: dict[str, pa.Array | pa.ChunkedArray] = {}
    for role, column in needed_roles(mapping):
        if column not in columns:
            raise _missing(role, column)
        try:
            array = pa.array(columns[column], from_pandas=nan_is_null)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            # Not as the cause: Arrow's own words hold the value that it could not take.
            raise _wrong_type(role, column, "holds values of different types") from None
        if not ROLE_TYPES[role].fits(array.type) and not _can_take(array.type, _TYPES[role]):
            raise _wrong_type(role, column, "holds others")  # the name of the type may hold a value: a dictionary's key
        arrays[column] = array
    if len({len(array) for array in arrays.values()}) > 1:
        raise ColumnTypeError("the batch's columns have not the same number of values")
    return pa.table(arrays)


def table_of_rows(rows: Sequence[object], mapping: SourceMapping) -> pa.Table:
    """Return a table of rows, each a mapping from column to value.

    Raises:
        ColumnMissingError: a row lacks a column.
        ColumnTypeError: a row is no mapping, or a column has values of different types.
    """
    columns: dict[str, list[object]] = {column: [] for column in needed_columns(mapping)}
    for row in rows:
        if not isinstance(row, Mapping):
            raise ColumnTypeError("a row is no mapping from column to value", hint="put the gate before what tokenises")
        for role, column in needed_roles(mapping):
            if column not in row:
                raise _missing(role, column)
        for column, values in columns.items():
            values.append(row[column])
    return table_of_columns(columns, mapping)


def with_role_types(data: _Rows, mapping: SourceMapping) -> _Rows:
    """Return the data with the types of their roles for columns that hold nothing but nulls or empty lists."""
    for role, column in needed_roles(mapping):
        places = data.schema.get_all_field_indices(column)
        if len(places) == 1 and _can_take(data.schema.field(places[0]).type, _TYPES[role]):
            data = data.set_column(places[0], column, data.column(places[0]).cast(_TYPES[role]))
    return data


def _can_take(kind: pa.DataType, wanted: pa.DataType) -> bool:
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    is_empty_list = is_list and pa.types.is_null(kind.value_type) and pa.types.is_large_list(wanted)
    return bool(pa.types.is_null(kind) or is_empty_list)


def _missing(role: str, column: str) -> ColumnMissingError:
    return ColumnMissingError(f'the batch has no column "{column}" (role {role})', hint="correct the source mapping")


def _wrong_type(role: str, column: str, found: str) -> ColumnTypeError:
    return ColumnTypeError(
        f'the batch: column "{column}" (role {role}) must be {ROLE_TYPES[role].words}, and {found}',
        hint="correct the source mapping, or what the column holds",
    )
