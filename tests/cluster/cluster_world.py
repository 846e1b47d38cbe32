"""The world that the tests of clusters are set in: a home with keys and a list in which Ada objects, and a lake.

Workers are other processes: the list, the keys and the lake are files, as they are for a data engineer.
"""

import json
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "gate"))
from gate_world import MAPPING, entry, header, lake_rows, mapping, row, write_parquet

from demur.cluster import worker
from demur.cluster.driver import Engine, gate_files_on
from demur.cluster.job import Attempt, Job
from demur.core.gate_manifest import GateManifest, GateMode
from demur.core.suppression_list import seal_list
from demur.gate.embedded_engine import GateFiles, gate_in_threads
from demur.gate.run import GateRequest, run_gate
from demur.gate.source import InputFile
from demur.gate.suppression_list import encode_entries, load_suppression_list
from demur.ledger.keys import (
    KeyRole,
    SecretName,
    create_missing_keys,
    find_verifier_key,
    load_secret,
    load_signer,
    load_verifier_keys,
)

FILES = 4


@dataclass(frozen=True)
class World:
    """Where everything lies."""

    root: Path

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def list_path(self) -> Path:
        return self.root / "latest.list"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def out(self) -> Path:
        return self.root / "out"

    def save_list(self, *accounts: str, number: int = 7, hours: float = 24) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        times = {"issued_at": now - timedelta(hours=24), "expires_at": now + timedelta(hours=hours)}
        about = header(len(accounts), number=number, **times)
        entries = encode_entries([entry(account) for account in accounts])
        key, signer = load_secret(self.keys, SecretName.LIST_SEAL), load_signer(self.keys, KeyRole.LIST)
        self.list_path.write_bytes(seal_list(about, entries, key, signer))

    def gate(
        self,
        out: Path,
        gate_files: GateFiles = gate_in_threads,
        mode: GateMode = GateMode.REWRITE,
        progress: Callable[[int, int | None], None] = lambda _done, _total: None,
        lake: Path | None = None,
        *,
        notes: bool = False,
    ) -> GateManifest:
        publisher = find_verifier_key(load_verifier_keys(self.keys / "public.keys"), KeyRole.LIST)
        key = load_secret(self.keys, SecretName.LIST_SEAL)
        suppressions = load_suppression_list(self.list_path.read_bytes(), publisher, key, datetime.now(UTC))
        text = MAPPING.replace("text: text\n", "") if notes else MAPPING
        request = GateRequest(lake or self.lake, mapping(text), out, mode=mode, notes_accounts=notes)
        return run_gate(request, suppressions, load_signer(self.keys, KeyRole.GATE), progress, gate_files)

    def gate_on(self, engine: Engine, mode: GateMode = GateMode.REWRITE) -> GateManifest:
        return self.gate(self.out, gate_files_on(engine, self.keys), mode)


def build_world(root: Path, rows: int = 300) -> World:
    """Make a lake of Parquet and JSON Lines; the first file keeps every row, and the others do not."""
    world = World(root)
    create_missing_keys(world.keys, "lumen.example")
    world.save_list("lumen:ada")
    write_parquet(world.lake / "a.parquet", [row(record_id=f"s{number}") for number in range(rows)])
    for number in range(FILES - 2):
        path = world.lake / "b" / f"part-{number}.parquet"
        write_parquet(path, lake_rows(rows, number * rows), row_group_size=rows // 3)
    lines = (json.dumps(each) + "\n" for each in lake_rows(rows, FILES * rows))
    (world.lake / "c.jsonl").write_text("".join(lines))
    (root / "mapping.yaml").write_text(MAPPING)
    return world


def below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class InProcess:
    """Stands in for an engine: attempts are made in this process, one after the other, as often as is said.

    All that goes to a worker and comes back goes through bytes, as between machines.
    """

    def __init__(self, world: World, times: int = 1) -> None:
        self._world, self._times = world, times
        self.fetched = 0

    def run(self, job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        for index, file in enumerate(files):
            for _ in range(self._times):
                there = pickle.loads(pickle.dumps((job, index, file)))
                yield pickle.loads(pickle.dumps(worker.attempt(*there, self.fetch)))

    def fetch(self) -> bytes:
        self.fetched += 1
        return self._world.list_path.read_bytes()
