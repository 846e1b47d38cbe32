"""Identifiers: what lets a gate recognise a person's data.

An identifier is *verified* (an e-mail by its code, an account by the platform's sign-in) or *claimed* (typed in).
Values are normalised here, once, so that the docket, the list and the gate compare the same bytes.
"""

import re
import unicodedata
from enum import StrEnum

from demur.core.errors import FormatError

MAX_VALUE_CHARS = 320
"""The longest e-mail address (RFC 3696, erratum 1690); nothing else that identifies a person is longer."""

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
