"""The fields of EXIF and of TIFF files: read them, and take some out without moving any other byte.

What a camera's maker writes into its own notes is found by its place in the file, so nothing may move: a field that
goes leaves zeros behind. Sources: TIFF 6.0, section 2; Exif 3.0 (CIPA DC-008), section 4.6.
"""

from collections.abc import Callable
from dataclasses import dataclass

from demur.reservations.photo_errors import DamagedPhotoError

EXIF_POINTER, GPS_POINTER = 0x8769, 0x8825
_THUMBNAIL_OFFSET, _THUMBNAIL_SIZE = 0x0201, 0x0202
_STRIP_OFFSETS, _STRIP_SIZES = 0x0111, 0x0117
_ENTRY_BYTES = 12
_INLINE_BYTES = 4
_MAX_FIELDS = 4_096
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SHORT, _RATIONAL = 3, 5


@dataclass(frozen=True)
class Field:
    """One field of a directory.

    Attributes:
        tag: its number.
        kind: the number of its type.
        start: where its value begins.
        end: where it ends; never behind the end of the bytes.
        entry: where the twelve bytes that state it begin.
    """

    tag: int
    kind: int
    start: int
    end: int
    entry: int


class TiffFields:
    """The directories of EXIF or of a TIFF file.

    Raises:
        DamagedPhotoError: when made: the bytes do not begin as TIFF does.
    """

    def __init__(self, raw: bytes) -> None:
        order = {b"II*\0": "little", b"MM\0*": "big"}.get(raw[:4])
        if order is None or len(raw) < 8:  # noqa: PLR2004  (the header)
            raise DamagedPhotoError("its EXIF is damaged")
        self.raw = bytearray(raw)
        self._is_little = order == "little"
        self.first = self.number(4, 4)

    def number(self, at: int, size_bytes: int) -> int:
        """Return a whole number in the byte order of the file."""
        return int.from_bytes(self.raw[at : at + size_bytes], "little" if self._is_little else "big")

    def put_number(self, at: int, size_bytes: int, number: int) -> None:
        """Write a whole number in the byte order of the file."""
        self.raw[at : at + size_bytes] = number.to_bytes(size_bytes, "little" if self._is_little else "big")

    def fields(self, directory: int) -> list[Field]:
        """Return the fields of a directory; none if there is no whole directory at this place."""
        count = self._count(directory)
        return [self._field(directory + 2 + number * _ENTRY_BYTES) for number in range(count)]

    def find(self, directory: int, tag: int) -> Field | None:
        """Return a directory's field with a tag."""
        return next((each for each in self.fields(directory) if each.tag == tag), None)

    def pointed(self, directory: int, tag: int) -> int:
        """Return where a field of a directory points to; 0 without such a field."""
        found = self.find(directory, tag)
        return self.number(found.entry + 8, 4) if found else 0

    def next_directory(self, directory: int) -> int:
        """Return where the next directory is; 0 behind the last."""
        return self.number(directory + 2 + self._count(directory) * _ENTRY_BYTES, 4) if directory else 0

    def value(self, field: Field) -> bytes:
        """Return a field's value as it stands."""
        return bytes(self.raw[field.start : field.end])

    def text(self, field: Field) -> str:
        """Return a field's value as text."""
        return self.value(field).partition(b"\0")[0].decode(errors="replace").strip()

    def ratios(self, field: Field) -> list[float]:
        """Return a field's fractions; one without a denominator is 0."""
        if field.kind != _RATIONAL:
            return []
        pairs = [(self.number(at, 4), self.number(at + 4, 4)) for at in range(field.start, field.end, 8)]
        return [above / below if below else 0.0 for above, below in pairs]

    def remove(self, directory: int, is_unwanted: Callable[[int], bool]) -> None:
        """Take fields out of a directory; their values, and what a pointer to GPS points to, become zeros."""
        found = self.fields(directory)
        kept = [bytes(self.raw[each.entry : each.entry + _ENTRY_BYTES]) for each in found if not is_unwanted(each.tag)]
        if len(kept) == len(found):
            return
        for each in found:
            if is_unwanted(each.tag):
                if each.tag == GPS_POINTER:
                    self._wipe_directory(self.number(each.entry + 8, 4))
                self._wipe_value(each)
        start, end = directory + 2, directory + 2 + len(found) * _ENTRY_BYTES
        following = bytes(self.raw[end : end + 4])
        self.put_number(directory, 2, len(kept))
        body = b"".join(kept) + following
        self.raw[start : end + len(following)] = body.ljust(end + len(following) - start, b"\0")

    def remove_thumbnail(self) -> None:
        """Take out the small picture that cameras put beside the large one (the second directory)."""
        pointer = self.first + 2 + self._count(self.first) * _ENTRY_BYTES
        second = self.next_directory(self.first)
        if not second:
            return
        for offset_tag, size_tag in ((_THUMBNAIL_OFFSET, _THUMBNAIL_SIZE), (_STRIP_OFFSETS, _STRIP_SIZES)):
            for offset, size in zip(self._numbers(second, offset_tag), self._numbers(second, size_tag), strict=False):
                self._wipe(offset, offset + size)
        self._wipe_directory(second)
        self.put_number(pointer, 4, 0)

    def _numbers(self, directory: int, tag: int) -> list[int]:
        found = self.find(directory, tag)
        if found is None:
            return []
        size_bytes = 2 if found.kind == _SHORT else 4
        return [self.number(at, size_bytes) for at in range(found.start, found.end, size_bytes)]

    def _count(self, directory: int) -> int:
        count = self.number(directory, 2)
        is_whole = directory > 0 and directory + 2 + count * _ENTRY_BYTES <= len(self.raw)
        return count if is_whole and count <= _MAX_FIELDS else 0

    def _field(self, entry: int) -> Field:
        tag, kind, count = self.number(entry, 2), self.number(entry + 2, 2), self.number(entry + 4, 4)
        size_bytes = _TYPE_BYTES.get(kind, 1) * count
        start = entry + 8 if size_bytes <= _INLINE_BYTES else self.number(entry + 8, 4)
        end = start + size_bytes
        return Field(tag, kind, start, end if end <= len(self.raw) else start, entry)

    def _wipe(self, start: int, end: int) -> None:
        end = min(end, len(self.raw))
        self.raw[start:end] = bytes(max(end - start, 0))

    def _wipe_value(self, field: Field) -> None:
        if field.start != field.entry + 8:
            self._wipe(field.start, field.end)

    def _wipe_directory(self, directory: int) -> None:
        found = self.fields(directory)
        for each in found:
            self._wipe_value(each)
        if found:
            self._wipe(directory, directory + 2 + len(found) * _ENTRY_BYTES + 4)
