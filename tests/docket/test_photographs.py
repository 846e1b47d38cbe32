"""Photos that people send, and files that attackers send instead: every file is made here, named by its fault."""

import contextlib
import struct
import subprocess
import sys
import time
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from photo_world import (
    BLUE,
    GREEN,
    HEIC,
    PLACE,
    RED,
    archive,
    encode,
    exif,
    jpeg,
    picture,
    png,
    png_text,
    png_that_claims,
    profile,
    with_chunk,
    with_segment,
)
from PIL import Image

from demur.docket import photographs
from demur.docket.errors import PhotoProblem, PhotoRefusedError
from demur.docket.photo_drawing import LONG_EDGE_PIXELS, MEMORY_BYTES, CleanPhoto, answer_for, draw_photo, parse_answer
from demur.docket.photographs import MAX_PHOTO_BYTES, clean_photo

XMP = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + PLACE + b"</x:xmpmeta>"
IPTC = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x10\x1c\x02\x78\0\x0b" + PLACE
FILM = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(2_000)


def problem_of(raw: bytes) -> PhotoProblem:
    with pytest.raises(PhotoRefusedError) as refused:
        clean_photo(BytesIO(raw))
    return refused.value.problem


def drawn(photo: CleanPhoto) -> Image.Image:
    image = Image.open(BytesIO(photo.jpeg), formats=["JPEG"])
    image.load()
    return image


def is_near(pixel: object, wanted: tuple[int, int, int], by: int = 12) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(found - value) <= by for found, value in zip(pixel, wanted, strict=True))


def segments_of(raw: bytes) -> list[int]:
    """Return the markers of a JPEG's head, in order."""
    found, at = [], 2
    while raw[at + 1] != 0xDA:
        found.append(raw[at + 1])
        at += 2 + int.from_bytes(raw[at + 2 : at + 4])
    return found


def laden_jpeg() -> bytes:
    """Return a JPEG with everything that a phone or a program may write into one."""
    raw = jpeg(exif=exif(), icc_profile=profile(), comment=PLACE)
    thumbnail = encode(picture(16, 10), comment=PLACE)
    raw = with_segment(raw, 0xE1, XMP)
    raw = with_segment(raw, 0xED, IPTC)
    raw = with_segment(raw, 0xE0, b"JFXX\0\x10" + thumbnail)
    return raw + b"\xff\xd8" + PLACE + FILM


PHOTOS = {
    "jpeg": jpeg(),
    "progressive jpeg": jpeg(progressive=True),
    "grey jpeg": encode(picture(mode="L")),
    "cmyk jpeg": encode(picture(mode="CMYK")),
    "png": png(),
    "png with a palette": png("P"),
    "png of two colours": png("1"),
    "interlaced png": encode(picture(), "PNG", interlace=True),
    "webp": encode(picture(), "WEBP"),
    "lossless webp": encode(picture(), "WEBP", lossless=True),
    "webp with metadata": encode(picture(), "WEBP", exif=exif(), icc_profile=profile(), xmp=XMP),
    "heic": HEIC,
    "laden jpeg": laden_jpeg(),
}


@pytest.mark.parametrize("name", list(PHOTOS))
def test_every_kind_of_photo_becomes_a_jpeg_of_its_pixels_and_nothing_else(name: str) -> None:
    photo = clean_photo(BytesIO(PHOTOS[name]))
    image = drawn(photo)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (photo.width_pixels, photo.height_pixels))
    # JFIF, tables, frame: no APP1 (EXIF, XMP), APP2 (profile), APP13 (IPTC), no comment; and nothing behind the end.
    assert segments_of(photo.jpeg)[0] == 0xE0
    assert set(segments_of(photo.jpeg)) <= {0xE0, 0xDB, 0xC0, 0xC4}
    assert photo.jpeg.endswith(b"\xff\xd9")
    assert photo.jpeg.count(b"\xff\xd8\xff") == 1
    assert PLACE not in photo.jpeg
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}


