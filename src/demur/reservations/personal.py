"""What in a photo tells about the person who took it: where, with which device, and who is in it.

What tells whose the photo is (creator, copyright, credit) is no part of this: it stays, since it supports the
reservation. Sources of the names: Exif 3.0, section 4.6; IPTC Photo Metadata Standard 2023.1; XMP specification part 2;
Metadata Working Group guidelines 2.0, section 5.8 (regions).
"""

from enum import StrEnum

from demur.reservations.xmp_packet import Name


class Personal(StrEnum):
    """What something tells about a person."""

    PLACE = "place"
    IDENTITY = "identity"


_EXIF = "http://ns.adobe.com/exif/1.0/"
_EXIF_EX = "http://cipa.jp/exif/1.0/"
_AUX = "http://ns.adobe.com/exif/1.0/aux/"
_IPTC_CORE = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
_IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_DRONE = "http://www.dji.com/drone-dji/1.0/"

_PLACES: frozenset[Name] = frozenset(
    {
        (_IPTC_EXT, "LocationCreated"),
        (_IPTC_EXT, "LocationShown"),
        (_IPTC_CORE, "Location"),
        (_IPTC_CORE, "CountryCode"),
        (_PHOTOSHOP, "City"),
        (_PHOTOSHOP, "State"),
        (_PHOTOSHOP, "Country"),
    }
)
_POSITIONED = (_EXIF, _EXIF_EX, _DRONE)
_IDENTITIES: frozenset[Name] = frozenset(
    {
        (_AUX, "SerialNumber"),
        (_AUX, "LensSerialNumber"),
        (_AUX, "OwnerName"),
        (_EXIF_EX, "BodySerialNumber"),
        (_EXIF_EX, "LensSerialNumber"),
        (_EXIF_EX, "CameraOwnerName"),
        (_EXIF, "ImageUniqueID"),
        (_EXIF, "MakerNote"),
        ("http://ns.adobe.com/xap/1.0/", "Thumbnails"),
        ("http://www.metadataworkinggroup.com/schemas/regions/", "Regions"),
        ("http://ns.microsoft.com/photo/1.2/", "RegionInfo"),
        (_IPTC_EXT, "PersonInImage"),
        (_IPTC_EXT, "PersonInImageWDetails"),
    }
)

MAKER_NOTE = 0x927C
EXIF_IDENTITIES: dict[int, str] = {
    0xA430: "owner of the camera",
    0xA431: "serial number of the camera",
    0xA435: "serial number of the lens",
    0xA420: "number of the picture",
    MAKER_NOTE: "the camera's own notes",
}
"""Tags of EXIF's directory."""

FIRST_IDENTITIES: dict[int, str] = {0x013C: "name of the device", 0xC62F: "serial number of the camera"}
"""Tags of the first directory."""

IPTC_PLACES: dict[int, str] = {
    26: "code of a place",
    27: "name of a place",
    90: "city",
    92: "part of the city",
    95: "province or state",
    100: "code of the country",
    101: "country",
}
"""Numbers of IPTC-IIM records, all of places."""


def kind_of_property(name: Name) -> Personal | None:
    """Return what a property of XMP tells about a person; None if nothing."""
    if name in _PLACES or (name[0] in _POSITIONED and name[1].upper().startswith("GPS")):
        return Personal.PLACE
    return Personal.IDENTITY if name in _IDENTITIES else None
