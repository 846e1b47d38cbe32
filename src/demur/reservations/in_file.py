"""What a file itself says about training: a photo's XMP, a document's metadata, signed content credentials.

What the file is, is told by its first bytes, never by its name. Nothing is decoded and nothing is fetched. What is
damaged is undetermined: a no may have been lost with it. XMP in formats that are not taken apart (GIF, HEIC, AVIF, SVG,
films) is found by its marks, as ISO 16684-1 provides for.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from demur.reservations.content_credentials import read_credentials
from demur.reservations.finding import Finding, Standard, find
from demur.reservations.jpeg_segments import read_jpeg
from demur.reservations.photo import PROVENANCE, PhotoKind, find_kind
from demur.reservations.photo_errors import DamagedPhotoError, PhotoError, XmpError
from demur.reservations.photo_parts import PhotoParts
from demur.reservations.plus import DATA_MINING, read_plus
from demur.reservations.png_chunks import read_png
from demur.reservations.preference import Preference, combine, undetermined
from demur.reservations.tdmrep import read_reservation
from demur.reservations.tdmrep_document import UnreadableDocumentError, find_pdf_packet, is_epub, read_epub
from demur.reservations.tiff_fields import TiffFields
from demur.reservations.webp_chunks import read_webp
from demur.reservations.xmp_packet import Name, Packet, parse_packet

_TDM_RESERVATION: Final[Name] = ("http://www.w3.org/ns/tdmrep/", "reservation")
_WANTED: Final = frozenset({DATA_MINING, _TDM_RESERVATION, PROVENANCE})
_WORDS: Final = (b"DataMining", b"tdmrep", b"provenance")
_PROHIBITED: Final = re.compile(rb"DMI-PROHIBITED", re.IGNORECASE)
_CREDENTIALS_BOX: Final = b"jumb"
_XMP_TAG, _CREDENTIALS_TAG = 700, 0xCD41
_PACKET_START: Final = re.compile(rb"<([A-Za-z_]\w{0,30}:xmpmeta)\b")
_MAX_DIRECTORIES: Final = 256
_MAX_PACKETS: Final = 256

_MEDIA_TYPES: Final = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"II[*+]\0|MM\0[*+]"), "image/tiff"),
    (re.compile(rb"GIF8"), "image/gif"),
    (re.compile(rb".{4}ftypavi[fs]", re.DOTALL), "image/avif"),
    (re.compile(rb".{4}ftyp(?:hei|hev|mif|msf)", re.DOTALL), "image/heic"),
    (re.compile(rb".{4}ftyp", re.DOTALL), "video/mp4"),
    (re.compile(rb"%PDF-"), "application/pdf"),
    (re.compile(rb"\s*<(?:\?xml|svg)"), "image/svg+xml"),
    (re.compile(rb"RIFF.{4}WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"ID3"), "audio/mpeg"),
)


@dataclass(frozen=True)
class _Contents:
    """Where a file may speak: its packets, and whether it has content credentials in it."""

    packets: tuple[bytes, ...]
    has_credentials: bool


def read_in_file(raw: bytes) -> list[Finding]:
    """Return what a file says, by standard; never raises.

    A file of no known kind says nothing.
    """
    if is_epub(raw):
        return find(Standard.TDMREP, "epub", "", read_epub(raw))
    media_type = next((name for begin, name in _MEDIA_TYPES if begin.match(raw)), None)
    if media_type is None:
        return []
    try:
        contents = _open(raw, media_type)
    except (PhotoError, UnreadableDocumentError) as error:
        reason = str(error) if isinstance(error, UnreadableDocumentError) else "damaged"
        flags = {reason, "malformed_intent"} if _PROHIBITED.search(raw) else {reason}
        return find(Standard.PLUS, "file", media_type, undetermined(*flags))
    parsed = [_parse(packet) for packet in contents.packets]
    found = [each for packet in parsed for each in _read_packet(packet)]
    if contents.has_credentials or any(_has_provenance(packet) for packet in parsed):
        found += find(Standard.CAWG, "c2pa", "", read_credentials(raw, media_type))
    return found


def read_file_preference(raw: bytes) -> Preference:
    """Return what a file says by all standards together; never raises."""
    return combine(each.preference for each in read_in_file(raw))


def _open(raw: bytes, media_type: str) -> _Contents:
    kind = find_kind(raw)
    if kind:
        parts = _PHOTOS[kind](raw)
        return _Contents(parts.packets, parts.is_signed)
    if media_type == "image/tiff" and raw[2:4] in (b"*\0", b"\0*"):
        return _open_tiff(raw)
    if media_type == "application/pdf":
        packet = find_pdf_packet(raw)
        return _Contents((packet,) if packet else (), _CREDENTIALS_BOX in raw)
    return _Contents(tuple(_scan(raw)), _CREDENTIALS_BOX in raw)


def _open_tiff(raw: bytes) -> _Contents:
    """Take the packets of all directories: every page may have its own."""
    fields = TiffFields(raw)
    packets, has_credentials, directory, seen = [], False, fields.first, set[int]()
    while directory and directory not in seen and len(seen) < _MAX_DIRECTORIES:
        seen.add(directory)
        for each in fields.fields(directory):
            if each.tag == _XMP_TAG:
                packets.append(fields.value(each))
            has_credentials = has_credentials or each.tag == _CREDENTIALS_TAG
        directory = fields.next_directory(directory)
    if not fields.fields(fields.first):
        raise DamagedPhotoError("its first directory is missing")
    return _Contents(tuple(packets), has_credentials)


def _scan(raw: bytes) -> Iterator[bytes]:
    """Yield what stands between the marks of XMP, wherever it is.

    Raises:
        XmpError: a packet has a beginning and no end, or there are too many.
    """
    at = 0
    for _ in range(_MAX_PACKETS):
        start = _PACKET_START.search(raw, at)
        if start is None:
            return
        end = raw.find(b"</" + start[1] + b">", start.end())
        if end < 0:
            raise XmpError("its XMP packet has no end")
        at = end + len(start[1]) + 3
        yield raw[start.start() : at]
    raise XmpError("it has too many XMP packets")


def _read_packet(parsed: Packet | Preference | None) -> list[Finding]:
    if parsed is None:
        return []
    if isinstance(parsed, Preference):
        return find(Standard.PLUS, "xmp", "", parsed)
    tdm = [value for each in parsed.properties if each.name == _TDM_RESERVATION for value in each.values]
    plus = [value for each in parsed.properties if each.name == DATA_MINING for value in each.values]
    return [
        *find(Standard.PLUS, "xmp", ", ".join(plus), read_plus(parsed)),
        *find(Standard.TDMREP, "xmp", ", ".join(tdm), read_reservation(tdm)),
    ]


def _has_provenance(parsed: Packet | Preference | None) -> bool:
    return isinstance(parsed, Packet) and any(each.name == PROVENANCE for each in parsed.properties)


def _parse(packet: bytes) -> Packet | Preference | None:
    """Return a packet that may speak of training; None for one that cannot, and that it is damaged if it is."""
    is_wide = b"\0" in packet[:4]
    if not is_wide and not any(word in packet for word in _WORDS):
        return None
    try:
        return parse_packet(packet, _WANTED.__contains__)
    except XmpError:
        is_meant = _PROHIBITED.search(packet.replace(b"\0", b""))
        return undetermined("damaged", *(("malformed_intent",) if is_meant else ()))


_PHOTOS: Final[dict[PhotoKind, Callable[[bytes], PhotoParts]]] = {
    PhotoKind.JPEG: lambda raw: read_jpeg(raw, reservation_only=True),
    PhotoKind.PNG: lambda raw: read_png(raw, reservation_only=True),
    PhotoKind.WEBP: read_webp,
}
