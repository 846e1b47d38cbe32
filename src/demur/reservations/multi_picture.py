"""The list of the pictures behind a JPEG's first one: gain maps, previews, other views (CIPA DC-007, section 5.2.3)."""

from demur.reservations.photo_errors import DamagedPhotoError
from demur.reservations.tiff_fields import TiffFields

_ENTRIES = 0xB002
_ENTRY_BYTES = 16
_SIZE, _OFFSET = 4, 8


def moved_pictures(raw: bytes, *, first: int, others: int) -> bytes:
    """Return the list with the first picture grown, and the others moved, by so many bytes.

    Raises:
        DamagedPhotoError: the list cannot be read, so the other pictures would be lost.
    """
    fields = TiffFields(raw)
    entries = fields.find(fields.first, _ENTRIES)
    if entries is None or not first:
        return raw
    try:
        for at in range(entries.start, entries.end - _ENTRY_BYTES + 1, _ENTRY_BYTES):
            offset = fields.number(at + _OFFSET, 4)
            if offset:
                fields.put_number(at + _OFFSET, 4, offset + others)
            else:
                fields.put_number(at + _SIZE, 4, fields.number(at + _SIZE, 4) + first)
    except OverflowError as error:
        raise DamagedPhotoError("its list of further pictures is damaged") from error
    return bytes(fields.raw)
