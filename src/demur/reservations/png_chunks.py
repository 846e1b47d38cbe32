"""PNG: its chunks. Those of the picture are copied byte for byte.

Sources: PNG third edition, sections 5 and 11.3; ISO 16684-3, section 1.1.5 (XMP); C2PA 2.1, section A.3.3. ImageMagick
keeps EXIF, XMP and IPTC as hexadecimal digits in text ("Raw profile type …").
"""

import zlib
from dataclasses import dataclass

from demur.reservations.iptc_records import find_records
from demur.reservations.photo_errors import DamagedPhotoError
from demur.reservations.photo_parts import PhotoChange, PhotoParts
from demur.reservations.xmp_packet import MAX_PACKET_BYTES

START = b"\x89PNG\r\n\x1a\n"
_XMP = b"XML:com.adobe.xmp\0"
_PROFILE = b"Raw profile type "
_PACKET_PROFILES = (_PROFILE + b"xmp\0", _PROFILE + b"APP1\0")
_EXIF = b"Exif\0\0"
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_AROUND_BYTES = 12
_MAX_CHUNKS = 250_000
_DIGITS_A_LINE = 72


@dataclass(frozen=True)
class Chunk:
    """One chunk: its kind, its content, and how it stands in the file."""

    kind: bytes
    content: bytes
    raw: bytes


def parse_chunks(raw: bytes) -> tuple[list[Chunk], int]:
    """Return the chunks, and where the last one ends.

    Raises:
        DamagedPhotoError: a chunk reaches over the end, or the first or the last one is missing.
    """
    chunks: list[Chunk] = []
    at = len(START)
    while at + _AROUND_BYTES <= len(raw):
        size = int.from_bytes(raw[at : at + 4])
        end = at + _AROUND_BYTES + size
        if end > len(raw) or len(chunks) == _MAX_CHUNKS:
            break
        chunks.append(Chunk(raw[at + 4 : at + 8], raw[at + 8 : end - 4], raw[at:end]))
        at = end
        if chunks[-1].kind == b"IEND":
            if chunks[0].kind != b"IHDR":
                break
            return chunks, at
    raise DamagedPhotoError("it is cut off, or damaged")


def read_png(raw: bytes, *, reservation_only: bool = False) -> PhotoParts:
    """Return what a PNG carries; if only a reservation is asked for, without EXIF and IPTC."""
    chunks, end = parse_chunks(raw)
    packets, exif, iptc = [], [], []
    for each in chunks:
        if _is_xmp(each):
            packets.append(_international_text(each.content))
        elif reservation_only and not each.content.startswith(_PACKET_PROFILES):
            continue
        elif each.kind == b"eXIf":
            exif.append(each.content.removeprefix(_EXIF))
        elif profile := _profile(each):
            name, content = profile
            if content.startswith(_EXIF):
                exif.append(content[len(_EXIF) :])
            elif name in (b"iptc", b"8bim"):
                iptc.append(find_records(content) or content)
            elif name in (b"xmp", b"APP1"):
                packets.append(_bare_packet(content))
    is_signed = any(each.kind == b"caBX" for each in chunks)
    return PhotoParts(tuple(packets), tuple(exif), tuple(iptc), is_signed, raw[end:])


def change_png(raw: bytes, change: PhotoChange) -> bytes:
    """Return a PNG with its parts changed, and everything else as it was.

    Raises:
        PhotoError: a part cannot be read.
    """
    chunks, end = parse_chunks(raw)
    pieces, has_packet = [], any(_is_xmp(each) for each in chunks)
    become = change.main_packet
    for each in chunks:
        if _is_xmp(each):
            old = _international_text(each.content)
            new = become(old)
            become = change.other_packet
            pieces.append(each.raw if new == old else _xmp_chunk(new))
        else:
            pieces.append(_changed(each, change))
        if each.kind == b"IHDR" and not has_packet:
            pieces.append(_xmp_chunk(change.new_packet()))
            has_packet = True
    return START + b"".join(pieces) + change.behind(raw[end:])


def _changed(chunk: Chunk, change: PhotoChange) -> bytes:
    if chunk.kind == b"eXIf":
        head = _EXIF if chunk.content.startswith(_EXIF) else b""
        new = head + change.exif(chunk.content[len(head) :])
        return chunk.raw if new == chunk.content else _chunk(chunk.kind, new)
    if profile := _profile(chunk):
        name, old = profile
        new = _changed_profile(name, old, change)
        return chunk.raw if new == old else _profile_chunk(chunk, name, new)
    return chunk.raw


def _changed_profile(name: bytes, old: bytes, change: PhotoChange) -> bytes:
    if old.startswith(_EXIF):
        return _EXIF + change.exif(old[len(_EXIF) :])
    if name in (b"iptc", b"8bim"):
        return change.resources(old) if find_records(old) else change.iptc(old)
    if name in (b"xmp", b"APP1"):
        packet = _bare_packet(old)
        return old[: len(old) - len(packet)] + change.other_packet(packet)
    return old


def _bare_packet(content: bytes) -> bytes:
    return content.removeprefix(b"http://ns.adobe.com/xap/1.0/\0")


def _is_xmp(chunk: Chunk) -> bool:
    return chunk.kind == b"iTXt" and chunk.content.startswith(_XMP)


def _international_text(content: bytes) -> bytes:
    """Return the text of an iTXt chunk: keyword, two bytes about compression, language, translated keyword, text."""
    _keyword, _zero, rest = content.partition(b"\0")
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return _inflated(text) if rest[:1] == b"\1" else text


def _profile(chunk: Chunk) -> tuple[bytes, bytes] | None:
    """Return name and content of what ImageMagick keeps in text; None for any other chunk."""
    keyword, _zero, rest = chunk.content.partition(b"\0")
    if chunk.kind not in _TEXTS or not keyword.startswith(_PROFILE):
        return None
    if chunk.kind == b"iTXt":
        rest = _international_text(chunk.content)
    elif chunk.kind == b"zTXt":
        rest = _inflated(rest[1:])
    try:
        _empty, _name, _size, digits = rest.split(b"\n", 3)
        return keyword[len(_PROFILE) :].strip(), bytes.fromhex(digits.decode())
    except ValueError as error:
        raise DamagedPhotoError("its text is damaged") from error


def _profile_chunk(chunk: Chunk, name: bytes, content: bytes) -> bytes:
    digits = content.hex().encode()
    lines = [digits[at : at + _DIGITS_A_LINE] for at in range(0, len(digits), _DIGITS_A_LINE)]
    text = b"\n" + name + b"\n" + str(len(content)).rjust(8).encode() + b"\n" + b"\n".join(lines) + b"\n"
    keyword = chunk.content.partition(b"\0")[0] + b"\0"
    if chunk.kind == b"tEXt":
        return _chunk(chunk.kind, keyword + text)
    return _chunk(b"zTXt", keyword + b"\0" + zlib.compress(text))


def _inflated(compressed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(compressed, MAX_PACKET_BYTES)
    except zlib.error as error:
        raise DamagedPhotoError("its text is damaged") from error
    if not unpacker.eof:
        raise DamagedPhotoError("its text is damaged, or too large")
    return text


def _xmp_chunk(packet: bytes) -> bytes:
    return _chunk(b"iTXt", _XMP + b"\0\0\0\0" + packet)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)