def test_metadata_of_a_png_do_not_survive() -> None:
    raw = with_chunk(png(pnginfo=png_text(), exif=exif(), icc_profile=profile()), b"tIME", b"\x07\xe8\1\1\1\1\1")
    photo = clean_photo(BytesIO(raw + PLACE))
    assert set(segments_of(photo.jpeg)) <= {0xE0, 0xDB, 0xC0, 0xC4}
    assert PLACE not in photo.jpeg


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_stored_upright(orientation: int) -> None:
    upright = Image.new("RGB", (80, 40), BLUE)
    upright.paste(RED, (0, 0, 40, 20))  # red at the top left
    upright.paste(GREEN, (40, 0, 80, 20))  # green at the top right
    turns = Image.Transpose
    stored_as = {2: turns.FLIP_LEFT_RIGHT, 3: turns.ROTATE_180, 4: turns.FLIP_TOP_BOTTOM, 5: turns.TRANSPOSE}
    stored_as |= {6: turns.ROTATE_90, 7: turns.TRANSVERSE, 8: turns.ROTATE_270}
    stored = upright.transpose(stored_as[orientation]) if orientation > 1 else upright
    image = drawn(clean_photo(BytesIO(encode(stored, quality=95, exif=exif(orientation)))))
    assert image.size == (80, 40)
    assert is_near(image.getpixel((8, 4)), RED)
    assert is_near(image.getpixel((72, 4)), GREEN)


