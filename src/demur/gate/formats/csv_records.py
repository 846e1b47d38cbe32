"""The records of a CSV file as byte ranges, split where every reader of RFC 4180 splits them.

What readers take in different ways is refused: a quote within a field that is not quoted, anything but a comma or a
line end after a closing quote, a carriage return that ends a line alone, an empty line, NUL, bytes that are not UTF-8,
and a last line without its end, which a file that was cut off has too.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from demur.gate.errors import UnreadableInputError
from demur.gate.formats.compressed_file import DecompressedFile
from demur.gate.formats.data_format import DAMAGED

_BLOCK_BYTES: Final = 4 << 20
_MOST_RECORD_BYTES: Final = 256 << 20
_QUOTE, _COMMA, _LINE_END, _RETURN = b'",\n\r'
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

Offsets = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Records:
    """Some records of a file.

    Attributes:
        raw: their bytes, line ends and all.
        ends: where each ends in `raw`: int64[n], ascending, the last is len(raw).
        number: of the first of them in the file, from 1; the header is number 1.
    """

    raw: bytes
    ends: Offsets
    number: int

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.ends)

    @property
    def starts(self) -> Offsets:
        """Where each begins in `raw`: int64[n]."""
        return np.concatenate([np.zeros(1, np.int64), self.ends[:-1]])

    def take_first(self) -> tuple[bytes, "Records"]:
        """Return the first record, and the others."""
        end = int(self.ends[0])
        return self.raw[:end], Records(self.raw[end:], self.ends[1:] - end, self.number + 1)


def read_records(path: Path, name: str, codec: str | None) -> Generator[Records]:
    """Yield the records of a file in order, some megabytes at a time. A byte order mark belongs to the first.

    Raises:
        UnreadableInputError: names the file, and the record if it is one's fault.
    """
    rest, number = b"", 1
    for part in _parts(path, name, codec):
        rest += part
        ends = find_ends(rest, name, number)
        if len(ends):
            whole = int(ends[-1])
            yield Records(rest[:whole], ends, number)
            rest, number = rest[whole:], number + len(ends)
        if len(rest) > _MOST_RECORD_BYTES:
            raise UnreadableInputError(
                f"{name}, record {number:,}, has more than {_MOST_RECORD_BYTES >> 20} MiB",
                hint="look for a quote that is never closed, or gate the data as Parquet",
            )
    if rest:
        raise UnreadableInputError(
            f"{name}, record {number:,}, has no end: the file is cut off, or a quote is never closed",
            hint="write it again, with an end to the last line too",
        )


def without_mark(header: bytes) -> bytes:
    """Return the first record of a file without a byte order mark."""
    return header.removeprefix(_BYTE_ORDER_MARK)


def _parts(path: Path, name: str, codec: str | None) -> Iterator[bytes]:
    try:
        with DecompressedFile(path, codec) as stream:
            while part := stream.read(_BLOCK_BYTES):
                yield part
    except DAMAGED as error:
        raise UnreadableInputError(f"{name} is cut off or damaged", hint="write it again") from error


def find_ends(raw: bytes, name: str, number: int) -> Offsets:
    """Return where the whole records in `raw` end, after checking them. `raw` begins with a record."""
    data = np.frombuffer(raw, np.uint8)
    quotes = np.flatnonzero(data == _QUOTE)
    line_ends = np.flatnonzero(data == _LINE_END)
    ends: Offsets = line_ends[_is_outside(line_ends, quotes)] + 1
    mark_bytes = len(_BYTE_ORDER_MARK) if number == 1 and raw.startswith(_BYTE_ORDER_MARK) else 0
    bad = _first_bad(data, quotes, ends, mark_bytes)
    if bad is None:
        try:
            raw[: int(ends[-1]) if len(ends) else 0].decode()
        except UnicodeDecodeError as error:
            bad = error.start
    if bad is not None:
        raise UnreadableInputError(
            f"{name}, record {number + int(np.searchsorted(ends, bad, side='right')):,}, is not CSV that every reader "
            "reads alike (RFC 4180, UTF-8)",
            hint="mend it, or write the file again with a CSV library: see docs/spec/source-mapping.md",
        )
    return ends


def _first_bad(data: npt.NDArray[np.uint8], quotes: Offsets, ends: Offsets, mark_bytes: int) -> int | None:
    """Return the place of the first byte at which readers would part, or None."""
    opening, closing = quotes[::2], quotes[1::2]
    closing = closing[closing + 1 < len(data)]  # what stands after the last byte is not read yet
    before = np.where(opening > mark_bytes, data[opening - 1], _LINE_END)
    after = data[closing + 1]
    is_end = (after == _COMMA) | (after == _LINE_END) | (after == _RETURN) | (after == _QUOTE)
    is_start = (before == _COMMA) | (before == _LINE_END) | (before == _QUOTE)
    returns = np.flatnonzero(data == _RETURN)
    lone = returns[_is_outside(returns, quotes) & (returns + 1 < len(data))]
    lone = lone[data[lone + 1] != _LINE_END]
    starts = np.concatenate([np.zeros(1, np.int64), ends])[: len(ends)]
    first = data[starts]
    empty = (first == _LINE_END) | (first == _RETURN)
    marked = starts[first == _BYTE_ORDER_MARK[0]]
    marked = marked[(marked > 0) | (mark_bytes == 0)]
    marks = [start for start in marked if data[start : start + 3].tobytes() == _BYTE_ORDER_MARK]
    found = [opening[~is_start], closing[~is_end], lone, starts[empty], marks, np.flatnonzero(data == 0)]
    places = [int(each[0]) for each in found if len(each)]
    return min(places, default=None)


def _is_outside(places: Offsets, quotes: Offsets) -> npt.NDArray[np.bool_]:
    """Return which places are outside of quotes: an even number of them stands before."""
    outside: npt.NDArray[np.bool_] = np.searchsorted(quotes, places) % 2 == 0
    return outside
