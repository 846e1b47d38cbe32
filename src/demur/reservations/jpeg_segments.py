"""JPEG: the segments before the picture. The picture is copied byte for byte.

Sources: ITU-T T.81, annex B; ISO 16684-3, section 1.1.3 (XMP, also in several segments); CIPA DC-007 (further
pictures); C2PA 2.1, section A.3.1.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass

from demur.jpeg_marks import ALONE, END_OF_IMAGE, START_OF_SCAN, CutShortError, find_marks
from demur.reservations.iptc_records import find_records
from demur.reservations.multi_picture import moved_pictures
from demur.reservations.photo_errors import DamagedPhotoError, PhotoError
from demur.reservations.photo_parts import PhotoChange, PhotoParts
from demur.reservations.xmp_packet import MAX_PACKET_BYTES, without_padding

START = b"\xff\xd8\xff"
_APP0, _APP1, _APP2, _APP11, _APP13 = 0xE0, 0xE1, 0xE2, 0xEB, 0xED

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED = b"http://ns.adobe.com/xmp/extension/\0"
_RESOURCES = b"Photoshop 3.0\0"
_PICTURES = b"MPF\0"
_MAX_PAYLOAD_BYTES = 65_533
_MAX_SEGMENTS = 20_000
_GUID_BYTES = 32
_EXTENDED_HEAD_BYTES = len(_EXTENDED) + _GUID_BYTES + 8
_EXTENDED_PART_BYTES = 65_000


@dataclass(frozen=True)
class Segment:
    """One segment: its marker, its payload, and how it stands in the file, with any fill bytes before it."""

    marker: int
    payload: bytes
    raw: bytes

    def has(self, marker: int, head: bytes) -> bool:
        """Tell whether it is of a kind."""
        return self.marker == marker and self.payload.startswith(head)


_NO_SEGMENT = Segment(0, b"", b"")


def parse_segments(raw: bytes) -> tuple[list[Segment], int]:
    """Return the segments before the picture, and where the picture's first scan begins.

    Raises:
        DamagedPhotoError: no scan follows, or a segment reaches over the end.
    """
    # Not find_marks: what is written anew has to be accounted for byte by byte, fill bytes and all.
    segments: list[Segment] = []
    at = 2
    while raw[at : at + 1] == b"\xff":
        start = at
        while raw[at : at + 1] == b"\xff":
            at += 1
        marker, length = raw[at : at + 1], int.from_bytes(raw[at + 1 : at + 3])
        if marker == bytes((START_OF_SCAN,)):
            return segments, start
        end = at + 1 + length
        if not marker or marker[0] in ALONE or length < 2 or end > len(raw):  # noqa: PLR2004
            break
        if len(segments) == _MAX_SEGMENTS:
            break
        segments.append(Segment(marker[0], raw[at + 3 : end], raw[start:end]))
        at = end
    raise DamagedPhotoError("it is damaged before its picture begins")


def find_end(raw: bytes, scan: int) -> int:
    """Return where the picture ends.

    Raises:
        DamagedPhotoError: it does not end: the file was cut off.
    """
    with suppress(CutShortError):
        for mark in find_marks(raw, scan):
            if mark.marker == END_OF_IMAGE:
                return mark.end
    raise DamagedPhotoError("its picture has no end: it was cut off")


def read_jpeg(raw: bytes, *, reservation_only: bool = False) -> PhotoParts:
    """Return what a JPEG carries; if only a reservation is asked for, without its end, EXIF and IPTC."""
    segments, scan = parse_segments(raw)
    packets = (*(each.payload[len(_XMP) :] for each in segments if each.has(_APP1, _XMP)), *_extended(segments))
    is_signed = any(each.has(_APP11, b"JP") and b"jumb" in each.payload[:64] for each in segments)
    if reservation_only:
        return PhotoParts(packets, is_signed=is_signed)
    resources = b"".join(each.payload[len(_RESOURCES) :] for each in segments if each.has(_APP13, _RESOURCES))
    records = find_records(resources)
    return PhotoParts(
        packets=packets,
        exif=tuple(each.payload[len(_EXIF) :] for each in segments if each.has(_APP1, _EXIF)),
        iptc=(records,) if records else (),
        is_signed=is_signed,
        behind=raw[find_end(raw, scan) :],
    )


def change_jpeg(raw: bytes, change: PhotoChange) -> bytes:
    """Return a JPEG with its parts changed, and everything else as it was.

    Raises:
        PhotoError: a part cannot be read, or does not fit.
    """
    segments, scan = parse_segments(raw)
    end = find_end(raw, scan)
    segments.insert(0, _NO_SEGMENT)
    pieces = _changed_pieces(segments, change)
    header_bytes = sum(len(piece) for piece in pieces)
    grown = 2 + header_bytes - scan
    old_at = new_at = 2
    for number, each in enumerate(segments):
        if each.has(_APP2, _PICTURES):
            pieces[number] = _with_moved_pictures(each, grown, before=new_at - old_at)
        old_at, new_at = old_at + len(each.raw), new_at + len(pieces[number])
    return raw[:2] + b"".join(pieces) + raw[scan:end] + change.behind(raw[end:])


def with_pictures_of(raw: bytes, signed: bytes) -> bytes:
    """Return a JPEG with the list of its further pictures as it must be where signing moves them.

    The list is signed, too, so it has to fit before: sign, take this, and sign it in place of the first.

    Args:
        raw: what was signed.
        signed: what came of it; its list, if there is one, is the same as in `raw`.

    Raises:
        DamagedPhotoError: one of them is not a JPEG, or lost its list.
    """
    (segments, scan), (new_segments, new_scan) = parse_segments(raw), parse_segments(signed)
    lists, new_lists = _list_places(segments), _list_places(new_segments)
    if len(lists) != len(new_lists):
        raise DamagedPhotoError("its list of further pictures is damaged")
    for (end, each), (new_end, _each) in zip(lists, new_lists, strict=True):
        fitting = _with_moved_pictures(each, new_scan - scan, before=new_end - end)
        raw = raw[: end - len(fitting)] + fitting + raw[end:]
    return raw


def _list_places(segments: list[Segment]) -> list[tuple[int, Segment]]:
    """Return each list and where it ends."""
    places, at = [], 2
    for each in segments:
        at += len(each.raw)
        if each.has(_APP2, _PICTURES):
            places.append((at, each))
    return places


def _with_moved_pictures(segment: Segment, grown: int, *, before: int) -> bytes:
    """Return a list of pictures for a header that grew, so many bytes of it before the list itself."""
    moved = moved_pictures(segment.payload[len(_PICTURES) :], first=grown, others=grown - before)
    return _segment(_APP2, _PICTURES + moved)


def _changed_pieces(segments: list[Segment], change: PhotoChange) -> list[bytes]:
    """Return what each segment becomes: nothing, itself, or more than one."""
    pieces = [each.raw for each in segments]
    for number, each in enumerate(segments):
        if each.has(_APP1, _EXIF):
            pieces[number] = _replaced(each, _EXIF + change.exif(each.payload[len(_EXIF) :]))
    _change_resources(segments, pieces, change)
    renamed = _change_extended(segments, pieces, change)
    packets = [number for number, each in enumerate(segments) if each.has(_APP1, _XMP)]
    for number in packets:
        become = change.main_packet if number == packets[0] else change.other_packet
        packet = become(segments[number].payload[len(_XMP) :])
        for old, new in renamed.items():
            packet = packet.replace(old, new)
        pieces[number] = _replaced(segments[number], _XMP + _fitting(packet))
    if not packets:
        _insert(segments, pieces, _segment(_APP1, _XMP + _fitting(change.new_packet())))
    return pieces


def _insert(segments: list[Segment], pieces: list[bytes], piece: bytes) -> None:
    """Put a new segment behind JFIF's and EXIF's, where readers expect it."""
    at = 1
    while at < len(segments) and (segments[at].marker == _APP0 or segments[at].has(_APP1, _EXIF)):
        at += 1
    pieces[at - 1] += piece


def _change_resources(segments: list[Segment], pieces: list[bytes], change: PhotoChange) -> None:
    numbers = [number for number, each in enumerate(segments) if each.has(_APP13, _RESOURCES)]
    old = b"".join(segments[number].payload[len(_RESOURCES) :] for number in numbers)
    if not numbers or (new := change.resources(old)) == old:
        return
    room = _MAX_PAYLOAD_BYTES - len(_RESOURCES)
    parts = [new[at : at + room] for at in range(0, len(new), room)]
    for number in numbers:
        pieces[number] = b""
    pieces[numbers[0]] = b"".join(_segment(_APP13, _RESOURCES + part) for part in parts)


def _change_extended(segments: list[Segment], pieces: list[bytes], change: PhotoChange) -> dict[bytes, bytes]:
    """Change what JPEG keeps in several segments; return the new name of each by its old one."""
    renamed = {}
    for guid, numbers in _extended_numbers(segments).items():
        old = _joined([segments[number] for number in numbers])
        new = change.other_packet(old)
        if new == old:
            continue
        renamed[guid] = hashlib.md5(new, usedforsecurity=False).hexdigest().upper().encode()
        for number in numbers:
            pieces[number] = b""
        pieces[numbers[0]] = b"".join(
            _segment(
                _APP1,
                _EXTENDED + renamed[guid] + len(new).to_bytes(4) + at.to_bytes(4) + new[at:][:_EXTENDED_PART_BYTES],
            )
            for at in range(0, len(new), _EXTENDED_PART_BYTES)
        )
    return renamed


def _extended(segments: list[Segment]) -> list[bytes]:
    return [_joined([segments[each] for each in numbers]) for numbers in _extended_numbers(segments).values()]


def _extended_numbers(segments: list[Segment]) -> dict[bytes, list[int]]:
    numbers: dict[bytes, list[int]] = {}
    for number, each in enumerate(segments):
        if each.has(_APP1, _EXTENDED):
            numbers.setdefault(each.payload[len(_EXTENDED) :][:_GUID_BYTES], []).append(number)
    return numbers


def _joined(parts: list[Segment]) -> bytes:
    """Put the parts of one packet together, by the offsets they state."""
    at = len(_EXTENDED) + _GUID_BYTES
    placed = sorted((int.from_bytes(each.payload[at + 4 : at + 8]), each.payload) for each in parts)
    size = int.from_bytes(parts[0].payload[at : at + 4])
    joined = bytearray()
    for offset, payload in placed:
        if offset != len(joined):
            raise DamagedPhotoError("its extended XMP is not whole")
        joined += payload[_EXTENDED_HEAD_BYTES:]
    if len(joined) != size or size > MAX_PACKET_BYTES:
        raise DamagedPhotoError("its extended XMP is not whole")
    return bytes(joined)


def _fitting(packet: bytes) -> bytes:
    room = _MAX_PAYLOAD_BYTES - len(_XMP)
    if len(packet) > room:
        packet = without_padding(packet)
    if len(packet) > room:
        raise PhotoError("its XMP packet has no room for the reservation")
    return packet


def _replaced(segment: Segment, payload: bytes) -> bytes:
    return segment.raw if payload == segment.payload else _segment(segment.marker, payload)


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2) + payload