def test_a_heic_photo_is_stored_upright_once() -> None:
    image = drawn(clean_photo(BytesIO(HEIC)))
    assert image.size == (64, 96)
    assert is_near(image.getpixel((32, 8)), RED)
    assert is_near(image.getpixel((32, 88)), BLUE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_large_photo_is_scaled_to_its_longer_edge(kind: str) -> None:
    photo = clean_photo(BytesIO(encode(picture(3_000, 1_000), kind)))
    assert (photo.width_pixels, photo.height_pixels) == (LONG_EDGE_PIXELS, 683)
    assert is_near(drawn(photo).getpixel((100, 300)), RED)
    assert is_near(drawn(photo).getpixel((1_900, 300)), BLUE)


def test_a_photo_is_drawn_as_small_as_it_is_asked_for() -> None:
    photo = clean_photo(BytesIO(encode(picture(3_000, 1_000))), 240)
    assert (photo.width_pixels, photo.height_pixels) == drawn(photo).size == (240, 80)
    assert is_near(drawn(photo).getpixel((40, 40)), RED)


def test_a_small_photo_is_not_made_larger() -> None:
    photo = clean_photo(BytesIO(encode(picture(2, 1))))
    assert (photo.width_pixels, photo.height_pixels) == (2, 1)


def test_a_very_long_photo_keeps_at_least_one_pixel_of_its_other_side() -> None:
    photo = clean_photo(BytesIO(encode(picture(40_000, 3))))
    assert (photo.width_pixels, photo.height_pixels) == (LONG_EDGE_PIXELS, 1)


def test_transparent_parts_become_white() -> None:
    image = picture(40, 40, "RGBA")
    image.paste((255, 0, 0, 0), (0, 0, 20, 40))
    for raw in (encode(image, "PNG"), encode(image, "WEBP", lossless=True), encode(image.convert("LA"), "PNG")):
        assert is_near(drawn(clean_photo(BytesIO(raw))).getpixel((5, 20)), (255, 255, 255))


def test_a_transparent_colour_of_a_palette_becomes_white() -> None:
    image = picture(40, 40).quantize(4)
    transparent = image.getpixel((5, 5))
    raw = encode(image, "PNG", transparency=transparent)
    assert is_near(drawn(clean_photo(BytesIO(raw))).getpixel((5, 20)), (255, 255, 255))


def test_sixteen_bits_of_grey_keep_their_brightness() -> None:
    image = Image.new("I;16", (40, 40), 32_768)
    assert is_near(drawn(clean_photo(BytesIO(encode(image, "PNG")))).getpixel((20, 20)), (128, 128, 128))


def test_of_an_animation_the_first_picture_is_taken() -> None:
    frames = [picture(40, 40), Image.new("RGB", (40, 40), GREEN)]
    for kind in ("PNG", "WEBP"):
        raw = encode(frames[0], kind, save_all=True, append_images=frames[1:])
        assert is_near(drawn(clean_photo(BytesIO(raw))).getpixel((5, 20)), RED)


def test_colours_are_taken_from_the_photos_own_profile() -> None:
    swapped = with_segment(jpeg(), 0xE2, b"ICC_PROFILE\0\1\1" + profile_of_dark_reds())
    assert not is_near(drawn(clean_photo(BytesIO(swapped))).getpixel((20, 20)), RED)


def profile_of_dark_reds() -> bytes:
    """Return sRGB's profile with the curve of red replaced by a steep one (gamma 8)."""
    raw = bytearray(profile())
    count = int.from_bytes(raw[128:132])
    for entry in range(132, 132 + 12 * count, 12):
        if raw[entry : entry + 4] == b"rTRC":
            # All three channels share one curve; this one gets its own, appended.
            raw[entry + 4 : entry + 12] = struct.pack(">II", len(raw), 14)
    raw += b"curv" + bytes(4) + struct.pack(">IH", 1, 8 << 8) + b"\0\0"
    raw[:4] = struct.pack(">I", len(raw))
    return bytes(raw)


@pytest.mark.parametrize("broken", [b"", b"no profile", profile()[:200], profile().replace(b"RGB ", b"CMYK")])
def test_a_broken_profile_spoils_no_photo(broken: bytes) -> None:
    raw = with_segment(jpeg(), 0xE2, b"ICC_PROFILE\0\1\1" + broken)
    assert is_near(drawn(clean_photo(BytesIO(raw))).getpixel((20, 20)), RED)


def test_a_film_or_a_second_picture_behind_a_photo_is_thrown_away() -> None:
    """Phones append films ("motion photos"), brighter copies and depth maps; panoramas hold several pictures."""
    panorama = encode(picture(), "MPO", save_all=True, append_images=[Image.new("RGB", (320, 200), GREEN)])
    for raw in (jpeg() + FILM, jpeg() + jpeg(), panorama, HEIC + FILM):
        photo = clean_photo(BytesIO(raw))
        assert len(photo.jpeg) < 10_000
        assert is_near(drawn(photo).getpixel((20, 10)), RED)


OTHER_KINDS = {
    "gif": encode(picture(mode="P"), "GIF"),
    "bmp": encode(picture(), "BMP"),
    "tiff": encode(picture(), "TIFF"),
    "ico": encode(picture(), "ICO"),
    "jpeg 2000": encode(picture(), "JPEG2000"),
    "avif": encode(picture(), "AVIF"),
    "eps": encode(picture(), "EPS"),
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "film": FILM,
}
NO_PHOTOS = {
    "pdf": b"%PDF-1.7\n%\xe2\xe3",
    "page": b"<!doctype html><html><body>photo</body></html>",
    "program": b"MZ\x90\0" + bytes(100),
    "text": b"Ada",
    "archive": archive(),
    "zeros": bytes(1_000),
    "one byte": b"\xff",
    "half a signature": b"\x89PNG\r\n",
}


@pytest.mark.parametrize("name", list(OTHER_KINDS))
def test_an_image_of_another_kind_is_told_apart(name: str) -> None:
    assert problem_of(OTHER_KINDS[name]) is PhotoProblem.ANOTHER_KIND


@pytest.mark.parametrize("name", list(NO_PHOTOS))
def test_what_is_no_photo_is_refused(name: str) -> None:
    assert problem_of(NO_PHOTOS[name]) is PhotoProblem.NO_PHOTO


def test_an_empty_file_is_refused() -> None:
    assert problem_of(b"") is PhotoProblem.EMPTY


def test_a_file_of_more_than_20_megabytes_is_refused_and_one_of_20_taken() -> None:
    raw = jpeg()
    assert problem_of(raw + bytes(MAX_PHOTO_BYTES - len(raw) + 1)) is PhotoProblem.TOO_MANY_BYTES
    assert clean_photo(BytesIO(raw + bytes(MAX_PHOTO_BYTES - len(raw)))).width_pixels == 320


def a_jpeg_that_claims(width: int, height: int) -> bytes:
    raw = jpeg()
    at = raw.index(b"\xff\xc0") + 5
    return raw[:at] + struct.pack(">HH", height, width) + raw[at + 4 :]


def a_webp_that_claims(width: int, height: int) -> bytes:
    canvas = (
        b"VP8X" + struct.pack("<II", 10, 0) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    )
    body = canvas + encode(picture(), "WEBP")[12:]
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def a_heic_that_claims(width: int, height: int) -> bytes:
    at = HEIC.index(b"ispe") + 8
    return HEIC[:at] + struct.pack(">II", width, height) + HEIC[at + 8 :]


BOMBS = {
    "a_png_that_claims_60000_by_60000_pixels": png_that_claims(60_000, 60_000),
    "a_png_that_claims_a_side_of_2_to_31": png_that_claims(2**31 - 1, 1),
    "a_png_of_one_line_and_60_million_pixels": png_that_claims(60_000_000, 1),
    "a_jpeg_that_claims_65500_by_65500_pixels": a_jpeg_that_claims(65_500, 65_500),
    "a_progressive_jpeg_of_64_million_pixels": a_jpeg_that_claims(8_000, 8_000).replace(b"\xff\xc0", b"\xff\xc2"),
    "a_webp_that_claims_16383_by_16383_pixels": a_webp_that_claims(16_383, 16_383),
    "a_heic_that_claims_60000_by_60000_pixels": a_heic_that_claims(60_000, 60_000),
}


@pytest.mark.parametrize("name", list(BOMBS))
def test_a_bomb_is_refused_by_its_head_before_anything_is_decoded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photographs, "_draw_in_child", lambda _: pytest.fail("it was decoded"))
    assert problem_of(BOMBS[name]) is PhotoProblem.TOO_MANY_PIXELS


