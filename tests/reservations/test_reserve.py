"""A photo's bytes with a reservation: the picture and all that nobody asked to change stay to the bit."""

import hashlib
import io
import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_photos import (
    PLACE_WORDS,
    exif,
    exif_segment,
    extended_jpeg,
    extended_segments,
    iptc_resources,
    jpeg,
    picture,
    place_xmp,
    png,
    png_animation,
    png_chunk,
    raw_profile,
    resource_segment,
    saved,
    segment,
    signed_jpeg,
    two_pictures,
    webp,
    webp_animation,
    with_chunks,
    with_segments,
    xmp,
    xmp_chunk,
    xmp_segment,
)
from PIL import Image, ImageSequence

from demur.reservations.jpeg_segments import parse_segments
from demur.reservations.personal import Personal
from demur.reservations.photo import Wish, has_reservation, is_signed, read_parts, reserve
from demur.reservations.photo_errors import (
    DamagedPhotoError,
    PhotoError,
    SignedPhotoError,
    UnsupportedPhotoError,
)
from demur.reservations.photo_telling import tell

PLAIN, ALL = Wish(), Wish(frozenset(Personal))
PLACE, IDENTITY = Wish(frozenset({Personal.PLACE})), Wish(frozenset({Personal.IDENTITY}))

PHOTOS: dict[str, bytes] = {
    "baseline JPEG": jpeg(),
    "progressive JPEG": jpeg(progressive=True),
    "grey JPEG": saved(picture("L"), format="JPEG"),
    "CMYK JPEG": saved(picture("CMYK"), format="JPEG"),
    "JPEG with a profile and EXIF": jpeg(icc_profile=b"P" * 70_000, exif=b"Exif\0\0" + exif()),
    "JPEG with a film behind it": jpeg() + b"\0\0\0\x18ftypmp42" + bytes(100),
    "JPEG with two pictures": two_pictures(),
    "JPEG with XMP": with_segments(jpeg(), xmp_segment(place_xmp())),
    "JPEG with XMP in several segments": extended_jpeg(place_xmp()),
    "JPEG with Photoshop's resources": with_segments(jpeg(), resource_segment(iptc_resources())),
    "JPEG without JFIF": b"\xff\xd8" + jpeg()[20:],
    "palette PNG": png("P"),
    "16-bit PNG": png("I;16"),
    "PNG with transparency": png("RGBA"),
    "PNG with EXIF": with_chunks(png(), png_chunk(b"eXIf", exif())),
    "PNG with XMP": with_chunks(png(), xmp_chunk(place_xmp())),
    "PNG with packed XMP": with_chunks(png(), xmp_chunk(place_xmp(), packed=True)),
    "PNG by ImageMagick": raw_profile("exif", b"Exif\0\0" + exif()),
    "animated PNG": png_animation(),
    "PNG with more behind it": png() + b"behind",
    "lossy WebP": webp(),
    "lossless WebP": webp(lossless=True),
    "WebP with transparency": webp("RGBA", lossless=True),
    "animated WebP": webp_animation(),
    "WebP with EXIF and XMP": webp(exif=b"Exif\0\0" + exif(), xmp=place_xmp()),
    "WebP with more behind it": webp() + b"behind",
}


def shown(raw: bytes) -> list[tuple[object, ...]]:
    with Image.open(io.BytesIO(raw)) as photo:
        return [
            (frame.mode, frame.tobytes(), frame.getexif().get(0x0112), frame.info.get("icc_profile"))
            for frame in ImageSequence.Iterator(photo)
        ]


@pytest.mark.parametrize(
    "wish", [PLAIN, PLACE, IDENTITY, ALL], ids=["reserve", "no place", "no identity", "nothing personal"]
)
@pytest.mark.parametrize("name", PHOTOS)
def test_picture_stays_to_the_bit_and_the_photo_says_no(name: str, wish: Wish) -> None:
    after = reserve(PHOTOS[name], wish)
    assert shown(after) == shown(PHOTOS[name])
    assert has_reservation(read_parts(after))
    assert reserve(after, wish) == after
    left = {each.personal for each in tell(read_parts(after))}
    assert not left & wish.remove
    if Personal.PLACE in wish.remove:
        assert not any(word in after for word in PLACE_WORDS)


