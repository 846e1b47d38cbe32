"""IPTC-IIM records and the Photoshop resources they are kept in: read them, and take some out.

Sources: IPTC Information Interchange Model 4.2, section 1.5; Adobe Photoshop file formats, "Image Resource Blocks".
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from demur.reservations.photo_errors import DamagedPhotoError

_IPTC, _IPTC_DIGEST = 0x0404, 0x0425
_THUMBNAILS = frozenset({0x0409, 0x040C})
_MARKER = 0x1C
_APPLICATION_RECORD = 2
_HEAD_BYTES = 5
_LONG = 0x8000


@dataclass(frozen=True)
class Record:
    """One record of IIM: its number in the application record, its value, and all its bytes."""

    number: int
    value: bytes
    raw: bytes


def parse_records(raw: bytes) -> list[Record]:
    """Return the records, in order; what stands behind the last one is padding.

    Raises:
        DamagedPhotoError: a record reaches over the end.
    """
    records, at = [], 0
    while at + _HEAD_BYTES <= len(raw) and raw[at] == _MARKER:
        size, start = int.from_bytes(raw[at + 3 : at + 5]), at + _HEAD_BYTES
        if size & _LONG:
            count = size & ~_LONG
            size, start = int.from_bytes(raw[start : start + count]), start + count
        end = start + size
        if end > len(raw):
            raise DamagedPhotoError("its IPTC records are damaged")
        number = raw[at + 2] if raw[at + 1] == _APPLICATION_RECORD else -1
        records.append(Record(number, raw[start:end], raw[at:end]))
        at = end
    return records


def without_records(raw: bytes, is_unwanted: Callable[[int], bool]) -> bytes:
    """Return the records without some of them."""
    return b"".join(each.raw for each in parse_records(raw) if not is_unwanted(each.number))


def find_records(resources: bytes) -> bytes:
    """Return the IPTC records among Photoshop's resources; empty without any."""
    return b"".join(content for number, _head, content in _parse_resources(resources)[0] if number == _IPTC)


def without_resource_records(resources: bytes, is_unwanted: Callable[[int], bool], *, thumbnails: bool) -> bytes:
    """Return Photoshop's resources without some IPTC records and, if asked, without small pictures.

    Photoshop's digest of the records is made anew, or it would take the records for changed behind its back.
    """
    blocks, rest = _parse_resources(resources)
    old = find_records(resources)
    new = without_records(old, is_unwanted)
    if not any(is_unwanted(each.number) for each in parse_records(old)):
        new = old
    if new == old and not (thumbnails and any(number in _THUMBNAILS for number, _head, _content in blocks)):
        return resources
    kept, written = [], False
    for number, head, content in blocks:
        if number == _IPTC:
            kept += [_block(head, new)] if not written else []
            written = True
        elif number == _IPTC_DIGEST and new != old:
            kept.append(_block(head, hashlib.md5(new, usedforsecurity=False).digest()))
        elif not (thumbnails and number in _THUMBNAILS):
            kept.append(_block(head, content))
    return b"".join(kept) + rest


def _parse_resources(raw: bytes) -> tuple[list[tuple[int, bytes, bytes]], bytes]:
    """Return number, head (all before the size) and content of each resource, and what stands behind them."""
    blocks, at = [], 0
    while raw[at : at + 4] in (b"8BIM", b"MeSa", b"PHUT", b"AgHg", b"DCSR"):
        name_bytes = 1 + (raw[at + 6] if at + 6 < len(raw) else 0)
        size_at = at + 6 + name_bytes + name_bytes % 2
        start = size_at + 4
        end = start + int.from_bytes(raw[size_at:start])
        if end > len(raw):
            raise DamagedPhotoError("its Photoshop resources are damaged")
        blocks.append((int.from_bytes(raw[at + 4 : at + 6]), raw[at:size_at], raw[start:end]))
        at = end + (end - start) % 2
    return blocks, raw[at:]


def _block(head: bytes, content: bytes) -> bytes:
    return head + len(content).to_bytes(4) + content + bytes(len(content) % 2)
