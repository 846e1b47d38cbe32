"""A photo's bytes in, its bytes with a reservation out: JPEG, PNG and WebP; the picture is never written anew."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from demur.reservations.film_place import without_film_places
from demur.reservations.iptc_records import without_records, without_resource_records
from demur.reservations.jpeg_segments import START as JPEG_START
from demur.reservations.jpeg_segments import change_jpeg, read_jpeg
from demur.reservations.personal import (
    EXIF_IDENTITIES,
    FIRST_IDENTITIES,
    IPTC_PLACES,
    Personal,
    kind_of_property,
)
from demur.reservations.photo_errors import DamagedPhotoError, SignedPhotoError, UnsupportedPhotoError
from demur.reservations.photo_parts import PhotoChange, PhotoParts
from demur.reservations.plus import DATA_MINING, NO_TRAINING, is_reserved, value_to_write
from demur.reservations.png_chunks import START as PNG_START
from demur.reservations.png_chunks import change_png, read_png
from demur.reservations.tiff_fields import EXIF_POINTER, GPS_POINTER, TiffFields
from demur.reservations.webp_chunks import change_webp, is_webp, read_webp
from demur.reservations.xmp_packet import Name, new_packet, parse_packet

PROVENANCE: Name = ("http://purl.org/dc/terms/", "provenance")
"""Where content credentials are kept that are not in the photo (C2PA 2.1, section 11.5)."""

ONLY_SIGNED = frozenset({"HEIC", "AVIF"})
"""Kinds that can carry signed content credentials, but into which no XMP is written here."""

_HEAD_BYTES = 1_024
_DRAWING = re.compile(rb"<svg[\s>]", re.IGNORECASE)


class PhotoKind(StrEnum):
    """The kinds of photo that can be changed."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WebP"


