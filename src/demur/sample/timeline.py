"""When the made-up platform's rows were written: from its first day until some weeks after its training campaign began.

Instants are int64 microseconds since 1970-01-01 UTC, as in Arrow's timestamp[us, UTC].
"""

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

SAMPLE_START = datetime(2019, 3, 1, tzinfo=UTC)
SAMPLE_END = datetime(2027, 2, 1, tzinfo=UTC)

_MICROSECONDS = 1_000_000
_GROWTH = 0.6
"""Below 1 the platform grows: with 0.6 its last year holds about a fifth of all rows."""


def to_us(instant: datetime) -> int:
    """Return an aware instant of whole seconds in microseconds since 1970."""
    return int(instant.timestamp()) * _MICROSECONDS


def instants_of_rows(first_row: int, count: int, all_rows: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return when rows first_row, first_row + 1, … were written, never decreasing; all lie before SAMPLE_END."""
    position = (np.arange(first_row, first_row + count) + rng.random(count)) / all_rows
    span_us = to_us(SAMPLE_END) - to_us(SAMPLE_START)
    elapsed: npt.NDArray[np.int64] = (np.minimum(position, 1.0) ** _GROWTH * (span_us - 1)).astype(np.int64)
    return elapsed + to_us(SAMPLE_START)
