"""Pictures in the gate: copies of objected photos and reserved files are withheld, and nothing passes unread."""

import hashlib
import io
import json
import os
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gate_world import GATE_SIGNER, LIST_KEY, LIST_SIGNER, batch_of, entry, list_of, mapping, row, sealed
from picture_world import (
    BYTES_SCHEMA,
    IN_BYTES,
    NAME_SCHEMA,
    by_path,
    file_of,
    objecting_with,
    photo,
    photo_entry,
    picture,
    reserved,
)
from PIL import Image, ImageOps

from demur.core.gate_manifest import GateMode
from demur.core.identifier import IdentifierKind, photo_value
from demur.gate.decision import Decision, decide
from demur.gate.dry_run import decide_only
from demur.gate.errors import ColumnTypeError, MappingError
from demur.gate.explanation import explain_rows
from demur.gate.formats.registry import format_of
from demur.gate.live import Gate
from demur.gate.mapped_batch import map_batch
from demur.gate.mapping_proposal import propose_mapping
from demur.gate.pictures import known_pictures, picture_rows
from demur.gate.pictures.objected_photos import find_photo_entries
from demur.gate.pictures.picture_rows import look_at_rows
from demur.gate.run import GateRequest, run_gate
from demur.gate.source import load_schema
from demur.gate.suppression_list import SuppressionList, encode_entries
from demur.photos.jpeg_header import read_jpeg_header
from demur.photos.pdq import hash_photo

NOBODY = list_of()
UNREADABLE = ["photo-unreadable", "reservation-undecided"]


def of_photos(*photos: object, suppressions: SuppressionList | None = None) -> Decision:
    rows = [row(record_id=f"r{number}", photo=each) for number, each in enumerate(photos)]
    return decide(
        batch_of(*rows, schema=BYTES_SCHEMA),
        mapping(IN_BYTES),
        objecting_with(1) if suppressions is None else suppressions,
    )


def reasons(decision: Decision) -> list[list[str]]:
    """The reasons of each row, none for a kept one."""
    withheld = iter(decision.withheld_reasons().to_pylist())
    return [[] if kept else next(withheld) for kept in decision.kept_mask.tolist()]


def cropped(image: Image.Image) -> Image.Image:
    return image.crop((14, 22, image.width - 29, image.height - 10))


def test_copies_of_an_objected_photo_are_withheld_whoever_posts_them_and_others_are_kept() -> None:
    same = picture(1)
    copies = [
        photo(1),
        file_of(same, quality=40),
        file_of(same.resize((240, 180)), "PNG"),
        file_of(same.resize((960, 720)), "WEBP"),
        file_of(ImageOps.mirror(same)),
        file_of(same.rotate(90, expand=True)),
        file_of(cropped(same)),
        file_of(ImageOps.mirror(cropped(same)), "WEBP"),
        file_of(ImageOps.expand(same, 30, "white")),
    ]
    found = reasons(of_photos(*copies, photo(2), photo(3), None))
    assert found == [["photo-objected"]] * len(copies) + [[], [], []]


def test_a_photo_that_nobody_objected_with_is_kept_by_a_list_without_photos() -> None:
    assert reasons(of_photos(photo(1), suppressions=NOBODY)) == [[]]


def test_a_file_that_says_no_is_withheld_though_nobody_objected() -> None:
    found = reasons(of_photos(reserved(photo(2)), reserved(file_of(picture(2), "PNG")), photo(2), suppressions=NOBODY))
    assert found == [["reserved-in-file"], ["reserved-in-file"], []]


def test_a_copy_that_is_reserved_as_well_carries_both_reasons() -> None:
    assert reasons(of_photos(reserved(photo(1)))) == [["photo-objected", "reserved-in-file"]]


@pytest.mark.parametrize("damage", [b"", b"no picture", b"\xff\xd8\xff\xe0", photo(2)[:900]])
def test_what_cannot_be_read_as_a_picture_is_withheld(damage: bytes) -> None:
    [found] = reasons(of_photos(damage, suppressions=NOBODY))
    assert "photo-unreadable" in found


def test_a_row_that_is_withheld_anyway_is_not_asked_for_its_picture() -> None:
    rows = [row(photo=photo(1), author_account="lumen:ada"), row(photo=b"", kind="dm")]
    decision = decide(batch_of(*rows, schema=BYTES_SCHEMA), mapping(IN_BYTES), objecting_with(1))
    assert reasons(decision) == [["author-objected"], ["private-message"]]