@pytest.mark.parametrize("name", PHOTOS)
def test_nothing_is_taken_out_unasked(name: str) -> None:
    before, after = (tell(read_parts(raw)) for raw in (PHOTOS[name], reserve(PHOTOS[name], PLAIN)))
    assert before == after


def test_what_stands_behind_a_picture_stays() -> None:
    before = PHOTOS["JPEG with a film behind it"]
    after = reserve(before, PLAIN)
    assert after.endswith(before[before.index(b"ftypmp42") - 4 :])
    assert len(read_parts(after).behind) == 112
    assert read_parts(reserve(webp() + b"behind", PLAIN)).behind == b"behind"


@pytest.mark.parametrize(
    "place", [b"+45.4390+010.9943/", b"-33.8568+151.2153+004.500/", b"+45.4390+010.9943+059CRSWGS_84/"]
)
@pytest.mark.parametrize("photo", [jpeg(), png(), webp()], ids=["JPEG", "PNG", "WebP"])
def test_place_of_a_film_behind_the_picture_becomes_zeros(photo: bytes, place: bytes) -> None:
    film = b"\0\0\0\x18ftypmp42\0\0\0\x26\xa9xyz\0\x12\x15\xc7" + place + bytes(20)
    (told,) = tell(read_parts(photo + film))
    assert (told.text, told.personal) == (place.decode(), Personal.PLACE)
    after = reserve(photo + film, PLACE)
    assert not tell(read_parts(after))
    assert len(read_parts(after).behind) == len(film)
    assert reserve(photo + film, IDENTITY).endswith(film)


@pytest.mark.parametrize("is_before", [True, False], ids=["XMP before the list", "XMP behind the list"])
def test_second_picture_is_found_where_the_list_says(*, is_before: bool) -> None:
    photo = two_pictures()
    if not is_before:
        photo = _with_xmp_behind_the_list(photo)
    after = reserve(photo, PLAIN)
    with Image.open(io.BytesIO(after)) as opened, Image.open(io.BytesIO(two_pictures())) as original:
        assert opened.n_frames == 2
        sizes = [entry["Size"] for entry in opened.mpinfo[0xB002]]
        assert sum(sizes) == len(after)
        assert opened.size == original.size


def _with_xmp_behind_the_list(photo: bytes) -> bytes:
    """A list of pictures, and behind it a packet without padding: it must grow, and the second picture moves."""
    segments, _scan = parse_segments(photo)
    packet = xmp_segment(b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>')
    at = next(number for number, each in enumerate(segments) if each.payload.startswith(b"MPF\0"))
    old = segments[at].raw
    head = photo[: photo.index(old)]
    moved = bytearray(old)
    start = old.index(b"MPF\0") + 4
    order = "<" if old[start : start + 2] == b"II" else ">"
    entries = len(old) - 32
    size, offset = (struct.unpack_from(f"{order}I", old, place)[0] for place in (entries + 4, entries + 24))
    struct.pack_into(f"{order}I", moved, entries + 4, size + len(packet))
    struct.pack_into(f"{order}I", moved, entries + 24, offset + len(packet))
    return head + bytes(moved) + packet + photo[len(head) + len(old) :]


def test_damaged_list_of_pictures_is_refused() -> None:
    photo = bytearray(two_pictures())
    at = photo.index(b"MPF\0")
    photo[at + 4 : at + 8] = b"NONE"
    with pytest.raises(DamagedPhotoError):
        reserve(bytes(photo), PLAIN)


def test_orientation_and_creator_stay_when_all_else_goes() -> None:
    after = reserve(PHOTOS["JPEG with a profile and EXIF"], ALL)
    with Image.open(io.BytesIO(after)) as photo:
        assert photo.getexif()[0x0112] == 6
        assert photo.getexif()[0x013B] == "Ada"
        assert not photo.getexif().get_ifd(0x8825)
    for gone in (b"SN-12345", b"Ada Owner", b"SMALL-PICTURE", b"CELLID", struct.pack(">I", 2040)):
        assert gone not in after


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("exif", b"Exif\0\0" + exif()),
        ("APP1", b"http://ns.adobe.com/xap/1.0/\0" + place_xmp()),
        ("xmp", place_xmp()),
        ("iptc", iptc_resources()),
        ("8bim", iptc_resources()),
        ("iptc", b"\x1c\x02\x5a\x00\x06Verona"),
        ("icm", b"anything"),
    ],
)
def test_what_imagemagick_keeps_as_text_is_cleaned(name: str, content: bytes, kind: str) -> None:
    after = reserve(raw_profile(name, content, kind), ALL)
    assert has_reservation(read_parts(after))
    assert not any(each.personal for each in tell(read_parts(after)))