def a_png_with_a_text_that_inflates_to_200_megabytes() -> bytes:
    return with_chunk(png(), b"zTXt", b"a\0\0" + zlib.compress(bytes(200_000_000)))


def a_png_with_a_profile_that_inflates_to_200_megabytes() -> bytes:
    return with_chunk(png(), b"iCCP", b"a\0\0" + zlib.compress(bytes(200_000_000)))


def a_jpeg_of_a_thousand_scans() -> bytes:
    raw = jpeg(progressive=True)
    last = raw.rindex(b"\xff\xda")
    return raw[:last] + raw[last:-2] * 1_000 + b"\xff\xd9"


def a_jpeg_with_two_frames() -> bytes:
    raw = jpeg()
    at = raw.index(b"\xff\xc0")
    return raw[:at] + raw[at : at + 19].replace(struct.pack(">HH", 200, 320), struct.pack(">HH", 1, 1)) + raw[at:]


def a_png_with_a_second_head() -> bytes:
    return with_chunk(png(), b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))


def a_png_with_wrong_sums() -> bytes:
    raw = bytearray(png())
    raw[30] ^= 1
    return bytes(raw)


BROKEN = {
    "a_png_with_a_text_that_inflates_to_200_megabytes": a_png_with_a_text_that_inflates_to_200_megabytes(),
    "a_png_with_a_profile_that_inflates_to_200_megabytes": a_png_with_a_profile_that_inflates_to_200_megabytes(),
    "a_jpeg_of_a_thousand_scans": a_jpeg_of_a_thousand_scans(),
    "a_jpeg_with_two_frames": a_jpeg_with_two_frames(),
    "a_png_with_a_second_head": a_png_with_a_second_head(),
    "a_png_with_wrong_sums": a_png_with_wrong_sums(),
    "half a jpeg": jpeg()[: len(jpeg()) // 2],
    "half a png": png()[: len(png()) // 2],
    "half a webp": encode(picture(), "WEBP")[:-100],
    "half a heic": HEIC[:-60],
    "a jpeg's head": jpeg()[:20],
    "a png's head": png()[:20],
    "a webp's head": encode(picture(), "WEBP")[:20],
    "a heic's head": HEIC[:40],
    "a jpeg without pixels": a_jpeg_that_claims(0, 10),
    "a png that says less than it needs": png_that_claims(400, 400),
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_broken_photo_is_refused(name: str) -> None:
    assert problem_of(BROKEN[name]) is PhotoProblem.BROKEN


HIDING = {
    "an archive behind a jpeg": jpeg() + archive(),
    "a jar behind a png": png() + archive("META-INF/MANIFEST.MF"),
    "an archive in a comment": with_segment(jpeg(), 0xFE, archive()),
    "an archive behind a webp": encode(picture(), "WEBP") + archive(),
    "an archive behind a heic": HEIC + archive(),
    "a pdf behind a jpeg": jpeg() + b"%PDF-1.4\n1 0 obj",
    "a pdf in a png's chunk": with_chunk(png(), b"tEXt", b"a\0%PDF-1.7\n"),
    "a script in a comment": with_segment(jpeg(), 0xFE, b"--><ScRiPt src=//evil.example></script>"),
    "a page behind a png": png() + b"<html><body>hello",
    "php in exif": jpeg(exif=b"Exif\0\0<?php system($_GET[0]); ?>"),
    "php in a png's text": with_chunk(png(), b"tEXt", b"Comment\0<?php\nphpinfo();"),
    "php archive": jpeg() + b"__HALT_COMPILER(); ?>",
    "a linux program behind a jpeg": jpeg() + b"\x7fELF\2\1\1" + bytes(100),
    "a windows program behind a png": png() + b"MZ" + bytes(62) + b"PE\0\0\x64\x86",
    "a java class": jpeg() + b"\xca\xfe\xba\xbe\0\0\0\x34",
    "a shell script": with_segment(jpeg(), 0xFE, b"\n#!/bin/sh\nrm -rf /\n"),
    "a 7z archive": jpeg() + b"7z\xbc\xaf\x27\x1c\0\4",
    "a rar archive": jpeg() + b"Rar!\x1a\x07\1\0",
}


@pytest.mark.parametrize("name", list(HIDING))
def test_a_file_that_is_two_things_is_refused(name: str) -> None:
    assert problem_of(HIDING[name]) is PhotoProblem.HIDES_ANOTHER_FILE


def test_bytes_that_only_look_like_the_end_of_an_archive_are_no_archive() -> None:
    assert clean_photo(BytesIO(with_segment(jpeg(), 0xFE, b"PK\x05\x06" + bytes(30)))).width_pixels == 320


@pytest.mark.parametrize("name", list(PHOTOS))
def test_only_the_decoder_of_its_kind_opens_a_photo(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("opened through the registry of all kinds"))
    assert draw_photo(PHOTOS[name]).jpeg


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(PHOTOS)), st.data())
def test_damage_of_any_kind_is_a_refusal_or_a_photo_and_never_anything_else(name: str, data: st.DataObject) -> None:
    raw = bytearray(PHOTOS[name])
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(raw[: data.draw(st.integers(1, len(raw)))])
    with contextlib.suppress(PhotoRefusedError):
        # Drawn where the product draws it, in a process of its own: damage has killed a decoder here before.
        photo = clean_photo(BytesIO(damaged))
        assert drawn(photo).size == (photo.width_pixels, photo.height_pixels)


def test_a_decoder_that_dies_or_never_ends_costs_one_photo_and_not_the_centre(monkeypatch: pytest.MonkeyPatch) -> None:
    for script in ("import os; os.abort()", "while True: pass"):
        monkeypatch.setattr(photographs, "_COMMAND", (sys.executable, "-c", script))
        monkeypatch.setattr(photographs, "CPU_SECONDS", 0.2)
        assert problem_of(jpeg()) is PhotoProblem.NOT_DRAWN
    monkeypatch.setattr(photographs, "_COMMAND", ("/nonexistent",))
    assert problem_of(jpeg()) is PhotoProblem.NOT_DRAWN


def test_when_another_photo_takes_too_long_the_next_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photographs, "_WAIT_SECONDS", 0)
    assert photographs._one_at_a_time.acquire()  # noqa: SLF001
    try:
        assert problem_of(jpeg()) is PhotoProblem.NOT_DRAWN
    finally:
        photographs._one_at_a_time.release()  # noqa: SLF001


