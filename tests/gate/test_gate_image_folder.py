"""Folders of images with a metadata file: no image comes out but those that kept rows name, each by one row."""

import csv
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gate_world import GATE_SIGNER, MAPPING, SCHEMA, list_of, mapping, row
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.cli.verify import check_file
from demur.core.errors import DigestMismatchError
from demur.core.gate_manifest import GateManifest, GateMode, verify_manifest
from demur.gate.dry_run import decide_only
from demur.gate.errors import ColumnTypeError, InputChangedError, NoSpaceError, UnreadableInputError
from demur.gate.formats.image_folder import find_images
from demur.gate.mapping_proposal import propose_mapping
from demur.gate.run import GateRequest, run_gate
from demur.gate.source import load_schema

ADA_OBJECTS = list_of("lumen:ada")
BY_FILE_NAME = MAPPING.replace("row_id: record_id", "row_id: file_name")
Rows = list[dict[str, object]]


def gate(inputs: Path, out: Path, mode: GateMode = GateMode.REWRITE) -> GateManifest:
    request = GateRequest(inputs, mapping(BY_FILE_NAME), out, mode=mode)
    return run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None)


def names(image: str | None, **changes: object) -> dict[str, object]:
    """Return a row that names an image."""
    return {**row(**changes), "file_name": image}


def adas(image: str) -> dict[str, object]:
    return names(image, author_account="lumen:ada")


def write_metadata(path: Path, rows: Rows) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    elif path.suffix == ".csv":
        with path.open("w", newline="") as stream:
            table = csv.DictWriter(stream, [*SCHEMA.names, "file_name"])
            table.writeheader()
            table.writerows({**each, "author_is_minor": "false", "tagged_accounts": "[]"} for each in rows)
    else:
        schema = SCHEMA.append(pa.field("file_name", pa.string()))
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return path


def write_images(folder: Path, images: Iterable[str]) -> Path:
    for image in images:
        (folder / image).parent.mkdir(parents=True, exist_ok=True)
        (folder / image).write_bytes(f"picture {image}".encode())
    return folder


def images_in(folder: Path) -> set[str]:
    """Return the images of a folder as ImageFolder finds them: whatever is no metadata."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("metadata."))
    return {path.relative_to(folder).as_posix() for path in found}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images, of which Ada's is to be withheld."""
    write_metadata(tmp_path / "in/metadata.jsonl", [names("1.png"), adas("ada/2.png"), names("ada/3.png")])
    return write_images(tmp_path / "in", ["1.png", "ada/2.png", "ada/3.png"])


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_only_images_that_kept_rows_name_come_out_and_the_manifest_lists_them(tmp_path: Path, suffix: str) -> None:
    for split in ("train", "test"):
        write_metadata(tmp_path / f"in/{split}/metadata.{suffix}", [names("1.png"), adas("ada/2.png"), names("3.png")])
        write_images(tmp_path / "in" / split, ["1.png", "ada/2.png", "3.png"])
    manifest = gate(tmp_path / "in", tmp_path / "out")
    kept = {"test/1.png", "test/3.png", "train/1.png", "train/3.png"}
    assert images_in(tmp_path / "out/kept") == kept
    assert all((tmp_path / "out/kept" / image).read_bytes() == (tmp_path / "in" / image).read_bytes() for image in kept)
    assert (manifest.kept_rows, manifest.withheld_rows) == (4, 2)
    assert {file.path for file in manifest.inputs if not file.rows} == kept
    assert {file.path for file in manifest.outputs if not file.rows} == {f"kept/{image}" for image in kept}
    for file in manifest.outputs:
        assert hashlib.sha256((tmp_path / "out" / file.path).read_bytes()).digest() == file.sha256
    assert verify_manifest((tmp_path / "out/manifest.note").read_bytes(), GATE_SIGNER.verifier_key) == manifest
    assert b"ada/2.png" not in (tmp_path / "out/manifest.note").read_bytes()


_DRAWN = st.lists(
    st.tuples(st.sampled_from(["", "a/", "a/b/", "ü ö/"]), st.sampled_from(["lumen:ada", "lumen:cy"])), max_size=8
)


