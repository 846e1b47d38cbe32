"""A record batch seen through its source mapping: the columns that rules may look at, with their types checked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from demur.controller.catalogue import Catalogue
from demur.gate.errors import ColumnMissingError, ColumnTypeError, MappingError
from demur.gate.mapping import Holds, ImageColumn, SourceMapping
from demur.gate.string_window import BoolMask, Codes, find_codes
from demur.gate.tagged_accounts import TaggedAccounts, nobody_tagged
from demur.gate.trained_values import TrainedValues

if TYPE_CHECKING:
    from demur.gate.pictures.picture_rows import PictureRows
    from demur.gate.web_outcomes import WebOutcomes


class Role(StrEnum):
    """The roles that rules read. A mapping may say `tagged_accounts: none`, and leave out product, text and image.

    `image` in a mapping is one of two: a column of images, or a column that says where they are.
    """

    ROW_ID = "row_id"
    KIND = "kind"
    AUDIENCE = "audience"
    AUTHOR_ACCOUNT = "author_account"
    AUTHOR_IS_MINOR = "author_is_minor"
    TAGGED_ACCOUNTS = "tagged_accounts"
    PRODUCT = "product"
    TEXT = "text"
    IMAGE = "image"
    IMAGE_PLACE = "image_place"
    WEB_URL = "web.url"
    WEB_HEADERS = "web.headers"
    WEB_PAGE = "web.page"


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
        image: images, or where they are; None if the mapping names no such column.
        web_url: text; None if the mapping names no such column, as the two below.
        web_headers: text, a line for each header.
        web_page: text or bytes.
        left: the rows that cheaper rules leave, bool[n]: at images and sites of other rows nobody looks. None for all.
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
    image: pa.Array | None
    web_url: pa.Array | None
    web_headers: pa.Array | None
    web_page: pa.Array | None
    left: BoolMask | None = None

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

    @cached_property
    def pictures(self) -> "PictureRows":
        """What is found in the images of the rows that are left; looked at once, by child processes.

        Raises:
            PictureError: see `demur.gate.errors`; never over what a picture holds.
        """
        from demur.gate.pictures.picture_rows import look_at_rows  # noqa: PLC0415  (decoders, which few runs need)

        return look_at_rows(self.image, self.mapping, self._left_or_all)

    @cached_property
    def web_outcomes(self) -> "WebOutcomes":
        """What the web says about the rows that are left."""
        from demur.gate.web_outcomes import read_web_outcomes  # noqa: PLC0415  (readers, which few runs need)

        return read_web_outcomes(self, self._left_or_all)

    @property
    def _left_or_all(self) -> BoolMask:
        return np.ones(len(self), bool) if self.left is None else self.left


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
    web = {role: batch.column(column) for role, column in web_columns(mapping)}
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
        image=None if mapping.image is None else batch.column(mapping.image.column),
        web_url=web.get(Role.WEB_URL),
        web_headers=web.get(Role.WEB_HEADERS),
        web_page=web.get(Role.WEB_PAGE),
    )


def image_role(image: ImageColumn) -> Role:
    """Return which of two roles a column of images plays."""
    return Role.IMAGE if image.holds is Holds.BYTES else Role.IMAGE_PLACE


def web_columns(mapping: SourceMapping) -> Iterator[tuple[Role, str]]:
    """Yield (role, column) for the columns that say where on the web a row is from."""
    if mapping.web is not None:
        named = (mapping.web.url, mapping.web.headers, mapping.web.page)
        for role, column in zip((Role.WEB_URL, Role.WEB_HEADERS, Role.WEB_PAGE), named, strict=True):
            if column is not None:
                yield role, column


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
    return _is_list(kind) and _is_text(kind.value_type)


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )


def _is_id(kind: pa.DataType) -> bool:
    return bool(_is_text(kind) or _is_bytes(kind) or pa.types.is_integer(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _is_image(kind: pa.DataType) -> bool:
    """Tell whether a type holds images: bytes, a struct with a field of bytes as `datasets` has it, or a list."""
    if _is_list(kind):
        kind = kind.value_type
    if pa.types.is_struct(kind):
        places = kind.get_all_field_indices("bytes")
        return len(places) == 1 and _is_bytes(kind.field(places[0]).type)
    return _is_bytes(kind)


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
    Role.IMAGE: RoleType(_is_image, "bytes, a struct with a field of bytes, or a list of them (see image.holds)"),
    Role.IMAGE_PLACE: RoleType(lambda kind: _is_text(kind) or _is_list_of_text(kind), "text, or a list of text"),
    Role.WEB_URL: _TEXT,
    Role.WEB_HEADERS: _TEXT,
    Role.WEB_PAGE: RoleType(lambda kind: _is_text(kind) or _is_bytes(kind), "text or bytes"),
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
    if mapping.image is not None:
        yield image_role(mapping.image), mapping.image.column
    yield from web_columns(mapping)
    yield from mapping.others.items()
