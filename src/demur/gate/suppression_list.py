"""The suppression list's inside: entries in columns, and the indexes that the rules look them up in.

The outside (header, signature, sealing) is `demur.core.suppression_list`. Here entries become bytes for the publisher,
and bytes become a `SuppressionList` for the gate, or an error: there is no partly valid list. Specified in
docs/spec/suppression-list.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from demur.core.errors import FormatError
from demur.core.identifier import IdentifierKind
from demur.core.note import VerifierKey
from demur.core.suppression_list import SuppressionListHeader, VerifiedList, check_current, verify_list
from demur.gate.list_values import check_normalised
from demur.gate.membership import NOWHERE, MembershipIndex, Places

ENTRY_ID_BYTES: Final = 16
ALL_AI_TRAINING: Final = 0
"""The only scope there is. Another one, from a later version, is treated as this one: that withholds more."""

KIND_CODES: Final[Mapping[IdentifierKind, int]] = {kind: code for code, kind in enumerate(IdentifierKind, start=1)}
"""The number of each kind in the file. It starts at 1, so that a zeroed column is not a valid one."""

SCHEMA: Final = pa.schema(
    [
        pa.field("entry_id", pa.binary(ENTRY_ID_BYTES), nullable=False),
        pa.field("kind", pa.uint8(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
        pa.field("scope", pa.uint16(), nullable=False),
        pa.field("in_force_from", pa.timestamp("s", tz="UTC"), nullable=False),
    ],
)
_BATCH_ROWS: Final = 1 << 20
_ORDER: Final = (("kind", "ascending"), ("value", "ascending"), ("entry_id", "ascending"))


@dataclass(frozen=True)
class ListEntry:
    """One identifier whose data must not train.

    Attributes:
        entry_id: 16 random bytes, known to the publisher only.
        kind: what `value` is.
        value: normalised, see `demur.core.identifier`.
        in_force_from: aware instant.
    """

    entry_id: bytes
    kind: IdentifierKind
    value: str
    in_force_from: datetime


def encode_entries(entries: Sequence[ListEntry]) -> bytes:
    """Return the payload that `demur.core.suppression_list.seal_list` seals.

    The same entries in any order give the same bytes (with one version of Arrow).

    Raises:
        FormatError: an entry that no gate would accept: another length of id, a value that is not normalised, an
            instant without a zone, or the same row twice.
    """
    if any(len(entry.entry_id) != ENTRY_ID_BYTES for entry in entries):
        raise FormatError(f"an entry id is {ENTRY_ID_BYTES} bytes")
    if any(entry.in_force_from.tzinfo is None for entry in entries):
        raise FormatError("an instant without a time zone cannot be written down")
    columns = {
        "entry_id": [entry.entry_id for entry in entries],
        "kind": [KIND_CODES[entry.kind] for entry in entries],
        "value": [entry.value for entry in entries],
        "scope": [ALL_AI_TRAINING] * len(entries),
        "in_force_from": [int(entry.in_force_from.timestamp()) for entry in entries],
    }
    table = pa.Table.from_pydict(columns, schema=SCHEMA).sort_by(list(_ORDER)).combine_chunks()
    _check_content(table)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, SCHEMA) as writer:
        writer.write_table(table, max_chunksize=_BATCH_ROWS)
    payload: bytes = sink.getvalue().to_pybytes()
    return payload


class SuppressionList:
    """A list that was verified, unsealed and read whole.

    Attributes:
        header: what the list says of itself.
        header_sha256: SHA-256 of its signed header (32 bytes): names this list in a manifest.
        kinds: how many entries of each kind it holds; kinds without an entry are absent.
    """

    def __init__(self, verified: VerifiedList, table: pa.Table) -> None:
        self.header: SuppressionListHeader = verified.header
        self.header_sha256 = verified.header_sha256
        self._table = table
        codes = table["kind"].to_numpy()
        self._ranges = {kind: np.searchsorted(codes, [code, code + 1]) for kind, code in KIND_CODES.items()}
        counts = {str(kind): int(end - start) for kind, (start, end) in self._ranges.items()}
        self.kinds: dict[str, int] = {kind: entries for kind, entries in counts.items() if entries}
        self._indexes: dict[tuple[IdentifierKind, str | None], tuple[MembershipIndex, Places]] = {}
        self._building = Lock()

    def __len__(self) -> int:
        """Return the number of entries."""
        return int(self._table.num_rows)

    @property
    def entry_ids(self) -> pa.ChunkedArray:
        """The id of each entry, in the order of the list: fixed_size_binary[16]."""
        return self._table["entry_id"]

    def index(self, kind: IdentifierKind, namespace: str | None = None) -> MembershipIndex:
        """Return the index of the entries of one kind, built at the first call; safe to call from several threads.

        Args:
            kind: which entries.
            namespace: of accounts: only entries `namespace:rest`, indexed as `rest`, for columns of bare ids.
        """
        return self._index(kind, namespace)[0]

    def values(self, kind: IdentifierKind) -> tuple[pa.ChunkedArray, Places]:
        """Return the values of one kind, sorted by bytes, and the place in the list of each: string[m], int64[m]."""
        start, end = self._ranges[kind]
        return self._table["value"].slice(start, end - start), np.arange(start, end)

    def find_entries(self, kind: IdentifierKind, namespace: str | None, strings: pa.Array) -> Places:
        """Return for each string the first entry that has it as its value: int64[n], a place in the list, or NOWHERE.

        Args:
            kind: which entries.
            namespace: as for `index`.
            strings: as for `MembershipIndex.find_places`.
        """
        index, entries = self._index(kind, namespace)
        places = index.find_places(strings)
        is_there = places != NOWHERE
        places[is_there] = entries[places[is_there]]
        return places

    def spread_to_equal_entries(self, rows_by_entry: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Give what is counted for the first entry of a kind and value to all of them: int64[len(self)].

        Args:
            rows_by_entry: int64[len(self)], counted at the places that `find_entries` returns.
        """
        before, after = self._table.slice(0, max(len(self) - 1, 0)), self._table.slice(1)
        same = pc.and_(pc.equal(before["kind"], after["kind"]), pc.equal(before["value"], after["value"]))
        is_first = np.concatenate([np.ones(min(len(self), 1), bool), ~same.to_numpy()])
        first: Places = np.flatnonzero(is_first)[np.cumsum(is_first) - 1]
        return rows_by_entry[first]

    def _index(self, kind: IdentifierKind, namespace: str | None) -> tuple[MembershipIndex, Places]:
        """Return an index, and the places in the list of the values that it was built from."""
        with self._building:
            if (kind, namespace) not in self._indexes:
                values, entries = self.values(kind)
                if namespace is not None:
                    prefix = f"{namespace}:"
                    is_of_it = pc.starts_with(values, prefix).to_numpy()
                    first, count = int(is_of_it.argmax()) if len(is_of_it) else 0, int(is_of_it.sum())
                    values = pc.utf8_slice_codeunits(values.slice(first, count), start=len(prefix))  # they are sorted
                    entries = entries[first : first + count]
                self._indexes[kind, namespace] = MembershipIndex(values), entries
            return self._indexes[kind, namespace]