_READ: dict[PhotoKind, Callable[[bytes], PhotoParts]] = {
    PhotoKind.JPEG: read_jpeg,
    PhotoKind.PNG: read_png,
    PhotoKind.WEBP: read_webp,
}
_CHANGE: dict[PhotoKind, Callable[[bytes, PhotoChange], bytes]] = {
    PhotoKind.JPEG: change_jpeg,
    PhotoKind.PNG: change_png,
    PhotoKind.WEBP: change_webp,
}
_OTHERS = (
    (re.compile(rb"GIF8"), "GIF"),
    (re.compile(rb"II[*+]\0|MM\0[*+]"), "TIFF or a camera's raw format"),
    (re.compile(rb".{4}ftyp(?:avif|avis)", re.DOTALL), "AVIF"),
    (re.compile(rb".{4}ftyp(?:hei[cmxs]|hev[cmxs]|mif1|msf1)", re.DOTALL), "HEIC"),
    (re.compile(rb".{4}ftyp", re.DOTALL), "a film"),
    (re.compile(rb"BM.{4}\0\0\0\0", re.DOTALL), "BMP"),
    (re.compile(rb"\xff\x0a|\0\0\0\x0cJXL "), "JPEG XL"),
    (re.compile(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"), "JPEG 2000"),
    (re.compile(rb"8BPS"), "a file of Photoshop"),
    (re.compile(rb"%PDF-"), "PDF"),
)


@dataclass(frozen=True)
class Wish:
    """What is to be done to a photo besides the reservation.

    Attributes:
        remove: what is to be taken out.
        may_break_signature: whether a signed photo may be changed, though its signature fits no longer.
    """

    remove: frozenset[Personal] = field(default_factory=frozenset)
    may_break_signature: bool = False


def find_kind(raw: bytes) -> PhotoKind | None:
    """Return the kind of a photo by its first bytes; None if it is none that can be changed."""
    if raw.startswith(JPEG_START):
        return PhotoKind.JPEG
    if raw.startswith(PNG_START):
        return PhotoKind.PNG
    return PhotoKind.WEBP if is_webp(raw) else None


def find_other_kind(raw: bytes) -> str | None:
    """Return what kind of picture it is that cannot be changed; None if it is no picture that is known."""
    named = next((name for begin, name in _OTHERS if begin.match(raw)), None)
    return named or ("SVG" if _DRAWING.search(raw[:_HEAD_BYTES]) else None)


def read_parts(raw: bytes) -> PhotoParts:
    """Return what a photo carries besides its picture.

    Raises:
        PhotoError: no photo, one of another kind, or damaged.
    """
    return _READ[_get_kind(raw)](raw)


def reserve(raw: bytes, wish: Wish) -> bytes:
    """Return a photo that says no to the training of models, and no longer says what is not wanted in it.

    The picture, and all that is not named by the wish, stay byte for byte. A photo that says so already is returned as
    it is. Whether the picture can be shown is not checked here.

    Raises:
        SignedPhotoError: it is signed, and the wish does not allow to break the signature.
        PhotoError: it cannot be read to its end, so nothing can be written into it.

    Source: IPTC Photo Metadata Standard 2023.1, "Data Mining".
    """
    kind = _get_kind(raw)
    changed = _CHANGE[kind](raw, _Reservation(wish))
    if changed != raw and not wish.may_break_signature and is_signed(_READ[kind](raw)):
        raise SignedPhotoError(
            "it carries signed content credentials (C2PA), and any change breaks their signature",
            hint="use --sign to keep them and sign the change, or --break-signature if the reservation matters "
            "more to you than the signature",
        )
    return changed


def is_signed(parts: PhotoParts) -> bool:
    """Tell whether a photo has content credentials, in it or elsewhere."""
    return parts.is_signed or any(
        b"provenance" in packet and parse_packet(packet, lambda name: name == PROVENANCE).properties
        for packet in parts.packets
    )


def has_reservation(parts: PhotoParts) -> bool:
    """Tell whether a photo itself says no to all training.

    Raises:
        XmpError: its XMP cannot be read.
    """
    return any(is_reserved(parse_packet(packet, lambda name: name == DATA_MINING)) for packet in parts.packets[:1])


def _get_kind(raw: bytes) -> PhotoKind:
    kind = find_kind(raw)
    if kind:
        return kind
    if other := find_other_kind(raw):
        or_signed = "; or use --sign, by which it says no in a signature only" if other in ONLY_SIGNED else ""
        raise UnsupportedPhotoError(
            f"it is {other}, and a reservation can be written into JPEG, PNG and WebP only",
            hint=f"export it as JPEG, PNG or WebP, then protect that file{or_signed}",
        )
    raise DamagedPhotoError(
        "it is no photo, or its beginning is damaged", hint="open it in a photo program and export it as JPEG"
    )


class _Reservation:
    """The change that a wish stands for."""

    def __init__(self, wish: Wish) -> None:
        self._remove = wish.remove

    def new_packet(self) -> bytes:
        return new_packet(DATA_MINING, "plus", NO_TRAINING)

    def main_packet(self, packet: bytes) -> bytes:
        packet = self.other_packet(packet)
        parsed = parse_packet(packet, lambda name: name == DATA_MINING)
        return packet if is_reserved(parsed) else parsed.with_property(DATA_MINING, "plus", value_to_write(parsed))

    def other_packet(self, packet: bytes) -> bytes:
        if not self._remove:
            return packet
        parsed = parse_packet(packet, lambda name: kind_of_property(name) in self._remove)
        return parsed.without(parsed.properties) if parsed.properties else packet

    def exif(self, tiff: bytes) -> bytes:
        if not self._remove:
            return tiff
        fields = TiffFields(tiff)
        exif = fields.pointed(fields.first, EXIF_POINTER)
        if Personal.IDENTITY in self._remove:
            fields.remove_thumbnail()
            fields.remove(exif, EXIF_IDENTITIES.__contains__)
            fields.remove(fields.first, FIRST_IDENTITIES.__contains__)
        if Personal.PLACE in self._remove:
            fields.remove(fields.first, lambda tag: tag == GPS_POINTER)
        return bytes(fields.raw)

    def behind(self, behind: bytes) -> bytes:
        return without_film_places(behind) if Personal.PLACE in self._remove else behind

    def iptc(self, records: bytes) -> bytes:
        return without_records(records, self._is_unwanted_record)

    def resources(self, resources: bytes) -> bytes:
        if not self._remove:
            return resources
        thumbnails = Personal.IDENTITY in self._remove
        return without_resource_records(resources, self._is_unwanted_record, thumbnails=thumbnails)

    def _is_unwanted_record(self, number: int) -> bool:
        return Personal.PLACE in self._remove and number in IPTC_PLACES
