"""WebDataset shards: what comes out is whole samples, and no reader finds a sample in a shard that the gate did not."""

import hashlib
import io
import json
import re
import tarfile
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

import pytest
from format_world import compress, decompress
from gate_world import GATE_SIGNER, MAPPING, entry, lake_rows, list_of, mapping, row, write_parquet
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.core.gate_manifest import GateManifest, GateMode
from demur.core.identifier import IdentifierKind
from demur.gate.decision import decide
from demur.gate.dry_run import decide_only
from demur.gate.errors import ColumnTypeError, RowIdMissingError, UnreadableInputError
from demur.gate.formats import webdataset
from demur.gate.formats.registry import SUFFIXES
from demur.gate.formats.webdataset import WebDataset
from demur.gate.mapping_proposal import propose_mapping
from demur.gate.run import GateRequest, run_gate
from demur.gate.source import load_schema

ADA_OBJECTS = list_of("lumen:ada")
Members = list[tuple[str, bytes]]
Samples = list[dict[str, bytes | str]]


def gate(inputs: Path, out: Path, mode: GateMode = GateMode.REWRITE, text: str = MAPPING) -> GateManifest:
    request = GateRequest(inputs, mapping(text), out, mode=mode)
    return run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None)


def record(**changes: object) -> bytes:
    return json.dumps(row(**changes), ensure_ascii=False).encode()


def members_of(rows: Iterable[dict[str, object]]) -> Members:
    """Three members for each row: a picture, its caption and its record."""
    return [
        member
        for number, each in enumerate(rows)
        for member in (
            (f"{number:06d}.jpg", bytes([number % 256]) * (number * 37 % 2000)),
            (f"{number:06d}.json", json.dumps(each).encode()),
            (f"{number:06d}.seg.png", b""),
        )
    ]


