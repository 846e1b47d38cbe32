"""What a photo tells about a person besides its picture, in words for that person: nothing is looked up anywhere."""

from dataclasses import dataclass

from demur.reservations.film_place import find_film_places
from demur.reservations.iptc_records import parse_records
from demur.reservations.personal import (
    EXIF_IDENTITIES,
    FIRST_IDENTITIES,
    IPTC_PLACES,
    MAKER_NOTE,
    Personal,
    kind_of_property,
)
from demur.reservations.photo_parts import PhotoParts
from demur.reservations.tiff_fields import EXIF_POINTER, GPS_POINTER, Field, TiffFields
from demur.reservations.xmp_packet import parse_packet

_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4
_TAKEN_AT = 0x9003
_STAYING = {0x010F: "maker of the camera", 0x0110: "camera", 0x013B: "creator", 0x8298: "copyright"}


@dataclass(frozen=True)
class Telling:
    """One thing that a photo tells.

    Attributes:
        what: in plain words.
        text: what the photo says; empty if it is nothing that can be read as text.
        personal: with which wish it is removed; None if it stays.
    """

    what: str
    text: str
    personal: Personal | None


def tell(parts: PhotoParts) -> list[Telling]:
    """Return what a photo tells, what can be removed first.

    Raises:
        PhotoError: a part is damaged.
    """
    found = [each for tiff in parts.exif for each in _tell_exif(TiffFields(tiff))]
    found += [each for packet in parts.packets for each in _tell_packet(packet)]
    found += [each for records in parts.iptc for each in _tell_records(records)]
    found += [
        Telling("place, in a film behind the picture", each, Personal.PLACE) for each in find_film_places(parts.behind)
    ]
    order = [*Personal, None]
    return sorted(dict.fromkeys(found), key=lambda each: order.index(each.personal))


def _tell_exif(fields: TiffFields) -> list[Telling]:
    found = []
    if fields.find(fields.first, GPS_POINTER):
        found.append(Telling("place", _position(fields), Personal.PLACE))
    exif = fields.pointed(fields.first, EXIF_POINTER)
    for directory, names in ((fields.first, FIRST_IDENTITIES), (exif, EXIF_IDENTITIES)):
        for each in fields.fields(directory):
            if each.tag in names:
                text = "" if each.tag == MAKER_NOTE else fields.text(each)
                found.append(Telling(names[each.tag], text, Personal.IDENTITY))
    if fields.next_directory(fields.first):
        found.append(Telling("a small copy of the picture", "", Personal.IDENTITY))
    if taken := fields.find(exif, _TAKEN_AT):
        found.append(Telling("taken at", fields.text(taken), None))
    found += [
        Telling(_STAYING[each.tag], fields.text(each), None)
        for each in fields.fields(fields.first)
        if each.tag in _STAYING
    ]
    return found


def _position(fields: TiffFields) -> str:
    gps = fields.pointed(fields.first, GPS_POINTER)
    latitude, longitude = (_degrees(fields, gps, tag) for tag in (_LATITUDE, _LONGITUDE))
    if latitude is None or longitude is None:
        return ""
    north, east = (fields.find(gps, tag) for tag in (_LATITUDE_REF, _LONGITUDE_REF))
    return f"{latitude:.5f} {_letter(fields, north, 'N')}, {longitude:.5f} {_letter(fields, east, 'E')}"


def _degrees(fields: TiffFields, gps: int, tag: int) -> float | None:
    found = fields.find(gps, tag)
    parts = fields.ratios(found) if found else []
    return sum(part / 60**power for power, part in enumerate(parts[:3])) if parts else None


def _letter(fields: TiffFields, found: Field | None, default: str) -> str:
    return fields.text(found) if found else default


def _tell_packet(packet: bytes) -> list[Telling]:
    found = parse_packet(packet, lambda name: kind_of_property(name) is not None)
    return [
        Telling(_as_words(each.name[1]), ", ".join(each.values), kind_of_property(each.name))
        for each in found.properties
        if each.is_of_file
    ]


def _tell_records(records: bytes) -> list[Telling]:
    return [
        Telling(IPTC_PLACES[each.number], each.value.decode(errors="replace"), Personal.PLACE)
        for each in parse_records(records)
        if each.number in IPTC_PLACES
    ]


def _as_words(name: str) -> str:
    """Return "LocationShown" as "location shown", and "GPSLatitude" as "GPS latitude"."""
    if name.upper().startswith("GPS"):
        return f"GPS {name[3:].lower()}"
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
