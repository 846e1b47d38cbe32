"""The gate as a value that travels: what a pipeline's workers need to open the same gate that its driver loaded.

    gate = BatchGate.load(Path("mapping.yaml"), Path("var/lists/latest.list"), keys_folder=Path("keys"))
    kept = gate.kept_rows(table)

Libraries pickle what they run into other processes. A `BatchGate` pickles to some hundred bytes: the mapping, what the
catalogue lets train, and the list's path and digest. The opened list never travels, nor does the key that opens it:
each process opens the list once, with the keys folder on its own machine, and keeps it. Where there is no list with
that digest, or it cannot be opened, or it has expired in the middle of a job, the next batch raises; nothing passes.

Described in docs/data-engineer/adapters.md.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa

from demur.adapters.python_values import table_of_rows, with_role_types
from demur.controller.catalogue import Catalogue
from demur.controller.file import load_controller
from demur.core.errors import ExpiredError
from demur.core.suppression_list import SuppressionListHeader, check_current
from demur.gate.decision import Decision, decide
from demur.gate.errors import InputChangedError, UnreadableInputError
from demur.gate.formats.data_format import filter_rows
from demur.gate.mapped_batch import check_columns, check_product, needed_columns, without_unread
from demur.gate.mapping import SourceMapping, parse_mapping
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList, load_suppression_list
from demur.ledger.keys import PUBLIC_KEYS_NAME, KeyRole, SecretName, find_verifier_key, load_secret, load_verifier_keys

BATCH_ROWS: Final = 1 << 16
"""What adapters ask their library for: smaller batches cost more for each row, larger ones only memory."""

_Rows = TypeVar("_Rows", pa.RecordBatch, pa.Table)


@dataclass(frozen=True)
class BatchGate:
    """A mapping, a list and a catalogue, as a value: equal ones decide alike, wherever they are.

    Attributes:
        mapping_yaml: the bytes of the source mapping.
        mapping_folder: where it was, on each machine: folders that it names are as seen from there.
        list_path: where each process finds the list. It must be the same file for all of them.
        list_sha256: of that file (32 bytes), so that no worker takes another list than the others.
        keys_folder: on each machine: `public.keys`, and the secret that opens the list.
        catalogue: what may train at all, from the controller's file; None to decide without one.
    """

    mapping_yaml: bytes
    mapping_folder: Path
    list_path: Path
    list_sha256: bytes
    keys_folder: Path
    catalogue: Catalogue | None = None

    @classmethod
    def load(
        cls, mapping: Path, suppression_list: Path, keys_folder: Path, controller: Path | None = None
    ) -> "BatchGate":
        """Return the gate of these files. It is opened here, so that what is wrong is said before a job begins.

        Args:
            mapping: the source mapping's file.
            suppression_list: the list's file. A link such as `latest.list` is followed once, here.
            keys_folder: of `public.keys` and `list-seal.secret`.
            controller: the controller's file, whose catalogue says what may train at all.

        Raises:
            DemurError: see `parse_mapping`, `load_suppression_list`, `load_secret` and `load_controller`.
            UnreadableInputError: the mapping or the list is not there.
        """
        path = suppression_list.resolve()
        gate = cls(
            mapping_yaml=_read(mapping, "source mapping"),
            mapping_folder=mapping.absolute().parent,
            list_path=path,
            list_sha256=hashlib.sha256(_read(path, "suppression list")).digest(),
            keys_folder=keys_folder.resolve(),
            catalogue=None if controller is None else load_controller(controller).catalogue,
        )
        gate.open()
        return gate

    def open(self, read_list: Callable[[], bytes | memoryview] | None = None) -> "OpenGate":
        """Return the gate, opened in this process and current. Only the first call costs something.

        Args:
            read_list: gives the list's bytes where they are not in a file.

        Raises:
            DemurError: the list is not the one that the gate was loaded with, or does not open.
            ExpiredError: it is no longer current, or this machine's clock is before its date.
        """
        opened = _OPEN.get(self) or _open(self, read_list or self.read_list)
        check_current(opened.suppressions.header, _now())
        return opened

    def read_list(self) -> bytes:
        """Return the sealed list's bytes, as they are at its path.

        Raises:
            UnreadableInputError: there is no such file.
        """
        return _read(self.list_path, "suppression list")

    def decide(self, data: pa.RecordBatch | pa.Table) -> Decision:
        """Decide about n rows, with the columns of the mapping that rules read; others are not looked at.

        Raises:
            ExpiredError: the list is no longer current.
            ColumnMissingError: a column is not there, or there twice.
            ColumnTypeError: a column has a type that its role cannot have.
            RowIdMissingError: a row has no id.
        """
        return self.open().decide(data)

    def decide_rows(self, rows: Sequence[object]) -> Decision:
        """Decide about n rows that are mappings from column to value; raises as `decide` does."""
        opened = self.open()
        return opened.decide(table_of_rows(rows, opened.mapping))

    def kept_mask(self, data: pa.RecordBatch | pa.Table) -> BoolMask:
        """Return which of n rows may train: bool[n]. Raises as `decide` does."""
        return self.decide(data).kept_mask

    def kept_rows(self, data: _Rows) -> _Rows:
        """Return the rows that may train, with all their columns.

        A column of words keeps its whole dictionary.

        Raises:
            DemurError: as `decide` does.
            UnreadableInputError: a column is of a type out of which Arrow cannot take rows.
        """
        kept = self.kept_mask(data)
        rows: _Rows = data if kept.all() else filter_rows(data, kept, "the batch")
        return rows


@dataclass(frozen=True)
class OpenGate:
    """A gate as it is opened in one process. It does not travel.

    Attributes:
        mapping: without the roles that no rule reads: a pipeline may have left out their columns.
        suppressions: the list.
        catalogue: what may train at all; None to decide without one.
    """

    mapping: SourceMapping
    suppressions: SuppressionList
    catalogue: Catalogue | None

    @property
    def columns(self) -> list[str]:
        """The columns that rules read, each once: all that a library has to hand over."""
        return needed_columns(self.mapping)

    def decide(self, data: pa.RecordBatch | pa.Table) -> Decision:
        """Decide about n rows; that the list is current was checked by `BatchGate.open`."""
        data = with_role_types(data, self.mapping)
        check_columns(data.schema, self.mapping, "the batch")
        needed = data.select(self.columns)
        batches = needed.to_batches() if isinstance(needed, pa.Table) else [needed]
        decided = [decide(batch, self.mapping, self.suppressions, self.catalogue).reasons for batch in batches]
        return Decision(np.concatenate([np.zeros(0, np.uint32), *decided]))

    def __reduce__(self) -> tuple[object, ...]:
        """Refuse to travel: whoever reads what is pickled would read whom the list protects."""
        raise TypeError("an open gate holds the list unsealed, and is not pickled: send the BatchGate")


_OPEN: Final[dict[BatchGate, OpenGate]] = {}
"""The gates of this process."""

_opening: Final = Lock()
# A fork waits until nobody opens: its process would get half an index, and locks that nobody lets go.
os.register_at_fork(before=_opening.acquire, after_in_parent=_opening.release, after_in_child=_opening.release)


def _open(gate: BatchGate, read_list: Callable[[], bytes | memoryview]) -> OpenGate:
    """Open a gate, with a list that is open already if another gate has the same."""
    with _opening:
        if gate in _OPEN:
            return _OPEN[gate]
        mapping = without_unread(parse_mapping(gate.mapping_yaml, gate.mapping_folder))
        check_product(mapping, gate.catalogue)
        for other in [other for other, opened in _OPEN.items() if not _is_current(opened.suppressions.header)]:
            del _OPEN[other]  # yesterday's list would stay in memory as long as the process
        same = (opened for other, opened in _OPEN.items() if _list_of(other) == _list_of(gate))
        known = next(same, None)
        suppressions = _load(gate, read_list()) if known is None else known.suppressions
        opened = OpenGate(mapping, suppressions, gate.catalogue)
        opened.decide(table_of_rows([dict.fromkeys(opened.columns) | {mapping.row_id: ""}], mapping))  # builds indexes
        _OPEN[gate] = opened
        return opened


def _load(gate: BatchGate, raw: bytes | memoryview) -> SuppressionList:
    if hashlib.sha256(raw).digest() != gate.list_sha256:
        raise InputChangedError(
            f'the suppression list "{gate.list_path.name}" is another than the one that this job began with',
            hint="give a numbered list, which stays, and begin the job again",
        )
    publisher = find_verifier_key(load_verifier_keys(gate.keys_folder / PUBLIC_KEYS_NAME), KeyRole.LIST)
    secret = load_secret(gate.keys_folder, SecretName.LIST_SEAL)
    return load_suppression_list(raw, publisher, secret, _now())


def _list_of(gate: BatchGate) -> tuple[bytes, Path]:
    return gate.list_sha256, gate.keys_folder


def _is_current(header: SuppressionListHeader) -> bool:
    try:
        check_current(header, _now())
    except ExpiredError:
        return False
    return True


def _now() -> datetime:
    return datetime.now(UTC)


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableInputError(
            f'the {what} "{path.name}" cannot be read', hint="give the path of a file"
        ) from error
