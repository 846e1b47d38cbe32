"""The gate against a plain copy and a hand-written anti-join, as whole processes over the same files.

    .venv/bin/python bench/gate.py                       20 million rows, 1 million objections, 5 rounds
    .venv/bin/python bench/gate.py --rows 1000000 --rounds 3

The data are built once under bench/data/ (about 1.5 GB for 20 million rows). In each round every contestant runs
once, in turn, so that a change of the machine's speed falls on all of them. Ratios are medians of the rounds' ratios.
"""

import argparse
import re
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench_list import seal_people
from demur.core.identifier import IdentifierKind
from demur.ledger.keys import KeyRole, SecretName, create_missing_keys, load_secret, load_signer
from demur.sample.platform import SampleRequest, generate
from measured import print_table, run_in_turn

ROOT = Path(__file__).resolve().parent
DATA = ROOT / "data"
COPY = "plain copy (pyarrow)"
SHARE_OF_ACCOUNTS = 0.02
"""The part of the platform's accounts that object; the other entries are of people who are not in these files."""


def build(rows: int, people: int, objections: int) -> Path:
    """Make the lake, keys and a list of so many objections, unless they are there; return their folder."""
    folder = DATA / f"{rows}-{objections}"
    if (folder / "objections.list").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    print(f"building {rows:,} rows and {objections:,} objections (once)", file=sys.stderr)
    generate(
        SampleRequest(out=folder / "sample", people=people, rows=rows, seed=1, photos=8), lambda _done, _total: None
    )
    create_missing_keys(folder / "keys", "bench.example")
    accounts = [f"lumen:p{number:07d}" for number in range(int(people * SHARE_OF_ACCOUNTS))]
    accounts += [f"lumen:q{number:07d}" for number in range(objections - len(accounts))]
    (folder / "objections.txt").write_text("\n".join(accounts))
    secret = load_secret(folder / "keys", SecretName.LIST_SEAL)
    people_who_object = ((IdentifierKind.ACCOUNT, account) for account in accounts)
    sealed = seal_people(people_who_object, secret, load_signer(folder / "keys", KeyRole.LIST))
    (folder / "objections.list").write_bytes(sealed)
    return folder


def write_mapping(folder: Path, *, texts: bool) -> Path:
    """Write a mapping by which the gate decides without photos, and if so without texts, as its peers do."""
    mapping = (folder / "sample" / "mapping.yaml").read_text()
    path = folder / ("mapping-texts.yaml" if texts else "mapping-accounts.yaml")
    roles = "image" if texts else "image|text"
    path.write_text(re.sub(rf"^(?:{roles}):(?: .*)?\n(?:  .*\n)*", "", mapping, flags=re.MULTILINE))
    return path


def contestants(folder: Path, out: Path) -> dict[str, list[str]]:
    """Return each contestant's command."""
    lake, peers = str(folder / "sample" / "lake"), str(ROOT / "peers.py")
    gate = [sys.executable, "-m", "demur", "gate", "run", lake]
    gate += ["--list", str(folder / "objections.list"), "--keys-folder", str(folder / "keys")]
    objections = str(folder / "objections.txt")
    texts = ["--mapping", str(write_mapping(folder, texts=True))]
    accounts = ["--mapping", str(write_mapping(folder, texts=False))]

    def peer(name: str) -> list[str]:
        return [sys.executable, peers, name, lake, str(out), objections]

    return {
        COPY: peer("copy"),
        "gate, rewrite": [*gate, *accounts, "--out", str(out)],
        "gate, rewrite, texts searched": [*gate, *texts, "--out", str(out)],
        "anti-join (DuckDB)": peer("duckdb"),
        "anti-join (Polars)": peer("polars"),
        "gate, decide only": [*gate, *accounts, "--dry-run"],
        "read the needed columns (pyarrow)": peer("read-pyarrow"),
        "read the needed columns (Polars)": peer("read-polars"),
        "read the needed columns (DuckDB)": peer("read-duckdb"),
    }


def main() -> None:
    """Build, run the rounds, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--objections", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with ProcessPoolExecutor(1) as apart:  # Linux counts a parent's peak memory as its children's until they exec
        size = (arguments.rows, arguments.people, arguments.objections)
        folder = apart.submit(build, *size).result()
    out = folder / "out"
    runs = run_in_turn(contestants(folder, out), out, arguments.rounds)
    print(f"{arguments.rows:,} rows, {arguments.objections:,} objections, medians of {arguments.rounds}\n")
    print_table(runs)


if __name__ == "__main__":
    main()
