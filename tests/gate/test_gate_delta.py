"""Delta Lake tables in and out: one version, its removed rows, its partition columns, and row deletes of its own."""

from pathlib import Path

import pytest
from gate_world import GATE_SIGNER
from table_world import TABLE_MODES, gate, may_train, read_delta, write_delta

from demur.core.gate_manifest import GateMode, TableVersion, verify_manifest


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_delta(tmp_path / "posts")


@pytest.mark.parametrize("mode", TABLE_MODES)
@pytest.mark.parametrize("version", [0, 1, 2, None])
def test_what_the_library_reads_again_is_what_may_train(
    table: Path, tmp_path: Path, mode: GateMode, version: int | None
) -> None:
    manifest = gate(table, tmp_path / "out", mode, version)
    assert read_delta(tmp_path / "out" / "kept") == may_train(read_delta(table, version))
    assert manifest.table == TableVersion("delta", manifest.table.id, str(2 if version is None else version))
    raw = (tmp_path / "out" / "manifest.note").read_bytes()
    assert verify_manifest(raw, GATE_SIGNER.verifier_key) == manifest