def test_photoshop_finds_its_digest_right_after_a_place_was_removed() -> None:
    before = with_segments(jpeg(), resource_segment(iptc_resources()))
    after = reserve(before, PLACE)
    records = read_parts(after).iptc[0]
    assert records == b"\x1c\x02\x50\x00\x03Ada"
    assert hashlib.md5(records, usedforsecurity=False).digest() in after
    assert b"SMALL-PICTURE" in after
    assert b"SMALL-PICTURE" not in reserve(before, ALL)


def test_resources_in_two_segments_are_taken_together() -> None:
    resources = iptc_resources()
    photo = with_segments(jpeg(), resource_segment(resources[:40]), resource_segment(resources[40:]))
    assert [each.what for each in tell(read_parts(photo))] == ["city", "part of the city"]
    assert not tell(read_parts(reserve(photo, PLACE)))


def test_xmp_in_several_segments_keeps_its_name_right() -> None:
    after = reserve(extended_jpeg(place_xmp()), PLACE)
    segments, _scan = parse_segments(after)
    extended = [each.payload[35:67] for each in segments if b"xmp/extension" in each.payload]
    assert b'HasExtendedXMP="' + extended[0] in after


@pytest.mark.parametrize("name", ["missing part", "wrong size"])
def test_xmp_in_several_segments_that_is_not_whole_is_refused(name: str) -> None:
    _guid, parts = extended_segments(place_xmp())
    kept = [parts[0], *parts[2:]] if name == "missing part" else parts[:-1]
    with pytest.raises(DamagedPhotoError, match="not whole"):
        reserve(with_segments(jpeg(), *kept), PLACE)


def test_full_packet_gives_its_padding_up_and_one_without_is_refused() -> None:
    roomy = xmp(f"<dc:title>{'x' * 64_500}</dc:title>")
    assert has_reservation(read_parts(reserve(with_segments(jpeg(), xmp_segment(roomy)), PLAIN)))
    tight = xmp(f"<dc:title>{'x' * (65_502 - len(xmp()) - 23)}</dc:title>").replace(b" " * 400, b"y" * 0 + b" " * 400)
    tight = tight.replace(b"<?xpacket end='w'?>", b"<!--" + b"z" * 7 + b"-->")
    full = tight[:65_502]
    with pytest.raises(PhotoError):
        reserve(with_segments(jpeg(), xmp_segment(full)), PLAIN)


@pytest.mark.parametrize(
    "photo",
    [
        signed_jpeg(),
        with_chunks(png(), png_chunk(b"caBX", b"manifest")),
        with_segments(
            jpeg(),
            xmp_segment(xmp(attributes='xmlns:t="http://purl.org/dc/terms/" t:provenance="https://else.example/m"')),
        ),
    ],
    ids=["JPEG", "PNG", "kept elsewhere"],
)
def test_signed_photo_is_refused_unless_told(photo: bytes) -> None:
    with pytest.raises(SignedPhotoError, match="signed content credentials"):
        reserve(photo, PLAIN)
    after = reserve(photo, Wish(may_break_signature=True))
    assert is_signed(read_parts(after))
    assert has_reservation(read_parts(after))
    assert reserve(after, PLAIN) == after  # nothing changes, so nothing breaks


