"""Which accounts stand in an input file, and how many rows each withheld there: noted beside an output.

    training/2026-11/accounts/part-000.parquet.parquet

A later run looks the accounts of a file up in its own list. If it finds those that this run found, each row of the file
would be decided about as before, and the file need not be read as data again (demur.gate.earlier_output). Only accounts
are noted, so a mapping with texts, images or the web is refused: whom these show is not known without reading them.

The manifest names each note by its digest. Specified in docs/spec/gate-manifest.md.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from demur.core.canonical import JsonObject, canonical_json
from demur.core.gate_manifest import ManifestFile
from demur.core.identifier import IdentifierKind
from demur.gate.account_text import find_accounts
from demur.gate.decision import REASONS
from demur.gate.entry_counts import EntryRows
from demur.gate.errors import MappingError
from demur.gate.mapped_batch import Role, map_batch
from demur.gate.mapping import SourceMapping
from demur.gate.output import Layout, OutputFile
from demur.gate.row_tally import RowTally
from demur.gate.string_window import plain_strings
from demur.gate.suppression_list import SuppressionList
from demur.gate.versions import writer_versions

ACCOUNTS: Final = "accounts"
"""The folder of notes in an output."""

FORM: Final = b"demur-gate-accounts/v1"
"""Under it the counts of the file stand in the note's own metadata."""

_SCHEMA: Final = pa.schema(
    [
        pa.field("account", pa.large_string(), nullable=False),
        pa.field("withheld_rows", pa.int64(), nullable=False),
    ],
)
_WAITING_VALUES: Final = 1 << 20
"""How many values wait at least before doubles are removed."""


@dataclass(frozen=True)
class FileCounts:
    """What a run counted in a file, apart from its accounts.

    Attributes:
        reason_rows: rows by reason, int64[len(REASONS)].
        tally: rows by product and by month.
    """

    reason_rows: npt.NDArray[np.int64]
    tally: RowTally


@dataclass(frozen=True)
class AccountNote:
    """What a note says.

    Attributes:
        accounts: large_string[n], each once, sorted by bytes.
        withheld_rows: int64[n], the rows that have a reason because of this account; 0 for one that was not listed.
        counts: what else was counted.
    """

    accounts: pa.Array
    withheld_rows: npt.NDArray[np.int64]
    counts: FileCounts

    def entry_rows(self, suppressions: SuppressionList) -> EntryRows | None:
        """Return the rows by entry of another list, or None if some row of the file might be decided otherwise by it.

        The list must hold, of the accounts of the file, just those that were found when the note was made.
        """
        was_listed = self.withheld_rows > 0
        is_listed = suppressions.index(IdentifierKind.ACCOUNT).contains(self.accounts)
        if not np.array_equal(was_listed, is_listed):
            return None
        found = self.accounts.filter(pa.array(was_listed))
        places = suppressions.find_entries(IdentifierKind.ACCOUNT, None, found)
        return EntryRows(places, self.withheld_rows[was_listed])  # both are sorted, list and note


def note_place(name: str) -> str:
    """Return the path inside the output of the note of a file that has this path inside the input."""
    return f"{ACCOUNTS}/{name}.parquet"


def check_notable(mapping: SourceMapping) -> None:
    """Refuse a mapping by which a row is withheld for more than its accounts and its own fields.

    Raises:
        MappingError: it names texts, images or the web.
    """
    if Role.TEXT in mapping.others or mapping.image is not None or mapping.web is not None:
        raise MappingError(
            "accounts are noted only for a mapping without text, image and web",
            hint="leave out --note-accounts and --after: whom texts and images show is not known without reading them",
        )


