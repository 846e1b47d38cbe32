"""The gate at full size on every engine, held against the truth that the generator wrote beside the data.

    .venv/bin/python bench/truth.py                      20 million rows, 20,000 people who object
    .venv/bin/python bench/truth.py --engines embedded

Each engine gates the lake that bench/gate.py builds. What must be kept and withheld, and for which reason, DuckDB works
out from the lake's own columns and from the truth, which no gate reads. Prints a table; ends with 1 if an engine keeps,
withholds or counts a single row otherwise, or writes another byte than the first one.
"""

import argparse
import json
import shutil
import sys
from hashlib import file_digest
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from bench_list import seal_people
from demur.core.identifier import IdentifierKind
from demur.ledger.keys import KeyRole, SecretName, load_secret, load_signer
from gate import build, write_mapping
from measured import measure

ENGINES = ("embedded", "ray", "spark")
_EXPECT = """
CREATE TABLE objecting AS SELECT person_id FROM read_parquet('{truth}/people.parquet')
  WHERE has_account ORDER BY hash(person_id) LIMIT {people};
CREATE TABLE concerned AS SELECT record_id, bool_or(why = 'author') AS wrote, bool_or(why = 'tagged') AS tagged
  FROM read_parquet('{truth}/rows/*.parquet') SEMI JOIN objecting USING (person_id)
  WHERE why IN ('author', 'tagged') GROUP BY record_id;
CREATE TABLE expected AS SELECT record_id, list_filter([
    CASE WHEN wrote THEN 'author-objected' END,
    CASE WHEN author_is_minor THEN 'minor' END,
    CASE WHEN audience != 'public' THEN 'not-public' END,
    CASE WHEN kind = 'message' THEN 'private-message' END,
    CASE WHEN tagged THEN 'tagged-person-objected' END
  ], lambda reason: reason IS NOT NULL) AS reasons
  FROM read_parquet('{lake}/*.parquet') LEFT JOIN concerned USING (record_id);
"""
_KEPT = "SELECT record_id FROM expected WHERE len(reasons) = 0"
_FOUND_KEPT = "SELECT record_id FROM read_parquet('{out}/kept/*.parquet')"
_WITHHELD = "SELECT record_id, reasons FROM expected WHERE len(reasons) > 0"
_FOUND_WITHHELD = "SELECT record_id, list_sort(reasons) FROM read_parquet('{out}/withheld/*.parquet')"
_COUNTS = "SELECT reason, count(*) FROM (SELECT unnest(reasons) AS reason FROM expected) GROUP BY reason"


def expect(folder: Path, people: int) -> duckdb.DuckDBPyConnection:
    """Work out what is true; return the database that knows."""
    sample = folder / "sample"
    database = duckdb.connect(str(folder / "truth.duckdb"))
    database.execute(_EXPECT.format(truth=sample / "truth", lake=sample / "lake", people=people))
    return database


def seal_list_of(database: duckdb.DuckDBPyConnection, folder: Path) -> Path:
    """Write the list of every account of those who object; return its path."""
    people = folder / "sample" / "truth" / "people.parquet"
    query = f"SELECT unnest(accounts) FROM read_parquet('{people}') SEMI JOIN objecting USING (person_id)"
    entries = ((IdentifierKind.ACCOUNT, account) for (account,) in database.execute(query).fetchall())
    keys, path = folder / "keys", folder / "truth.list"
    sealed = seal_people(entries, load_secret(keys, SecretName.LIST_SEAL), load_signer(keys, KeyRole.LIST))
    path.write_bytes(sealed)
    return path


def differences(database: duckdb.DuckDBPyConnection, out: Path) -> dict[str, int]:
    """Return by name how many rows, and counts of the manifest, are not as they should be."""

    def apart(expected: str, found: str) -> int:
        both = f"(({expected}) EXCEPT ALL ({found})) UNION ALL (({found}) EXCEPT ALL ({expected}))"
        return int(database.execute(f"SELECT count(*) FROM ({both})".format(out=out)).fetchall()[0][0])

    manifest = json.loads((out / "manifest.note").read_text().partition("\n")[2].partition("\n\n")[0])
    counts = dict(database.execute(_COUNTS).fetchall())
    told = {reason: rows for reason, rows in manifest["withheld_by_reason"].items() if rows}
    kept = database.execute(f"SELECT count(*) FROM ({_KEPT})").fetchall()[0][0]
    return {
        "kept rows": apart(_KEPT, _FOUND_KEPT),
        "withheld rows, with reasons": apart(_WITHHELD, _FOUND_WITHHELD),
        "counts of the manifest": len(counts.items() ^ told.items()) + int(manifest["kept_rows"] != kept),
    }


def digests(out: Path) -> dict[str, str]:
    """Return the SHA-256 of every file."""
    found = {}
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            found[str(path.relative_to(out))] = file_digest(file, "sha256").hexdigest()
    return found


def main() -> None:
    """Gate with each engine, compare, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--people", type=int, default=20_000, help="how many object")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    arguments = parser.parse_args()
    folder = build(arguments.rows, max(arguments.rows // 20, 1_000), 1_000_000)
    (folder / "truth.duckdb").unlink(missing_ok=True)
    database, out = expect(folder, arguments.people), folder / "out"
    path, first, is_wrong = seal_list_of(database, folder), None, False
    command = [sys.executable, "-m", "demur", "gate", "run", str(folder / "sample" / "lake"), "--out", str(out)]
    command += ["--mapping", str(write_mapping(folder, texts=True)), "--list", str(path)]
    command += ["--keys-folder", str(folder / "keys")]
    print(
        "| engine | seconds | kept | withheld | rows or counts not as the truth has them | files unlike the first's |"
    )
    print("|---|---|---|---|---|---|")
    for engine in arguments.engines:
        shutil.rmtree(out, ignore_errors=True)
        run = measure([*command, *([] if engine == "embedded" else ["--engine", engine])])
        kept, withheld = (sum(pq.read_metadata(one).num_rows for one in (out / part).iterdir()) for part in _PARTS)
        found, files = differences(database, out), digests(out)
        first = first or files
        unlike = len(first.items() ^ files.items())
        is_wrong = is_wrong or any(found.values()) or bool(unlike)
        print(f"| {engine} | {run.wall_seconds:.0f} | {kept:,} | {withheld:,} | {sum(found.values())} | {unlike} |")
    shutil.rmtree(out, ignore_errors=True)
    sys.exit(is_wrong)


_PARTS = ("kept", "withheld")

if __name__ == "__main__":
    main()
