"""What goes to the workers of a cluster, and what comes back.

A task is one input file. An attempt at it writes into a folder of its own, which nobody else ever writes to; so it
does not matter how often an engine tries a file, or whether a worker that was given up for dead goes on writing.
"""

from dataclasses import dataclass
from pathlib import Path

from demur.controller.catalogue import Catalogue
from demur.core.errors import DemurError
from demur.core.gate_manifest import GateMode
from demur.gate.file_gate import FileResult
from demur.gate.mapping import SourceMapping


@dataclass(frozen=True)
class Job:
    """All that the tasks of one run have in common. It holds no list, no key and no row.

    Attributes:
        mapping: which column plays which role.
        catalogue: what may train at all; None to run without one.
        mode: what is written of the kept rows.
        notes_accounts: whether the accounts of each file are noted.
        attempts: the folder in which attempts make theirs, on storage that all workers share.
        keys_folder: holds public.keys and the list's secret, at the same path on each machine.
        list_header_sha256: of the list that the driver verified (32 bytes); a worker that opens another one refuses.
        versions: of what decides and writes on the driver; a worker with others refuses.
    """

    mapping: SourceMapping
    catalogue: Catalogue | None
    mode: GateMode
    notes_accounts: bool
    attempts: Path
    keys_folder: Path
    list_header_sha256: bytes
    versions: str


@dataclass(frozen=True)
class Attempt:
    """One attempt at one file, that came to its end.

    Attributes:
        index: of the file, in the order of the run's files.
        folder: the name of its folder in `Job.attempts`.
        outcome: what became of the file, or why nothing did.
    """

    index: int
    folder: str
    outcome: FileResult | DemurError