def load_suppression_list(
    raw: bytes | memoryview,
    key: VerifierKey,
    list_key: bytes,
    now: datetime,
) -> SuppressionList:
    """Return the list in a file's bytes, after every check of docs/spec/suppression-list.md.

    Args:
        raw: the whole file.
        key: of the publisher that the caller trusts.
        list_key: 32 secret bytes.
        now: the instant at which the list must be current.

    Raises:
        FormatError: not a list, or one that this version cannot honour whole.
        VerificationError: signed by another, changed, expired, or from the future.
        UnsealError: another list key.
    """
    verified = verify_list(raw, key)
    check_current(verified.header, now)
    table = _read_payload(verified.unseal_payload(list_key))
    if table.num_rows != verified.header.entries:
        raise FormatError(
            f"the suppression list's header promises {verified.header.entries} entries, its payload has "
            f"{table.num_rows}",
        )
    _check_content(table)
    return SuppressionList(verified, table)


def _read_payload(payload: bytes) -> pa.Table:
    try:
        with pa.ipc.open_stream(payload) as reader:
            if not reader.schema.equals(SCHEMA, check_metadata=True):
                raise FormatError("the suppression list's columns are not those of this version")
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise FormatError("the suppression list's payload is not a valid Arrow stream") from error
    if any(column.null_count for column in table.columns):
        raise FormatError("the suppression list's payload has an empty field")
    return table


def _check_content(table: pa.Table) -> None:
    """Refuse unknown kinds, values that are not normalised, and rows out of order."""
    codes = table["kind"].to_numpy()
    if not np.isin(codes, list(KIND_CODES.values())).all():
        raise FormatError(
            "the suppression list holds a kind of identifier that this version does not know",
            hint="update this gate: it cannot honour every entry",
        )
    if not _is_in_order(table):
        raise FormatError("the suppression list's entries are out of order, or one is there twice")
    for kind, code in KIND_CODES.items():
        check_normalised(kind, table["value"].filter(pc.equal(table["kind"], code)))


def _is_in_order(table: pa.Table) -> bool:
    """Tell whether each row is greater than the one before it, compared by kind, value and entry id."""
    before, after = table.slice(0, max(table.num_rows - 1, 0)), table.slice(1)
    greater = pc.greater(after["entry_id"], before["entry_id"])
    for name in ("value", "kind"):
        same = pc.equal(after[name], before[name])
        greater = pc.or_(pc.greater(after[name], before[name]), pc.and_(same, greater))
    return bool(pc.all(greater, min_count=0).as_py())
