"""Tables for the gate's tests, written and read again by their own libraries, and the oracle of who may train."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder, write_deltalake
from gate_world import GATE_SIGNER, SCHEMA, lake_rows, list_of, mapping
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import StaticTable, Table
from pyiceberg.transforms import IdentityTransform

from demur.core.gate_manifest import GateManifest, GateMode
from demur.gate.mapping import SourceMapping
from demur.gate.run import GateRequest, run_gate

ADA_OBJECTS = list_of("lumen:ada")
TABLE_MODES = [GateMode.REWRITE, GateMode.LINK, GateMode.DELETES]
Rows = list[dict[str, Any]]


def gate(
    table: Path,
    out: Path,
    mode: GateMode = GateMode.REWRITE,
    version: int | None = None,
    source_mapping: SourceMapping | None = None,
) -> GateManifest:
    request = GateRequest(table, source_mapping or mapping(), out, mode=mode, table_version=version)
    return run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None)


def may_train(rows: Iterable[dict[str, Any]]) -> Rows:
    """Return, in plain words, what this world's list and mapping let through."""
    return [
        row
        for row in rows
        if row["kind"] != "dm" and row["author_account"] != "lumen:ada" and "lumen:ada" not in row["tagged_accounts"]
    ]


def arrow_rows(count: int, start: int = 0) -> pa.Table:
    return pa.Table.from_pylist(lake_rows(count, start), schema=SCHEMA)


def write_delta(folder: Path) -> Path:
    """Write three versions, partitioned by what rules read; the last one has no row of the first hundred."""
    write_deltalake(folder, arrow_rows(300), partition_by=["kind", "author_is_minor"])
    write_deltalake(folder, arrow_rows(50, 300), mode="append")
    DeltaTable(folder).delete("record_id < 'r000100'")
    return folder


def read_delta(folder: Path, version: int | None = None) -> Rows:
    """Read by the library's query engine, which shares nothing with the gate."""
    table = QueryBuilder().register("t", DeltaTable(folder, version=version))
    rows: Rows = pa.table(table.execute("select * from t order by record_id")).to_pylist()
    return rows


def write_iceberg(folder: Path) -> Table:
    """Write three snapshots, the last two partitioned further; the last one has no row of the first hundred."""
    # In a file, since one in memory is there for a single thread: progress is told from others.
    catalog = SqlCatalog("lake", uri=f"sqlite:///{folder}.sqlite", warehouse=f"file://{folder}")
    catalog.create_namespace("ns")
    table = catalog.create_table("ns.posts", schema=SCHEMA)
    with table.update_spec() as update:
        update.add_field("kind", IdentityTransform(), "kind")
    table.append(arrow_rows(300))
    with table.update_spec() as update:
        update.add_field("author_is_minor", IdentityTransform(), "author_is_minor")
    table.append(arrow_rows(50, 300))
    table.delete("record_id < 'r000100'")
    return table


def metadata_of(table: Table) -> Path:
    return Path(table.metadata_location.removeprefix("file://"))


def read_iceberg(place: Path, version: int | None = None) -> Rows:
    """Read by the library's own scan."""
    scan = StaticTable.from_metadata(str(place)).scan(snapshot_id=version)
    rows: Rows = scan.to_arrow().sort_by("record_id").to_pylist()
    return rows
