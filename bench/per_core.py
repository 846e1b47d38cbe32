"""What one core does in a second, and what a row costs in bytes: the figures of docs/data-engineer/ten-billion-rows.md.

    .venv/bin/python bench/per_core.py --files 2 --rounds 5

One thread over files of a million rows of the lake that bench/gate.py builds, with its list of a million entries.
Rows a second are of processor time, which other programs of the machine disturb less than wall time. Bytes are those
that the process asked the system for, from the disk or not.
"""

import argparse
import resource
import shutil
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from demur.core.gate_manifest import GateMode
from demur.gate.dry_run import decide_only
from demur.gate.file_gate import FileGate
from demur.gate.mapping import SourceMapping, parse_mapping
from demur.gate.source import InputFile, find_inputs
from demur.gate.suppression_list import SuppressionList, load_suppression_list
from demur.ledger.keys import KeyRole, SecretName, find_verifier_key, load_secret, load_verifier_keys
from gate import build, write_mapping

_MODES = (GateMode.IDS, GateMode.REWRITE, GateMode.LINK)


def open_list(folder: Path) -> SuppressionList:
    """Open the list as a worker does."""
    publisher = find_verifier_key(load_verifier_keys(folder / "keys" / "public.keys"), KeyRole.LIST)
    secret = load_secret(folder / "keys", SecretName.LIST_SEAL)
    return load_suppression_list((folder / "objections.list").read_bytes(), publisher, secret, datetime.now(UTC))


def bytes_moved() -> tuple[int, int]:
    """Return how many bytes this process has read and written."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"]), int(fields["wchar"])


def gate_into(out: Path, mapping: SourceMapping, suppressions: SuppressionList, mode: GateMode) -> Callable[[], None]:
    """Return what gates files in one mode, one after the other."""

    def run(files: list[InputFile]) -> None:
        shutil.rmtree(out, ignore_errors=True)
        for file in files:
            FileGate(mapping, suppressions, None, mode, out).run(file, lambda _rows: None)

    return run  # type: ignore[return-value]


def main() -> None:
    """Load the list, run the rounds, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    folder = build(20_000_000, 1_000_000, 1_000_000)
    mapping = parse_mapping(write_mapping(folder, texts=False).read_bytes())
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    suppressions = open_list(folder)
    loaded = time.process_time()
    lake, out = folder / "per-core", folder / "out"
    shutil.rmtree(lake, ignore_errors=True)
    lake.mkdir()
    for source in sorted((folder / "sample" / "lake").glob("*.parquet"))[: arguments.files]:
        (lake / source.name).symlink_to(source)
    looking = time.process_time()
    files = find_inputs(lake, mapping)
    looked = time.process_time()
    rows = sum(file.rows or 0 for file in files)
    works: dict[str, Callable[[list[InputFile]], object]] = {
        "decide only": lambda _files: decide_only(lake, mapping, suppressions, None, lambda _done, _all: None),
        **{str(mode): gate_into(out, mapping, suppressions, mode) for mode in _MODES},  # type: ignore[misc]
    }
    first = time.process_time()
    works["decide only"](files)
    first_seconds = time.process_time() - first
    seconds: dict[str, list[float]] = {name: [] for name in works}
    moved: dict[str, tuple[float, float]] = {}
    for _ in range(arguments.rounds):
        for name, work in works.items():
            files = find_inputs(lake, mapping)  # a run that links a file changes its state
            start, (read, written) = time.process_time(), bytes_moved()
            work(files)
            seconds[name].append(time.process_time() - start)
            read_now, written_now = bytes_moved()
            moved[name] = ((read_now - read) / rows, (written_now - written) / rows)
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(lake)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{rows:,} rows, {len(suppressions):,} entries, medians of {arguments.rounds}\n")
    print("| work | rows a second and core | bytes read a row | bytes written a row |\n|---|---|---|---|")
    for name, of_name in seconds.items():
        speed = rows / statistics.median(of_name)
        print(f"| {name} | {speed:,.0f} | {moved[name][0]:.1f} | {moved[name][1]:.1f} |")
    index_seconds = first_seconds - statistics.median(seconds["decide only"])
    print(f"\nlist: opened in {loaded - began:.2f} s, indexed in {index_seconds:.2f} s more")
    print(f"footers: {(looked - looking) / len(files) * 1000:.1f} ms a file")
    print(f"memory: {before / 1e6:.2f} GB before the list, {peak / 1e6:.2f} GB at most")


if __name__ == "__main__":
    main()
