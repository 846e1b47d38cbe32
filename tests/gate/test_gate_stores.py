"""Inputs and outputs in an object store: the same bytes as on a disk, and nothing half-done that looks done.

The server is a real one (moto's) on loopback, spoken to by the real client, over a line that can be cut.
"""

import hashlib
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import fsspec
import pyarrow.parquet as pq
import pytest
import s3fs
import store_world
from fsspec.implementations.memory import MemoryFileSystem
from gate_world import GATE_SIGNER, lake_rows, list_of, mapping, row, write_parquet
from store_world import ACCESS_KEY, SECRET, Line, environment, serving_s3

from demur.cli.verify import check_file
from demur.core.gate_manifest import GateManifest, GateMode, verify_manifest
from demur.gate.dry_run import decide_only
from demur.gate.errors import (
    ColumnMissingError,
    GateError,
    InputChangedError,
    NoSpaceError,
    OutputBusyError,
    OutputExistsError,
    OutputWriteError,
    StoreError,
    UnreadableInputError,
)
from demur.gate.explanation import explain_rows
from demur.gate.run import GateRequest, run_gate
from demur.gate.source import find_inputs, load_schema
from demur.gate.stores.address import Address, Place, parse_place, would_read
from demur.gate.stores.remote_staging import RemoteStaging
from demur.gate.stores.store import Store

ADA_OBJECTS = list_of("lumen:ada")
LIST_KEYS = {GATE_SIGNER.name: GATE_SIGNER.verifier_key}


@pytest.fixture(scope="module")
def server() -> Iterator[Line]:
    with serving_s3() as line:
        yield line


