"""The hash agrees with the reference implementation's, and sees what a person sees, however a file stores it."""

import json
import statistics
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pdq_world import EXIF_ORIENTATION, distance, encoded, made, photograph, picture, stored_turned
from PIL import Image

from demur.photos import pdq_kernel
from demur.photos.errors import PhotoError, PhotoTooLargeError, PhotoTooSlowError, UnreadablePhotoError
from demur.photos.gray import DecodingLimits, GrayPhoto, decode_in_full, decode_scaled
from demur.photos.pdq import LEAST_QUALITY, PdqHash, PdqHashes, hash_gray, hash_photo, hash_photo_in_full

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("pdq_vectors.json").read_text())
HASHES: dict[str, Callable[[bytes], PdqHash]] = {"scaled": hash_photo, "in full": hash_photo_in_full}
NEAR = 8
PICTURE = np.asarray(Image.fromarray(picture(1, 640, 480)).quantize(200).convert("RGB"))
"""With no more colours than a palette holds."""


def compare(raw: bytes, vector: dict[str, Any], make: Callable[[bytes], PdqHash]) -> int:
    hashed = make(raw)
    assert abs(hashed.quality - vector["quality"]) <= 5
    return distance(hashed.value, bytes.fromhex(vector["hash"]))


@pytest.mark.slow
def test_hashes_are_those_of_the_reference_implementation() -> None:
    distances: dict[str, list[int]] = {way: [] for way in HASHES}
    for vector in VECTORS["made"]:
        raw = made(vector)
        for way, make in HASHES.items():
            distances[way].append(compare(raw, vector, make))
    assert max(distances["scaled"]) <= 10
    assert max(distances["in full"]) <= 4
    assert all(statistics.median(of_way) <= 2 for of_way in distances.values())


@pytest.mark.parametrize("vector", VECTORS["photographs"], ids=lambda vector: vector["file"])
@pytest.mark.parametrize("way", HASHES)
def test_hashes_of_photographs_are_those_of_the_reference_implementation(way: str, vector: dict[str, Any]) -> None:
    assert compare(photograph(vector["file"]), vector, HASHES[way]) <= 10


def test_a_small_picture_is_hashed_alike_without_the_compiler(uncompile: Callable[..., None]) -> None:
    photo = decode_in_full(encoded(picture(2, 90, 70)))
    photos = [GrayPhoto(photo.pixels, 70, 90, 1, orientation) for orientation in range(1, 9)]
    compiled = [hash_gray(each) for each in photos]
    uncompile(pdq_kernel)
    assert [hash_gray(each) for each in photos] == compiled


