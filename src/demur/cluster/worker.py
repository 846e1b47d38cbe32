"""One attempt at one file, in a worker of whatever engine: the same `FileGate` as on one machine, in its own folder.

The list is opened at a process's first attempt, and kept for the others. Whatever goes wrong is returned and not
raised: engines try again what raises, and would print it with its traceback. They still try again when a process
dies.
"""

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pyarrow as pa

from demur.cluster.errors import ClusterError
from demur.cluster.job import Attempt, Job
from demur.core.errors import DemurError
from demur.gate.errors import InputChangedError
from demur.gate.file_gate import FileGate, FileResult, ReasonRows
from demur.gate.file_state import file_state
from demur.gate.output import writing
from demur.gate.source import InputFile
from demur.gate.suppression_list import SuppressionList, load_suppression_list
from demur.ledger.keys import KeyRole, SecretName, find_verifier_key, load_secret, load_verifier_keys

VERSIONS: Final = f"demur {version('demur')}, pyarrow {pa.__version__}"

_SIZE_AND_TIME: Final = slice(2, 4)
"""Of a file's state, what is the same on all machines: devices and inodes are each machine's own."""

_opened: dict[bytes, SuppressionList] = {}
"""The list of this process, by the digest of its header."""


def attempt(job: Job, index: int, file: InputFile, fetch_list: Callable[[], bytes]) -> Attempt:
    """Gate one file into a new folder.

    Args:
        job: what all tasks have in common.
        index: of the file.
        file: as the driver saw it, with an absolute path.
        fetch_list: gives the sealed list; called once in a process.
    """
    folder = f"{index}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(8)}"
    outcome: FileResult | DemurError
    try:
        outcome = _gate(job, file, job.attempts / folder, fetch_list)
    except DemurError as error:
        outcome = error
    except Exception as error:  # noqa: BLE001  (a sentence for the driver, with nothing of a row in it)
        outcome = ClusterError(
            f"{file.name} could not be gated: {type(error).__name__} on {socket.gethostname()}",
            hint="run the gate over this file alone, with the embedded engine, to see what is wrong",
        )
    return Attempt(index, folder, outcome)


def _gate(job: Job, file: InputFile, folder: Path, fetch_list: Callable[[], bytes]) -> FileResult:
    if job.versions != VERSIONS:
        raise ClusterError(
            f"{socket.gethostname()} has {VERSIONS}, and the driver {job.versions}",
            hint="install the same on all machines: others may decide or write otherwise",
        )
    if not job.attempts.is_dir():
        raise ClusterError(
            f"{socket.gethostname()} does not see the output's folder",
            hint="give --out on storage that all machines have at the same path",
        )
    with writing():
        folder.mkdir()
    suppressions = _open_list(job, fetch_list)
    gate = FileGate(job.mapping, suppressions, job.catalogue, job.mode, folder, job.notes_accounts)
    return gate.run(_as_seen_here(file), _tell_nobody)


def _open_list(job: Job, fetch_list: Callable[[], bytes]) -> SuppressionList:
    """Return this process's list, which must be current at the instant when it is opened."""
    if job.list_header_sha256 not in _opened:
        publisher = find_verifier_key(load_verifier_keys(job.keys_folder / "public.keys"), KeyRole.LIST)
        list_key = load_secret(job.keys_folder, SecretName.LIST_SEAL)
        found = load_suppression_list(fetch_list(), publisher, list_key, datetime.now(UTC))
        if found.header_sha256 != job.list_header_sha256:
            raise ClusterError("the suppression list was replaced while the run began: run again")
        _opened.clear()
        _opened[found.header_sha256] = found
    return _opened[job.list_header_sha256]


def _as_seen_here(file: InputFile) -> InputFile:
    """Return the file with its state on this machine, which must be the one that the driver checked."""
    if not file.state:
        return file  # an object of a store, which says itself whether it is the one that was listed
    try:
        state = file_state(file.path.stat())
    except OSError as error:
        raise ClusterError(
            f"{socket.gethostname()} does not see {file.name}",
            hint="give an input on storage that all machines have at the same path",
        ) from error
    if state[_SIZE_AND_TIME] != file.state[_SIZE_AND_TIME]:
        raise InputChangedError(f"{file.name} changed before it was read", hint="run again when nobody writes to it")
    return replace(file, state=state)


def _tell_nobody(_rows: int, _reason_rows: ReasonRows) -> None:
    """Progress is told by the driver, file by file: what an attempt did counts when it is accepted."""
