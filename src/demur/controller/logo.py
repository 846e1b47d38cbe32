"""Logos of products: PNG or SVG, held as bytes, so that what is served is what was checked.

A page shows a logo as an image and never as part of itself. A browser runs no script of an image; but the logo has an
address of its own, which somebody may open, so an SVG that can do more than be looked at is refused all the same.
"""

from dataclasses import dataclass
from typing import Final, NoReturn
from xml.parsers import expat

MAX_LOGO_BYTES: Final = 20_000
"""A page is to arrive quickly on a slow line; a logo is a small part of it."""

_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_SVG: Final = "http://www.w3.org/2000/svg svg"
_ACTIVE: Final = frozenset(
    {"script", "foreignobject", "iframe", "embed", "object", "audio", "video", "handler", "listener"}
)


@dataclass(frozen=True)
class Logo:
    """A product's logo.

    Attributes:
        path: relative to the controller's file, as that file writes it.
        media_type: image/svg+xml or image/png.
        raw: the bytes of the file.
    """

    path: str
    media_type: str
    raw: bytes


class LogoRefusedError(ValueError):
    """A file is no logo that can be shown; says why. Does not leave this room."""


def read_logo(path: str, raw: bytes) -> Logo:
    """Return the logo in a file's bytes.

    Raises:
        LogoRefusedError: too large, neither PNG nor SVG, or an SVG that holds more than a drawing.
    """
    if len(raw) > MAX_LOGO_BYTES:
        raise LogoRefusedError(f"has {len(raw)} bytes; a logo may have {MAX_LOGO_BYTES}")
    if raw.startswith(_PNG_SIGNATURE):
        return Logo(path, "image/png", raw)
    _check_svg(raw)
    return Logo(path, "image/svg+xml", raw)


def _check_svg(raw: bytes) -> None:
    seen: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if not seen and name != _SVG:
            raise LogoRefusedError("is neither a PNG nor an SVG picture")
        seen.append(name)
        _check_element(name.rpartition(" ")[2].lower(), attributes)

    def refuse_declaration(*_: object) -> NoReturn:
        raise LogoRefusedError("is an SVG with a document type, which a logo does not need")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse_declaration
    try:
        parser.Parse(raw, True)  # noqa: FBT003  (expat takes it by position only)
    except expat.ExpatError as error:
        raise LogoRefusedError("is neither a PNG nor an SVG picture") from error


def _check_element(element: str, attributes: dict[str, str]) -> None:
    if element in _ACTIVE:
        raise LogoRefusedError(f'is an SVG with an element "{element}", which can do more than be looked at')
    for name, value in attributes.items():
        plain = name.rpartition(" ")[2].lower()
        if plain.startswith("on"):
            raise LogoRefusedError(f'is an SVG with a script in "{plain}"')
        if plain in {"href", "src"} and not value.startswith(("#", "data:image/png;", "data:image/jpeg;")):
            raise LogoRefusedError(f'is an SVG whose "{plain}" leads out of the file')
