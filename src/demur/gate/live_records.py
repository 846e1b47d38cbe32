"""Records of a live system, as dictionaries, made into the record batch that the decision is made about.

What a column of a dataset could not be is said of each record: a field that is not there, or has another type. Such a
record is withheld for that reason, whatever else is decided about it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

from demur.gate.errors import MappingError
from demur.gate.mapped_batch import ROLE_TYPES, Role, image_role, web_columns
from demur.gate.mapping import AccountColumn, Holds, ProductColumn, SourceMapping, WebColumns

RECORD_UNREADABLE: Final = "record-unreadable"
FIELD_MISSING: Final = "field-missing"
FIELD_MISTYPED: Final = "field-mistyped"
_ABSENT: Final = object()


@dataclass(frozen=True)
class LiveRecords:
    """n records.

    Attributes:
        batch: their fields by role, nulls where a field is not there or not readable.
        own_reasons: by the record's place, why it is withheld whatever is decided about its row.
    """

    batch: pa.RecordBatch
    own_reasons: Mapping[int, list[str]]


@dataclass(frozen=True)
class _Column:
    """What a role's field may be, and the type of its column."""

    fits: Callable[[object], bool]
    type: pa.DataType


def _is_text(value: object) -> bool:
    """Tell whether a value is text that can be written as UTF-8: a half of a pair of surrogates is none."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_text_or_null(value: object) -> bool:
    return value is None or _is_text(value)


def _is_flag(value: object) -> bool:
    return value is None or isinstance(value, bool)


def _is_list(value: object) -> bool:
    return value is None or (isinstance(value, list | tuple) and all(_is_text_or_null(each) for each in value))


def _is_image(value: object) -> bool:
    return value is None or isinstance(value, bytes)


def _is_id(value: object) -> bool:
    return _is_text(value) or (isinstance(value, int) and not isinstance(value, bool))


# 64-bit offsets, so that no number of records is too many for one array.
_TEXT: Final = _Column(_is_text_or_null, pa.large_string())
_COLUMNS: Final[Mapping[str, _Column]] = {
    Role.KIND: _TEXT,
    Role.AUDIENCE: _TEXT,
    Role.AUTHOR_ACCOUNT: _TEXT,
    Role.AUTHOR_IS_MINOR: _Column(_is_flag, pa.bool_()),
    Role.TAGGED_ACCOUNTS: _Column(_is_list, pa.list_(pa.large_string())),
    Role.PRODUCT: _TEXT,
    Role.TEXT: _TEXT,
    Role.IMAGE: _Column(_is_image, pa.large_binary()),
    Role.IMAGE_PLACE: _TEXT,
    Role.WEB_URL: _TEXT,
    Role.WEB_HEADERS: _TEXT,
    Role.WEB_PAGE: _TEXT,
}
_UNREAD: Final = _Column(lambda _value: True, pa.null())
"""A role that no rule reads: its field must be there, and may be anything."""


class RecordReader:
    """Reads records through a source mapping.

    Attributes:
        mapping: the same mapping, of the batches that are returned: their columns have the names of roles.
    """

    def __init__(self, mapping: SourceMapping) -> None:
        """Prepare to read.

        Raises:
            MappingError: the mapping names a role that rules read and a live record cannot have, or images by their
                paths without the folder that they are in.
        """
        if mapping.image is not None and mapping.image.holds is Holds.PATH and mapping.image.folder is None:
            raise MappingError(
                "a live record comes from no file beside which its images could be",
                hint='say in which folder they are: "image.folder" in the source mapping',
            )
        self._fields = _fields(mapping)
        unknown = sorted(self._fields.keys() & ROLE_TYPES.keys() - _COLUMNS.keys())
        if unknown:
            raise MappingError(f'the role "{unknown[0]}" cannot be checked live')
        tagged, product = mapping.tagged_accounts, mapping.product
        self.mapping = replace(
            mapping,
            row_id=Role.ROW_ID,
            kind=Role.KIND,
            audience=Role.AUDIENCE,
            author_account=AccountColumn(Role.AUTHOR_ACCOUNT, mapping.author_account.namespace),
            author_is_minor=Role.AUTHOR_IS_MINOR,
            tagged_accounts=None if tagged is None else AccountColumn(Role.TAGGED_ACCOUNTS, tagged.namespace),
            product=None if product is None else ProductColumn(Role.PRODUCT, product.values),
            image=None if mapping.image is None else replace(mapping.image, column=image_role(mapping.image)),
            web=None if mapping.web is None else _web_by_role(mapping.web),
            others={role: role for role in mapping.others},
        )
        self._row_id = mapping.row_id

    def read(self, records: Sequence[object]) -> LiveRecords:
        """Return the records as a batch; never raises over what a record holds."""
        own_reasons: defaultdict[int, list[str]] = defaultdict(list)
        tables = [record if isinstance(record, dict) else None for record in records]
        for place, table in enumerate(tables):
            if table is None:
                own_reasons[place].append(RECORD_UNREADABLE)
            elif not _is_id(table.get(self._row_id)):
                code = FIELD_MISSING if table.get(self._row_id) is None else FIELD_MISTYPED
                own_reasons[place].append(f"{code}:{Role.ROW_ID}")
        arrays = [pa.array(range(len(tables)), pa.int64())]
        arrays += [_read_column(role, field, tables, own_reasons) for role, field in self._fields.items()]
        return LiveRecords(pa.RecordBatch.from_arrays(arrays, [Role.ROW_ID, *self._fields]), own_reasons)


def _fields(mapping: SourceMapping) -> dict[str, str]:
    """Return the field of each role but the row's id, which only has to be there."""
    fields: dict[str, str] = {
        Role.KIND: mapping.kind,
        Role.AUDIENCE: mapping.audience,
        Role.AUTHOR_ACCOUNT: mapping.author_account.column,
        Role.AUTHOR_IS_MINOR: mapping.author_is_minor,
    }
    if mapping.tagged_accounts is not None:
        fields[Role.TAGGED_ACCOUNTS] = mapping.tagged_accounts.column
    if mapping.product is not None:
        fields[Role.PRODUCT] = mapping.product.column
    if mapping.image is not None:
        fields[image_role(mapping.image)] = mapping.image.column
    return fields | dict(web_columns(mapping)) | dict(mapping.others)


def _web_by_role(web: WebColumns) -> WebColumns:
    headers, page = web.headers and Role.WEB_HEADERS, web.page and Role.WEB_PAGE
    return replace(web, url=Role.WEB_URL, headers=headers, page=page)


def _read_column(
    role: str,
    field: str,
    tables: Sequence[dict[object, object] | None],
    own_reasons: defaultdict[int, list[str]],
) -> pa.Array:
    column = _COLUMNS.get(role, _UNREAD)
    values: list[object] = []
    for place, table in enumerate(tables):
        value = None if table is None else table.get(field, _ABSENT)
        if value is _ABSENT:
            own_reasons[place].append(f"{FIELD_MISSING}:{role}")
            value = None
        elif not column.fits(value):
            own_reasons[place].append(f"{FIELD_MISTYPED}:{role}")
            value = None
        values.append(value)
    return pa.nulls(len(values)) if column is _UNREAD else pa.array(values, column.type)
