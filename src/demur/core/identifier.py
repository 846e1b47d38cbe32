"""Identifiers: what lets a gate recognise a person's data.

An identifier is *verified* (an e-mail by its code, an account by the platform's sign-in) or *claimed* (typed in).
Values are normalised here, once, so that the docket, the list and the gate compare the same bytes.
"""

import binascii
import math
import re
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Iterable
from enum import StrEnum

from demur.core.errors import FormatError

MAX_VALUE_CHARS = 320
"""The longest e-mail address (RFC 3696, erratum 1690); of what identifies a person, only a photo is longer."""

PHOTO_HASH_BYTES = 32
MAX_PHOTO_HASHES = 1_024
"""Of one photo: its own, and those of copies that people make of it."""

FACE_DIMENSIONS = 128
FACE_STEPS = 200
"""An embedding's numbers are rounded to one in so many: 8 bits then reach from -0.635 to 0.635."""

_MOST_STEPS = 127
_ACCOUNT = re.compile(r"[a-z0-9-]+:[^\s:]+\Z")
_HANDLE = re.compile(r"[^\s@/:]+\Z")
_EMAIL = re.compile(r"[^\s@<>\",;:\\()\[\]]+@[^\s@<>\",;:\\()\[\]]+\.[^\s@<>\",;:\\()\[\].]+\Z")
_PROFILE_LINK = re.compile(r"https?://[^/\s]+/(?:profile/|u/)?@?([^/?#\s]+)/?(?:[?#].*)?\Z", re.IGNORECASE)


class IdentifierKind(StrEnum):
    """The kinds a suppression list can carry; their order in the file is this order."""

    ACCOUNT = "account"
    HANDLE = "handle"
    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    PHOTO = "photo"
    FACE = "face"


class Standing(StrEnum):
    """How an identifier came to be believed."""

    VERIFIED = "verified"
    CLAIMED = "claimed"


def normalise_handle(text: str) -> str:
    """Return a handle as platforms compare them: NFKC, case-folded, without "@", taken out of a profile link.

    Raises:
        FormatError: nothing like a handle. The text itself is not repeated, since it is personal data.
    """
    folded = unicodedata.normalize("NFKC", text).strip()
    link = _PROFILE_LINK.match(folded)
    handle = (link[1] if link else folded).removeprefix("@").casefold()
    if not _HANDLE.match(handle) or len(handle) > MAX_VALUE_CHARS:
        raise FormatError("this is not a handle or a link to a profile")
    return handle


def normalise_email(text: str) -> str:
    """Return an e-mail address as it is compared: NFKC, case-folded, without space around it.

    Case is folded on both sides of the "@": no provider that people use tells addresses apart by case (RFC 5321,
    section 2.4, discourages it), and a person must not fail to be found for a capital letter.

    Raises:
        FormatError: nothing like an address.
    """
    folded = unicodedata.normalize("NFKC", text).strip().casefold()
    if not _EMAIL.match(folded) or len(folded) > MAX_VALUE_CHARS:
        raise FormatError("this is not an e-mail address")
    return folded


def check_account(value: str) -> str:
    """Return an account's `namespace:stable-id` unchanged, or refuse it.

    Signs that nobody sees, and other spellings of the same text (not NFKC), are refused: with them a value would look
    like an account that is listed, and be another.
    """
    is_plain = value.isprintable() and unicodedata.is_normalized("NFKC", value)
    if not is_plain or not _ACCOUNT.match(value) or len(value) > MAX_VALUE_CHARS:
        raise FormatError("an account is written namespace:stable-id")
    return value


def photo_value(hashes: Iterable[bytes]) -> str:
    """Return the PDQ hashes of a photo and of copies of it as one value: each once, in order, in base64 (RFC 4648).

    The same photo gives the same value, whoever sends it.

    Raises:
        FormatError: none, too many, or one of another length.
    """
    listed = sorted(set(hashes))
    if not 0 < len(listed) <= MAX_PHOTO_HASHES or any(len(one) != PHOTO_HASH_BYTES for one in listed):
        raise FormatError(f"a photo has 1 to {MAX_PHOTO_HASHES} hashes of {PHOTO_HASH_BYTES} bytes")
    return b64encode(b"".join(listed)).decode()


def photo_hashes(value: str) -> bytes:
    """Return the hashes of a photo, one after the other, from its value; refuse one that `photo_value` did not write.

    Raises:
        FormatError: it is not normalised.
    """
    try:
        raw = b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError("this is not the value of a photo") from error
    if photo_value(raw[at : at + PHOTO_HASH_BYTES] for at in range(0, len(raw), PHOTO_HASH_BYTES)) != value:
        raise FormatError("this is not the value of a photo: its hashes are out of order, or one is there twice")
    return raw


def face_value(embedding: Iterable[float]) -> str:
    """Return the embedding of a face as one value: each number a signed byte, in steps of 1/200, in base64 (RFC 4648).

    172 characters. What lies beyond 127 steps is cut off there. The rounding moves an embedding by 0.016 on average,
    where two of one person lie up to 0.6 apart.

    Args:
        embedding: 128 finite numbers.

    Raises:
        FormatError: other than 128 numbers, or one that is not finite.
    """
    numbers = [float(number) for number in embedding]
    if len(numbers) != FACE_DIMENSIONS or not all(map(math.isfinite, numbers)):
        raise FormatError(f"a face has {FACE_DIMENSIONS} finite numbers")
    steps = (min(max(number * FACE_STEPS, -_MOST_STEPS), _MOST_STEPS) for number in numbers)
    return b64encode(b"".join(round(step).to_bytes(1, signed=True) for step in steps)).decode()


def face_embedding(value: str) -> tuple[float, ...]:
    """Return the 128 numbers of a face from its value; refuse one that `face_value` did not write.

    Raises:
        FormatError: it is not normalised.
    """
    try:
        raw = b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError("this is not the value of a face") from error
    numbers = tuple((byte ^ 0x80) - 0x80 for byte in raw)
    embedding = tuple(number / FACE_STEPS for number in numbers)
    if face_value(embedding) != value:
        raise FormatError("this is not the value of a face: it has a second spelling")
    return embedding
