"""Columns that stand only in the path of a file, as Hive, Spark and Arrow write partitions: `kind=post/a.parquet`.

A file must not hold such a column as well: one reader would believe the path and another the file, so the gate takes
neither of them for the truth.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pyarrow as pa

from demur.gate.errors import UnreadableInputError
from demur.gate.formats.data_format import Block
from demur.gate.formats.registry import format_of
from demur.gate.mapped_batch import Role, roles_of_columns
from demur.gate.mapping import SourceMapping

_NULL: Final = ("", "__HIVE_DEFAULT_PARTITION__")
_NEVER: Final = {Role.ROW_ID, Role.TAGGED_ACCOUNTS}
"""Roles that a whole folder cannot have one value of."""

_BOOLS: Final = {"true": True, "1": True, "false": False, "0": False}
_HINT: Final = "take it out of one of them; see docs/data-engineer/object-stores.md"


def path_values(name: str) -> dict[str, str | None]:
    """Return what the folders in a file's name say: value by column, None for null.

    Raises:
        UnreadableInputError: a folder is not text, or two say something about one column.
    """
    values: dict[str, str | None] = {}
    for folder in name.split("/")[:-1]:
        written, is_pair, value = folder.partition("=")
        if not is_pair:
            continue
        try:
            column, text = unquote(written, errors="strict"), unquote(value, errors="strict")
        except UnicodeDecodeError as error:
            raise UnreadableInputError(f'{name}: the folder "{folder}" is not text') from error
        if column in values:
            raise UnreadableInputError(f'{name}: two of its folders say what "{column}" is', hint="rename one of them")
        values[column] = None if text in _NULL else text
    return values


def mapping_of_file(mapping: SourceMapping, name: str) -> SourceMapping:
    """Return the mapping with which a file is read: what its path says is not looked for in it.

    Raises:
        UnreadableInputError: as `path_values`.
    """
    roles = roles_of_columns(mapping)
    given = {column for column in path_values(name) if roles.get(column) and not roles[column] & _NEVER}
    return replace(mapping, path_columns=frozenset(given)) if given else mapping


def check_file(path: Path, name: str, mapping: SourceMapping) -> int | None:
    """Check a file's header or footer, and return the rows that it promises; None if it promises none.

    Raises:
        UnreadableInputError: not such a file, damaged, or it has a column that its path has too.
        ColumnMissingError: it lacks a column of the mapping.
        ColumnTypeError: a column has a type that its role cannot have.
    """
    known, mapping = format_of(name), mapping_of_file(mapping, name)
    rows = known.count_rows(path, name, mapping)
    if mapping.path_columns:
        filled = {field.name for field in known.load_schema(path, name) if not pa.types.is_null(field.type)}
        _refuse_twice(name, mapping.path_columns & filled)
    return rows


def load_whole_schema(path: Path, name: str) -> pa.Schema:
    """Return the columns of a file, and those of its path as text.

    Raises:
        UnreadableInputError: not such a file, or damaged.
    """
    schema = format_of(name).load_schema(path, name)
    given = [column for column in path_values(name) if column not in schema.names]
    return pa.schema([*schema, *(pa.field(column, pa.string()) for column in given)], schema.metadata)


def read_blocks(path: Path, name: str, mapping: SourceMapping, *, whole: bool) -> Iterator[Block]:
    """Yield a file's rows as its format does (`DataFormat.read`), with the columns of its path in each batch.

    Raises:
        UnreadableInputError: names the file and the part of it.
        ColumnMissingError: as `DataFormat.read`.
        ColumnTypeError: the same.
    """
    mapping = mapping_of_file(mapping, name)
    blocks = format_of(name).read(path, name, mapping, whole=whole)
    if not mapping.path_columns:
        yield from blocks
        return
    roles, values = roles_of_columns(mapping), path_values(name)
    given = {column: _scalar(values[column], roles[column]) for column in sorted(mapping.path_columns)}
    for block in blocks:
        yield replace(block, batch=_with_columns(block, given))


def _scalar(value: str | None, roles: Iterable[str]) -> pa.Scalar:
    if Role.AUTHOR_IS_MINOR in roles:
        return pa.scalar(None if value is None else _BOOLS.get(value.lower()), pa.bool_())
    return pa.scalar(value, pa.string())


def _with_columns(block: Block, given: Mapping[str, pa.Scalar]) -> pa.RecordBatch:
    """Return a block's rows with columns of one value each; a field that no line of JSON has is null there."""
    batch = block.batch
    for column, scalar in given.items():
        if column in batch.schema.names:
            if batch.column(column).null_count != batch.num_rows:
                _refuse_twice(block.where, [column])
            batch = batch.drop_columns([column])
        batch = batch.append_column(column, pa.repeat(scalar, batch.num_rows))
    return batch


def _refuse_twice(where: str, columns: Iterable[str]) -> None:
    for column in sorted(columns):
        raise UnreadableInputError(f'{where}: the column "{column}" is in the file and in its path', hint=_HINT)
