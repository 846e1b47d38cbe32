"""What files say about training: the vectors of files, each form by hand, and damage that is never a silence."""

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from made_photos import (
    exif,
    extended_jpeg,
    extended_segments,
    iptc_resources,
    jpeg,
    picture,
    png,
    png_chunk,
    raw_profile,
    resource_segment,
    saved,
    signed_jpeg,
    webp,
    with_chunks,
    with_segments,
    xmp,
    xmp_chunk,
    xmp_segment,
)

from demur.reservations.content_credentials import judge_manifests
from demur.reservations.finding import Standard
from demur.reservations.in_file import read_file_preference, read_in_file
from demur.reservations.plus import NAMESPACE, NO_TRAINING
from demur.reservations.preference import NOTHING_SAID, Preference, Word
from demur.reservations.tdmrep_document import read_package

_VECTORS = yaml.safe_load((Path(__file__).parent / "vectors.yaml").read_text(encoding="utf-8"))["vectors"]
_CONTAINER = "urn:oasis:names:tc:opendocument:xmlns:container"
_TDM = "http://www.w3.org/ns/tdmrep/"
NO_PACKET = xmp(attributes=f'xmlns:plus="{NAMESPACE}" plus:DataMining="{NO_TRAINING}"')


def of(channel: str) -> list[Any]:
    return [pytest.param(each, id=each["id"]) for each in _VECTORS if each["channel"] == channel]


def assert_is(said: Preference, expected: dict[str, Any]) -> None:
    assert (said.train.value, said.genai.value) == (expected["train"], expected["genai"])
    assert set(expected.get("flags", ())) <= said.flags
    assert said.is_undetermined == (expected.get("state") == "undetermined")


def plus_packet(given_: dict[str, Any]) -> bytes:
    if "xmp_bytes" in given_:
        return str(given_["xmp_bytes"] + f' xmlns:plus="{NAMESPACE}" plus:DataMining="DMI-PROHIBITED"').encode()
    value = given_["P"].replace("V/", "http://ns.useplus.org/ldf/vocab/")
    prefix = given_.get("prefix", "plus")
    namespace = f'xmlns:{prefix}="{NAMESPACE}"'
    name = f"{prefix}:DataMining"
    match given_.get("form", "attribute"):
        case "element":
            return xmp(f"<{name} {namespace}>{value}</{name}>")
        case "rdf:resource":
            return xmp(f'<{name} {namespace} rdf:resource="{value}"/>')
        case "rdf-bag":
            return xmp(f"<{name} {namespace}><rdf:Bag><rdf:li>{value}</rdf:li></rdf:Bag></{name}>")
        case _:
            return xmp(attributes=f'{namespace} {name}="{value}"')


@pytest.mark.parametrize("vector", of("xmp"))
def test_vector_of_xmp_is_decided_as_it_says_in_every_format(vector: dict[str, Any]) -> None:
    packet = plus_packet(vector["input"])
    files = [
        with_segments(jpeg(), xmp_segment(packet)),
        with_chunks(png(), xmp_chunk(packet)),
        with_chunks(png(), xmp_chunk(packet, packed=True)),
        raw_profile("xmp", packet),
        webp(xmp=packet),
        saved(picture(), format="TIFF", tiffinfo={700: packet}),
    ]
    for raw in files:
        assert_is(read_file_preference(raw), vector["expect"])


@pytest.mark.parametrize("vector", [each for each in of("c2pa") if "fixture" not in str(each.values)])
def test_vector_of_content_credentials_is_decided_as_it_says(vector: dict[str, Any]) -> None:
    given_ = vector["input"]
    if given_.get("error") == "ManifestNotFound":
        assert_is(read_file_preference(jpeg()), vector["expect"])
        return
    manifests = {"own": manifest(given_.get("active", given_))}
    if "parent" in given_:
        manifests["parent"] = manifest(given_["parent"])
    store = {"active_manifest": "own", "manifests": manifests, "validation_state": given_.get("state", "Valid")}
    assert_is(judge_manifests(store), vector["expect"])


def manifest(given_: dict[str, Any]) -> dict[str, Any]:
    if "entries" not in given_:
        return {}
    return {
        "assertions": [{"label": given_.get("label", "cawg.training-mining"), "data": {"entries": given_["entries"]}}]
    }


@pytest.mark.parametrize("vector", of("epub3-opf"))
def test_vector_of_epub_is_decided_as_it_says(vector: dict[str, Any]) -> None:
    assert_is(read_file_preference(epub(package(vector["input"]["opf"], vector["input"]["prefix"]))), vector["expect"])