@pytest.mark.parametrize(
    ("kind", "wrap"),
    [
        (pa.large_binary(), lambda raw: raw),
        (pa.binary_view(), lambda raw: raw),
        (pa.list_(pa.binary()), lambda raw: [photo(2), raw]),
        (pa.struct({"bytes": pa.binary(), "path": pa.string()}), lambda raw: {"bytes": raw, "path": "1.jpg"}),
        (pa.list_(pa.struct({"bytes": pa.large_binary()})), lambda raw: [{"bytes": raw}, {"bytes": photo(2)}]),
    ],
)
def test_pictures_are_found_in_whatever_type_holds_bytes(kind: pa.DataType, wrap: object) -> None:
    schema = BYTES_SCHEMA.set(len(BYTES_SCHEMA) - 1, pa.field("photo", kind))
    rows = [row(record_id=str(number), photo=wrap(photo(number))) for number in (1, 3)]  # type: ignore[operator]
    decision = decide(batch_of(*rows, row(photo=None), schema=schema), mapping(IN_BYTES), objecting_with(1))
    assert reasons(decision) == [["photo-objected"], [], []]


@pytest.mark.parametrize("value", [{"bytes": None, "path": "1.jpg"}, {"bytes": b"", "path": None}])
def test_a_picture_without_its_bytes_is_no_missing_picture(value: object) -> None:
    schema = BYTES_SCHEMA.set(
        len(BYTES_SCHEMA) - 1, pa.field("photo", pa.struct({"bytes": pa.binary(), "path": pa.string()}))
    )
    assert reasons(decide(batch_of(row(photo=value), schema=schema), mapping(IN_BYTES), NOBODY)) == [UNREADABLE]


def test_a_null_among_the_pictures_of_a_row_is_one_that_nobody_saw() -> None:
    schema = BYTES_SCHEMA.set(len(BYTES_SCHEMA) - 1, pa.field("photo", pa.list_(pa.binary())))
    rows = [row(photo=[photo(2), None]), row(photo=[])]
    assert reasons(decide(batch_of(*rows, schema=schema), mapping(IN_BYTES), NOBODY)) == [UNREADABLE, []]


def test_a_column_that_holds_no_bytes_is_refused_by_name() -> None:
    with pytest.raises(ColumnTypeError, match=r'"photo" \(role image\) must be bytes'):
        decide(batch_of(row(photo="1.jpg"), schema=NAME_SCHEMA), mapping(IN_BYTES), NOBODY)


def of_names(folder: Path, *names: object, schema: pa.Schema = NAME_SCHEMA) -> list[list[str]]:
    rows = [row(record_id=str(number), photo=name) for number, name in enumerate(names)]
    return reasons(decide(batch_of(*rows, schema=schema), mapping(by_path(folder)), objecting_with(1)))


def test_pictures_are_found_by_their_paths(tmp_path: Path) -> None:
    (tmp_path / "of ada").mkdir()
    (tmp_path / "of ada" / "1.jpg").write_bytes(photo(1))
    (tmp_path / "2.jpg").write_bytes(photo(2))
    assert of_names(tmp_path, "of ada/1.jpg", "2.jpg", None, "3.jpg") == [["photo-objected"], [], [], UNREADABLE]
    lists = NAME_SCHEMA.set(len(NAME_SCHEMA) - 1, pa.field("photo", pa.list_(pa.string())))
    assert of_names(tmp_path, ["2.jpg", "of ada/1.jpg"], ["2.jpg"], schema=lists) == [["photo-objected"], []]


def test_a_path_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "2.jpg").write_bytes(photo(2))
    (folder / "link.jpg").symlink_to(tmp_path / "2.jpg")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe.jpg")
    names = ["../2.jpg", str(tmp_path / "2.jpg"), "link.jpg", "folder", "pipe.jpg", "", "a\0b", "x" * 300]
    assert of_names(folder, *names) == [UNREADABLE] * len(names)


def test_a_name_that_is_no_text_is_unreadable(tmp_path: Path) -> None:
    names = pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe"))
    batch = batch_of(row(photo=None), schema=NAME_SCHEMA)
    batch = batch.set_column(len(NAME_SCHEMA) - 1, "photo", names)
    assert reasons(decide(batch, mapping(by_path(tmp_path)), NOBODY)) == [UNREADABLE]


def test_a_picture_of_a_url_is_what_was_fetched_under_its_digest_and_nothing_is_fetched(tmp_path: Path) -> None:
    url = "https://lumen.example/1.jpg"
    (tmp_path / hashlib.sha256(url.encode()).hexdigest()).write_bytes(photo(1))
    text = by_path(tmp_path).replace("path", "url", 1)
    rows = [row(photo=url), row(photo="http://127.0.0.1:9/2.jpg")]
    assert reasons(decide(batch_of(*rows, schema=NAME_SCHEMA), mapping(text), objecting_with(1))) == [
        ["photo-objected"],
        UNREADABLE,
    ]


