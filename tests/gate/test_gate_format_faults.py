"""What every format has to stand: damage, other columns half-way, and claims that no memory could hold."""

import gzip
import os
import re
import resource
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from format_world import ARROW_FILE, JSON_LINES, KINDS, PARQUET, FileKind, compress, csv_bytes, json_bytes, table_of
from gate_world import GATE_SIGNER, lake_rows, list_of, mapping
from pyarrow import feather

from demur.core.gate_manifest import GateManifest
from demur.gate.errors import ColumnMissingError, ColumnTypeError, NoSpaceError, UnreadableInputError
from demur.gate.formats.registry import format_of
from demur.gate.run import GateRequest, run_gate

ADA_OBJECTS = list_of("lumen:ada")


def gate(inputs: Path, out: Path) -> GateManifest:
    return run_gate(GateRequest(inputs, mapping(), out), ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None)


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.csv.zst"])
def test_damaged_files_give_their_memory_back(tmp_path: Path, name: str) -> None:
    """A process that lives long, such as a worker of a cluster, is given many."""
    path = tmp_path / name
    compress(path, (csv_bytes if "csv" in name else json_bytes)(lake_rows(300)))
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)
    tracemalloc.start()
    try:
        for _ in range(10):
            with pytest.raises(UnreadableInputError, match=name):
                list(format_of(name).read(path, name, mapping(), whole=True))
        assert tracemalloc.get_traced_memory()[0] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.suffix)
def test_a_file_cut_off_anywhere_is_refused_and_named(tmp_path: Path, kind: FileKind) -> None:
    whole = kind.write_to(tmp_path / "lake" / f"b.{kind.suffix}", lake_rows(60)).read_bytes()
    kind.write_to(tmp_path / "lake" / f"a.{kind.suffix}", lake_rows(60))
    for size in [*range(1, len(whole) - 1, len(whole) // 12), len(whole) - 2]:
        if kind is JSON_LINES and b"\n" in whole[size - 1 : size + 1]:
            continue  # between two lines nothing shows that there were more
        (tmp_path / "lake" / f"b.{kind.suffix}").write_bytes(whole[:size])
        with pytest.raises(UnreadableInputError, match=rf"b\.{kind.suffix}"):
            gate(tmp_path / "lake", tmp_path / "out")
        assert [path.name for path in tmp_path.iterdir()] == ["lake"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not JSON_LINES], ids=lambda kind: kind.suffix)
def test_a_second_file_without_a_column_stops_the_run_and_is_named(tmp_path: Path, kind: FileKind) -> None:
    kind.write_to(tmp_path / "lake" / f"a.{kind.suffix}", lake_rows(60))
    path = kind.write_to(tmp_path / "lake" / f"b.{kind.suffix}", lake_rows(60))
    path.write_bytes(path.read_bytes().replace(b"author_is_minor", b"author_is_mino_"))
    with pytest.raises((ColumnMissingError, UnreadableInputError), match=rf"b\.{kind.suffix}"):
        gate(tmp_path / "lake", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.suffix)
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, kind: FileKind) -> None:
    path = kind.write_to(tmp_path / "lake" / f"a.{kind.suffix}", lake_rows(300))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(NoSpaceError):
            gate(path, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]


@pytest.mark.long
@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.csv.zst"])
def test_a_row_of_ten_gigabytes_that_came_as_a_small_file_is_refused_in_bounded_memory(
    tmp_path: Path, name: str
) -> None:
    start = b'{"text": "' if "jsonl" in name else b'"'
    pack = gzip.compress if name.endswith(".gz") else zstandard.compress
    many = pack(b"x" * (100 << 20))
    with (tmp_path / name).open("wb") as stream:
        stream.write(pack(csv_bytes([]) + start if "csv" in name else start))
        stream.writelines([many] * 100)
    assert (tmp_path / name).stat().st_size < 20 << 20
    child = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30));"
        "from pathlib import Path; from gate_world import mapping; from demur.gate.formats.registry import format_of;"
        "path = Path(sys.argv[1]); list(format_of(path.name).read(path, path.name, mapping(), whole=True))"
    )
    done = subprocess.run(
        [sys.executable, "-c", child, tmp_path / name],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.search(rf"UnreadableInputError: {name}.*more than 256 MiB", done.stderr), done.stderr[-500:]


@pytest.mark.parametrize("kind", [PARQUET, ARROW_FILE], ids=lambda kind: kind.suffix)
def test_a_column_of_another_type_in_a_second_file_is_refused_before_anything_is_written(
    tmp_path: Path, kind: FileKind
) -> None:
    kind.write_to(tmp_path / "lake" / f"a.{kind.suffix}", lake_rows(20))
    numbers = table_of(lake_rows(20)).set_column(1, "kind", pa.array(range(20)))
    if kind is PARQUET:
        pq.write_table(numbers, tmp_path / "lake" / "b.parquet")
    else:
        feather.write_feather(numbers, tmp_path / "lake" / "b.arrow")
    with pytest.raises(ColumnTypeError, match=rf'b\.{kind.suffix}: column "kind"'):
        gate(tmp_path / "lake", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]
