"""Typed reading of the fields of a parsed statement: a missing or mistyped field is a FormatError, never a KeyError."""

import base64
import binascii
import re
from datetime import datetime
from typing import TypeVar

from demur.core.canonical import Json, JsonObject, parse_instant
from demur.core.errors import FormatError

_T = TypeVar("_T")
_HEX = re.compile(r"(?:[0-9a-f]{2})*\Z")


class Fields:
    """The fields of one statement, each of which must be read exactly once before `end`."""

    def __init__(self, values: Json, what: str) -> None:
        if not isinstance(values, dict):
            raise FormatError(f"{what} is not an object")
        self._left = dict(values)
        self._what = what

    def _take(self, name: str, wanted: type[_T]) -> _T:
        if name not in self._left:
            raise FormatError(f'{self._what} has no field "{name}"')
        value = self._left.pop(name)
        if not isinstance(value, wanted) or isinstance(value, bool):  # Python's bool is an int, JSON's is not
            raise FormatError(f'{self._what}: field "{name}" is not of type {wanted.__name__}')
        return value

    def text(self, name: str) -> str:
        """Return a string."""
        return self._take(name, str)

    def count(self, name: str) -> int:
        """Return a whole number from 0."""
        value = self._take(name, int)
        if value < 0:
            raise FormatError(f'{self._what}: field "{name}" is below zero')
        return value

    def instant(self, name: str) -> datetime:
        """Return an aware UTC instant."""
        return parse_instant(self.text(name))

    def hex_bytes(self, name: str, length_bytes: int) -> bytes:
        """Return bytes written as lower-case hexadecimal."""
        text = self.text(name)
        if not _HEX.match(text) or len(text) != 2 * length_bytes:
            raise FormatError(f'{self._what}: field "{name}" is not {length_bytes} bytes of hexadecimal')
        return bytes.fromhex(text)

    def hex_bytes_or_null(self, name: str, length_bytes: int) -> bytes | None:
        """Return bytes written as lower-case hexadecimal; None if the field is there and null."""
        if self._left.get(name, "") is None:
            del self._left[name]
            return None
        return self.hex_bytes(name, length_bytes)

    def items(self, name: str) -> list[Json]:
        """Return a list."""
        return self._take(name, list)

    def texts(self, name: str) -> list[str]:
        """Return a list of strings."""
        items = self.items(name)
        texts = [item for item in items if isinstance(item, str)]
        if len(texts) != len(items):
            raise FormatError(f'{self._what}: field "{name}" holds something that is not text')
        return texts

    def object(self, name: str) -> JsonObject:
        """Return an object as it is."""
        return self._take(name, dict)

    def object_or_null(self, name: str) -> JsonObject | None:
        """Return an object as it is; None if the field is there and null."""
        if self._left.get(name, "") is None:
            del self._left[name]
            return None
        return self.object(name)

    def end(self) -> None:
        """Refuse fields that nobody read: a reader must not pass over what it does not know."""
        if self._left:
            raise FormatError(f'{self._what} has an unknown field "{min(self._left)}"')


def parse_base64(text: Json, length_bytes: int | None = None) -> bytes:
    """Decode standard Base64, of a known length if one is given, refusing any second spelling of the same bytes."""
    try:
        raw = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError("a value is not Base64") from error
    if base64.b64encode(raw).decode() != text:
        raise FormatError("a Base64 value is not in its one spelling")
    if length_bytes is not None and len(raw) != length_bytes:
        raise FormatError(f"a Base64 value is not {length_bytes} bytes long")
    return raw