def test_signed_webp_is_known() -> None:
    photo = webp(exif=b"Exif\0\0" + exif())
    signed = photo + b"C2PA\4\0\0\0box!"
    assert read_parts(signed[:4] + struct.pack("<I", len(signed) - 8) + signed[8:]).is_signed


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (saved(picture(), format="GIF"), "GIF"),
        (saved(picture(), format="TIFF"), "TIFF"),
        (saved(picture(), format="AVIF"), "AVIF"),
        (b"\0\0\0\x18ftypheic" + bytes(16), "HEIC"),
        (b"\0\0\0\x18ftypisom" + bytes(16), "film"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    ],
)
def test_other_kinds_are_refused_by_name(raw: bytes, named: str) -> None:
    with pytest.raises(UnsupportedPhotoError, match=named) as refused:
        reserve(raw, PLAIN)
    assert "export it" in refused.value.hint


@pytest.mark.parametrize("raw", [b"", b"hello", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\4\0\0\0WEBP"])
def test_no_photo_at_all_is_refused(raw: bytes) -> None:
    with pytest.raises(DamagedPhotoError):
        reserve(raw, PLAIN)


@pytest.mark.parametrize("name", ["baseline JPEG", "palette PNG", "lossy WebP", "progressive JPEG"])
def test_cut_off_photo_is_refused(name: str) -> None:
    for end in range(12, len(PHOTOS[name]) - 1, 7):
        with pytest.raises(PhotoError):
            reserve(PHOTOS[name][:end], PLAIN)


@pytest.mark.parametrize("damaged", [b"NONE", b"II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff"])
def test_damaged_exif_stays_unless_something_is_to_go(damaged: bytes) -> None:
    photo = with_segments(jpeg(), exif_segment(damaged))
    assert damaged in reserve(photo, PLAIN)
    try:
        reserve(photo, ALL)
    except DamagedPhotoError:
        assert damaged == b"NONE"


def test_damaged_records_are_refused() -> None:
    for resources in (b"8BIM\x04\x04\0\0\0\0\xff\xff", iptc_resources().replace(b"\0\3Ada", b"\x7f\3Ada")):
        with pytest.raises(DamagedPhotoError):
            reserve(with_segments(jpeg(), resource_segment(resources)), ALL)


@pytest.mark.parametrize("name", ["baseline JPEG", "JPEG with XMP in several segments", "PNG by ImageMagick"])
def test_packed_or_damaged_text_costs_one_error(name: str) -> None:
    bomb = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0not-deflate")
    with pytest.raises(DamagedPhotoError):
        reserve(with_chunks(png(), bomb), PLAIN)
    with pytest.raises(DamagedPhotoError):
        reserve(with_chunks(png(), png_chunk(b"tEXt", b"Raw profile type exif\0\nexif\nx")), PLAIN)


def test_bomb_in_text_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demur.reservations.png_chunks.MAX_PACKET_BYTES", 100)
    with pytest.raises(DamagedPhotoError, match="too large"):
        reserve(with_chunks(png(), xmp_chunk(b" " * 100_000, packed=True)), PLAIN)


def test_fill_bytes_before_a_marker_are_kept() -> None:
    photo = with_segments(jpeg(), b"\xff\xff" + segment(0xFE, b"a comment"))
    assert b"\xff\xff\xff\xfe" in reserve(photo, ALL)


def test_long_record_is_read_and_one_over_the_end_is_not() -> None:
    long = b"\x1c\x02\x5a\x80\x04\0\0\0\x06Verona"
    after = reserve(raw_profile("iptc", long + b"\x1c\x02\x50\0\3Ada"), PLACE)
    assert read_parts(after).iptc == (b"\x1c\x02\x50\0\3Ada",)


def test_offset_that_would_grow_too_large_is_refused() -> None:
    photo = _with_xmp_behind_the_list(two_pictures())
    at = photo.index(b"MPF\0") + 4
    order = "<" if photo[at : at + 2] == b"II" else ">"
    second = max(photo.index(struct.pack(f"{order}HHI", 0xB002, 7, 32)), at)
    entries = at + struct.unpack_from(f"{order}I", photo, second + 8)[0]
    damaged = bytearray(photo)
    struct.pack_into(f"{order}I", damaged, entries + 24, 0xFFFFFFFF)
    with pytest.raises(DamagedPhotoError, match="further pictures"):
        reserve(bytes(damaged), PLAIN)


def test_place_without_numbers_is_told_all_the_same() -> None:
    made = Image.Exif()
    made.get_ifd(0x8825).update({29: "2026:05:01"})
    of_another_kind = exif().replace(struct.pack("<HHI", 2, 5, 3), struct.pack("<HHI", 2, 7, 24))
    of_another_kind = of_another_kind.replace(struct.pack(">HHI", 2, 5, 3), struct.pack(">HHI", 2, 7, 24))
    for photo in (jpeg(exif=made), with_segments(jpeg(), exif_segment(of_another_kind))):
        told = tell(read_parts(photo))[0]
        assert (told.what, told.text, told.personal) == ("place", "", Personal.PLACE)


def test_place_that_points_nowhere_is_taken_out() -> None:
    points_nowhere = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8825, 4, 1, 9_999, 0)
    after = reserve(with_segments(jpeg(), exif_segment(points_nowhere)), PLACE)
    assert not tell(read_parts(after))


def test_place_without_a_hemisphere_is_told() -> None:
    made = Image.Exif()
    made.get_ifd(0x8825).update({2: (45.0, 30.0, 0.0), 4: (10.0, 0.0, 0.0)})
    (told,) = tell(read_parts(jpeg(exif=made)))
    assert told.text == "45.50000 N, 10.00000 E"


@pytest.mark.parametrize(
    "head", [b"VP8X", b"VP8X\x7f\0\0\0xx", b"VP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a\0\0\0\0", b"ABCD\2\0\0\0xx"]
)
def test_webp_without_a_picture_is_refused(head: bytes) -> None:
    body = b"WEBP" + head
    with pytest.raises(DamagedPhotoError):
        reserve(b"RIFF" + struct.pack("<I", len(body)) + body, PLAIN)


def test_png_that_does_not_begin_with_its_header_is_refused() -> None:
    raw = png()
    with pytest.raises(DamagedPhotoError):
        reserve(raw[:8] + png_chunk(b"tEXt", b"a\0b") + raw[8:], PLAIN)


@pytest.mark.parametrize(
    ("limit", "photo"),
    [
        ("jpeg_segments._MAX_SEGMENTS", jpeg()),
        ("png_chunks._MAX_CHUNKS", png()),
        ("webp_chunks._MAX_CHUNKS", webp_animation()),
    ],
)
def test_photo_of_endlessly_many_parts_is_refused(monkeypatch: pytest.MonkeyPatch, limit: str, photo: bytes) -> None:
    monkeypatch.setattr(f"demur.reservations.{limit}", 2)
    with pytest.raises(DamagedPhotoError):
        reserve(photo, PLAIN)


def _damage(make: Callable[[bytes], bytes]) -> None:
    for photo in PHOTOS.values():
        try:
            reserve(make(photo), ALL)
        except PhotoError:
            continue


@settings(max_examples=60, deadline=None)
@given(at=st.floats(0, 1), new=st.binary(min_size=1, max_size=8))
def test_damaged_photo_raises_nothing_but_its_error(at: float, new: bytes) -> None:
    def damaged(photo: bytes) -> bytes:
        place = int(at * min(len(photo), 4_000))
        return photo[:place] + new + photo[place + len(new) :]

    _damage(damaged)