@pytest.mark.parametrize("short_side", [139, 140, 278, 279, 556, 557, 1113, 1120, 2240])
@pytest.mark.parametrize("scans", ["one scan", "progressive"])
def test_a_jpeg_is_scaled_only_as_far_as_the_hash_stands_it(short_side: int, scans: str) -> None:
    raw = encoded(picture(3, short_side + 37, short_side), "JPEG", quality=85, progressive=scans == "progressive")
    photo = decode_scaled(raw)
    assert photo.scale == {139: 1, 140: 1, 278: 1, 279: 2, 556: 2, 557: 4}.get(short_side, 8)
    assert min(photo.pixels.shape) >= min(short_side, 140)
    assert photo.pixels.shape == (-(-short_side // photo.scale), -(-(short_side + 37) // photo.scale))
    assert distance(hash_photo(raw).value, hash_photo_in_full(raw).value) <= NEAR


def test_of_a_large_progressive_jpeg_only_the_first_scans_are_read() -> None:
    whole = encoded(picture(4, 1600, 1200), "JPEG", quality=85, progressive=True)
    cut = whole[: len(whole) // 2]
    assert distance(hash_photo(cut).value, hash_photo(whole).value) <= NEAR
    with pytest.raises(UnreadablePhotoError):
        hash_photo_in_full(cut)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("kind", "size"), [("JPEG", (640, 480)), ("JPEG", (1501, 1207)), ("PNG", (300, 207))])
def test_a_photo_is_hashed_as_exif_says_it_is_shown(orientation: int, kind: str, size: tuple[int, int]) -> None:
    shown = Image.fromarray(picture(5, *size))
    raw = stored_turned(shown, orientation, kind)
    own = hash_photo(encoded(shown))
    assert distance(hash_photo(raw).value, own.value) <= NEAR
    assert distance(hash_photo_in_full(raw).value, own.value) <= NEAR


@pytest.mark.parametrize("stated", [0, 9])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_an_orientation_that_does_not_exist_turns_nothing(stated: int, kind: str) -> None:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = stated
    assert decode_scaled(encoded(PICTURE, kind, exif=exif)).orientation == 1


def palette(colours: int) -> Image.Image:
    return Image.fromarray(PICTURE).quantize(colours)


def sixteen_bits() -> Image.Image:
    gray_pixels = np.asarray(Image.fromarray(PICTURE).convert("L")).astype(np.uint16)
    return Image.fromarray(gray_pixels * 256 + 7)


def on_glass() -> Image.Image:
    """A picture with a transparent window."""
    image = Image.fromarray(PICTURE).convert("RGBA")
    image.paste((0, 0, 0, 0), (90, 80, 300, 260))
    return image


def on_paper() -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", (640, 480), (255, 255, 255, 255)), on_glass()).convert("RGB")


MODES: dict[str, Callable[[], bytes]] = {
    "palette PNG": lambda: encoded(palette(256)),
    "palette GIF": lambda: encoded(palette(256), "GIF"),
    "palette with a transparent colour": lambda: encoded(
        Image.fromarray(PICTURE).quantize(255), "GIF", transparency=255
    ),
    "print colours JPEG": lambda: encoded(Image.fromarray(PICTURE).convert("CMYK"), "JPEG"),
    "print colours TIFF": lambda: encoded(Image.fromarray(PICTURE).convert("CMYK"), "TIFF"),
    "stored as RGB JPEG": lambda: encoded(PICTURE, "JPEG", keep_rgb=True),
    "16 bits PNG": lambda: encoded(sixteen_bits()),
    "16 bits TIFF": lambda: encoded(sixteen_bits(), "TIFF"),
    "gray JPEG": lambda: encoded(Image.fromarray(PICTURE).convert("L"), "JPEG"),
    "gray and opaque PNG": lambda: encoded(Image.fromarray(PICTURE).convert("LA")),
    "opaque WebP": lambda: encoded(Image.fromarray(PICTURE).convert("RGBA"), "WEBP"),
    "animated WebP": lambda: encoded(
        Image.fromarray(PICTURE), "WEBP", save_all=True, append_images=[Image.fromarray(picture(8, 640, 480))]
    ),
    "animated GIF": lambda: encoded(
        Image.fromarray(PICTURE), "GIF", save_all=True, append_images=[Image.fromarray(picture(8, 640, 480))]
    ),
    "progressive JPEG": lambda: encoded(PICTURE, "JPEG", progressive=True),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("way", HASHES)
def test_a_picture_has_one_hash_however_it_is_stored(mode: str, way: str) -> None:
    hashed, own = HASHES[way](MODES[mode]()), hash_photo(encoded(PICTURE))
    assert distance(hashed.value, own.value) <= 10
    assert abs(hashed.quality - own.quality) <= 5


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_is_transparent_is_white(kind: str) -> None:
    raw = encoded(on_glass(), kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    assert distance(hash_photo(raw).value, hash_photo(encoded(on_paper())).value) <= 2
    assert distance(hash_photo(raw).value, hash_photo(encoded(PICTURE)).value) > 31


def test_black_and_white_is_read() -> None:
    one_bit = Image.fromarray(PICTURE).convert("1")
    assert hash_photo(encoded(one_bit)) == hash_photo(encoded(one_bit.convert("L")))


@pytest.mark.parametrize("shade", [0, 127, 255])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_blank_page_has_no_quality(shade: int, kind: str) -> None:
    hashed = hash_photo(encoded(np.full((600, 800, 3), shade, np.uint8), kind))
    assert hashed.quality < LEAST_QUALITY
    assert not hashed.is_matchable


def test_half_of_the_bits_of_a_rich_picture_are_set() -> None:
    assert int.from_bytes(hash_photo(encoded(PICTURE)).value).bit_count() == 128


@pytest.mark.parametrize(("width", "height"), [(1, 1), (4, 900), (900, 4)])
def test_a_picture_too_small_to_hash_has_no_quality(width: int, height: int) -> None:
    assert hash_photo(encoded(picture(6, width, height))) == PdqHash(bytes(32), 0)


@pytest.mark.parametrize(("width", "height"), [(5, 5), (5, 2000), (3000, 6), (63, 64), (64, 63), (65, 129)])
def test_narrow_pictures_are_hashed(width: int, height: int) -> None:
    assert len(hash_photo(encoded(picture(6, width, height))).value) == 32


NO_PHOTOS = {
    "nothing": b"",
    "text": b"no photo",
    "half a PNG": encoded(PICTURE)[:5000],
    "half a JPEG": encoded(PICTURE, "JPEG")[:5000],
    "a JPEG's first bytes": b"\xff\xd8\xff",
    "a page of PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "a JPEG of a thousand scans": encoded(PICTURE, "JPEG", progressive=True)[:-2]
    + b"\xff\xda\0\x08\x01\x01\0\1\0\0\0" * 1000
    + b"\xff\xd9",
    "a JPEG of a million segments": b"\xff\xd8" + b"\xff\xe0\0\2" * 1_000_000,
}


@pytest.mark.parametrize("fault", NO_PHOTOS)
@pytest.mark.parametrize("way", HASHES)
def test_what_is_no_photo_is_refused(fault: str, way: str) -> None:
    with pytest.raises(UnreadablePhotoError):
        HASHES[way](NO_PHOTOS[fault])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("way", HASHES)
def test_limits_hold(kind: str, way: str) -> None:
    raw = encoded(PICTURE, kind)
    decode = {"scaled": decode_scaled, "in full": decode_in_full}[way]
    assert decode(raw, DecodingLimits(most_bytes=len(raw), most_pixels=640 * 480)).pixels.size
    with pytest.raises(PhotoTooLargeError, match=r"^the photo has [\d,]+ bytes; the limit is [\d,]+$"):
        decode(raw, DecodingLimits(most_bytes=len(raw) - 1))
    with pytest.raises(PhotoTooLargeError, match=r"^the photo has 307,200 pixels; the limit is 307,199$"):
        decode(raw, DecodingLimits(most_pixels=640 * 480 - 1))
    with pytest.raises(PhotoTooSlowError, match=r"^the photo takes longer than 0 s to decode$") as caught:
        decode(raw, DecodingLimits(most_seconds=0))
    assert caught.value.retry_can_help


def test_what_pillow_finds_too_large_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(PhotoTooLargeError):
        hash_photo(encoded(PICTURE))


@pytest.mark.parametrize("raised", [ValueError, SyntaxError, MemoryError, RecursionError, struct.error, Warning])
def test_whatever_a_decoder_raises_is_one_error(monkeypatch: pytest.MonkeyPatch, raised: type[Exception]) -> None:
    def fails(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(Image, "open", fails)
    with pytest.raises(UnreadablePhotoError, match=r"^the photo is of a kind that is not read, or is broken$"):
        hash_photo(b"")


def test_a_jpeg_that_libjpeg_reads_in_another_size_is_left_to_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = encoded(PICTURE, "JPEG")
    own = hash_photo(raw)
    monkeypatch.setattr("simplejpeg.decode_jpeg", lambda *_, **__: np.zeros((9, 9, 1), np.uint8))
    assert distance(hash_photo(raw).value, own.value) <= NEAR


def test_every_error_is_one_of_a_photo() -> None:
    assert all(issubclass(one, PhotoError) for one in (UnreadablePhotoError, PhotoTooLargeError, PhotoTooSlowError))


def test_many_hashes_are_two_arrays() -> None:
    one, other = PdqHash(b"\x01" * 32, 7), PdqHash(b"\x02" * 32, 100)
    many = PdqHashes.of([one, other])
    assert len(many) == 2
    assert many.values.tolist() == [[1] * 32, [2] * 32]
    assert many.qualities.tolist() == [7, 100]
    assert PdqHashes.of([]).values.shape == (0, 32)


@pytest.mark.parametrize("count", [1, 3])
def test_hashes_and_qualities_that_do_not_belong_together_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=r"^\(2, 32\) values for \d qualities$"):
        PdqHashes(np.zeros((2, 32), np.uint8), np.zeros(count, np.uint8))


@pytest.mark.parametrize(("height", "width", "scale"), [(81, 80, 1), (80, 79, 1), (170, 160, 2)])
def test_pixels_of_another_size_than_stated_are_refused(height: int, width: int, scale: int) -> None:
    with pytest.raises(ValueError, match=r"^pixels are \(80, 80\), of "):
        GrayPhoto(np.zeros((80, 80), np.uint8), height, width, scale, 1)