@settings(max_examples=12, deadline=None)
@given(_DRAWN, st.sampled_from([GateMode.REWRITE, GateMode.LINK, GateMode.IDS]))
def test_the_images_of_kept_rows_come_out_and_no_others_whoever_has_made_what(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, str]], mode: GateMode
) -> None:
    base = tmp_path_factory.mktemp("images")
    rows = [names(f"{place}{number}.png", author_account=author) for number, (place, author) in enumerate(drawn)]
    write_metadata(base / "in/metadata.jsonl", [names("0.jpg"), *rows])
    write_images(base / "in", ["0.jpg", *(str(each["file_name"]) for each in rows)])
    gate(base / "in", base / "out", mode)
    kept = {"0.jpg", *(str(each["file_name"]) for each in rows if each["author_account"] == "lumen:cy")}
    assert images_in(base / "out/kept") == (set() if mode is GateMode.IDS else kept)


@pytest.mark.parametrize("by_copy", [False, True])
def test_images_can_be_linked(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, by_copy: bool) -> None:
    if by_copy:
        monkeypatch.setattr(os, "link", refuse_link)
    manifest = gate(folder, tmp_path / "out", GateMode.LINK)
    assert images_in(tmp_path / "out/kept") == {"1.png", "ada/3.png"}
    assert (tmp_path / "out/kept/1.png").samefile(folder / "1.png") != by_copy
    assert manifest.linked == (() if by_copy else ("kept/1.png", "kept/ada/3.png"))
    assert verify_manifest((tmp_path / "out/manifest.note").read_bytes(), GATE_SIGNER.verifier_key) == manifest


def test_whoever_verifies_the_manifest_verifies_every_image(folder: Path, tmp_path: Path) -> None:
    gate(folder, tmp_path / "out")
    keys = {GATE_SIGNER.name: GATE_SIGNER.verifier_key}
    assert check_file(tmp_path / "out/manifest.note", keys).signer_known
    write_images(tmp_path / "out/kept", ["ada/2.png"])
    with pytest.raises(DigestMismatchError, match="does not name"):
        check_file(tmp_path / "out/manifest.note", keys)
    (tmp_path / "out/kept/ada/2.png").unlink()
    (tmp_path / "out/kept/1.png").write_bytes(b"another picture")
    with pytest.raises(DigestMismatchError, match=r"1\.png"):
        check_file(tmp_path / "out/manifest.note", keys)


def refuse_link(*_: object) -> None:
    raise OSError(18, "another disk")


def test_who_asks_for_ids_gets_no_image(folder: Path, tmp_path: Path) -> None:
    manifest = gate(folder, tmp_path / "out", GateMode.IDS)
    assert not (tmp_path / "out/kept").exists()
    assert [file.path for file in manifest.inputs] == ["metadata.jsonl"]


def test_a_metadata_file_given_alone_brings_its_images_and_so_does_a_pattern(folder: Path, tmp_path: Path) -> None:
    gate(folder / "metadata.jsonl", tmp_path / "out")
    assert images_in(tmp_path / "out/kept") == {"1.png", "ada/3.png"}
    gate(tmp_path / "i*", tmp_path / "again")
    assert images_in(tmp_path / "again/kept/in") == {"1.png", "ada/3.png"}


def test_marks_of_an_engine_are_left_out(folder: Path, tmp_path: Path) -> None:
    write_images(folder, [".cache/1.png", "_SUCCESS", "ada/.DS_Store"])
    gate(folder, tmp_path / "out")
    assert images_in(tmp_path / "out/kept") == {"1.png", "ada/3.png"}


def test_other_data_beside_the_images_are_gated_as_ever(folder: Path, tmp_path: Path) -> None:
    write_metadata(folder / "more.jsonl", [names("more-1"), adas("more-2")])
    manifest = gate(folder, tmp_path / "out")
    assert (manifest.kept_rows, manifest.withheld_rows) == (3, 2)


def test_a_metadata_file_that_names_no_image_is_data_like_any_other(tmp_path: Path) -> None:
    write_metadata(tmp_path / "in/metadata.jsonl", [{**row(), "photo": "1.png"}])
    request = GateRequest(tmp_path / "in", mapping(), tmp_path / "out")
    assert run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None).kept_rows == 1


