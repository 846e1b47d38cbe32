"""What is written of the kept rows: everything anew, links to files that keep every row, or nothing."""

import hashlib
import os
import pickle
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gate_world import GATE_SIGNER, SCHEMA, lake_rows, list_of, mapping, row, write_parquet

from demur.core.gate_manifest import GateManifest, GateMode, verify_manifest
from demur.gate.decision import decide
from demur.gate.errors import InputChangedError, UnreadableInputError
from demur.gate.file_gate import Advance, FileGate, FileResult
from demur.gate.formats.parquet import Parquet
from demur.gate.mapped_batch import needed_columns, without_unread
from demur.gate.rules import rules_for
from demur.gate.run import GateRequest, run_gate
from demur.gate.source import InputFile, find_inputs

ADA_OBJECTS = list_of("lumen:ada")
MODES = [mode for mode in GateMode if mode is not GateMode.DELETES]  # which is for tables only


def gate(lake: Path, out: Path, mode: GateMode) -> GateManifest:
    request = GateRequest(lake, mapping(), out, mode=mode)
    return run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Two files that keep every row, one that keeps some, and one that keeps none."""
    strangers = [row(record_id=f"s{number}") for number in range(500)]
    write_parquet(tmp_path / "lake" / "a.parquet", strangers, row_group_size=100)
    write_parquet(tmp_path / "lake" / "b" / "mixed.parquet", lake_rows(1000), row_group_size=300)
    write_parquet(tmp_path / "lake" / "b" / "none.parquet", [row(record_id="m", kind="dm")])
    write_parquet(tmp_path / "lake" / "c.parquet", [row(record_id="c")])
    return tmp_path / "lake"


def below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_mode_decides_the_same_and_says_which_it_was(lake: Path, tmp_path: Path) -> None:
    manifests = {mode: gate(lake, tmp_path / mode, mode) for mode in MODES}
    for mode, manifest in manifests.items():
        raw = (tmp_path / mode / "manifest.note").read_bytes()
        assert verify_manifest(raw, GATE_SIGNER.verifier_key) == manifest
        assert manifest.mode is mode
        assert manifest.withheld_by_reason == manifests[GateMode.REWRITE].withheld_by_reason
        assert (manifest.kept_rows, manifest.withheld_rows) == (1187, 315)
        assert manifest.inputs == manifests[GateMode.REWRITE].inputs
        assert set(below(tmp_path / mode)) == {file.path for file in manifest.outputs} | {"manifest.note"}
        for file in manifest.outputs:
            assert hashlib.sha256((tmp_path / mode / file.path).read_bytes()).digest() == file.sha256
    withheld = [below(tmp_path / mode / "withheld") for mode in MODES]
    assert withheld[0] == withheld[1] == withheld[2]
    counts = {(tmp_path / mode / "withheld-by-entry.parquet").read_bytes() for mode in MODES}
    assert len(counts) == 1


def test_a_file_without_a_withheld_row_is_the_same_file_and_the_others_are_written(lake: Path, tmp_path: Path) -> None:
    manifest = gate(lake, tmp_path / "out", GateMode.LINK)
    gate(lake, tmp_path / "rewritten", GateMode.REWRITE)
    assert manifest.linked == ("kept/a.parquet", "kept/c.parquet")
    for name in ("a.parquet", "c.parquet"):
        assert (tmp_path / "out" / "kept" / name).samefile(lake / name)
    for name in ("b/mixed.parquet", "b/none.parquet"):
        assert (tmp_path / "out" / "kept" / name).read_bytes() == (tmp_path / "rewritten" / "kept" / name).read_bytes()


def test_ids_alone_leave_no_kept_row_behind(lake: Path, tmp_path: Path) -> None:
    manifest = gate(lake, tmp_path / "out", GateMode.IDS)
    assert not (tmp_path / "out" / "kept").exists()
    assert not any(file.path.startswith("kept/") for file in manifest.outputs)


def test_where_nothing_can_be_linked_the_bytes_are_copied(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_source: Path, _target: Path) -> None:
        raise OSError(18, "another disk")

    monkeypatch.setattr(os, "link", refuse)
    manifest = gate(lake, tmp_path / "out", GateMode.LINK)
    assert manifest.linked == ("kept/a.parquet", "kept/c.parquet")
    kept = tmp_path / "out" / "kept" / "a.parquet"
    assert not kept.samefile(lake / "a.parquet")
    assert kept.read_bytes() == (lake / "a.parquet").read_bytes()


def test_a_link_to_a_file_is_followed(lake: Path, tmp_path: Path) -> None:
    (lake / "a.parquet").rename(tmp_path / "elsewhere.parquet")
    (lake / "a.parquet").symlink_to(tmp_path / "elsewhere.parquet")
    gate(lake, tmp_path / "out", GateMode.LINK)
    assert not (tmp_path / "out" / "kept" / "a.parquet").is_symlink()
    assert (tmp_path / "out" / "kept" / "a.parquet").samefile(tmp_path / "elsewhere.parquet")


@pytest.mark.parametrize("by_copy", [False, True])
def test_a_file_exchanged_before_it_is_linked_is_refused(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, by_copy: bool
) -> None:
    link = os.link

    def exchange(source: Path, target: Path) -> None:
        write_parquet(tmp_path / "new.parquet", [row(record_id="x", author_account="lumen:ada")])
        (tmp_path / "new.parquet").replace(source)
        if by_copy:
            raise OSError(18, "another disk")
        link(source, target)

    monkeypatch.setattr(os, "link", exchange)
    with pytest.raises(InputChangedError, match="changed while it was read"):
        gate(lake, tmp_path / "out", GateMode.LINK)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("mode", MODES)
def test_views_stay_views_in_every_mode(tmp_path: Path, mode: GateMode) -> None:
    views = pa.schema(
        [field.with_type(pa.string_view()) if pa.types.is_string(field.type) else field for field in SCHEMA]
    )
    path = tmp_path / "lake" / "a.parquet"
    path.parent.mkdir()
    rows = [row(author_account="lumen:ada", text="SECRET, and longer than a view holds"), row()]
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA).cast(views), path, compression="none")
    assert gate(path.parent, tmp_path / "out", mode).kept_rows == 1
    if mode is not GateMode.IDS:
        kept = tmp_path / "out" / "kept" / "a.parquet"
        assert pq.read_table(kept).equals(pa.Table.from_pylist([row()], schema=SCHEMA).cast(views))
        assert b"SECRET" not in kept.read_bytes()


def test_what_is_damaged_and_read_by_no_rule_does_not_stop_who_asks_for_ids(tmp_path: Path) -> None:
    path = tmp_path / "lake" / "a.parquet"
    path.parent.mkdir()
    table = pa.Table.from_pylist(lake_rows(400), schema=SCHEMA)
    pq.write_table(table.append_column("likes", pa.array(range(400))), path, row_group_size=100)
    likes = pq.ParquetFile(path).metadata.row_group(3).column(7)
    raw = bytearray(path.read_bytes())
    start = likes.dictionary_page_offset or likes.data_page_offset
    raw[start : start + likes.total_compressed_size] = b"\xff" * likes.total_compressed_size
    path.write_bytes(raw)
    with pytest.raises(UnreadableInputError):
        gate(path, tmp_path / "out", GateMode.REWRITE)
    assert gate(path, tmp_path / "ids", GateMode.IDS).withheld_rows == 126


@pytest.mark.parametrize("mode", [GateMode.LINK, GateMode.IDS])
def test_no_rule_is_left_out_because_fewer_columns_are_read(lake: Path, tmp_path: Path, mode: GateMode) -> None:
    assert gate(lake, tmp_path / "out", mode).rules == gate(lake, tmp_path / "rewritten", GateMode.REWRITE).rules
    batch = pa.RecordBatch.from_pylist(lake_rows(10), schema=SCHEMA)
    narrow = batch.select(needed_columns(mapping()))
    assert rules_for(without_unread(mapping())) == rules_for(mapping())
    assert (
        decide(narrow, without_unread(mapping()), ADA_OBJECTS).reasons == decide(batch, mapping(), ADA_OBJECTS).reasons
    ).all()


@pytest.mark.parametrize("mode", [GateMode.REWRITE, GateMode.LINK])
def test_a_file_that_grew_before_it_is_written_is_refused(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: GateMode
) -> None:
    create_kept = Parquet.create_kept

    def exchange(self: Parquet, target: Path, source: Path, name: str) -> object:
        new = tmp_path / f"new-{target.name}"  # two files are gated at a time
        write_parquet(new, [row(record_id=str(number)) for number in range(1500)])
        new.replace(lake / "b" / "mixed.parquet")
        return create_kept(self, target, source, name)

    monkeypatch.setattr(Parquet, "create_kept", exchange)
    with pytest.raises(InputChangedError, match=r"b/mixed\.parquet changed while it was read"):
        gate(lake, tmp_path / "out", mode)
    assert not (tmp_path / "out").exists()


def test_what_a_cluster_sends_around_can_be_pickled(lake: Path, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    files = pickle.loads(pickle.dumps(find_inputs(lake, mapping())))
    file_gate = FileGate(mapping(), ADA_OBJECTS, None, GateMode.IDS, tmp_path / "work")
    results = pickle.loads(pickle.dumps([file_gate.run(file, lambda *_: None) for file in files]))
    manifest = gate(lake, tmp_path / "out", GateMode.IDS)
    assert tuple(result.source for result in results) == manifest.inputs


def test_another_engine_gives_the_same_manifest(lake: Path, tmp_path: Path) -> None:
    def one_after_another(files: Sequence[InputFile], gate: FileGate, advance: Advance) -> list[FileResult]:
        return [gate.run(file, advance) for file in files]

    request = GateRequest(lake, mapping(), tmp_path / "out")
    run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None, one_after_another)
    gate(lake, tmp_path / "reference", GateMode.REWRITE)
    assert below(tmp_path / "out") == below(tmp_path / "reference")
