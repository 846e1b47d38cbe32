"""XML of strangers, read without what makes it dangerous: no document type, no entities, no depth, no size.

Source: the parser is expat, whose handlers refuse; what it builds holds nothing from outside of the bytes.
"""

from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from demur.core.errors import FormatError

MAX_XML_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 64


class UnsafeXmlError(FormatError):
    """XML that is not well-formed, or has a document type, is too deep or too large."""


def parse_xml(raw: bytes) -> Element:
    """Return the root; tags and attributes are written `{namespace}name`.

    Raises:
        UnsafeXmlError: the bytes are not such XML; nothing of them was resolved or fetched.
    """
    if len(raw) > MAX_XML_BYTES:
        raise UnsafeXmlError("the XML is too large")
    tree = _Tree()
    try:
        tree.parser.Parse(raw, True)  # noqa: FBT003 (expat's own)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise UnsafeXmlError("the XML is not well-formed") from error
    return tree.builder.close()


class _Tree:
    """A parser that builds elements, and the depth that it has reached."""

    def __init__(self) -> None:
        self.builder = TreeBuilder()
        self.depth = 0
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.builder.data
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnsafeXmlError("the XML is too deep")
        self.builder.start(_in_braces(name), {_in_braces(key): value for key, value in attributes.items()})

    def _end(self, name: str) -> None:
        self.depth -= 1
        self.builder.end(_in_braces(name))

    def _refuse(self, *_: object) -> None:
        """Stop at a document type, without which there are no entities but XML's own five."""
        raise UnsafeXmlError("the XML has a document type")


def _in_braces(name: str) -> str:
    return f"{{{name}" if "}" in name else name