def add_row(each: dict[str, object], metadata: str = "metadata.jsonl") -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with (folder / metadata).open("a") as stream:
            stream.write(json.dumps(each) + "\n")

    return change


def add_image(image: str) -> Callable[[Path], None]:
    return lambda folder: write_images(folder, [image]) and None


def _symlink(folder: Path) -> None:
    write_images(folder.parent, ["outside.png"])
    (folder / "4.png").symlink_to(folder.parent / "outside.png")
    add_row(names("4.png"))(folder)


def _folder_symlink(folder: Path) -> None:
    (folder / "more").symlink_to(folder / "ada")
    add_row(names("more/2.png"))(folder)


def _second_metadata(folder: Path) -> None:
    write_metadata(folder / "ada/metadata.jsonl", [names("2.png")])


def _other_kind_of_metadata(folder: Path) -> None:
    write_metadata(folder / "metadata.parquet", [names("ada/2.png")])


def _same_bytes(folder: Path) -> None:
    (folder / "4.png").write_bytes((folder / "ada/2.png").read_bytes())
    add_row(names("4.png"))(folder)


def _hard_link(folder: Path) -> None:
    os.link(folder / "ada/2.png", folder / "4.png")
    add_row(names("4.png"))(folder)


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        pytest.param(add_image("4.png"), 'no row names "4.png"', id="image-without-a-row"),
        pytest.param(add_image("ada/notes.txt"), 'no row names "ada/notes.txt"', id="something-else-without-a-row"),
        pytest.param(add_row(names("4.png")), "row 4, names an image that is not there", id="row-without-an-image"),
        pytest.param(add_row(names(None)), "row 4, names an image that is not there", id="row-without-a-name"),
        pytest.param(add_row(names("")), "row 4, names an image that is not there", id="empty-name"),
        pytest.param(add_row(names("ada")), "row 4, names an image that is not there", id="a-folder"),
        pytest.param(add_row(names("metadata.jsonl")), "row 4, names an image that is not there", id="the-metadata"),
        pytest.param(
            add_row(names("../in/ada/2.png")), "row 4, names an image that is not there", id="leaves-the-folder"
        ),
        pytest.param(add_row(names("ada/../ada/2.png")), "row 4, names an image that is not there", id="a-way-around"),
        pytest.param(add_row(names("./ada/2.png")), "row 4, names an image that is not there", id="spelled-otherwise"),
        pytest.param(add_row(names("/etc/passwd")), "row 4, names an image that is not there", id="absolute"),
        pytest.param(add_row(names("ada/2.png")), 'two rows name the image "ada/2.png"', id="kept-and-withheld"),
        pytest.param(add_row(names("1.png")), 'two rows name the image "1.png"', id="kept-twice"),
        pytest.param(_second_metadata, 'two rows name the image "ada/2.png"', id="metadata-in-two-folders"),
        pytest.param(_other_kind_of_metadata, 'two rows name the image "ada/2.png"', id="metadata-of-two-formats"),
        pytest.param(_symlink, '/4.png" in the input is not a file', id="image-is-a-link"),
        pytest.param(_folder_symlink, '/more" in the input is not a file', id="folder-is-a-link"),
        pytest.param(_same_bytes, '"ada/2.png" and "4.png" are the same image', id="withheld-image-under-another-name"),
        pytest.param(_hard_link, '"ada/2.png" and "4.png" are the same image', id="withheld-image-linked"),
        pytest.param(add_image("4\n.png"), "cannot be written in a manifest", id="name-with-a-line-end"),
    ],
)
def test_no_image_gets_out_under_a_row_that_is_not_its_own(
    folder: Path, tmp_path: Path, attack: Callable[[Path], None], words: str
) -> None:
    attack(folder)
    with pytest.raises(UnreadableInputError) as refused:
        gate(folder, tmp_path / "out")
    assert words in str(refused.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("attack", [add_image("4.png"), add_row(names("4.png"))])
def test_a_dry_run_is_stopped_by_the_same(folder: Path, attack: Callable[[Path], None]) -> None:
    attack(folder)
    with pytest.raises(UnreadableInputError):
        decide_only(folder, mapping(BY_FILE_NAME), ADA_OBJECTS, None, lambda _done, _total: None)


def test_file_names_that_are_no_text_stop_the_run(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([row()], schema=SCHEMA)
    (tmp_path / "in").mkdir()
    pq.write_table(table.append_column("file_name", pa.array([7])), tmp_path / "in/metadata.parquet")
    request = GateRequest(tmp_path / "in", mapping(), tmp_path / "out")
    with pytest.raises(ColumnTypeError, match="file_name"):
        run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None)


def test_file_names_that_are_not_utf_8_stop_the_run(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([row()], schema=SCHEMA)
    (tmp_path / "in").mkdir()
    broken = pa.array([b"\xff.png"]).cast(pa.string(), safe=False)
    pq.write_table(table.append_column("file_name", broken), tmp_path / "in/metadata.parquet")
    request = GateRequest(tmp_path / "in", mapping(), tmp_path / "out")
    with pytest.raises(UnreadableInputError, match='the column "file_name" cannot be read'):
        run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None)


def _rewrite(image: Path) -> None:
    image.write_bytes(b"another picture")


def _remove(image: Path) -> None:
    image.unlink()


def _replace_by_link(image: Path) -> None:
    image.rename(image.with_name("moved"))
    image.symlink_to(image.with_name("moved"))


@pytest.mark.parametrize("mode", [GateMode.REWRITE, GateMode.LINK])
@pytest.mark.parametrize("change", [_rewrite, _remove, _replace_by_link])
def test_an_image_that_changes_during_a_run_stops_it(
    folder: Path, tmp_path: Path, change: Callable[[Path], None], mode: GateMode
) -> None:
    request = GateRequest(folder, mapping(BY_FILE_NAME), tmp_path / "out", mode=mode)
    with pytest.raises(InputChangedError, match=r'"1\.png" changed while it was read'):
        run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: change(folder / "1.png"))
    assert not (tmp_path / "out").exists()