@pytest.mark.parametrize("vector", of("pdf-xmp"))
def test_vector_of_pdf_is_decided_as_it_says(vector: dict[str, Any]) -> None:
    ((name, value),) = vector["input"]["xmp"].items()
    namespace, _brace, local = name[1:].partition("}")
    assert_is(read_file_preference(pdf(xmp(attributes=f'xmlns:t="{namespace}" t:{local}="{value}"'))), vector["expect"])


def package(meta: str, prefix: str = "", doctype: str = "") -> str:
    inside = f"<metadata>{meta}</metadata>"
    return f'{doctype}<package xmlns="http://www.idpf.org/2007/opf" prefix="{prefix}">{inside}</package>'


def epub(opf: str, *, container: str | None = None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr(
            "META-INF/container.xml",
            container
            or '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="book.opf"/></rootfiles></container>',
        )
        archive.writestr("book.opf", opf)
    return file.getvalue()


def pdf(packet: bytes | None, *, packed: bool = False, kind: str = "/FlateDecode") -> bytes:
    document = pikepdf.new()
    document.add_blank_page()
    if packet is not None:
        stream = pikepdf.Stream(document, b"")
        if packed:
            stream.write(packet, filter=pikepdf.Name(kind))
        else:
            stream.write(packet)
        document.Root.Metadata = document.make_indirect(stream)
    file = io.BytesIO()
    document.save(
        file, fix_metadata_version=False, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none
    )
    return file.getvalue()


@pytest.mark.parametrize(
    ("opf", "train"),
    [
        (package('<meta name="tdm:reservation" content="1"/>'), Word.DENY),
        (package('<meta name="tdm:reservation" content="0"/>'), Word.ALLOW),
        (package('<meta property="x:reservation">1</meta>', "x: http://www.w3.org/ns/tdmrep#"), Word.DENY),
        (package('<meta property="x:reservation">1</meta>'), Word.UNKNOWN),
        (package("<meta property='tdm:reservation'/>"), Word.UNKNOWN),
        (package('<meta name="tdm:reservation" content="1"/>', "", '<!DOCTYPE package PUBLIC "a" "b">'), Word.DENY),
        (package(""), Word.UNKNOWN),
    ],
)
def test_package_of_an_epub_is_read(opf: str, train: Word) -> None:
    assert read_file_preference(epub(opf)).train is train
    assert read_package(opf.encode()).train is train


@pytest.mark.parametrize(
    "raw",
    [
        epub("<package"),
        epub(package(""), container="<container/>"),
        epub(
            package(""),
            container='<c xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfile full-path="no"/></c>',
        ),
        epub(package(""), container=f'<c xmlns="{_CONTAINER}">' + '<rootfile full-path="book.opf"/>' * 17 + "</c>"),
        epub(package("x" * 2_000_000)),
        epub(package("", "", '<!DOCTYPE package [<!ENTITY a "b">]>')),
        epub(package(""))[:-30],
        epub(package("")).replace(b"\0\0\x08\0", b"\1\0\x08\0"),
    ],
    ids=["broken package", "none", "missing package", "too many packages", "bomb", "entities", "cut off", "locked"],
)
def test_damaged_epub_is_undetermined(raw: bytes) -> None:
    assert read_file_preference(raw).is_undetermined


def test_broken_package_is_undetermined() -> None:
    assert read_package(b"<package").is_undetermined


@pytest.mark.parametrize("packed", [False, True])
def test_pdf_is_read(*, packed: bool) -> None:
    packet = zlib.compress(NO_PACKET) if packed else NO_PACKET
    assert read_file_preference(pdf(packet, packed=packed)).train is Word.DENY
    assert read_in_file(pdf(None)) == []


def test_damaged_pdf_is_undetermined(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_file_preference(b"%PDF-1.7 nothing").is_undetermined
    assert read_file_preference(pdf(b"not deflate", packed=True)).is_undetermined
    assert read_file_preference(pdf(zlib.compress(NO_PACKET), packed=True, kind="/LZWDecode")).is_undetermined
    monkeypatch.setattr("demur.reservations.tdmrep_document.MAX_METADATA_BYTES", 10)
    assert read_file_preference(pdf(zlib.compress(NO_PACKET), packed=True)).is_undetermined


@pytest.mark.parametrize("module", ["pikepdf", "c2pa"])
def test_missing_reader_is_undetermined(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    raw = pdf(NO_PACKET) if module == "pikepdf" else signed_jpeg()
    monkeypatch.setitem(__import__("sys").modules, module, None)
    said = read_file_preference(raw)
    assert said.is_undetermined
    assert "reader_missing" in said.flags


def test_no_in_xmp_of_several_segments_is_found_and_a_missing_part_is_undetermined() -> None:
    assert read_file_preference(extended_jpeg(NO_PACKET)).train is Word.DENY
    _guid, parts = extended_segments(NO_PACKET)
    said = read_file_preference(with_segments(jpeg(), *parts[:-1]))
    assert said.is_undetermined


def test_tdm_reservation_in_a_photo_counts() -> None:
    raw = with_segments(jpeg(), xmp_segment(xmp(attributes=f'xmlns:t="{_TDM}" t:reservation="1"')))
    (found,) = read_in_file(raw)
    assert (found.standard, found.channel, found.raw) == (Standard.TDMREP, "xmp", "1")
    assert found.preference.train is Word.DENY


def test_what_is_found_is_named() -> None:
    (found,) = read_in_file(with_segments(jpeg(), xmp_segment(NO_PACKET)))
    assert (found.standard, found.channel, found.raw) == (Standard.PLUS, "xmp", NO_TRAINING)


@pytest.mark.parametrize(
    "raw",
    [
        jpeg(),
        png(),
        webp(),
        b"",
        b"text that says http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED",
        saved(picture(), format="GIF"),
        saved(picture(), format="TIFF"),
        with_segments(jpeg(), xmp_segment(xmp())),
        with_segments(jpeg(), resource_segment(iptc_resources()[:-3])),
        with_chunks(png(), png_chunk(b"eXIf", b"damaged"), png_chunk(b"tEXt", b"Raw profile type exif\0damaged")),
        jpeg(exif=b"Exif\0\0" + exif()),
    ],
)
def test_file_that_says_nothing_says_nothing(raw: bytes) -> None:
    assert read_in_file(raw) == []
    assert read_file_preference(raw) == NOTHING_SAID


@pytest.mark.parametrize(
    "head",
    [b"GIF89a", b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypavif", b"\0\0\0\x18ftypmp42", b"<svg>", b"II+\0", b"ID3"],
)
def test_packet_in_another_format_is_found_by_its_marks(head: bytes) -> None:
    assert read_file_preference(head + bytes(16) + NO_PACKET + b"\0more").train is Word.DENY
    cut = read_file_preference(head + NO_PACKET[:-500])
    assert cut.is_undetermined
    assert "malformed_intent" in cut.flags
    assert read_file_preference(head + xmp() * 300).is_undetermined


def test_second_page_of_a_tiff_may_say_no_and_a_broken_one_is_undetermined() -> None:
    first, second = picture(), picture()
    second.encoderinfo = {"tiffinfo": {700: NO_PACKET}}  # type: ignore[attr-defined]
    raw = saved(first, format="TIFF", save_all=True, append_images=[second])
    assert read_file_preference(raw).train is Word.DENY
    assert read_file_preference(b"II*\0\xff\xff\xff\xff").is_undetermined
    in_a_circle = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 256, 4, 1, 1, 8)
    assert read_in_file(in_a_circle) == []


def test_no_in_utf_16_is_found() -> None:
    text = NO_PACKET[NO_PACKET.index(b"<x:xmpmeta") : NO_PACKET.index(b"</x:xmpmeta>") + 12].decode()
    assert read_file_preference(webp(xmp=text.encode("utf-16"))).train is Word.DENY


@pytest.mark.parametrize("make", [jpeg, png, webp])
def test_cut_off_file_is_undetermined(make: Any) -> None:
    assert read_file_preference(make()[:60]).is_undetermined


@settings(max_examples=150, deadline=None)
@given(
    at=st.integers(0, 1_500),
    new=st.binary(min_size=1, max_size=8),
    raw=st.sampled_from(
        [
            with_segments(jpeg(), xmp_segment(NO_PACKET)),
            with_chunks(png(), xmp_chunk(NO_PACKET)),
            webp(xmp=NO_PACKET),
            saved(picture(), format="TIFF", tiffinfo={700: NO_PACKET}),
            epub(package('<meta name="tdm:reservation" content="1"/>')),
        ]
    ),
)
def test_damaged_file_never_raises(at: int, new: bytes, raw: bytes) -> None:
    read_file_preference(raw[:at] + new + raw[at + len(new) :])
