"""Iceberg tables in and out: one snapshot, its removed rows, its partition columns, and row deletes of its own."""

from pathlib import Path

import pytest
from gate_world import GATE_SIGNER
from pyiceberg.table import Table
from table_world import TABLE_MODES, gate, may_train, metadata_of, read_iceberg, write_iceberg

from demur.core.gate_manifest import GateMode, TableVersion, verify_manifest


@pytest.fixture
def table(tmp_path: Path) -> Table:
    (tmp_path / "warehouse").mkdir()
    return write_iceberg(tmp_path / "warehouse")


@pytest.mark.parametrize("mode", TABLE_MODES)
@pytest.mark.parametrize("place", [0, 1, None])
def test_what_the_library_reads_again_is_what_may_train(
    table: Table, tmp_path: Path, mode: GateMode, place: int | None
) -> None:
    snapshot_id = None if place is None else table.snapshots()[place].snapshot_id
    manifest = gate(metadata_of(table), tmp_path / "out", mode, snapshot_id)
    assert read_iceberg(tmp_path / "out" / "kept") == may_train(read_iceberg(metadata_of(table), snapshot_id))
    shown = table.current_snapshot().snapshot_id if snapshot_id is None else snapshot_id
    assert manifest.table == TableVersion("iceberg", str(table.metadata.table_uuid), str(shown))
    raw = (tmp_path / "out" / "manifest.note").read_bytes()
    assert verify_manifest(raw, GATE_SIGNER.verifier_key) == manifest


def test_rows_that_a_table_has_deleted_by_position_stay_deleted(table: Table, tmp_path: Path) -> None:
    gate(metadata_of(table), tmp_path / "first", GateMode.DELETES)
    for mode in TABLE_MODES:
        again = gate(tmp_path / "first" / "kept", tmp_path / mode, mode)
        assert again.withheld_rows == 0
        assert read_iceberg(tmp_path / mode / "kept") == may_train(read_iceberg(metadata_of(table)))
