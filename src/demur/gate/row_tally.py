"""How many rows are kept and withheld, by product and by month, for the manifest and the report drawn from it.

Only what the controller has named is counted by name: a product's id in the mapping or the catalogue, and a month.
Whatever else a column holds counts as `unknown`, and never gets into a manifest.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from demur.controller.catalogue import Catalogue
from demur.core.canonical import JsonObject
from demur.core.gate_manifest import UNKNOWN, KeptAndWithheld
from demur.gate.mapped_batch import CREATED_AT, ROLE_TYPES, Role
from demur.gate.mapping import SourceMapping
from demur.gate.string_window import BoolMask, find_codes, plain_strings

_FIRST_YEAR: Final = 1970
_YEARS: Final = 230
_MONTHS: Final = 12
_UNITS_A_DAY: Final = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_WRITTEN_MONTH: Final = r"^(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])(?:-|$)"
"""How text begins that is a date or an instant (ISO 8601, RFC 3339)."""

_Counts = npt.NDArray[np.int64]


class RowTally:
    """Counts rows by product and by month; nothing where the mapping names no column for it.

    Attributes:
        value_rows: int64[values + 1, 2], kept and withheld rows by value of the product column, the last any other.
        month_rows: int64[months + 1, 2], the same by months since January 1970, the last any other.
    """

    def __init__(self, mapping: SourceMapping, catalogue: Catalogue | None) -> None:
        self._mapping = mapping
        self._product_ids = _product_ids(mapping, catalogue)
        self._values = sorted(self._product_ids)
        self.value_rows: _Counts = np.zeros((len(self._values) + 1, 2), np.int64)  # the last is every other value
        self.month_rows: _Counts = np.zeros((_YEARS * _MONTHS + 1, 2), np.int64)

    def add(self, batch: pa.RecordBatch, kept_mask: BoolMask) -> None:
        """Count the rows of a batch that was decided about."""
        if self._mapping.product is not None and self._values:
            codes = find_codes(batch.column(self._mapping.product.column), self._values)
            _count(self.value_rows, codes.astype(np.int64), kept_mask)
        column = self._mapping.others.get(CREATED_AT)
        if column is not None:
            is_there = column in batch.schema.names  # not so if a format could read nothing to count by
            made = batch.column(column) if is_there else pa.nulls(len(batch))
            _count(self.month_rows, _months(made), kept_mask)

    def merge(self, other: "RowTally") -> None:
        """Count what another tally of the same mapping and catalogue has counted."""
        self.value_rows += other.value_rows
        self.month_rows += other.month_rows

    def to_body(self) -> JsonObject:
        """Return all counts, as a note of a file keeps them."""
        months = np.flatnonzero(self.month_rows.any(axis=1))
        return {
            "month_rows": self.month_rows[months].tolist(),
            "months": months.tolist(),
            "value_rows": self.value_rows.tolist(),
        }

    def add_body(self, body: Mapping[str, Any]) -> None:
        """Count what `to_body` of a tally of the same mapping and catalogue has returned."""
        self.value_rows += np.array(body["value_rows"], np.int64)
        self.month_rows[body["months"]] += np.array(body["month_rows"], np.int64).reshape(-1, 2)

    @property
    def by_product(self) -> Mapping[str, KeptAndWithheld]:
        """Rows by the product's id; empty if nothing says which products there are."""
        found: dict[str, KeptAndWithheld] = {}
        for value, (kept, withheld) in zip([*self._values, None], self.value_rows.tolist(), strict=True):
            product = UNKNOWN if value is None else self._product_ids[value]
            before = found.get(product, KeptAndWithheld(0, 0))
            found[product] = KeptAndWithheld(before.kept + kept, before.withheld + withheld)
        return {product: rows for product, rows in found.items() if rows.kept or rows.withheld}

    @property
    def by_month(self) -> Mapping[str, KeptAndWithheld]:
        """Rows by the month in which they were made, "2026-11", in UTC where an instant has a zone."""
        found = {}
        for place in np.flatnonzero(self.month_rows.any(axis=1)):
            year, month = divmod(int(place), _MONTHS)
            name = UNKNOWN if place == _YEARS * _MONTHS else f"{_FIRST_YEAR + year}-{month + 1:02}"
            found[name] = KeptAndWithheld(*self.month_rows[place].tolist())
        return found


def _product_ids(mapping: SourceMapping, catalogue: Catalogue | None) -> dict[str, str]:
    """Return the product that each value of the product column means, as far as somebody has said so."""
    if mapping.product is None:
        return {}
    if mapping.product.values is not None:
        return dict(mapping.product.values)
    return {} if catalogue is None else {product: product for _, product, _ in catalogue.trained}


def _count(counts: _Counts, places: npt.NDArray[np.int64], kept_mask: BoolMask) -> None:
    """Add rows to counts: int64[m, 2]; a place of -1 is the last one."""
    places = np.where(places < 0, len(counts) - 1, places)
    pairs = np.bincount(2 * places + ~kept_mask, minlength=counts.size)
    counts += pairs.reshape(counts.shape)


def _months(column: pa.Array) -> npt.NDArray[np.int64]:
    """Return the months since January 1970: int64[n]; -1 for null, for other types, and far from today.

    Of instants with a zone it is the month in UTC; of text the month that is written.
    """
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _months_of_days(column)
    if ROLE_TYPES[Role.TEXT].fits(kind):
        parts = pc.extract_regex(plain_strings(column), _WRITTEN_MONTH)
        year, month = (pc.struct_field(parts, name).cast(pa.int64()) for name in ("year", "month"))
        found = pc.add(pc.multiply(pc.subtract(year, _FIRST_YEAR), _MONTHS), pc.subtract(month, 1))
        places: npt.NDArray[np.int64] = pc.fill_null(found, -1).to_numpy(zero_copy_only=False)
        return np.where(places >= _YEARS * _MONTHS, -1, places)
    return np.full(len(column), -1, np.int64)


def _months_of_days(column: pa.Array) -> npt.NDArray[np.int64]:
    """Return the months of instants and dates, by a table of days: a calendar for each row costs five times as much."""
    units = column.cast(pa.int32() if pa.types.is_date32(column.type) else pa.int64())  # counted from 1970, in UTC
    a_day = 1 if pa.types.is_date32(column.type) else _UNITS_A_DAY[getattr(column.type, "unit", "ms")]
    days = pc.fill_null(units, -1).to_numpy(zero_copy_only=False) // a_day
    table = _month_of_each_day()
    return table[np.where((days < 0) | (days >= len(table) - 1), len(table) - 1, days)]


@cache
def _month_of_each_day() -> npt.NDArray[np.int64]:
    """Return the month of each day since 1970, and behind them -1."""
    first, end = np.datetime64(f"{_FIRST_YEAR}-01-01"), np.datetime64(f"{_FIRST_YEAR + _YEARS}-01-01")
    return np.append(np.arange(first, end).astype("datetime64[M]").astype(np.int64), -1)
