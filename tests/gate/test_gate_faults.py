"""What can go wrong around a run: damaged files, a killed process, a second run, a full disk."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gate_world import GATE_SIGNER, SCHEMA, batch_of, lake_rows, list_of, mapping, row, write_parquet

from demur.core.gate_manifest import GateManifest, verify_manifest
from demur.gate.errors import (
    GateError,
    NoSpaceError,
    OutputBusyError,
    OutputWriteError,
    UnreadableInputError,
)
from demur.gate.formats.parquet import read_row_group
from demur.gate.output import writing
from demur.gate.run import GateRequest, run_gate
from demur.gate.source import load_schema
from demur.gate.staging import Staging

ADA_OBJECTS = list_of("lumen:ada")
CHILD = Path(__file__).with_name("gate_child.py")


def gate(inputs: Path, out: Path) -> GateManifest:
    return run_gate(GateRequest(inputs, mapping(), out), ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        write_parquet(tmp_path / "lake" / f"{name}.parquet", lake_rows(2000), row_group_size=500)
    return tmp_path / "lake"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder for outputs, in which a test can see what a run leaves behind."""
    (tmp_path / "training").mkdir()
    return tmp_path / "training"


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def holding(lake: Path, place: Path) -> Iterator[subprocess.Popen[str]]:
    """A run into place/out that has decided about its first rows, and waits."""
    with start(lake, place / "out") as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "holding\n"
        yield child
        child.kill()


def test_a_killed_run_leaves_nothing_that_looks_finished_and_the_next_one_clears_up(
    holding: subprocess.Popen[str],
    lake: Path,
    place: Path,
) -> None:
    holding.kill()
    holding.wait()
    left = [path.name for path in place.iterdir()]
    assert len(left) == 1
    assert left[0].startswith(".out.partial-")
    assert not list(place.rglob("manifest.note"))
    (place / ".out.partial-unknown").mkdir()  # not a name that a run gives
    (place / f"{left[0]}00").mkdir()  # one that died before it had a lock
    gate(lake, place / "out")
    assert {path.name for path in place.iterdir()} == {"out", ".out.partial-unknown"}


def test_the_second_of_two_runs_into_one_output_is_refused(
    holding: subprocess.Popen[str],
    lake: Path,
    place: Path,
) -> None:
    with pytest.raises(OutputBusyError):
        gate(lake, place / "out")
    gate(lake, place / "other")
    rest, _ = holding.communicate("\n")
    assert rest == "done\n"
    assert verify_manifest((place / "out" / "manifest.note").read_bytes(), GATE_SIGNER.verifier_key).kept_rows
    assert {path.name for path in place.iterdir()} == {"out", "other"}


@pytest.mark.parametrize("limit_bytes", [0, 3000, 20_000])
def test_a_full_disk_is_said_and_leaves_nothing(limit_bytes: int, lake: Path, place: Path) -> None:
    with start(lake, place / "out", str(limit_bytes)) as child:
        said, _ = child.communicate("\n")
    assert "NoSpaceError there is no room left" in said
    assert list(place.iterdir()) == []


def test_an_output_that_cannot_be_created_is_said(lake: Path, place: Path) -> None:
    (place / "file").touch()
    with pytest.raises(OutputWriteError):
        gate(lake, place / "file" / "out")


def test_an_output_that_cannot_get_its_name_is_said(place: Path) -> None:
    (place / "work").mkdir()
    with pytest.raises(OutputWriteError):
        Staging(place / "gone" / "out", place / "work").publish()


def test_errors_of_disk_and_arrow_are_ours_on_writing() -> None:
    with pytest.raises(NoSpaceError), writing():
        raise OSError(28, "No space left on device")
    with pytest.raises(OutputWriteError, match="input/output error"), writing():
        raise OSError(5, "Input/output error")
    with pytest.raises(OutputWriteError, match="the system refused"), writing():
        raise OSError


