"""Whatever the bytes: a hash, or an error of a photo; never anything else."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pdq_world import encoded, picture, stored_turned
from PIL import Image

from demur.photos.errors import PhotoError
from demur.photos.gray import DecodingLimits
from demur.photos.pdq import PdqHash, hash_photo, hash_photo_in_full
from demur.photos.reference import reference_hashes

LIMITS = DecodingLimits(most_bytes=1_000_000, most_pixels=1_000_000, most_seconds=10)
IMAGE = Image.fromarray(picture(1, 320, 290))
GLASS = Image.fromarray(np.dstack((picture(2, 90, 70), picture(3, 90, 70)[:, :, :1])))
SEEDS = [
    encoded(IMAGE, "JPEG"),
    encoded(IMAGE, "JPEG", progressive=True),
    encoded(Image.fromarray(picture(4, 1200, 1130)), "JPEG", progressive=True, quality=20),
    stored_turned(IMAGE, 6),
    encoded(IMAGE.convert("CMYK"), "JPEG"),
    encoded(GLASS),
    encoded(IMAGE.quantize(16)),
    encoded(GLASS, "WEBP"),
    encoded(GLASS, "WEBP", lossless=True, save_all=True, append_images=[GLASS.rotate(90)]),
    encoded(IMAGE, "GIF"),
    encoded(GLASS, "BMP"),
    encoded(GLASS, "TIFF"),
    encoded(IMAGE, "TIFF", compression="tiff_lzw"),
]
HEADS = (
    b"",
    b"\xff\xd8",
    b"\xff\xd8\xff\xc0\0\x11\x08",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"RIFF\0\0\0\0WEBPVP8X",
    b"II*\0",
    b"BM",
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A photo with bytes changed, left out or put in, mostly near its beginning."""
    raw = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, min(len(raw), draw(st.sampled_from((30, 700, len(raw)))))))
        change = draw(st.sampled_from(("set", "cut", "insert", "end", "copy")))
        if change == "set":
            raw[at : at + 1] = draw(st.binary(min_size=1, max_size=2))
        elif change == "cut":
            del raw[at : at + draw(st.integers(1, 40))]
        elif change == "insert":
            raw[at:at] = draw(st.binary(max_size=12))
        elif change == "end":
            del raw[max(at, 20) :]
        else:
            raw += raw[at : at + 5000]
    return bytes(raw)


def has_a_hash_or_an_error(raw: bytes) -> None:
    for make in (hash_photo, hash_photo_in_full):
        try:
            hashed = make(raw, LIMITS)
        except PhotoError:
            continue
        assert isinstance(hashed, PdqHash)
        assert len(hashed.value) == 32
        assert 0 <= hashed.quality <= 100


@settings(max_examples=400, deadline=None)
@given(raw=damaged())
def test_a_damaged_photo_has_a_hash_or_an_error(raw: bytes) -> None:
    has_a_hash_or_an_error(raw)


@settings(max_examples=200, deadline=None)
@given(head=st.sampled_from(HEADS), rest=st.binary(max_size=300))
@example(head=b"\xff\xd8", rest=b"\xff\xe1\0\x10Exif\0\0II*\0\xff\xff\xff\xff")
@example(head=b"\xff\xd8", rest=b"\xff\xc0\0\x0b\x08\xff\xff\xff\xff\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0\x3f\0")
@example(
    head=b"\xff\xd8", rest=b"\xff\xc2\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0\xff\xc2\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0"
)
def test_made_up_bytes_have_a_hash_or_an_error(head: bytes, rest: bytes) -> None:
    has_a_hash_or_an_error(head + rest)


@settings(max_examples=30, deadline=None)
@given(raw=damaged())
def test_a_damaged_photo_has_references_or_an_error(raw: bytes) -> None:
    try:
        references = reference_hashes(raw, LIMITS)
    except PhotoError:
        return
    assert len(references) in {0, 518}
