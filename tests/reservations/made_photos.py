"""Photos as cameras and programs make them, small: made by Pillow and by hand, each named for what it has."""

import hashlib
import io
import struct
import zlib

from PIL import Image
from PIL.PngImagePlugin import PngInfo

ALLOWED = "http://ns.useplus.org/ldf/vocab/DMI-ALLOWED"
_XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED_HEAD = b"http://ns.adobe.com/xmp/extension/\0"
PLACE_WORDS = (b"Verona", b"Arena", b"GPSLatitude")


def picture(mode: str = "RGB", size: tuple[int, int] = (43, 31)) -> Image.Image:
    noise = Image.effect_noise(size, 90)
    return noise.convert(mode) if mode != "P" else noise.convert("RGB").quantize(16)


def saved(photo: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    photo.save(file, **options)  # type: ignore[arg-type]
    return file.getvalue()


def jpeg(**options: object) -> bytes:
    return saved(picture(), format="JPEG", **options)


def png(mode: str = "RGB", **options: object) -> bytes:
    return saved(picture(mode), format="PNG", **options)


def webp(mode: str = "RGB", **options: object) -> bytes:
    return saved(picture(mode), format="WEBP", **options)


def xmp(inside: str = "", attributes: str = "") -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" {attributes}>'
        f"<dc:source>a &gt; b</dc:source>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>"
        f"{' ' * 400}\n<?xpacket end='w'?>"
    ).encode()


def place_xmp() -> bytes:
    return xmp(
        '<Iptc4xmpExt:LocationShown xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><rdf:Bag><rdf:li '
        'rdf:parseType="Resource"><Iptc4xmpExt:City>Verona</Iptc4xmpExt:City></rdf:li></rdf:Bag>'
        "</Iptc4xmpExt:LocationShown>",
        'xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="45,26.34N" '
        'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="Verona" '
        'xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" aux:SerialNumber="SN-12345"',
    )


def exif(*, thumbnail: bool = True) -> bytes:
    """EXIF with an orientation, a place, an owner, the camera's own notes, and a small picture."""
    made = Image.Exif()
    made[0x0112], made[0x010F], made[0x013B] = 6, "Lumen", "Ada"
    made.get_ifd(0x8825).update(
        {1: "N", 2: (45.0, 26.0, 20.4), 3: "E", 4: (10.0, 59.0, 39.6), 29: "2026:05:01", 27: b"ASCII\0\0\0CELLID"}
    )
    made.get_ifd(0x8769).update(
        {0x9003: "2026:05:01 10:00:00", 0xA430: "Ada Owner", 0xA431: "SN-12345", 0x927C: b"NOTES-SN-12345"}
    )
    raw = made.tobytes().removeprefix(b"Exif\0\0")
    return _with_thumbnail(raw) if thumbnail else raw


def _with_thumbnail(raw: bytes) -> bytes:
    small = b"\xff\xd8SMALL-PICTURE\xff\xd9"
    order = "<" if raw.startswith(b"II") else ">"
    (first,) = struct.unpack_from(f"{order}I", raw, 4)
    (count,) = struct.unpack_from(f"{order}H", raw, first)
    second = len(raw)
    entries = [(0x0201, 4, 1, second + 30), (0x0202, 4, 1, len(small))]
    directory = struct.pack(f"{order}H", 2) + b"".join(struct.pack(f"{order}HHII", *each) for each in entries)
    pointer = first + 2 + 12 * count
    return raw[:pointer] + struct.pack(f"{order}I", second) + raw[pointer + 4 :] + directory + bytes(4) + small


def segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def with_segments(photo: bytes, *segments: bytes) -> bytes:
    """Put segments behind JFIF's."""
    at = 4 + struct.unpack_from(">H", photo, 4)[0]
    return photo[:at] + b"".join(segments) + photo[at:]


def xmp_segment(packet: bytes) -> bytes:
    return segment(0xE1, _XMP_HEAD + packet)


def exif_segment(tiff: bytes) -> bytes:
    return segment(0xE1, b"Exif\0\0" + tiff)


def extended_segments(packet: bytes, part_bytes: int = 300) -> tuple[bytes, list[bytes]]:
    """Return the name of a packet in several segments, and these."""
    guid = hashlib.md5(packet, usedforsecurity=False).hexdigest().upper().encode()
    parts = [
        segment(0xE1, _EXTENDED_HEAD + guid + struct.pack(">II", len(packet), at) + packet[at : at + part_bytes])
        for at in range(0, len(packet), part_bytes)
    ]
    return guid, parts


def extended_jpeg(packet: bytes) -> bytes:
    guid, parts = extended_segments(packet)
    note = f'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="{guid.decode()}"'
    return with_segments(jpeg(), xmp_segment(xmp(attributes=note)), *parts)


def iptc_resources() -> bytes:
    records = b"".join(
        bytes((0x1C, 2, number)) + struct.pack(">H", len(value)) + value
        for number, value in ((80, b"Ada"), (90, b"Verona"), (92, b"Arena"))
    )
    digest = hashlib.md5(records, usedforsecurity=False).digest()
    return b"".join(
        b"8BIM"
        + struct.pack(">H", number)
        + b"\0\0"
        + struct.pack(">I", len(content))
        + content
        + bytes(len(content) % 2)
        for number, content in ((0x0404, records), (0x0425, digest), (0x040C, b"SMALL-PICTURE"), (0x03ED, b"x" * 7))
    )


def resource_segment(resources: bytes) -> bytes:
    return segment(0xED, b"Photoshop 3.0\0" + resources)


def two_pictures(**options: object) -> bytes:
    """A JPEG with a second picture behind the first, as gain maps and views are kept."""
    return saved(picture(), format="MPO", save_all=True, append_images=[picture(size=(21, 15))], **options)


def signed_jpeg() -> bytes:
    box = b"JP\0\1\0\0\0\1" + struct.pack(">I", 40) + b"jumb" + struct.pack(">I", 32) + b"jumdc2pa" + bytes(20)
    return with_segments(jpeg(), segment(0xEB, box))


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def with_chunks(photo: bytes, *chunks: bytes) -> bytes:
    """Put chunks behind PNG's first one."""
    return photo[:33] + b"".join(chunks) + photo[33:]


def xmp_chunk(packet: bytes, *, packed: bool = False) -> bytes:
    text = zlib.compress(packet) if packed else packet
    return png_chunk(b"iTXt", b"XML:com.adobe.xmp\0" + bytes((packed, 0)) + b"\0\0" + text)


def raw_profile(name: str, content: bytes, kind: str = "tEXt") -> bytes:
    """How ImageMagick keeps EXIF and others in PNG."""
    digits = content.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    text = f"\n{name}\n{len(content):8}\n{lines}\n"
    info = PngInfo()
    if kind == "iTXt":
        info.add_itxt(f"Raw profile type {name}", text)
    else:
        info.add_text(f"Raw profile type {name}", text, zip=kind == "zTXt")
    return png(pnginfo=info)


def webp_animation() -> bytes:
    frames = [picture(), picture(), picture()]
    return saved(frames[0], format="WEBP", save_all=True, append_images=frames[1:], duration=80)


def png_animation() -> bytes:
    frames = [picture(), picture()]
    return saved(frames[0], format="PNG", save_all=True, append_images=frames[1:], duration=80)