def tar_of(members: Members, tar_format: int = tarfile.PAX_FORMAT) -> bytes:
    """Write a shard as webdataset does, with Python's tarfile; a name with "/" at its end is a folder."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tar_format) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name.rstrip("/"))
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            info.size, info.mtime = (
                len(content),
                1_700_000_000.25 if tar_format == tarfile.PAX_FORMAT else 1_700_000_000,
            )
            tar.addfile(info, io.BytesIO(content))
    return raw.getvalue()


def write(path: Path, raw: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    compress(path, raw)
    return path


def read_samples(raw: bytes) -> Samples:
    """Read a shard as the webdataset library does (tariterators.py), in a stream, and lower-cased."""
    samples: Samples = []
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r|*") as tar:
        for info in tar:
            if not info.isreg():
                continue
            found = re.match(r"^((?:.*/|)[^.]+)[.]([^/]*)$", info.name)
            if not found:
                continue
            key, name = found[1], found[2].lower()
            if not samples or samples[-1]["__key__"] != key:
                samples.append({"__key__": key})
            if name in samples[-1]:
                raise ValueError
            stream = tar.extractfile(info)
            assert stream is not None
            samples[-1][name] = stream.read()
    return samples


def may_train(sample: dict[str, bytes | str]) -> bool:
    """Decide about a sample in plain Python."""
    values = json.loads(sample["json"])
    people = {values["author_account"], *values["tagged_accounts"]}
    return values["kind"] in ("post", "bild") and values["audience"] == "public" and "lumen:ada" not in people


def sift(shard: Path, out: Path) -> Samples:
    """Do to one shard what a run does to each; return what a plain reader finds in the kept file."""
    with WebDataset().create_kept(out, shard, shard.name) as kept:
        for block in WebDataset().read(shard, shard.name, mapping(), whole=True):
            kept.append(block, decide(block.batch, mapping(), ADA_OBJECTS).kept_mask)
        kept.close()
    return read_samples(out.read_bytes())


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tar.zst"])
def test_the_same_rows_are_decided_about_as_in_parquet(tmp_path: Path, suffix: str) -> None:
    rows = lake_rows(300)
    raw = tar_of(members_of(rows))
    write(tmp_path / "shards" / "train" / f"000.{suffix}", raw)
    write_parquet(tmp_path / "lake" / "a.parquet", rows)
    of_shards = gate(tmp_path / "shards", tmp_path / "out")
    of_parquet = gate(tmp_path / "lake", tmp_path / "reference")
    assert of_shards.withheld_by_reason == of_parquet.withheld_by_reason
    assert (of_shards.kept_rows, of_shards.withheld_rows) == (of_parquet.kept_rows, of_parquet.withheld_rows)

    withheld = (tmp_path / f"out/withheld/train/000.{suffix}.jsonl").read_text().splitlines()
    reasons = {line["record_id"]: line["reasons"] for line in map(json.loads, withheld)}
    assert reasons["r000010"] == ["author-objected", "tagged-person-objected"]
    kept = read_samples(decompress(tmp_path / f"out/kept/train/000.{suffix}"))
    assert kept == [sample for sample in read_samples(raw) if json.loads(sample["json"])["record_id"] not in reasons]
    for file in of_shards.outputs:
        assert hashlib.sha256((tmp_path / "out" / file.path).read_bytes()).digest() == file.sha256


_NAMES = st.sampled_from(["json", "jpg", "txt", "cls", "meta.json", "PNG"])
_SAMPLE = st.fixed_dictionaries(
    {
        "author": st.sampled_from(["lumen:ada", "lumen:cy"]),
        "kind": st.sampled_from(["post", "dm", "bild", "?"]),
        "tagged": st.lists(st.sampled_from(["lumen:ada", "lumen:bo"]), max_size=2),
        "names": st.sets(_NAMES).flatmap(lambda names: st.permutations(sorted(names | {"json"}))),
        "sizes": st.lists(st.sampled_from([0, 1, 511, 512, 513, 3000]), min_size=6, max_size=6),
        "folder": st.sampled_from(["", "a/", "./", "ü.1/" + "x" * 120 + "/"]),
        "marks": st.booleans(),
    }
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(_SAMPLE, max_size=8),
    st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
    st.integers(1, 4),
)
def test_kept_samples_are_those_of_a_plain_reader_whatever_the_shard_looks_like(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[dict[str, object]], tar_format: int, block: int
) -> None:
    folder = tmp_path_factory.mktemp("shards")
    members: Members = []
    for number, each in enumerate(drawn):
        values = {"author_account": each["author"], "kind": each["kind"], "tagged_accounts": each["tagged"]}
        for name, size in zip(each["names"], each["sizes"], strict=False):  # type: ignore[call-overload]
            content = record(record_id=f"r{number}", **values) if name == "json" else b"x" * size
            members.append((f"{each['folder']}{number}.{name}", content))
            members += [(f"folder{number}/", b"")] if each["marks"] else []
    raw = tar_of(members, tar_format)
    (folder / "a.tar").write_bytes(raw)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webdataset, "_BLOCK_SAMPLES", block)
        kept = sift(folder / "a.tar", folder / "b.tar")
    assert kept == [sample for sample in read_samples(raw) if may_train(sample)]


@pytest.mark.parametrize("tar_format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_a_shard_without_a_withheld_sample_stays_as_it_is_byte_for_byte(tmp_path: Path, tar_format: int) -> None:
    raw = tar_of([("a/1.json", record()), ("a/1.jpg", b"x" * 700), ("a/2.json", record(record_id="2"))], tar_format)
    write(tmp_path / "a.tar", raw)
    gate(tmp_path / "a.tar", tmp_path / "out")
    assert (tmp_path / "out/kept/a.tar").read_bytes() == raw


def test_nothing_of_a_withheld_sample_is_anywhere_in_the_output(tmp_path: Path) -> None:
    secret = [("secret/", b""), ("secret/1.jpg", b"secret"), ("secret/1.json", record(author_account="lumen:ada"))]
    write(tmp_path / "a.tar", tar_of([*secret, ("2.json", record(record_id="2"))]))
    gate(tmp_path / "a.tar", tmp_path / "out")
    assert b"secret" not in (tmp_path / "out/kept/a.tar").read_bytes()


def test_a_shard_of_which_no_sample_is_kept_is_a_shard_all_the_same(tmp_path: Path) -> None:
    write(tmp_path / "a.tar", tar_of([("1.json", record(kind="dm"))]))
    write(tmp_path / "b.tar", tar_of([]))
    assert gate(tmp_path, tmp_path.parent / "out").kept_rows == 0
    assert read_samples((tmp_path.parent / "out/kept/a.tar").read_bytes()) == []
    assert (tmp_path.parent / "out/kept/b.tar").read_bytes() == tar_of([])


def test_a_record_may_be_written_over_several_lines(tmp_path: Path) -> None:
    pretty = json.dumps(row(author_account="lumen:ada"), indent=2).encode().replace(b"\n", b"\r\n")
    write(tmp_path / "a.tar", tar_of([("1.json", b"\n" + pretty + b"\n"), ("2.json", record(record_id="2"))]))
    manifest = gate(tmp_path / "a.tar", tmp_path / "out")
    assert (manifest.kept_rows, manifest.withheld_rows) == (1, 1)


KEYED = MAPPING.replace("row_id: record_id", "row_id: __key__").replace("text: text", "text: txt")


def test_a_sample_can_be_named_by_its_key_and_its_text_be_a_member_of_its_own(tmp_path: Path) -> None:
    members = [
        ("a/1.json", record()),
        ("a/1.txt", b"write to ada@sea.example"),
        ("a/2.txt", b"alone"),
        ("a/2.json", record()),
        ("a/3.json", record()),
        ("a/4.json", record()),
        ("a/4.txt", b"not UTF-8: \xff"),
    ]
    write(tmp_path / "a.tar", tar_of(members))
    objecting = list_of(others=[entry("ada@sea.example", IdentifierKind.EMAIL)])
    request = GateRequest(tmp_path / "a.tar", mapping(KEYED), tmp_path / "out")
    run_gate(request, objecting, GATE_SIGNER, lambda _done, _total: None)
    lines = map(json.loads, (tmp_path / "out/withheld/a.tar.jsonl").read_text().splitlines())
    assert {line["__key__"]: line["reasons"] for line in lines} == {
        "a/1": ["mentioned-person-objected"],
        "a/4": ["text-unreadable"],
    }
    assert [sample["__key__"] for sample in read_samples((tmp_path / "out/kept/a.tar").read_bytes())] == ["a/2", "a/3"]


@pytest.mark.parametrize("field", ["__key__", "txt"])
def test_a_field_that_two_things_could_be_meant_by_is_refused(tmp_path: Path, field: str) -> None:
    write(tmp_path / "a.tar", tar_of([("1.json", record(**{field: "harmless"})), ("1.txt", b"ada@sea.example")]))
    with pytest.raises(UnreadableInputError, match=f'sample.* has a field "{field}" of its own'):
        gate(tmp_path / "a.tar", tmp_path / "out", text=KEYED)
    assert gate(tmp_path / "a.tar", tmp_path / "out").kept_rows == 1


def test_one_column_cannot_be_a_list_and_a_text(tmp_path: Path) -> None:
    write(tmp_path / "a.tar", tar_of([("1.json", record())]))
    text = MAPPING.replace("tagged_accounts: tagged_accounts", "tagged_accounts: author_account")
    with pytest.raises(ColumnTypeError):
        gate(tmp_path / "a.tar", tmp_path / "out", text=text)


GOOD: Members = [("1.json", record(record_id="good")), ("1.jpg", b"x")]
ADAS = record(record_id="hidden", author_account="lumen:ada")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        pytest.param([("2.jpg", b"x")], 'sample "2", has no member "json"', id="no-record"),
        pytest.param([("2.JSON", ADAS), ("2.json", record())], 'sample "2", has two members "json"', id="two-records"),
        pytest.param([("2.json", record()), ("2.JPG", b"x"), ("2.jpg", b"y")], 'two members "jpg"', id="two-images"),
        pytest.param([("2.json", record()), ("1.txt", b"x")], 'sample "1", comes in two places', id="key-comes-again"),
        pytest.param([("2.json", record()), ("./1.txt", b"x")], 'sample "1", comes in two', id="key-again-spelled-so"),
        pytest.param([("./2.jpg", b"x"), ("2.json", record())], 'sample "2", has names with "./"', id="half-dotted"),
        pytest.param([("2.json", b"")], 'sample "2", has a member "json" that is not one', id="empty-record"),
        pytest.param([("2.json", ADAS + record())], 'sample "2"', id="two-records-in-one"),
        pytest.param([("2.json", ADAS + b"\n" + record())], 'sample "2"', id="two-records-in-two-lines"),
        pytest.param([("2.json", b"[" + ADAS + b"]")], 'sample "2"', id="a-list-of-records"),
        pytest.param([("2.json", ADAS[:-1] + b',"author_account":"lumen:cy"}')], 'sample "2"', id="author-twice"),
        pytest.param(
            [("2.json", record().replace(b"lumen:cy", b"lumen:\ncy"))], 'sample "2"', id="a-line-end-in-a-text"
        ),
        pytest.param([("2.json", b"\n".join([b"["] * 100_000))], 'sample "2"', id="lists-without-end"),
        pytest.param([("2.json", record().decode().encode("utf-16"))], 'sample "2"', id="utf-16"),
        pytest.param([("2.json", b"\xef\xbb\xbf" + record())], 'sample "2"', id="byte-order-mark"),
        pytest.param([("README", b"x")], 'member "README", belongs to no sample', id="no-dot"),
        pytest.param([(".json", ADAS)], "belongs to no sample", id="hidden"),
        pytest.param([("a/.json", ADAS)], "belongs to no sample", id="hidden-in-a-folder"),
        pytest.param([("2.", ADAS)], "belongs to no sample", id="no-field"),
        pytest.param([("/2.json", record())], "no plain relative path", id="absolute"),
        pytest.param([("../2.json", record())], "no plain relative path", id="leaves-the-folder"),
        pytest.param([("a/../2.json", record())], "no plain relative path", id="leaves-a-folder"),
        pytest.param([("a/./2.json", record())], "no plain relative path", id="a-dot-in-a-path"),
        pytest.param([("a//2.json", record())], "no plain relative path", id="two-slashes"),
        pytest.param([("a\\2.json", record())], "no plain relative path", id="backslash"),
        pytest.param([("2\n.json", record())], "no plain relative path", id="line-end-in-a-name"),
        pytest.param([("2\udcff.json", record())], "not UTF-8", id="name-not-utf-8"),
    ],
)
def test_a_sample_that_readers_could_see_otherwise_stops_the_run(tmp_path: Path, members: Members, words: str) -> None:
    write(tmp_path / "lake" / "a.tar", tar_of(GOOD + members, tarfile.GNU_FORMAT))
    with pytest.raises(UnreadableInputError, match=re.escape(words)) as refused:
        gate(tmp_path / "lake", tmp_path / "out")
    assert str(refused.value).startswith("a.tar, ")
    assert "ada" not in str(refused.value)
    assert not (tmp_path / "out").exists()


def header(name: str = "2.json", size: int = 0, **changes: object) -> bytearray:
    info = tarfile.TarInfo(name)
    info.size = size
    for field, value in changes.items():
        setattr(info, field, value)
    return bytearray(info.tobuf(tarfile.USTAR_FORMAT))


def sealed(raw: bytearray) -> bytes:
    """Give a header the checksum that its bytes have."""
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw)
    return bytes(raw)


def patched(place: int, content: bytes) -> bytes:
    raw = header(size=len(ADAS))
    raw[place : place + len(content)] = content
    return sealed(raw) + padded(ADAS)


def member(name: str = "2.json", **changes: object) -> bytes:
    """Return a member that would be read, if its header let it."""
    return bytes(header(name, len(ADAS), **changes)) + padded(ADAS)


def padded(raw: bytes) -> bytes:
    return raw + bytes(-len(raw) % 512)


def extended(content: bytes, kind: bytes = b"x", size: int | None = None) -> bytes:
    """Write a special header, and a member after it."""
    special = header("special", size=len(content) if size is None else size, type=kind)
    return sealed(special) + padded(content) + member()


def pax(*fields: bytes) -> bytes:
    """Write fields of fewer than 90 bytes as a pax header has them, each after its length."""
    return b"".join(b"%d %s\n" % (len(field) + (4 if len(field) > 6 else 3), field) for field in fields)


def raw_members(members: Members) -> bytes:
    """Return members without the end of a tar file."""
    return b"".join(bytes(header(name, size=len(content))) + padded(content) for name, content in members)


END = bytes(1024)


@pytest.mark.parametrize(
    "members",
    [
        *(pytest.param(member(type=kind.encode()), id=f"type-{kind}") for kind in "12346SVMNg7KAz"),
        pytest.param(member("2.json/"), id="a-file-that-looks-like-a-folder"),
        pytest.param(bytes(header("f", len(member()), type=b"5")) + member(), id="a-folder-with-bytes"),
        pytest.param(patched(257, b"ustarX00"), id="another-magic"),
        pytest.param(patched(124, b"\x80" + bytes(10) + b"\x01"), id="a-size-in-binary"),
        pytest.param(patched(124, b"0000000_400\0"), id="a-size-with-an-underscore"),
        pytest.param(patched(124, b"-0000000001\0"), id="a-size-below-zero"),
        pytest.param(patched(124, bytes(12)), id="no-size"),
        pytest.param(patched(108, b"nobody\0\0"), id="an-owner-that-is-no-number"),
        pytest.param(patched(7, b"x"), id="something-behind-the-end-of-a-name"),
        pytest.param(patched(345, b"a\0b"), id="something-behind-the-end-of-a-prefix"),
        pytest.param(patched(500, b"tar\0"), id="something-at-the-end-of-a-header"),
        pytest.param(patched(257, b"ustar  \0" + bytes(80) + b"a"), id="gnu-magic-with-a-prefix"),
        pytest.param(member()[:-1] + b"x", id="something-in-the-padding"),
        pytest.param(member().replace(b"2.json", b"3.json"), id="a-wrong-checksum"),
        pytest.param(extended(pax(b"size=1")), id="pax-size"),
        pytest.param(extended(pax(b"GNU.sparse.major=1")), id="pax-sparse"),
        pytest.param(extended(pax(b"hdrcharset=BINARY")), id="pax-charset"),
        pytest.param(extended(pax(b"path=3.json", b"path=4.json")), id="pax-path-twice"),
        pytest.param(extended(pax(b"path=3.json\0x")), id="pax-path-with-null"),
        pytest.param(extended(b"99 path=3.json\n"), id="pax-length-too-long"),
        pytest.param(extended(b"5 path=3.json\n"), id="pax-length-too-short"),
        pytest.param(extended(b"path=3.json\n"), id="pax-without-length"),
        pytest.param(extended(pax(b"mtime=1"), size=2 << 20), id="pax-too-large"),
        pytest.param(extended(b"3.json\0x", b"L"), id="long-name-with-something-behind"),
        pytest.param(extended(b"3.json\0", b"L")[:1024] + extended(pax(b"path=4.json")), id="two-special-headers"),
        pytest.param(extended(pax(b"mtime=1"))[:1023] + b"x" + member(), id="something-behind-a-special-header"),
        pytest.param(bytes(512) + member(), id="goes-on-after-one-empty-block"),
        pytest.param(END + member(), id="goes-on-after-its-end"),
        pytest.param(b"x" * 512, id="no-tar"),
    ],
)
def test_a_tar_file_that_readers_could_take_for_another_stops_the_run(tmp_path: Path, members: bytes) -> None:
    write(tmp_path / "lake" / "a.tar", raw_members(GOOD) + members + END)
    with pytest.raises(UnreadableInputError, match=r"a\.tar") as refused:
        gate(tmp_path / "lake", tmp_path / "out")
    assert "ada" not in str(refused.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "members",
    [
        pytest.param(extended(pax(b"path=3.json", b"uname=ada", b"comment=x")), id="pax"),
        pytest.param(extended(b"3.json\0", b"L"), id="gnu-long-name"),
        pytest.param(patched(257, bytes(255)), id="before-ustar"),
        pytest.param(patched(156, b"\0"), id="old-regular-file"),
        pytest.param(patched(108, b"\x80\0\0\0\0\0\0\x01" + bytes(8)), id="owner-in-binary-and-no-group"),
    ],
)
def test_what_all_readers_agree_about_is_read(tmp_path: Path, members: bytes) -> None:
    path = write(tmp_path / "a.tar", raw_members(GOOD) + members + END)
    manifest = gate(path, tmp_path / "out")
    assert (manifest.kept_rows, manifest.withheld_rows) == (1, 1)


def test_a_shard_cut_off_anywhere_stops_the_run(tmp_path: Path) -> None:
    raw = raw_members(members_of(lake_rows(3))) + END
    path = tmp_path / "a.tar"
    for size in [*range(0, len(raw) - 512, 200), *range(len(raw) - 1024, len(raw), 256)]:
        path.write_bytes(raw[:size])
        with pytest.raises(UnreadableInputError, match=r"^a\.tar"):
            list(WebDataset().read(path, "a.tar", mapping(), whole=True))


@pytest.mark.parametrize("suffix", ["tar.gz", "tar.zst"])
@pytest.mark.parametrize("damage", [lambda raw: raw[:-5], lambda raw: raw + b"more", lambda raw: raw[:40] + raw[44:]])
def test_a_compressed_shard_that_is_damaged_stops_the_run(
    tmp_path: Path, suffix: str, damage: Callable[[bytes], bytes]
) -> None:
    path = write(tmp_path / f"a.{suffix}", tar_of(members_of(lake_rows(50))))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UnreadableInputError, match=r"cut off or damaged|not a tar file"):
        gate(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_flipped_byte_brings_a_withheld_sample_to_a_reader(tmp_path: Path) -> None:
    lots = Random(4)
    raw = raw_members(members_of(lake_rows(6))) + END
    path, read = tmp_path / "a.tar", 0
    for turn in range(150):
        damaged = bytearray(raw)
        place = lots.randrange(len(damaged))
        damaged[place] = lots.choice([lots.randrange(256), 0, 0x2E, 0x2F, 0x35])
        head = place - place % 512
        if damaged[head + 257 : head + 262] == b"ustar" and turn % 2:
            damaged[head : head + 512] = sealed(damaged[head : head + 512])
        path.write_bytes(damaged)
        try:
            found = sift(path, tmp_path / f"{turn}.tar")
        except (UnreadableInputError, RowIdMissingError):
            continue
        read += 1
        assert all(may_train(sample) for sample in found)
    assert read > 10


def test_images_are_never_held_in_memory(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tar", tar_of([("1.json", record()), ("1.jpg", bytes(24 << 20))]))
    tracemalloc.start()
    try:
        gate(path, tmp_path / "out")
        assert tracemalloc.get_traced_memory()[1] < 12 << 20
    finally:
        tracemalloc.stop()


def test_a_record_beyond_all_measure_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webdataset, "_MOST_FIELD_BYTES", 1 << 20)
    write(tmp_path / "a.tar", tar_of([("1.json", record(text="x" * (1 << 20)))]))
    with pytest.raises(UnreadableInputError, match='sample "1", has a member "json" of more than 1 MiB'):
        gate(tmp_path / "a.tar", tmp_path / "out")


def test_a_file_that_cannot_be_opened_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.tar").mkdir()
    with pytest.raises(UnreadableInputError, match="is a directory"):
        list(WebDataset().read(tmp_path / "a.tar", "a.tar", mapping(), whole=True))


@pytest.mark.parametrize("mode", [GateMode.LINK, GateMode.IDS])
def test_shards_can_be_linked_or_left_out_too(tmp_path: Path, mode: GateMode) -> None:
    lake = tmp_path / "lake"
    write(lake / "clean.tar.gz", tar_of(members_of([row()])))
    write(lake / "mixed.tar", tar_of(members_of(lake_rows(100))))
    manifest = gate(lake, tmp_path / "out", mode)
    assert (tmp_path / "out" / "kept").exists() == (mode is GateMode.LINK)
    if mode is GateMode.LINK:
        assert manifest.linked == ("kept/clean.tar.gz",)
        assert (tmp_path / "out/kept/clean.tar.gz").samefile(lake / "clean.tar.gz")
    assert manifest.kept_rows == 69


def test_a_dry_run_decides_the_same(tmp_path: Path) -> None:
    write(tmp_path / "a.tar.zst", tar_of(members_of(lake_rows(200))))
    dry = decide_only(tmp_path / "a.tar.zst", mapping(), ADA_OBJECTS, None, lambda _done, _total: None)
    manifest = gate(tmp_path / "a.tar.zst", tmp_path / "out")
    assert (dry.kept_rows, dry.withheld_rows) == (manifest.kept_rows, manifest.withheld_rows)


def test_the_page_of_formats_names_every_end_of_a_name() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/data-engineer/files.md").read_text()
    table = "".join(line for line in page.splitlines() if line.startswith("|"))
    assert set(re.findall(r"`(\.[a-z.]+)`", table)) == set(SUFFIXES)


def test_a_mapping_is_proposed_from_the_first_samples(tmp_path: Path) -> None:
    rows = members_of([{"author_account": "lumen:cy", "audience": "public"}])
    proposal = propose_mapping(
        load_schema(write(tmp_path / "a" / "a.tar", tar_of([*rows, ("000000.txt", b"x")])).parent)
    )
    assert "author_account: author_account" in proposal
    assert 'row_id: "__key__"' in proposal
    assert "text: txt" in proposal
    assert "__key__" in load_schema(write(tmp_path / "b.tar", tar_of([]))).names
    assert load_schema(write(tmp_path / "d.tar", tar_of([("1.json", b'{"__key__": 1}')]))).names == ["__key__"]
    with pytest.raises(UnreadableInputError, match="first records cannot be read"):
        load_schema(write(tmp_path / "c.tar", tar_of([("1.json", b"no json")])))