def test_a_flood_of_photos_keeps_few_threads_waiting() -> None:
    for _ in range(photographs.MOST_AT_ONCE):
        assert photographs._in_line.acquire()  # noqa: SLF001
    began = time.monotonic()
    try:
        assert photographs._one_at_a_time.acquire()  # noqa: SLF001
        assert problem_of(jpeg()) is PhotoProblem.NOT_DRAWN
        assert time.monotonic() - began < 5
    finally:
        photographs._one_at_a_time.release()  # noqa: SLF001
        photographs._in_line.release(photographs.MOST_AT_ONCE)  # noqa: SLF001
    assert clean_photo(BytesIO(jpeg())).width_pixels == 320


def test_answers_of_the_child_are_read_as_they_were_written(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_answer(answer_for(jpeg())) == draw_photo(jpeg())
    for raw, problem in ((jpeg()[:50], PhotoProblem.BROKEN), (b"", PhotoProblem.NO_PHOTO)):
        with pytest.raises(PhotoRefusedError) as refused:
            parse_answer(answer_for(raw))
        assert refused.value.problem is problem

    def no_memory(raw: bytes, long_edge_pixels: int) -> CleanPhoto:
        raise MemoryError

    monkeypatch.setattr("demur.docket.photo_drawing.draw_photo", no_memory)
    with pytest.raises(PhotoRefusedError) as refused:
        parse_answer(answer_for(jpeg()))
    assert refused.value.problem is PhotoProblem.NOT_DRAWN


LARGEST = {
    "baseline jpeg of 127 million pixels": (15_900, 8_000, "JPEG", {"quality": 40}),
    "progressive jpeg of 50 million pixels": (10_000, 5_000, "JPEG", {"progressive": True, "subsampling": 0}),
    "png of 50 million pixels": (10_000, 5_000, "PNG", {"compress_level": 1}),
    "webp of 25 million pixels": (5_000, 5_000, "WEBP", {"lossless": True, "method": 0}),
}
MEASURE = """
import resource, sys
from demur.docket.photographs import clean_photo

with open(sys.argv[1], "rb") as photo:
    clean_photo(photo)
with open("/proc/self/status") as status:  # ru_maxrss of a process counts what its parent had
    own_kib = next(line.split()[1] for line in status if line.startswith("VmHWM"))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, own_kib)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", list(LARGEST))
def test_the_largest_photo_of_each_kind_is_drawn_within_the_memory_set_for_it(name: str, tmp_path: Path) -> None:
    width, height, kind, options = LARGEST[name]
    path = tmp_path / "photo"
    mode = "RGBA" if kind in {"PNG", "WEBP"} else "RGB"
    path.write_bytes(encode(picture(width, height, mode), kind, **options))
    command = [sys.executable, "-c", MEASURE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    child_kib, own_kib = map(int, done.stdout.split())
    print(f"{name}: {child_kib // 1024} MiB in the child, {own_kib // 1024} MiB in the process that asked")
    assert child_kib * 1024 < MEMORY_BYTES
    assert own_kib * 1024 < 150_000_000