@pytest.fixture
def line(server: Line, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """The way to the server, with clients that try once."""
    for name, value in environment(server).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    server.mend()
    server.seen.clear()
    yield server
    server.mend()


@pytest.fixture
def files(line: Line) -> Any:
    return store_world.files()


@pytest.fixture
def bucket(files: Any) -> str:
    name = f"b{uuid4().hex}"
    files.mkdir(name)
    return name


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A lake on the disk: three files, of which one has no withheld row."""
    write_parquet(tmp_path / "lake" / "a.parquet", lake_rows(100))
    write_parquet(tmp_path / "lake" / "deep" / "b.parquet", lake_rows(3, 1))
    write_parquet(tmp_path / "lake" / "deep" / "c.parquet", lake_rows(40, 200))
    return tmp_path / "lake"


@pytest.fixture
def stored(files: Any, bucket: str, lake: Path) -> Address:
    """The same lake in the store."""
    for path in lake.rglob("*.parquet"):
        files.put_file(str(path), f"{bucket}/lake/{path.relative_to(lake)}")
    return Address(f"s3://{bucket}/lake/")


@pytest.fixture
def out(bucket: str) -> Address:
    return Address(f"s3://{bucket}/training/2026-11")


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the gate keeps what it works on."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    return tmp_path / "scratch"


def gate(
    inputs: Place, out: Place, mode: GateMode = GateMode.REWRITE, told: Any = lambda _done, _all: None
) -> GateManifest:
    return run_gate(GateRequest(inputs, mapping(), out, mode=mode), ADA_OBJECTS, GATE_SIGNER, told)


def left_in(files: Any, out: Address) -> list[str]:
    files.invalidate_cache()
    root = out.text.removeprefix("s3://")
    return sorted(key.removeprefix(f"{root}/") for key in files.find(root))


def said(error: GateError) -> str:
    return f"{error} {error.hint}"


@pytest.mark.parametrize("mode", [GateMode.REWRITE, GateMode.LINK, GateMode.IDS])
def test_a_store_gives_the_manifest_and_the_bytes_that_a_disk_gives(
    mode: GateMode, lake: Path, stored: Address, out: Address, files: Any, tmp_path: Path
) -> None:
    wanted = gate(lake, tmp_path / "wanted", mode)
    assert gate(stored, out, mode) == wanted
    assert gate(lake, Address(f"{out.text}-from-disk/"), mode) == wanted
    assert gate(stored, tmp_path / "from-store", mode) == wanted
    files.get(out.text, str(tmp_path / "fetched"), recursive=True)
    for place in ("fetched", "from-store"):
        found = {path.relative_to(tmp_path / place): path.read_bytes() for path in files_in(tmp_path / place)}
        assert found == {p.relative_to(tmp_path / "wanted"): p.read_bytes() for p in files_in(tmp_path / "wanted")}
        assert check_file(tmp_path / place / "manifest.note", LIST_KEYS).signer_known


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_seeing_and_explaining_work_on_a_store(stored: Address, lake: Path) -> None:
    assert load_schema(stored).equals(load_schema(lake))
    quiet = lambda _done, _all: None  # noqa: E731
    assert decide_only(stored, mapping(), ADA_OBJECTS, None, quiet) == decide_only(
        lake, mapping(), ADA_OBJECTS, None, quiet
    )
    assert [each.reasons for each in explain_rows(stored, "r000010", mapping(), ADA_OBJECTS, None)] == [
        ("author-objected", "tagged-person-objected")
    ]


def test_nothing_of_the_input_stays_on_this_machine(stored: Address, out: Address, scratch: Path) -> None:
    gate(stored, out)
    assert list(scratch.iterdir()) == []


def names(place: Place) -> list[str]:
    return [file.name for file in find_inputs(place, mapping())]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("", ["a.parquet", "deep/b.parquet", "deep/c.parquet"]),
        ("/a.parquet", ["a.parquet"]),
        ("/*.parquet", ["a.parquet"]),
        ("/**/*.parquet", ["a.parquet", "deep/b.parquet", "deep/c.parquet"]),
        ("/**", ["a.parquet", "deep/b.parquet", "deep/c.parquet"]),
        ("/d*", ["deep/b.parquet", "deep/c.parquet"]),
        ("/deep/[bx].parquet", ["b.parquet"]),
    ],
)
def test_folders_files_and_patterns_name_the_same_on_disk_and_in_a_store(
    given: str, wanted: list[str], lake: Path, stored: Address
) -> None:
    assert names(Path(f"{lake}{given}")) == wanted
    assert names(Address(stored.text.rstrip("/") + given)) == wanted


def test_a_pattern_passes_over_marks_but_not_other_files(lake: Path, stored: Address, files: Any) -> None:
    root = stored.text.removeprefix("s3://")
    for name in ("_SUCCESS", "_temporary/x.parquet", "deep/.hidden.parquet", "folder/"):
        files.pipe_file(root + name, b"")
    for name in ("_SUCCESS", ".hidden.parquet"):
        (lake / name).touch()
    (lake / "_temporary").mkdir()
    for place in (lake, Path(f"{lake}/*"), stored, Address(f"{stored.text}*")):
        assert names(place) == ["a.parquet", "deep/b.parquet", "deep/c.parquet"]
    files.pipe_file(f"{root}deep/notes.txt", b"more rows")
    (lake / "deep" / "notes.txt").touch()
    for place in (lake, Path(f"{lake}/*/*"), stored, Address(f"{stored.text}*/*")):
        with pytest.raises(UnreadableInputError, match=r"deep/notes\.txt"):
            names(place)


def test_an_input_of_nothing_is_refused(bucket: str, tmp_path: Path) -> None:
    for place in (
        Address(f"s3://{bucket}/none"),
        Address(f"s3://{bucket}/none/"),
        Address(f"s3://{bucket}/*.parquet"),
        tmp_path / "*.parquet",
    ):
        with pytest.raises(UnreadableInputError, match="nothing to gate"):
            names(place)
    with pytest.raises(StoreError, match="it is not there"):
        names(Address("s3://no-such-bucket/lake/"))
    with pytest.raises(UnreadableInputError, match="is not a pattern"):
        names(tmp_path / "**x")


@pytest.mark.parametrize("name", ["../../out.parquet", "./a.parquet", "deep//a.parquet"])
def test_a_key_that_would_lead_out_of_the_output_is_refused(
    name: str, stored: Address, files: Any, out: Address
) -> None:
    files.pipe_file(stored.text.removeprefix("s3://") + name, b"")
    with pytest.raises(UnreadableInputError, match="a name that no file can have"):
        gate(stored, out)
    assert left_in(files, out) == []


def test_an_object_that_does_not_fit_the_mapping_stops_the_run(
    stored: Address, files: Any, out: Address, lake: Path
) -> None:
    table = pq.read_table(lake / "a.parquet").drop_columns(["audience"])
    pq.write_table(table, lake / "z.parquet")
    files.put_file(str(lake / "z.parquet"), f"{stored.text}z.parquet")
    with pytest.raises(ColumnMissingError, match=r"z\.parquet has no column"):
        gate(stored, out)
    assert left_in(files, out) == []


@pytest.mark.parametrize("mark", ["_delta_log/0.json", ".hoodie/hoodie.properties", "metadata/v1.metadata.json"])
def test_files_of_a_table_are_refused_wherever_its_log_is(mark: str, stored: Address, files: Any) -> None:
    """Its plain files still hold the rows that the table has removed."""
    files.pipe_file(f"{stored.text}deep/{mark}", b"{}")
    for part in ("", "deep/", "deep/b.parquet", "*/*.parquet"):
        with pytest.raises(UnreadableInputError, match=f"{stored}deep is a table of"):
            names(Address(f"{stored.text}{part}"))
    assert names(Address(f"{stored.text}a.parquet")) == ["a.parquet"]


@pytest.mark.parametrize(
    ("inputs", "out", "overlaps"),
    [
        ("s3://b/lake/", "s3://b/lake/out", True),
        ("s3://b/lake", "s3a://b/lake", True),
        ("s3://b/lake", "s3://b/lake2", False),
        ("s3://b/lake", "s3://c/lake/out", False),
        ("s3://b/lake/*.parquet", "s3://b/lake/out", False),
        ("s3://b/lake/*/*.parquet", "s3://b/lake/out", True),
        ("s3://b/lake/**/*.parquet", "s3://b/lake/out", True),
        ("lake/*", "lake/out", True),
        ("lake/*.parquet", "lake/out", False),
        ("s3://b/lake", "lake", False),
        ("s3://b/lake/deep", "s3://b/lake", False),
    ],
)
def test_an_output_is_told_apart_from_what_the_next_run_would_read(
    inputs: str, out: str, *, overlaps: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert would_read(parse_place(inputs), parse_place(out)) == overlaps


def test_an_output_that_the_next_run_would_read_is_refused(stored: Address, files: Any) -> None:
    for inputs in (stored, Address(f"{stored.text}*")):
        with pytest.raises(OutputExistsError, match="lies in the input"):
            gate(inputs, Address(f"{stored.text}out"))
    assert not [name for name in left_in(files, stored) if name.startswith("out")]


def test_an_object_that_changes_between_listing_and_reading_is_refused(
    stored: Address, files: Any, out: Address, lake: Path
) -> None:
    key = f"{stored.text}deep/c.parquet".removeprefix("s3://")
    (found,) = [file for file in find_inputs(stored, mapping()) if file.name == "deep/c.parquet"]
    files.put_file(str(lake / "a.parquet"), key)
    with pytest.raises(InputChangedError, match=rf"s3://{key} changed"), found.at_hand():
        pass
    files.rm_file(key)
    with pytest.raises(InputChangedError, match=rf"s3://{key} went away"), found.at_hand():
        pass


def test_a_file_of_a_store_can_be_sent_to_a_worker(stored: Address) -> None:
    found = find_inputs(stored, mapping())[0]
    with pickle.loads(pickle.dumps(found)).at_hand() as path:
        assert pq.read_metadata(path).num_rows == 100


def test_a_line_that_is_cut_in_the_middle_of_an_object_is_said(
    stored: Address, files: Any, out: Address, line: Line, tmp_path: Path
) -> None:
    files.pipe_file(f"{stored.text}deep/long.parquet", os.urandom(1 << 20))
    line.cut_after_bytes = 1 << 18
    with pytest.raises(StoreError, match=r"reading s3://\S+/lake/deep/long\.parquet") as caught:
        gate(stored, tmp_path / "out")
    line.mend()
    assert not (tmp_path / "out").exists()
    assert caught.value.retry_can_help


def test_a_network_lost_in_the_middle_of_a_run_leaves_nothing_that_looks_done(
    stored: Address, files: Any, out: Address, line: Line
) -> None:
    def unplug(_done: int, _all: int | None) -> None:
        line.is_down = True

    with pytest.raises(StoreError, match=r"s3://b\w+/.*: the store cannot be reached"):
        gate(stored, out, told=unplug)
    line.mend()
    assert left_in(files, out) == [".demur-lock"]
    gate(stored, out)  # this machine knows that the run is dead
    assert left_in(files, out)[-1] == "withheld/deep/c.parquet"


def test_a_lock_of_another_machine_stands_until_a_person_removes_it(
    stored: Address, files: Any, out: Address, line: Line
) -> None:
    files.pipe_file(f"{out.text}/.demur-lock", b"whoever knows")
    with pytest.raises(OutputBusyError, match="has died there") as caught:
        gate(stored, out)
    assert ".demur-lock" in caught.value.hint
    assert left_in(files, out) == [".demur-lock"]
    files.rm_file(f"{out.text}/.demur-lock")
    gate(stored, out)


def die(stored: Address, out: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run until every file is done, and leave all that a killed run leaves."""
    with monkeypatch.context() as killed:
        killed.setattr("demur.gate.staging.shutil", SimpleNamespace(rmtree=lambda *_, **__: None))
        killed.setattr(RemoteStaging, "release", lambda _: None)
        killed.setattr("demur.gate.run._write_entry_counts", lambda *_: pytest.fail("killed"))
        with pytest.raises(pytest.fail.Exception):
            gate(stored, out)


def test_after_a_killed_run_the_next_one_goes_on_from_the_finished_files(
    stored: Address, files: Any, out: Address, lake: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = gate(lake, Address(f"{out.text}-wanted"))
    die(stored, out, monkeypatch)
    assert left_in(files, out) == [".demur-lock"]
    taken: list[int] = []
    request = GateRequest(stored, mapping(), out)
    again = run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _all: None, tell_taken_over=taken.append)
    assert (again, taken) == (wanted, [3])
    assert ".demur-lock" not in left_in(files, out)
    assert list(scratch.iterdir()) == []


def test_an_object_that_changed_since_the_killed_run_is_gated_again(
    stored: Address, files: Any, out: Address, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    die(stored, out, monkeypatch)
    write_parquet(lake / "a.parquet", lake_rows(50))
    files.put_file(str(lake / "a.parquet"), f"{stored.text}a.parquet")
    taken: list[int] = []
    request = GateRequest(stored, mapping(), out)
    again = run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _all: None, tell_taken_over=taken.append)
    assert (again.inputs[0].rows, taken) == (50, [2])


def test_a_killed_run_that_had_begun_to_upload_is_left_to_a_person(
    stored: Address, files: Any, out: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    die(stored, out, monkeypatch)
    files.pipe_file(f"{out.text}/kept/a.parquet", b"half of it, perhaps")
    with pytest.raises(OutputExistsError, match="is there already"):
        gate(stored, out)
    assert "kept/a.parquet" in left_in(files, out)


def test_a_scratch_folder_of_somebody_else_is_not_written_to(stored: Address, out: Address, scratch: Path) -> None:
    """Whoever can guess its name could make it first, and read what is written there."""
    named = hashlib.sha256(out.text.encode()).hexdigest()[:32]
    (scratch / f"demur-{named}").mkdir(mode=0o755)
    with pytest.raises(OutputWriteError, match="not this user's alone"):
        gate(stored, out)


def test_access_denied_names_the_object_and_no_credential(
    stored: Address, files: Any, out: Address, line: Line, tmp_path: Path
) -> None:
    for denied, place in ((b"GET /", tmp_path / "out"), (b"PUT /", out)):
        line.denied = denied
        with pytest.raises(StoreError, match=r"s3://b\w+.*: access denied") as caught:
            gate(stored, place)
        line.mend()
        for word in (ACCESS_KEY, SECRET):
            assert word not in said(caught.value)
    assert left_in(files, out) == []
    assert not (tmp_path / "out").exists()


def test_no_credentials_are_said(stored: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    with pytest.raises(StoreError, match="no credentials were found"):
        names(stored)
    fsspec.get_filesystem_class("s3").clear_instance_cache()


def test_a_password_in_an_address_is_never_said() -> None:
    place = parse_place("ftp://ada:hush@lumen.example/lake/?token=hush#hush")
    assert str(place) == "ftp://lumen.example/lake/"
    assert "hush" not in repr(place)


def test_an_upload_that_fails_leaves_nothing_that_looks_done(
    stored: Address, files: Any, out: Address, line: Line
) -> None:
    root = out.text.removeprefix("s3://")
    line.denied = f"PUT /{root}/withheld/".encode()
    with pytest.raises(StoreError, match=f"writing {out}/withheld/a.parquet: access denied"):
        gate(stored, out)
    line.mend()
    assert left_in(files, out) == []


def test_a_large_upload_that_fails_in_the_middle_leaves_no_parts(
    files: Any, bucket: str, out: Address, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s3fs.core.calculate_chunksize", lambda *_, **__: 5 << 20)  # S3 takes no smaller parts
    rows = [row(record_id=f"r{number}", text=os.urandom(1 << 19).hex()) for number in range(11)]
    large = write_parquet(tmp_path / "a.parquet", rows, compression="none", use_dictionary=False)
    line.denied = f"PUT /{out.text.removeprefix('s3://')}/kept/a.parquet?partNumber=2".encode()
    with pytest.raises(StoreError, match=f"writing {out}/kept/a.parquet: access denied"):
        gate(large, out)
    assert [each for each in line.seen if b"?uploads" in each]
    line.mend()
    assert left_in(files, out) == []
    assert files.list_multipart_uploads(bucket) == []


def test_a_manifest_that_is_refused_takes_the_whole_output_with_it(
    stored: Address, files: Any, out: Address, line: Line
) -> None:
    line.denied = f"PUT /{out.text.removeprefix('s3://')}/manifest.note".encode()
    with pytest.raises(StoreError, match=f"writing {out}/manifest.note"):
        gate(stored, out)
    line.mend()
    assert left_in(files, out) == []


def test_a_manifest_that_was_stored_though_its_answer_was_lost_is_an_output(
    stored: Address, files: Any, out: Address, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 3)
    line.lost = f"PUT /{out.text.removeprefix('s3://')}/manifest.note".encode()
    manifest = gate(stored, out)
    line.mend()
    assert verify_manifest(files.cat_file(f"{out.text}/manifest.note"), GATE_SIGNER.verifier_key) == manifest
    assert ".demur-lock" not in left_in(files, out)


def test_the_manifest_is_written_last(stored: Address, out: Address, line: Line) -> None:
    line.seen.clear()
    gate(stored, out)
    changes = [each for each in line.seen if each.startswith((b"PUT /", b"DELETE /", b"POST /"))]
    assert b"/manifest.note " in changes[-1]
    assert b"/.demur-lock " in changes[0]


def test_the_second_of_two_runs_into_one_output_is_refused(stored: Address, files: Any, out: Address) -> None:
    refused = []

    def run_another(_done: int, _all: int | None) -> None:
        with pytest.raises(OutputBusyError) as caught:
            gate(stored, out)
        refused.append(caught)

    gate(stored, out, told=run_another)
    assert refused
    assert ".demur-lock" not in left_in(files, out)


def test_of_two_runs_that_look_at_the_same_instant_one_is_refused(
    stored: Address, out: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both see an empty prefix; the store itself says whose lock it is."""
    lists, raced = Store.list_objects, []

    def race(store: Store, folder: str) -> Any:
        found = lists(store, folder)
        if folder == store.root and not raced and "training" in folder:
            raced.append(Store(out).create(f"{folder}/.demur-lock", b"the other run"))
        return found

    monkeypatch.setattr(Store, "list_objects", race)
    with pytest.raises(OutputBusyError):
        gate(stored, out)
    assert raced == [True]


def test_an_output_that_is_not_empty_is_refused_and_not_touched(
    stored: Address, files: Any, out: Address, line: Line
) -> None:
    files.pipe_file(f"{out.text}/kept/a.parquet", b"of an older run")
    line.seen.clear()
    with pytest.raises(OutputExistsError, match=f"{out} is there already"):
        gate(stored, out)
    assert not [each for each in line.seen if not each.startswith((b"GET", b"HEAD"))]


def test_what_somebody_else_writes_there_meanwhile_is_no_output(stored: Address, files: Any, out: Address) -> None:
    def intrude(_done: int, _all: int | None) -> None:
        files.pipe_file(f"{out.text}/kept/more.parquet", b"rows that nobody has decided about")

    with pytest.raises(OutputWriteError, match=r"kept/more\.parquet is not what this run has uploaded"):
        gate(stored, out, told=intrude)
    assert left_in(files, out) == ["kept/more.parquet"]


def test_a_manifest_that_another_run_wrote_at_the_last_instant_is_left_alone(
    stored: Address, files: Any, out: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = Store.list_objects

    def race(store: Store, folder: str) -> Any:
        found = lists(store, folder)
        if [each for each in found if "/kept/" in each.key] and "training" in folder:
            files.pipe_file(f"{out.text}/manifest.note", b"of another run")
        return found

    monkeypatch.setattr(Store, "list_objects", race)
    with pytest.raises(OutputExistsError, match="another run has written it"):
        gate(stored, out)
    assert files.cat_file(f"{out.text}/manifest.note") == b"of another run"


def test_parts_of_large_objects_that_a_dead_run_left_are_cleared(
    stored: Address, files: Any, bucket: str, out: Address
) -> None:
    for key in ("training/2026-11/kept/a.parquet", "other/a.parquet"):
        files.call_s3("create_multipart_upload", Bucket=bucket, Key=key)
    gate(stored, out)
    assert [each["Key"] for each in files.list_multipart_uploads(bucket)] == ["other/a.parquet"]
    whole = f"b{uuid4().hex}"
    files.mkdir(whole)
    files.call_s3("create_multipart_upload", Bucket=whole, Key="kept/a.parquet")
    gate(stored, Address(f"s3://{whole}"))
    assert files.list_multipart_uploads(whole) == []
    assert "manifest.note" in left_in(files, Address(f"s3://{whole}"))


class _Memory(MemoryFileSystem):
    """The same objects as in fsspec's memory, by a store with faults of its own."""

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.replace(f"{cls.protocol}://", "memory://"))


class _Forgetful(_Memory):
    """A store that says that it has conditional writes, and writes all the same."""

    protocol = "forgetful"

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:  # noqa: ARG002
        super().pipe_file(path, value, **kwargs)


class _Common(_Memory):
    """A store whose library has no conditional write of its own."""

    protocol = "common"
    pipe_file = fsspec.spec.AbstractFileSystem.pipe_file


class _Timeless(_Memory):
    """A store that does not say when an object changes."""

    protocol = "timeless"

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        return {key: value for key, value in super().info(path, **kwargs).items() if key != "created"}


class _Short(_Memory):
    """A store that gives half of an object, and calls it whole."""

    protocol = "short"

    def get_file(self, rpath: str, lpath: str, **_: Any) -> None:
        Path(lpath).write_bytes(self.cat_file(rpath)[:-100])


class _NoRoom(_Memory):
    """A store read on a machine whose disk is full."""

    protocol = "noroom"

    def get_file(self, *_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")


class _Odd(_Memory):
    """A store whose library raises what nobody expects."""

    protocol = "odd"

    def get_file(self, *_: Any, **__: Any) -> None:
        raise ArithmeticError(SECRET)


@pytest.fixture
def memory(lake: Path) -> Iterator[str]:
    """A folder in fsspec's memory, with the lake in it."""
    for kind in (_Forgetful, _Common, _Timeless, _Short, _NoRoom, _Odd):
        fsspec.register_implementation(kind.protocol, kind, clobber=True)
    files, folder = fsspec.filesystem("memory"), uuid4().hex
    for path in lake.rglob("*.parquet"):
        files.put_file(str(path), f"/{folder}/lake/{path.relative_to(lake)}")
    yield folder
    files.rm(f"/{folder}", recursive=True)


def test_another_store_works_the_same(memory: str, lake: Path, tmp_path: Path) -> None:
    wanted = gate(lake, tmp_path / "wanted")
    assert gate(Address(f"memory://{memory}/lake"), Address(f"memory://{memory}/out")) == wanted


@pytest.mark.parametrize("scheme", ["forgetful", "common"])
def test_a_store_that_cannot_keep_two_runs_apart_is_refused(scheme: str, memory: str) -> None:
    with pytest.raises(StoreError, match="cannot keep two runs apart"):
        gate(Address(f"memory://{memory}/lake"), Address(f"{scheme}://{memory}/out"))
    assert not fsspec.filesystem("memory").exists(f"/{memory}/out/manifest.note")


@pytest.mark.parametrize(
    ("scheme", "error", "words"),
    [
        ("timeless", StoreError, "does not say when an object changes"),
        ("short", UnreadableInputError, "came cut off"),
        ("noroom", NoSpaceError, "there is no room left on this machine"),
        ("odd", StoreError, r"answered with an error \(ArithmeticError\)"),
    ],
)
def test_what_a_store_gets_wrong_is_said(
    scheme: str, error: type[GateError], words: str, memory: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=words) as caught:
        gate(Address(f"{scheme}://{memory}/lake"), tmp_path / "out")
    assert SECRET not in said(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["zip://a.zip::s3://b/lake", "simplecache::s3://b/lake"])
def test_an_address_inside_another_is_refused(text: str) -> None:
    with pytest.raises(StoreError, match="inside another"):
        parse_place(text)


def test_a_file_of_the_web_can_be_read_but_not_by_a_secret_address(
    stored: Address, files: Any, line: Line, lake: Path, tmp_path: Path
) -> None:
    key = f"{stored.text}a.parquet".removeprefix("s3://")
    files.put_file(str(lake / "a.parquet"), key, ACL="public-read")
    manifest = gate(Address(f"http://127.0.0.1:{line.port}/{key}"), tmp_path / "out")
    assert [file.path for file in manifest.inputs] == ["a.parquet"]
    with pytest.raises(UnreadableInputError, match="nothing to gate"):
        names(Address(f"http://127.0.0.1:{line.port}/{key}/none.parquet"))
    with pytest.raises(StoreError, match="question mark") as caught:
        parse_place("https://lumen.example/a.parquet?signature=hush")
    assert "hush" not in said(caught.value)


def test_a_key_with_the_signs_of_a_pattern_is_that_object(stored: Address, files: Any, lake: Path) -> None:
    files.put_file(str(lake / "a.parquet"), f"{stored.text}[1].parquet")
    assert names(Address(f"{stored.text}[1].parquet")) == ["[1].parquet"]


def test_an_address_of_this_machine_is_a_path() -> None:
    assert parse_place("file:///lake/a.parquet") == Path("/lake/a.parquet")
    assert parse_place("lake/a.parquet") == Path("lake/a.parquet")


def test_a_scheme_that_nobody_knows_is_said() -> None:
    with pytest.raises(StoreError, match="nosuch:// is not an address"):
        names(Address("nosuch://b/lake"))


def test_without_fsspec_a_store_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(StoreError, match="s3:// needs packages") as caught:
        names(Address("s3://b/lake/"))
    assert 'pip install "demur[stores]"' in caught.value.hint


def test_a_run_over_local_files_never_loads_fsspec() -> None:
    loads = "import sys, demur.gate.run, demur.gate.dry_run, demur.gate.explanation, demur.gate.stores.remote_input"
    done = subprocess.run(
        [sys.executable, "-c", f"{loads}; print('fsspec' in sys.modules)"], check=True, capture_output=True, text=True
    )
    assert done.stdout == "False\n"
