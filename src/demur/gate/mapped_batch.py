"""A record batch seen through its source mapping: the columns that rules may look at, with their types checked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa

from demur.controller.catalogue import Catalogue
from demur.gate.errors import ColumnMissingError, ColumnTypeError, MappingError
from demur.gate.mapping import SourceMapping
from demur.gate.string_window import BoolMask, Codes, find_codes
from demur.gate.tagged_accounts import TaggedAccounts, nobody_tagged
from demur.gate.trained_values import TrainedValues


class Role(StrEnum):
    """The roles that rules read. A mapping may say `tagged_accounts: none`, and leave out `product` and `text`."""

    ROW_ID = "row_id"
    KIND = "kind"
    AUDIENCE = "audience"
    AUTHOR_ACCOUNT = "author_account"
    AUTHOR_IS_MINOR = "author_is_minor"
    TAGGED_ACCOUNTS = "tagged_accounts"
    PRODUCT = "product"
    TEXT = "text"


CREATED_AT: Final = "created_at"
"""A role that no rule reads: a run counts rows by their month."""


@dataclass(frozen=True)
class MappedBatch:
    """n rows, by role.

    Attributes:
        mapping: through which the rows are seen.
        row_id: names of the rows; nulls stop the run.
        kind: text, nulls possible, as are those of all columns below.
        audience: text.
        author_account: text.
        author_is_minor: bool.
        tagged_accounts: all lists empty when the mapping says that the dataset has no such column.
        product: text; None if the mapping names no such column, and then there is no catalogue.
        catalogue: what may train at all; None if the run has none.
        text: text, all null if the mapping names no such column.
    """

    mapping: SourceMapping
    row_id: pa.Array
    kind: pa.Array
    audience: pa.Array
    author_account: pa.Array
    author_is_minor: pa.Array
    tagged_accounts: TaggedAccounts
    product: pa.Array | None
    catalogue: Catalogue | None
    text: pa.Array

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.row_id)

    @cached_property
    def kind_codes(self) -> Codes:
        """Which of the mapping's kind values each row holds: int32[n], -1 for a null or another value."""
        return find_codes(self.kind, list(self.mapping.kind_values))

    @cached_property
    def audience_codes(self) -> Codes:
        """Which of the mapping's audience values each row holds: int32[n], -1 for a null or another value."""
        return find_codes(self.audience, list(self.mapping.audience_values))

    @cached_property
    def in_catalogue(self) -> BoolMask:
        """Which rows the catalogue says may train, by their kind, product and audience: bool[n]; none without one."""
        if self.catalogue is None or self.product is None:
            return np.zeros(len(self), bool)
        trained = TrainedValues(self.mapping, self.catalogue)
        found: BoolMask = trained.table[
            self.kind_codes, find_codes(self.product, trained.products), self.audience_codes
        ]
        return found


def map_batch(batch: pa.RecordBatch, mapping: SourceMapping, catalogue: Catalogue | None = None) -> MappedBatch:
    """Return the batch's columns by role, without copying.

    Args:
        batch: n rows.
        mapping: which column plays which role.
        catalogue: what may train at all; None if the run has none.

    Raises:
        MappingError: there is a catalogue, and the mapping does not say of which product a row is.
        ColumnMissingError: a column of the mapping is not there, or there twice.
        ColumnTypeError: a column has a type that its role cannot have.
    """
    check_product(mapping, catalogue)
    check_columns(batch.schema, mapping, "the record batch")
    tagged = mapping.tagged_accounts
    return MappedBatch(
        mapping=mapping,
        row_id=batch.column(mapping.row_id),
        kind=batch.column(mapping.kind),
        audience=batch.column(mapping.audience),
        author_account=batch.column(mapping.author_account.column),
        author_is_minor=batch.column(mapping.author_is_minor),
        tagged_accounts=(
            nobody_tagged(batch.num_rows)
            if tagged is None
            else TaggedAccounts(batch.column(tagged.column), tagged.namespace)
        ),
        product=None if mapping.product is None else batch.column(mapping.product.column),
        catalogue=catalogue,
        text=(
            batch.column(mapping.others[Role.TEXT])
            if Role.TEXT in mapping.others
            else pa.nulls(batch.num_rows, pa.string())
        ),
    )


def check_product(mapping: SourceMapping, catalogue: Catalogue | None) -> None:
    """Refuse a catalogue without a column that says of which product a row is: it would withhold every row.

    Raises:
        MappingError: the mapping has no field `product`.
    """
    if catalogue is not None and mapping.product is None:
        raise MappingError(
            'the source mapping has no field "product", which the controller\'s catalogue needs',
            hint="name the column that says of which product a row is, or run without --controller",
        )