class AccountNoter:
    """Gathers the accounts of one file, batch by batch. Takes memory for each distinct account."""

    def __init__(self, mapping: SourceMapping) -> None:
        self._mapping = mapping
        self._waiting: dict[str | None, list[pa.Array]] = {}
        self._waiting_values = 0
        self._known = pa.array([], pa.large_string())

    def add(self, batch: pa.RecordBatch) -> None:
        """Gather the accounts of a batch that was decided about: those of authors and of tagged people."""
        rows = map_batch(batch, self._mapping)
        columns = [(rows.author_account, self._mapping.author_account.namespace)]
        if self._mapping.tagged_accounts is not None:
            columns.append((rows.tagged_accounts.accounts, rows.tagged_accounts.namespace))
        for values, namespace in columns:
            words = values.unique() if isinstance(values, pa.DictionaryArray) else values
            self._waiting.setdefault(namespace, []).append(plain_strings(words).cast(pa.large_string()))
            self._waiting_values += len(words)
        if self._waiting_values > max(_WAITING_VALUES, len(self._known)):
            self._merge()

    def write(
        self, folder: Path, name: str, entry_rows: EntryRows, suppressions: SuppressionList, counts: FileCounts
    ) -> ManifestFile:
        """Write the note of a file that was decided about.

        Args:
            folder: the output.
            name: of the file, inside the input.
            entry_rows: rows by entry of the file, all of them of accounts.
            suppressions: the list that was asked.
            counts: what else was counted.

        Raises:
            OutputWriteError: it could not be written.
        """
        accounts = self._merge()
        accounts = accounts.take(pc.array_sort_indices(accounts))
        listed, places = suppressions.values(IdentifierKind.ACCOUNT)
        found = listed.take(pa.array(np.searchsorted(places, entry_rows.places))).cast(pa.large_string())
        rows = pc.fill_null(pa.array(entry_rows.rows).take(pc.index_in(accounts, found)), 0)
        schema = _SCHEMA.with_metadata({FORM: canonical_json(_counts_body(counts))})
        place = note_place(name)
        with OutputFile(folder / place, Layout(schema, "zstd", [], store_schema=True)) as file:
            file.append_batch(pa.RecordBatch.from_arrays([accounts, rows], schema=schema))
            return ManifestFile(place, file.close(), file.rows)

    def _merge(self) -> pa.Array:
        """Return each account so far once."""
        new = [_distinct_accounts(pa.chunked_array(parts), namespace) for namespace, parts in self._waiting.items()]
        parts = [part for part in (self._known, *new) if len(part)]
        self._known = parts[0] if len(parts) == 1 else pa.concat_arrays([self._known, *parts]).unique()
        self._waiting, self._waiting_values = {}, 0
        return self._known


def load_note(raw: bytes, tally: RowTally) -> AccountNote | None:
    """Return what a note says, or None if another version than this has written it.

    Args:
        raw: the whole note, whose digest a signed manifest names. Arrow does not withstand every damage.
        tally: empty, for the mapping and catalogue of the run that made it; it is filled.
    """
    table = pq.ParquetFile(pa.BufferReader(raw)).read()
    body: dict[str, Any] = json.loads((table.schema.metadata or {}).get(FORM, b"{}"))
    if body.get("versions") != writer_versions():
        return None
    tally.add_body(body["tally"])
    reason_rows = np.array([body["reasons"].get(code, 0) for code in REASONS], np.int64)
    accounts, rows = (table[name].combine_chunks() for name in _SCHEMA.names)
    return AccountNote(accounts, rows.to_numpy(), FileCounts(reason_rows, tally))


def _counts_body(counts: FileCounts) -> JsonObject:
    reasons = {code: int(rows) for code, rows in zip(REASONS, counts.reason_rows, strict=True) if rows}
    return {"reasons": reasons, "tally": counts.tally.to_body(), "versions": dict(writer_versions())}


def _distinct_accounts(values: pa.ChunkedArray, namespace: str | None) -> pa.Array:
    """Return each account among values once, with its namespace: large_string[m]. What can be none is left out."""
    distinct = values.unique()
    accounts = distinct.filter(pa.array(find_accounts(distinct, namespace)))
    if namespace is None:
        return accounts
    prefix, between = (pa.scalar(text, pa.large_string()) for text in (namespace, ":"))
    return pc.binary_join_element_wise(prefix, accounts, between)
