"""Photos for the tests: what phones send, and what attackers do, made here from pixels.

One file cannot be made here, since the decoder that we install writes no HEIC: tests/vectors/photo-with-a-place.heic,
846 bytes, red on the left and blue on the right, turned upright by its container, with EXIF, a GPS place and XMP that
say PLACE. It was written once with pillow-heif and x265.
"""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

HEIC = (Path(__file__).parents[1] / "vectors" / "photo-with-a-place.heic").read_bytes()
PLACE = b"SECRETPLACE"
RED, BLUE, GREEN = (200, 30, 30), (30, 30, 200), (30, 160, 60)


def picture(width: int = 320, height: int = 200, mode: str = "RGB") -> Image.Image:
    """Return a picture that is red on the left and blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    ImageDraw.Draw(image).rectangle((width // 2, 0, width, height), fill=BLUE)
    return image.convert(mode)


def encode(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg(**options: Any) -> bytes:
    return encode(picture(), quality=90, **options)


def png(mode: str = "RGB", **options: Any) -> bytes:
    return encode(picture(mode=mode), "PNG", **options)


def exif(orientation: int = 1) -> Image.Exif:
    """Return metadata as a phone writes them: orientation, maker, a comment, a place."""
    found = Image.Exif()
    found[0x0112] = orientation
    found[0x010F] = PLACE.decode()
    found.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + PLACE
    place = found.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (38.0, 43.0, 0.0), "W", (9.0, 8.0, 0.0)
    return found


def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def with_segment(raw: bytes, marker: int, payload: bytes) -> bytes:
    """Return a JPEG with one more segment at its start."""
    return raw[:2] + segment(marker, payload) + raw[2:]


def chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))


def with_chunk(raw: bytes, name: bytes, payload: bytes) -> bytes:
    """Return a PNG with one more chunk behind its head."""
    return raw[:33] + chunk(name, payload) + raw[33:]


def png_that_claims(width: int, height: int) -> bytes:
    """Return a PNG whose head says a size and whose few bytes of data inflate to all of it, if anybody lets them."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")
    )


def archive(name: str = "Main.class", text: str = "x") -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as files:
        files.writestr(name, text)
    return out.getvalue()


def png_text() -> PngImagePlugin.PngInfo:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", PLACE.decode())
    text.add_text("Zipped", PLACE.decode(), zip=True)
    text.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta>{PLACE.decode()}</x:xmpmeta>")
    return text