def test_rows_that_come_from_no_file_need_a_folder_for_their_paths() -> None:
    with pytest.raises(MappingError, match="beside them"):
        decide(
            batch_of(row(photo="1.jpg"), schema=NAME_SCHEMA), mapping(by_path(".").replace(", folder: .", "")), NOBODY
        )


def test_a_hash_near_the_threshold_is_made_again_from_the_whole_picture_and_a_cut_file_keeps_its_first_hash() -> None:
    """Of a progressive JPEG the first scans show all that the fast hash needs, and may be all that there is."""
    large = picture(1, (1600, 1200)).crop((140, 90, 1600, 1110))
    whole = file_of(large, quality=90, progressive=True)
    cut = whole[: read_jpeg_header(whole).detail_scans[0][0]] + b"\xff\xd9"
    assert len(cut) < len(whole)
    found = of_photos(whole, cut).kept_mask.tolist()
    assert found[0] == found[1]


def test_two_people_with_the_same_photo_are_both_told(tmp_path: Path) -> None:
    other = photo_entry(photo(1))
    twins = list_of(
        others=[entry(other.value, other.kind), type(other)(b"o" * 16, other.kind, other.value, other.in_force_from)]
    )
    assert [len(found.entry_ids["photo-objected"]) for found in _explain(tmp_path, twins)] == [2]


def _explain(folder: Path, suppressions: SuppressionList) -> list:  # type: ignore[type-arg]
    path = folder / "a.parquet"
    pq.write_table(pa.Table.from_batches([batch_of(row(photo=photo(1)), schema=BYTES_SCHEMA)]), path)
    return explain_rows(path, "r1", mapping(IN_BYTES), suppressions, None)


@pytest.mark.parametrize("mode", [GateMode.REWRITE, GateMode.LINK, GateMode.IDS])
def test_a_run_counts_the_rows_of_each_photo_and_keeps_the_others(tmp_path: Path, mode: GateMode) -> None:
    photos = [photo(1), photo(2), file_of(cropped(picture(1))), None, photo(4), photo(1)]
    rows = [row(record_id=f"r{number}", photo=raw) for number, raw in enumerate(photos)]
    rows[5]["author_account"] = "lumen:ada"
    source = tmp_path / "in.parquet"
    pq.write_table(pa.Table.from_pylist(rows, BYTES_SCHEMA), source, row_group_size=4)
    request = GateRequest(source, mapping(IN_BYTES), tmp_path / "out", mode=mode)
    manifest = run_gate(request, objecting_with(1, 4), GATE_SIGNER, lambda _done, _all: None)
    assert manifest.withheld_by_reason["photo-objected"] == 3
    assert manifest.withheld_by_reason["author-objected"] == 1
    assert manifest.kept_rows == 2
    assert "photo" not in manifest.kinds_not_applied
    counts = pq.read_table(tmp_path / "out" / "withheld-by-entry.parquet").column("rows").to_pylist()
    assert sorted(counts) == [1, 1, 2]


def test_in_a_folder_of_images_paths_are_seen_from_the_file_that_names_them(tmp_path: Path) -> None:
    for part, number in (("a", 1), ("b", 2)):
        folder = tmp_path / "in" / part
        folder.mkdir(parents=True)
        (folder / "1.jpg").write_bytes(photo(number))
        (folder / "metadata.jsonl").write_text(json.dumps(row(record_id=part, file_name="1.jpg")) + "\n")
    text = by_path(".").replace(", folder: .", "").replace("column: photo", "column: file_name")
    request = GateRequest(tmp_path / "in", mapping(text), tmp_path / "out")
    manifest = run_gate(request, objecting_with(1), GATE_SIGNER, lambda _done, _all: None)
    assert manifest.withheld_by_reason["photo-objected"] == 1
    assert {path.relative_to(tmp_path / "out/kept").as_posix() for path in (tmp_path / "out/kept").rglob("*.jpg")} == {
        "b/1.jpg"
    }
    dry = decide_only(tmp_path / "in", mapping(text), objecting_with(1), None, lambda _done, _all: None)
    assert dry.withheld_by_reason == manifest.withheld_by_reason
    [explained] = explain_rows(tmp_path / "in", "a", mapping(text), objecting_with(1), None)
    assert explained.reasons == ("photo-objected",)


def test_images_as_bytes_in_json_are_refused_before_the_first_row(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps(row(photo="aGVsbG8=")) + "\n")
    with pytest.raises(ColumnTypeError, match="must be bytes"):
        run_gate(GateRequest(path, mapping(IN_BYTES), tmp_path / "out"), NOBODY, GATE_SIGNER, lambda _done, _all: None)