def test_metadata_that_change_behind_the_run_let_no_other_image_out(folder: Path, tmp_path: Path) -> None:
    images = find_images([("metadata.jsonl", folder / "metadata.jsonl")], mapping(BY_FILE_NAME))
    write_metadata(tmp_path / "out/kept/metadata.jsonl", [names("4.png")])
    with pytest.raises(InputChangedError, match="metadata"):
        images.write_kept(tmp_path / "out", GateMode.REWRITE)


def test_a_full_disk_is_said_in_words_and_leaves_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(*_: object) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr("demur.gate.output.HashingStream", is_full)
    with pytest.raises(NoSpaceError):
        gate(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.long
@pytest.mark.parametrize("mode", [GateMode.REWRITE, GateMode.LINK])
def test_a_run_killed_at_any_instant_leaves_no_image_and_the_next_one_gives_the_same(
    tmp_path: Path, mode: GateMode
) -> None:
    rows = [names(f"{place}.png", author_account="lumen:ada" if place % 3 else "lumen:cy") for place in range(6)]
    write_metadata(tmp_path / "in/metadata.jsonl", rows)
    write_images(tmp_path / "in", [str(each["file_name"]) for each in rows])
    child = Path(__file__).with_name("resume_child.py")
    subprocess.run([sys.executable, child, tmp_path / "in", tmp_path / "runs", mode, "30"], check=True)
    whole = tree(tmp_path / "runs/whole/out")
    assert images_in(tmp_path / "runs/whole/out/kept") == {"0.png", "3.png"}
    for run in range(30):
        place = tmp_path / "runs" / str(run)
        if not (place / "out").exists():
            request = GateRequest(tmp_path / "in", mapping(), place / "out", mode=mode)
            run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None)
            assert [path.name for path in place.iterdir()] == ["out"]
        assert tree(place / "out") == whole


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder by its path, hidden ones too."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_mapping_is_proposed_from_the_metadata(folder: Path) -> None:
    proposal = propose_mapping(load_schema(folder))
    assert "author_account: author_account" in proposal
    assert "row_id: record_id" in proposal
