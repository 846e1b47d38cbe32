"""Where an input or an output is: a path on this machine, or the address of something in an object store."""

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from demur.gate.errors import StoreError

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_LOCAL_SCHEMES: Final = {"file", "local"}
_WEB_SCHEMES: Final = {"http", "https"}
_SAME_STORE: Final = {"s3a": "s3", "gcs": "gs", "abfss": "abfs", "az": "abfs"}
_CHAIN: Final = "::"
_MAGIC: Final = re.compile(r"[*?[]")


@dataclass(frozen=True)
class Address:
    """A place in an object store, e.g. `s3://bucket/lake/`. As text it never says a password.

    Attributes:
        text: as it was given; it may hold a password, so it is never shown.
    """

    text: str = field(repr=False)

    def __str__(self) -> str:
        """Return the address without what may open a door: user, password, query and fragment."""
        parts = urlsplit(self.text)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def name(self) -> str:
        """Its last part."""
        return PurePosixPath(str(self)).name


Place: TypeAlias = Path | Address


def parse_place(text: str) -> Place:
    """Return the place that somebody has typed.

    Raises:
        StoreError: an address inside another one, such as `zip://a::s3://b`, or one that may hold a secret.
    """
    scheme = _SCHEME.search(text)
    if scheme is None:
        return Path(text)
    if _CHAIN in text or scheme.start():
        raise StoreError(
            "an address inside another one cannot be gated", hint="give the address of the files themselves"
        )
    if scheme[1].lower() in _WEB_SCHEMES and "?" in text:
        raise StoreError(
            "an address of the web with a question mark cannot be gated: a manifest would name what may be secret",
            hint="download the file, and gate that",
        )
    if scheme[1].lower() in _LOCAL_SCHEMES:
        return Path(text[scheme.end() :])
    return Address(text)


def has_wildcard(text: str) -> bool:
    """Tell whether a path or address stands for several: with *, ?, or [."""
    return _MAGIC.search(text) is not None


def fixed_part(pattern: str) -> str:
    """Return the folder above the first part of a pattern that has a wildcard; "" if that is the first part."""
    parts = pattern.split("/")
    return "/".join(takewhile(lambda part: not has_wildcard(part), parts))


def would_read(inputs: Place, out: Place) -> bool:
    """Tell whether a later run over an input could find there what a run writes to an output."""
    wanted, written = _parts(inputs), _parts(out)
    for want, part in zip(wanted, written, strict=False):
        if want == "**":
            return True
        if want != part and not (has_wildcard(want) and fnmatchcase(part, want)):
            return False
    return len(wanted) <= len(written) or any(map(has_wildcard, wanted))


def _parts(place: Place) -> list[str]:
    if isinstance(place, Path):
        return list(place.resolve().parts)
    scheme, _, rest = str(place).partition("://")
    return [_SAME_STORE.get(scheme, scheme), *(part for part in rest.split("/") if part)]
