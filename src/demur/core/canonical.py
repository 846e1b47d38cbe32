"""One value, one sequence of bytes: the JSON that Demur commits to and signs.

`canonical_json` is RFC 8785 (JSON Canonicalization Scheme) without floating point numbers, which no statement of ours
needs, and with ASCII keys only, for which the RFC's order by UTF-16 code unit and Python's order agree.
`readable_json` is the same value indented, for the files that people open; it too has exactly one form.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from demur.core.errors import FormatError

MAX_INTEGER = (1 << 53) - 1
"""The largest integer that every JSON reader keeps exactly (RFC 7493, section 2.2)."""

Json = str | int | bool | None | Mapping[str, "Json"] | Sequence["Json"]
JsonObject = Mapping[str, Json]

_SURROGATE = re.compile("[\ud800-\udfff]")


def canonical_json(value: Json) -> bytes:
    """Return the canonical bytes of a value (RFC 8785, without floats).

    Raises:
        FormatError: the value holds a float, an integer that RFC 8785's readers would round, a non-ASCII key, a lone
            surrogate, or a type that JSON does not know.
    """
    _check(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def readable_json(value: Json) -> str:
    """Return the one indented form of a value, ending in a newline."""
    _check(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2) + "\n"


def parse_readable_json(text: str) -> JsonObject:
    """Parse a JSON object that must be in the exact form that `readable_json` writes.

    Raises:
        FormatError: not JSON, not an object, or not in that form, so that no byte of a signed file is without meaning.
    """
    try:
        value = json.loads(text)
        same = isinstance(value, dict) and readable_json(value) == text
    except (ValueError, RecursionError) as error:
        raise FormatError("this is not JSON: the file is damaged or of another kind") from error
    if not same:
        raise FormatError("the JSON is not in the form in which it was written: it was edited or damaged")
    return value  # type: ignore[no-any-return]


def instant_text(instant: datetime) -> str:
    """Write an aware instant as UTC to the second, e.g. `2026-11-23T10:00:00Z`."""
    if instant.tzinfo is None:
        raise FormatError("an instant without a time zone cannot be written down")
    return instant.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_instant(text: Json) -> datetime:
    """Parse what `instant_text` writes; anything else is refused."""
    try:
        instant = datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise FormatError("an instant is not written as YYYY-MM-DDTHH:MM:SSZ") from error
    if instant_text(instant) != text:  # strptime also reads single digits
        raise FormatError("an instant is not written as YYYY-MM-DDTHH:MM:SSZ")
    return instant


def _check(value: Json) -> None:
    match value:
        case None | bool():
            return
        case int() | str():
            _check_scalar(value)
        case dict():
            for key, item in value.items():
                if not isinstance(key, str) or not key.isascii():
                    raise FormatError("a key of a statement must be ASCII text")
                _check(item)
        case list() | tuple():
            for item in value:
                _check(item)
        case _:
            raise FormatError(f"a statement cannot hold a value of type {type(value).__name__}")


def _check_scalar(value: int | str) -> None:
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise FormatError("a statement cannot hold an integer of more than 53 bits")
    if isinstance(value, str) and _SURROGATE.search(value):
        raise FormatError("a text of a statement holds half a character (a lone surrogate)")
