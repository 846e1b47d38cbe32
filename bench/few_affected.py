"""The gate over a lake of which few files hold anything to withhold, against a plain copy of all of it.

    .venv/bin/python bench/few_affected.py                100 files, one of them affected, a list of 1 million
    .venv/bin/python bench/few_affected.py --times 5      500 files, five of them affected

Built from the lake of bench/gate.py: in all files but one stand only rows that the gate keeps. With `--mode link` it
reads the columns that rules read, and links the files of which every row may train instead of writing them. With
`--after` it goes on from the output of a list that held nobody of these files: it reads all files for their digests,
and the columns of one.
"""

import argparse
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench_list import seal_people
from demur.core.identifier import IdentifierKind
from demur.ledger.keys import KeyRole, SecretName, load_secret, load_signer
from gate import build, write_mapping
from measured import measure, print_table, run_in_turn

ROOT = Path(__file__).resolve().parent
_FILES, _ROW_GROUP_ROWS = 100, 50_000


def build_lake(folder: Path, gate: list[str]) -> Path:
    """Write the lake of what the gate keeps, unless it is there; return its folder."""
    lake, source, out = folder / "few-affected", folder / "sample" / "lake", folder / "out"
    if lake.exists():
        return lake
    making = folder / "few-affected.making"
    for left in (making, out):
        shutil.rmtree(left, ignore_errors=True)
    measure([*gate, str(source), "--out", str(out)])
    making.mkdir()
    rows = pq.read_table(out / "kept")
    each = rows.num_rows // (_FILES - 1)
    for number in range(_FILES - 1):
        _write(rows.slice(number * each, each), making / f"part-{number:05}.parquet")
    affected = pq.read_table(min(source.glob("*.parquet"))).slice(0, each)
    _write(affected, making / f"part-{_FILES - 1:05}.parquet")
    return making.rename(lake)


def multiply(lake: Path, times: int) -> Path:
    """Return a folder with each file of the lake so many times, as links under other names."""
    many = lake.with_name(f"{lake.name}-{times}")
    shutil.rmtree(many, ignore_errors=True)
    many.mkdir()
    for path in lake.iterdir():
        for number in range(times):
            (many / f"{number}-{path.name}").hardlink_to(path)
    return many


def build_earlier(folder: Path, lake: Path, gate: list[str]) -> Path:
    """Gate the lake by a list of as many people of whom none is in it, unless that was done; return the output."""
    out, listed = folder / f"{lake.name}-earlier", folder / "strangers.list"
    if not out.exists():
        strangers = ((IdentifierKind.ACCOUNT, f"lumen:r{number:07d}") for number in range(1_000_000))
        secret = load_secret(folder / "keys", SecretName.LIST_SEAL)
        listed.write_bytes(seal_people(strangers, secret, load_signer(folder / "keys", KeyRole.LIST)))
        measure([*gate, "--list", str(listed), str(lake), "--out", str(out), "--mode", "link", "--note-accounts"])
    return out


def _write(rows: pa.Table, path: Path) -> None:
    pq.write_table(rows, path, compression="zstd", compression_level=3, row_group_size=_ROW_GROUP_ROWS)


def main() -> None:
    """Build, run the rounds, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--times", type=int, default=1)
    arguments = parser.parse_args()
    folder = build(20_000_000, 1_000_000, 1_000_000)
    gate = [sys.executable, "-m", "demur", "gate", "run", "--mapping", str(write_mapping(folder, texts=False))]
    gate += ["--list", str(folder / "objections.list"), "--keys-folder", str(folder / "keys")]
    with ProcessPoolExecutor(1) as apart:  # as in bench/gate.py: what building takes is no run's memory
        lake = apart.submit(build_lake, folder, gate).result()
        lake = multiply(lake, arguments.times)
        earlier = apart.submit(build_earlier, folder, lake, gate).result()
    out, link = folder / "out", [*gate, str(lake), "--out", str(folder / "out"), "--mode", "link"]
    contestants = {
        "plain copy (pyarrow)": [sys.executable, str(ROOT / "peers.py"), "copy", str(lake), str(out), "-"],
        "gate, rewrite": [*gate, str(lake), "--out", str(out)],
        "gate, link": link,
        "gate, link, accounts noted": [*link, "--note-accounts"],
        "gate, link, after an earlier run": [*link, "--after", str(earlier)],
    }
    runs = run_in_turn(contestants, out, arguments.rounds)
    rows = sum(pq.read_metadata(path).num_rows for path in lake.iterdir())
    files, affected = _FILES * arguments.times, arguments.times
    print(f"{rows:,} rows in {files} files, {affected} of them affected; medians of {arguments.rounds}\n")
    print_table(runs)


if __name__ == "__main__":
    main()
