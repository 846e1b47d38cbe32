"""The gate on Ray and Spark against the embedded engine, and against what these engines do by themselves.

    .venv/bin/python bench/clusters.py --files 20 --rounds 5

Takes that many files, of a million rows each, of the lake that bench/gate.py builds. Every contestant is a whole
process. To set apart what an engine needs to start, each also runs over a lake of one file with one row: the difference
is the time of the work. In each round all run in turn; figures are medians. Starting an engine takes many times as long
as a million rows do, so take many files, on a machine that does nothing else: else the difference is mostly noise.
"""

import argparse
import shutil
import statistics
import sys
from pathlib import Path

import pyarrow.parquet as pq

from gate import build, write_mapping
from measured import measure

ROOT = Path(__file__).resolve().parent
EMBEDDED = "gate, embedded"


def take_files(folder: Path, count: int) -> tuple[Path, Path]:
    """Return a lake of the first files, and one with a single row of them."""
    few, one = folder / f"few-{count}", folder / "one-row"
    sources = sorted((folder / "sample" / "lake").glob("*.parquet"))[:count]
    for lake in (few, one):
        shutil.rmtree(lake, ignore_errors=True)
        lake.mkdir()
    for source in sources:
        (few / source.name).symlink_to(source)
    pq.write_table(pq.ParquetFile(sources[0]).read_row_group(0).slice(0, 1), one / "one.parquet", compression="zstd")
    return few, one


def contestants(folder: Path, lake: Path, out: Path) -> dict[str, list[str]]:
    """Return each contestant's command over a lake."""
    gate = [sys.executable, "-m", "demur", "gate", "run", str(lake), "--out", str(out)]
    gate += ["--mapping", str(write_mapping(folder, texts=False)), "--list", str(folder / "objections.list")]
    gate += ["--keys-folder", str(folder / "keys")]
    commands = {EMBEDDED: gate}
    for engine in ("ray", "spark"):
        commands[f"gate, {engine}"] = [*gate, "--engine", engine]
        for work in ("copy", "identity"):
            peer = [sys.executable, str(ROOT / "cluster_peers.py"), engine, work, str(lake), str(out)]
            commands[f"{engine}'s own {work}"] = peer
    return commands


def run_rounds(folder: Path, lakes: tuple[Path, Path], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return for each contestant the seconds of each round: over the lake, and over one row."""
    out = folder / "out"
    seconds: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for name in contestants(folder, lakes[0], out):
            pair = []
            for lake in lakes:
                shutil.rmtree(out, ignore_errors=True)
                pair.append(measure(contestants(folder, lake, out)[name]).wall_seconds)
            seconds.setdefault(name, []).append((pair[0], pair[1]))
            print(f"{name}: {pair[0]:.1f} s, one row {pair[1]:.1f} s", file=sys.stderr)
    shutil.rmtree(out, ignore_errors=True)
    return seconds


def main() -> None:
    """Build, run the rounds, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    folder = build(20_000_000, 1_000_000, 1_000_000)
    seconds = run_rounds(folder, take_files(folder, arguments.files), arguments.rounds)
    print(f"{arguments.files} million rows, 1 million objections, medians of {arguments.rounds}\n")
    print("| | wall s | start-up s | work s | work / embedded | work / own copy | work / own identity map |")
    print("|---|---|---|---|---|---|---|")
    work = {name: [whole - start for whole, start in pairs] for name, pairs in seconds.items()}
    for name, pairs in seconds.items():
        engine = name.removeprefix("gate, ").split("'")[0]
        ratios = [_ratio(work, name, peer) for peer in (EMBEDDED, f"{engine}'s own copy", f"{engine}'s own identity")]
        whole, start = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"| {name} | {whole:.1f} | {start:.1f} | {statistics.median(work[name]):.1f} | {' | '.join(ratios)} |")


def _ratio(work: dict[str, list[float]], name: str, peer: str) -> str:
    if peer not in work:
        return "-"
    return f"{statistics.median(one / other for one, other in zip(work[name], work[peer], strict=True)):.2f}"


if __name__ == "__main__":
    main()
