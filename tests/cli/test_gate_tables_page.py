"""What docs/data-engineer/tables.md types at tables, typed at tables."""

import re
import shlex
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import StaticTable
from test_gate_command import demur, world

from demur.cli.verify import check_file
from demur.ledger.keys import load_verifier_keys

PAGE = (Path(__file__).resolve().parents[2] / "docs/data-engineer/tables.md").read_text()
COMMANDS = re.findall(r"^\$ demur gate (.*)$", PAGE, re.MULTILINE)
__all__ = ["world"]


def test_the_commands_of_the_page_gate_tables(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pq.read_table(world / "lake" / "a.parquet")
    write_deltalake(world / "tables" / "posts", rows)
    DeltaTable(world / "tables" / "posts").delete("record_id = 'r4'")
    (world / "warehouse").mkdir()
    catalog = SqlCatalog("lake", uri="sqlite:///:memory:", warehouse=f"file://{world}/warehouse")
    catalog.create_namespace("ns")
    table = catalog.create_table("ns.posts", schema=rows.schema)
    table.append(rows)
    (world / "latest.list").symlink_to(world / "home" / "latest.list")
    monkeypatch.chdir(world)
    assert len(COMMANDS) == 4
    for command in COMMANDS:
        words, _, target = command.partition(" > ")
        words = words.replace("$METADATA", shlex.quote(table.metadata_location.removeprefix("file://")))
        done = demur(*shlex.split(words))
        assert done.exit_code == 0, done.output
        if target:
            Path(target).write_text(done.stdout)
    keys = load_verifier_keys(world / "home" / "keys" / "public.keys")
    found = {}
    for out in sorted((world / "training").iterdir()):
        assert check_file(out / "manifest.note", keys).signer_known
        is_delta = (out / "kept" / "_delta_log").exists()
        read = (
            DeltaTable(out / "kept").scan()
            if is_delta
            else StaticTable.from_metadata(str(out / "kept")).scan().to_arrow()
        )
        found[out.name] = sorted(pa.table(read)["record_id"].to_pylist())
    assert found == {"rewritten": ["r2"], "v0": ["r2", "r4"], "of-iceberg": ["r2", "r4"]}
    catalog.close()