def test_a_folder_that_cannot_be_read_is_said(lake: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(UnreadableInputError, match="permission denied"):
        gate(lake, place / "out")


def test_a_file_cut_off_anywhere_is_refused(lake: Path, place: Path) -> None:
    whole = (lake / "b.parquet").read_bytes()
    for size in [0, 1, 4, 8, 100, *range(1000, len(whole), 2111), len(whole) - 8, len(whole) - 1]:
        (lake / "b.parquet").write_bytes(whole[:size])
        with pytest.raises(UnreadableInputError, match=r"b\.parquet"):
            gate(lake, place / "out")
        assert list(place.iterdir()) == []


def test_a_flipped_byte_in_a_page_with_checksum_is_refused_and_named(place: Path, tmp_path: Path) -> None:
    plain = {"compression": "none", "use_dictionary": False}  # so that nothing but the checksum can notice
    path = write_parquet(tmp_path / "a.parquet", lake_rows(2000), row_group_size=500, write_page_checksum=True, **plain)
    whole = path.read_bytes()
    for row_group in range(4):
        chunk = pq.read_metadata(path).row_group(row_group).column(3)
        changed = bytearray(whole)
        changed[chunk.data_page_offset + chunk.total_compressed_size // 2] ^= 0x10
        path.write_bytes(changed)
        with pytest.raises(UnreadableInputError, match=rf"a\.parquet, row group {row_group}, is damaged"):
            gate(path, place / "out")
        path.write_bytes(whole)
        assert list(place.iterdir()) == []


@pytest.mark.parametrize("seed", range(4))
def test_flipped_bytes_are_refused_or_decided_about_but_never_half_written(
    seed: int,
    place: Path,
    tmp_path: Path,
) -> None:
    path = write_parquet(tmp_path / "a.parquet", lake_rows(200), compression="zstd", row_group_size=100)
    whole, random = path.read_bytes(), Random(seed)
    for number in range(60):
        changed = bytearray(whole)
        changed[random.randrange(len(whole))] ^= 1 << random.randrange(8)
        path.write_bytes(changed)
        with contextlib.suppress(GateError):
            manifest = gate(path, place / str(number))
            assert manifest.kept_rows + manifest.withheld_rows == manifest.inputs[0].rows
    for left in place.iterdir():
        verify_manifest((left / "manifest.note").read_bytes(), GATE_SIGNER.verifier_key)


def test_a_row_group_with_other_rows_than_promised_is_refused() -> None:
    short = SimpleNamespace(
        iter_batches=lambda **_options: iter([batch_of(row())]),
        metadata=SimpleNamespace(row_group=lambda _number: SimpleNamespace(num_rows=2, total_byte_size=100)),
    )
    with pytest.raises(UnreadableInputError, match=r"a\.parquet, row group 0, has other rows"):
        list(read_row_group(short, "a.parquet", 0))


def test_a_footer_that_promises_other_rows_than_its_row_groups_is_refused(place: Path) -> None:
    """Else a run would end with a manifest that does not add up, and so does not verify."""
    path = write_parquet(place / "a.parquet", lake_rows(20), row_group_size=10)
    raw = path.read_bytes()
    num_rows, others = b"\x16\x28", b"\x16\x3c"  # field of type i64, then 20 or 30 as a zigzag varint
    at = raw.rindex(num_rows)
    path.write_bytes(raw[:at] + others + raw[at + len(others) :])
    assert pq.read_metadata(path).num_rows == 30
    with pytest.raises(UnreadableInputError, match=r"a\.parquet is damaged: its footer promises"):
        gate(path, place / "out")
    assert not (place / "out").exists()


def test_a_schema_is_that_of_the_first_file(lake: Path) -> None:
    assert load_schema(lake).equals(SCHEMA)
    (lake / "a.parquet").write_bytes(b"not Parquet")
    with pytest.raises(UnreadableInputError, match=r"a\.parquet"):
        load_schema(lake)


def test_what_is_not_parquet_is_refused(lake: Path, place: Path) -> None:
    for raw in (b"", b"PAR1", b"record_id,kind\n1,post\n", b"PAR1" + b"\0" * 100 + b"PAR1"):
        (lake / "b.parquet").write_bytes(raw)
        with pytest.raises(UnreadableInputError, match=r"b\.parquet"):
            gate(lake, place / "out")


@pytest.mark.parametrize("depth", ["as-a-column", "in-a-list"])
def test_a_column_over_which_arrow_would_end_the_process_is_refused(tmp_path: Path, depth: str) -> None:
    words = pa.array(["a", "b"]).dictionary_encode()
    column = pa.ExtensionArray.from_storage(pa.opaque(words.type, "words", "lumen"), words)
    if depth == "in-a-list":
        column = pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), column)
    table = pa.Table.from_pylist(lake_rows(2), schema=SCHEMA).append_column("odd", column)
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(UnreadableInputError, match=r'a\.parquet: column "odd" is of an extension type'):
        gate(tmp_path / "a.parquet", tmp_path / "out")


def test_every_error_has_an_exit_code_of_its_own() -> None:
    kinds: list[type[GateError]] = []
    waiting = [GateError]
    while waiting:
        found = waiting.pop().__subclasses__()
        kinds += found
        waiting += found
    codes = [kind.exit_code for kind in kinds if kind.__module__.startswith("demur.gate.")]
    assert sorted(codes) == [*range(10, 20), *range(21, 25)]  # 20 is that of clusters
