"""WebP: its chunks. Those of the picture are copied byte for byte.

Sources: RFC 9649, sections 2.3 to 2.7; C2PA 2.1, section A.3.2.
"""

from dataclasses import dataclass

from demur.reservations.photo_errors import DamagedPhotoError
from demur.reservations.photo_parts import PhotoChange, PhotoParts

_EXIF = b"Exif\0\0"
_HAS_XMP, _HAS_ALPHA = 0x04, 0x10
_MAX_CHUNKS = 100_000
_KEY_FRAME = b"\x9d\x01\x2a"


@dataclass(frozen=True)
class Chunk:
    """One chunk: its kind, its content, and how it stands in the file."""

    kind: bytes
    content: bytes
    raw: bytes


def is_webp(raw: bytes) -> bool:
    """Tell it by the first twelve bytes."""
    return raw.startswith(b"RIFF") and raw[8:12] == b"WEBP"


def parse_chunks(raw: bytes) -> tuple[list[Chunk], int]:
    """Return the chunks, and where the file says that it ends.

    Raises:
        DamagedPhotoError: a chunk reaches over the end, or there is none.
    """
    end = 8 + int.from_bytes(raw[4:8], "little")
    chunks: list[Chunk] = []
    at = 12
    while at + 8 <= end <= len(raw):
        stop = at + 8 + int.from_bytes(raw[at + 4 : at + 8], "little")
        after = stop + (stop - at) % 2
        if stop > end or len(chunks) == _MAX_CHUNKS:
            break
        chunks.append(Chunk(raw[at : at + 4], raw[at + 8 : stop], raw[at:after]))
        at = after
    if not chunks or at < end:
        raise DamagedPhotoError("it is cut off, or damaged")
    return chunks, max(end, at)


def read_webp(raw: bytes) -> PhotoParts:
    """Return what a WebP carries."""
    chunks, end = parse_chunks(raw)
    return PhotoParts(
        packets=tuple(each.content for each in chunks if each.kind == b"XMP "),
        exif=tuple(each.content.removeprefix(_EXIF) for each in chunks if each.kind == b"EXIF"),
        is_signed=any(each.kind == b"C2PA" for each in chunks),
        behind=raw[end:],
    )


def change_webp(raw: bytes, change: PhotoChange) -> bytes:
    """Return a WebP with its parts changed, and everything else as it was.

    Raises:
        PhotoError: a part cannot be read.
    """
    chunks, end = parse_chunks(raw)
    if chunks[0].kind != b"VP8X":
        chunks.insert(0, _extended(chunks[0]))
    pieces, become = [], change.main_packet
    has_packet = any(each.kind == b"XMP " for each in chunks)
    for each in chunks:
        if each.kind == b"XMP ":
            pieces.append(_replaced(each, become(each.content)))
            become = change.other_packet
        elif each.kind == b"EXIF":
            head = _EXIF if each.content.startswith(_EXIF) else b""
            pieces.append(_replaced(each, head + change.exif(each.content[len(head) :])))
        elif each.kind == b"VP8X" and each.content:
            pieces.append(_replaced(each, bytes((each.content[0] | _HAS_XMP,)) + each.content[1:]))
        else:
            pieces.append(each.raw)
    if not has_packet:
        pieces.append(_chunk(b"XMP ", change.new_packet()))
    body = b"WEBP" + b"".join(pieces)
    return b"RIFF" + len(body).to_bytes(4, "little") + body + change.behind(raw[end:])


def _extended(picture: Chunk) -> Chunk:
    """Return the head that a simple file lacks: whether it is translucent, and how large it is."""
    head, flags = picture.content[:10], 0
    if picture.kind == b"VP8L" and len(head) == 10:  # noqa: PLR2004  (read above)
        sizes = int.from_bytes(head[1:5], "little")
        width, height = (sizes & 0x3FFF) + 1, (sizes >> 14 & 0x3FFF) + 1
        flags = _HAS_ALPHA if sizes >> 28 & 1 else 0
    elif picture.kind == b"VP8 " and head[3:6] == _KEY_FRAME and len(head) == 10:  # noqa: PLR2004  (read above)
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    else:
        raise DamagedPhotoError("it does not begin with a picture")
    if not width or not height:
        raise DamagedPhotoError("its picture has no size")
    content = bytes((flags, 0, 0, 0)) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return Chunk(b"VP8X", content, _chunk(b"VP8X", content))


def _replaced(chunk: Chunk, content: bytes) -> bytes:
    return chunk.raw if content == chunk.content else _chunk(chunk.kind, content)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)
