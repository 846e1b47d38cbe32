"""Every format in every mode against plain Python: no row is kept that must not be, none is lost, none is changed."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from format_world import CSV, KINDS, MODES, FileKind
from gate_oracle import ADA_OBJECTS, ROWS, reasons_by_hand
from gate_world import GATE_SIGNER, lake_rows, mapping
from hypothesis import given, settings

from demur.core.gate_manifest import GateManifest, GateMode
from demur.gate.dry_run import decide_only
from demur.gate.explanation import explain_rows
from demur.gate.run import GateRequest, run_gate


def gate(inputs: Path, out: Path, mode: GateMode) -> GateManifest:
    request = GateRequest(inputs, mapping(), out, mode=mode)
    return run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None)


def as_written(kind: FileKind, row: Mapping[str, object]) -> dict[str, object]:
    """Return what a format can say of a row: CSV has one word for null and for an empty text."""
    return {name: None if value == "" and kind is CSV else value for name, value in row.items()}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.suffix)
@settings(max_examples=25, deadline=None)
@given(rows=ROWS)
def test_kept_and_withheld_rows_are_what_plain_python_says(
    tmp_path_factory: pytest.TempPathFactory, kind: FileKind, rows: list[dict[str, object]]
) -> None:
    folder = tmp_path_factory.mktemp("property")
    rows = [as_written(kind, {**each, "record_id": f"r{number}"}) for number, each in enumerate(rows)]
    source = kind.write_to(folder / "lake" / f"a.{kind.suffix}", rows)
    expected = [(each["record_id"], reasons_by_hand(each)) for each in rows]
    kept = [each for each, (_, reasons) in zip(rows, expected, strict=True) if not reasons]
    for mode in MODES:
        manifest = gate(source, folder / mode, mode)
        assert (manifest.kept_rows, manifest.withheld_rows) == (len(kept), len(rows) - len(kept))
        [withheld] = (folder / mode / "withheld").iterdir()
        assert kind.read_withheld(withheld) == [pair for pair in expected if pair[1]]
        if mode is not GateMode.IDS:
            assert kind.read(folder / mode / "kept" / source.name) == kept


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.suffix)
def test_every_format_leads_to_the_same_manifest_counts(tmp_path: Path, kind: FileKind) -> None:
    source = kind.write_to(tmp_path / f"a.{kind.suffix}", lake_rows(300))
    manifest = gate(source, tmp_path / "out", GateMode.REWRITE)
    reference = gate(KINDS[0].write_to(tmp_path / "reference.parquet", lake_rows(300)), tmp_path / "of", GateMode.IDS)
    assert manifest.withheld_by_reason == reference.withheld_by_reason
    assert (manifest.outputs[-1].sha256, manifest.kept_rows) == (reference.outputs[-1].sha256, reference.kept_rows)
    dry = decide_only(source, mapping(), ADA_OBJECTS, None, lambda _done, _total: None)
    assert dry.withheld_by_reason == manifest.withheld_by_reason
    [why] = explain_rows(source, "r000010", mapping(), ADA_OBJECTS, None)
    assert why.reasons == ("author-objected", "tagged-person-objected")
    assert why.where.startswith(source.name)