def test_every_image_of_a_sample_of_a_shard_is_looked_at(tmp_path: Path) -> None:
    members = {
        "a": {"jpg": photo(2), "0.PNG": file_of(picture(1), "PNG")},
        "b": {"webp": photo(3), "bin": b"?"},
        "c": {},
    }
    path = tmp_path / "in.tar"
    with tarfile.open(path, "w") as tar:
        for key, fields in members.items():
            for suffix, raw in ({"json": json.dumps(row(record_id=key)).encode()} | fields).items():
                info = tarfile.TarInfo(f"{key}.{suffix}")
                info.size = len(raw)
                tar.addfile(info, io.BytesIO(raw))
    read = mapping(IN_BYTES.replace("image: photo", "image: __image__"))
    assert 'image: "__image__"\n' in propose_mapping(load_schema(path))
    manifest = run_gate(
        GateRequest(path, read, tmp_path / "out"), objecting_with(1), GATE_SIGNER, lambda _done, _all: None
    )
    assert manifest.withheld_by_reason["photo-objected"] == 1
    with tarfile.open(tmp_path / "out/kept/in.tar") as tar:
        assert tar.getnames() == ["b.json", "b.webp", "b.bin", "c.json"]


def test_live_records_are_asked_for_their_pictures(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(photo(1))
    (tmp_path / "7.list").write_bytes(sealed(encode_entries([photo_entry(photo(1))]), 1, **current()))
    arguments = tmp_path / "7.list", LIST_SIGNER.verifier_key, LIST_KEY
    gate = Gate(mapping(IN_BYTES), *arguments)
    assert gate.check(row(photo=photo(1))).reasons == ("photo-objected",)
    assert gate.check(row(photo=photo(2)))
    assert gate.check(row(photo="1.jpg")).reasons == ("field-mistyped:image",)
    by_name = Gate(mapping(by_path(tmp_path)), *arguments)
    assert by_name.check(row(photo="1.jpg")).reasons == ("photo-objected",)
    assert by_name.check(row(photo=photo(2))).reasons == ("field-mistyped:image_place",)


def current() -> dict[str, datetime]:
    now = datetime.now(UTC)
    return {"issued_at": now - timedelta(hours=1), "expires_at": now + timedelta(hours=1)}


def test_large_rows_are_read_some_at_a_time(tmp_path: Path) -> None:
    """A row group may hold more pictures than memory does."""
    rows = [row(record_id=str(number), photo=bytes(1 << 20)) for number in range(150)]
    path = tmp_path / "in.parquet"
    pq.write_table(pa.Table.from_pylist(rows, BYTES_SCHEMA), path, compression="none", use_dictionary=False)
    blocks = [
        block.batch.num_rows for block in format_of(path.name).read(path, path.name, mapping(IN_BYTES), whole=True)
    ]
    assert max(blocks) <= 64
    assert sum(blocks) == 150


def test_only_what_was_seen_lately_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_pictures, "MOST_KNOWN", 1)
    assert reasons(of_photos(photo(1), photo(2), photo(1))) == [["photo-objected"], [], ["photo-objected"]]
    assert reasons(of_photos(photo(2), photo(1))) == [[], ["photo-objected"]]


def test_a_mapping_without_images_has_none_to_look_at() -> None:
    with pytest.raises(MappingError, match="names no images"):
        _ = map_batch(batch_of(row()), mapping()).pictures


def test_many_pictures_are_looked_at_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_rows, "_MOST_AT_ONCE", 2)
    found = reasons(of_photos(photo(1), photo(2), photo(3), None, photo(1)))
    assert found == [["photo-objected"], [], [], [], ["photo-objected"]]


def test_a_picture_near_the_threshold_that_has_no_end_is_decided_by_its_first_hash(tmp_path: Path) -> None:
    whole = file_of(picture(1, (1600, 1200)), quality=90, progressive=True)
    cut = whole[: len(whole) * 4 // 5]
    near = hash_photo(cut).value
    far = bytes(byte ^ (0b111 if place < 10 else 0) for place, byte in enumerate(near))
    listed = list_of(others=[entry(photo_value([far]), IdentifierKind.PHOTO)])
    assert reasons(of_photos(cut, suppressions=listed)) == [["photo-objected"]]
    (tmp_path / "1.jpg").write_bytes(cut)
    rows = look_at_rows(pa.array(["1.jpg"]), mapping(by_path(tmp_path)), np.ones(1, bool))
    (tmp_path / "1.jpg").unlink()
    assert find_photo_entries(rows, listed)[0].tolist() == [0], "it went away meanwhile"