def check_columns(schema: pa.Schema, mapping: SourceMapping, where: str) -> None:
    """Refuse a schema that does not have each column of the mapping once and with a type that its role can have.

    Args:
        schema: of a file or a batch.
        mapping: what is wanted.
        where: names the file or the batch in the error.

    Raises:
        ColumnMissingError: a column is not there, or there twice.
        ColumnTypeError: a column has another type.
    """
    for role, column in _columns(mapping):
        if column in mapping.path_columns:
            continue
        found = schema.get_all_field_indices(column)
        if len(found) != 1:
            raise ColumnMissingError(
                f'{where} has {"more than one" if found else "no"} column "{column}" (role {role})',
                hint="correct the source mapping, or propose a new one with: demur gate inspect FILE",
            )
        if role in ROLE_TYPES and not ROLE_TYPES[role].fits(schema.field(found[0]).type):
            raise ColumnTypeError(
                f'{where}: column "{column}" (role {role}) must be {ROLE_TYPES[role].words}, and is '
                f"{schema.field(found[0]).type}",
                hint="correct the source mapping, or write the column with another type",
            )


def needed_roles(mapping: SourceMapping) -> list[tuple[str, str]]:
    """Return (role, column) for every column that rules read: a row can be decided about without the others."""
    roles = set(Role)
    return [(role, column) for role, column in _columns(mapping) if role in roles]


def needed_columns(mapping: SourceMapping) -> list[str]:
    """Return those columns, each once."""
    return list(dict.fromkeys(column for _, column in needed_roles(mapping)))


def read_roles(mapping: SourceMapping) -> list[tuple[str, str]]:
    """Return (role, column) for every column that a run reads of each row: what rules read, and what is counted by.

    What the path of a file says is not read.
    """
    roles = {*Role, CREATED_AT}
    named = _columns(mapping)
    return [(role, column) for role, column in named if role in roles and column not in mapping.path_columns]


def read_columns(mapping: SourceMapping) -> list[str]:
    """Return those columns, each once."""
    return list(dict.fromkeys(column for _, column in read_roles(mapping)))


def columns_of_few_words(mapping: SourceMapping) -> list[str]:
    """Return the columns of text in which the same few words come again and again."""
    product = [] if mapping.product is None else [mapping.product.column]
    return [name for name in (mapping.kind, mapping.audience, *product) if name not in mapping.path_columns]


def roles_of_columns(mapping: SourceMapping) -> dict[str, set[str]]:
    """Return the roles of each column that a mapping names."""
    roles: dict[str, set[str]] = {}
    for role, column in _columns(mapping):
        roles.setdefault(column, set()).add(role)
    return roles


def without_unread(mapping: SourceMapping) -> SourceMapping:
    """Return the mapping of batches that have only those columns. It leads to the same decisions."""
    read = set(Role)
    return replace(mapping, others={role: column for role, column in mapping.others.items() if role in read})


@dataclass(frozen=True)
class RoleType:
    """The types that a role can have: a test, and words for the error."""

    fits: Callable[[pa.DataType], bool]
    words: str


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_list_of_text(kind: pa.DataType) -> bool:
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return bool(is_list and _is_text(kind.value_type))


def _is_id(kind: pa.DataType) -> bool:
    is_binary = (
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )
    return bool(_is_text(kind) or is_binary or pa.types.is_integer(kind))


_TEXT: Final = RoleType(_is_text, "text")
ROLE_TYPES: Final[dict[str, RoleType]] = {
    Role.ROW_ID: RoleType(_is_id, "text, binary or a whole number"),
    Role.KIND: _TEXT,
    Role.AUDIENCE: _TEXT,
    Role.AUTHOR_ACCOUNT: _TEXT,
    Role.AUTHOR_IS_MINOR: RoleType(lambda kind: bool(pa.types.is_boolean(kind)), "bool"),
    Role.TAGGED_ACCOUNTS: RoleType(_is_list_of_text, "a list of text"),
    Role.PRODUCT: _TEXT,
    Role.TEXT: _TEXT,
}
"""The types of docs/spec/source-mapping.md. Roles that no rule reads are not in here."""


def _columns(mapping: SourceMapping) -> Iterator[tuple[str, str]]:
    """Yield (role, column) for every column that a mapping names."""
    yield Role.ROW_ID, mapping.row_id
    yield Role.KIND, mapping.kind
    yield Role.AUDIENCE, mapping.audience
    yield Role.AUTHOR_ACCOUNT, mapping.author_account.column
    yield Role.AUTHOR_IS_MINOR, mapping.author_is_minor
    if mapping.tagged_accounts is not None:
        yield Role.TAGGED_ACCOUNTS, mapping.tagged_accounts.column
    if mapping.product is not None:
        yield Role.PRODUCT, mapping.product.column
    yield from mapping.others.items()
