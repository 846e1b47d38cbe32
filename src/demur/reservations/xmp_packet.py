"""XMP packets (ISO 16684-1): find properties, and change only these; every other byte stays as it is.

A packet is parsed to learn where things stand, and then spliced as text: what another program wrote (a film's place
behind the picture, a gain map, edits, a namespace nobody knows) is never written anew. The parser takes no document
type and no entity, and stops at a depth and a size.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from demur.reservations.photo_errors import XmpError

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "http://www.w3.org/XML/1998/namespace"

MAX_PACKET_BYTES = 64 * 1024 * 1024
_MAX_DEPTH = 128

Name = tuple[str, str]
"""A namespace and a name in it."""

_ATTRIBUTE = re.compile(rb"""\s+([^\s=/>]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_PADDING = re.compile(rb"[ \t\r\n]*(?=<\?xpacket end=[^>]*\?>\s*\Z)")
_HEAD = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAIL = b'\n<?xpacket end="w"?>'


@dataclass(frozen=True)
class Property:
    """A property that was looked for.

    Attributes:
        name: its namespace and name.
        values: its texts, and those inside it, in order; without the white space around them.
        start: where it begins in the packet, with the white space before it if it is an attribute.
        end: where it ends.
        value_span: where the value of an attribute stands; None for an element.
        is_of_file: whether it speaks of the file, and not of something inside it.
        written_name: as the packet spells it, with its prefix.
    """

    name: Name
    values: tuple[str, ...]
    start: int
    end: int
    value_span: tuple[int, int] | None
    is_of_file: bool
    written_name: str


@dataclass
class Packet:
    """A packet and what was found in it.

    Attributes:
        raw: its bytes, as UTF-8.
        properties: what was looked for, in order.
        rdf_start: where the first rdf:RDF begins; None without one.
        description: where attributes can be added to the first description, and the namespaces by prefix there.
    """

    raw: bytes
    properties: list[Property] = field(default_factory=list)
    rdf_start: int | None = None
    description: tuple[int, dict[str, str]] | None = None

    def with_property(self, name: Name, prefix: str, value: str) -> bytes:
        """Return the packet with one value for a property of the file. It must have been looked for.

        Raises:
            XmpError: there is nowhere to put it.
        """
        known = [each for each in self.properties if each.name == name and each.is_of_file]
        if known:
            first, *others = known
            replaced = [(*first.value_span, value)] if first.value_span else [_as_element(first, value)]
            return _padded(self.raw, _spliced(self.raw, [*replaced, *((each.start, each.end, "") for each in others)]))
        if self.description:
            at, scope = self.description
            return _padded(self.raw, _spliced(self.raw, [(at, at, _as_attribute(name, prefix, value, scope))]))
        return self._with_description(f'<rdf:Description xmlns:rdf="{RDF}" rdf:about=""', name, prefix, value)

    def without(self, unwanted: Iterable[Property]) -> bytes:
        """Return the packet without some of its properties."""
        cuts: list[tuple[int, int, str]] = []
        for each in sorted(unwanted, key=lambda one: (one.start, -one.end)):
            if not cuts or each.start >= cuts[-1][1]:
                cuts.append((each.start, each.end, ""))
        return _spliced(self.raw, cuts)

    def _with_description(self, opened: str, name: Name, prefix: str, value: str) -> bytes:
        if self.rdf_start is None:
            raise XmpError("its XMP packet has no rdf:RDF")
        description = f"{opened}{_as_attribute(name, prefix, value, {})}/>"
        end = _tag_end(self.raw, self.rdf_start)
        if not self.raw.startswith(b"/>", end - 2):
            return _padded(self.raw, _spliced(self.raw, [(end, end, description)]))
        written_name = re.split(rb"[\s/>]", self.raw[self.rdf_start + 1 : end], maxsplit=1)[0].decode()
        return _padded(self.raw, _spliced(self.raw, [(end - 2, end, f">{description}</{written_name}>")]))


def parse_packet(raw: bytes, is_wanted: Callable[[Name], bool]) -> Packet:
    """Find properties in a packet.

    Args:
        raw: a packet, or XMP without the packet's marks around it; UTF-8, UTF-16 or UTF-32.
        is_wanted: tells which names are looked for, at any depth.

    Raises:
        XmpError: not well-formed, with a document type, too large or too deep.
    """
    if len(raw) > MAX_PACKET_BYTES:
        raise XmpError("its XMP packet is too large")
    text = _as_utf8(raw)
    walk = _Walk(Packet(text), is_wanted)
    try:
        walk.parser.Parse(text.rstrip(b"\0"), True)  # noqa: FBT003  (expat's own)
    except (expat.ExpatError, ValueError, RecursionError) as error:
        raise XmpError("its XMP packet is damaged") from error
    return walk.packet


def new_packet(name: Name, prefix: str, value: str) -> bytes:
    """Return a packet that holds one property of the file."""
    empty = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"></rdf:RDF></x:xmpmeta>'
    return parse_packet(_HEAD + empty.encode() + _TAIL, lambda _name: False).with_property(name, prefix, value)


def without_padding(packet: bytes) -> bytes:
    """Return a packet without the room that its writer left for changes."""
    return _PADDING.sub(b"\n", packet, count=1)


class _Walk:
    """Goes through a packet once, keeping which namespaces and which wanted properties are open."""

    def __init__(self, packet: Packet, is_wanted: Callable[[Name], bool]) -> None:
        self.packet, self._is_wanted = packet, is_wanted
        self.parser = expat.ParserCreate("utf-8")  # whatever it declares: XMP is Unicode (ISO 16684-1, 7.1)
        self.parser.ordered_attributes = True
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse
        self._scopes: list[dict[str, str]] = [{"xml": _XML}]
        self._names: list[Name] = []
        self._open: list[tuple[int, Name, str, int, list[str]]] = []
        self._text: list[str] = []

    def _refuse(self, *_declaration: object) -> None:
        raise ValueError

    def _start(self, written: str, flat: list[str]) -> None:
        if len(self._names) == _MAX_DEPTH:
            raise ValueError
        self._flush()
        attributes = list(zip(flat[::2], flat[1::2], strict=True))
        scope = _scope(self._scopes[-1], attributes)
        name, start, depth = _resolved(written, scope, ""), self.parser.CurrentByteIndex, len(self._names)
        self._scopes.append(scope)
        self._names.append(name)
        if name == (RDF, "RDF") and self.packet.rdf_start is None:
            self.packet.rdf_start = start
            self._rdf_depth = depth
        is_resource = self.packet.rdf_start is not None and depth == self._rdf_depth + 1
        if is_resource and name == (RDF, "Description") and self.packet.description is None:
            self.packet.description = (start + 1 + len(written.encode()), scope)
        if self._is_wanted(name):
            self._open.append((depth, name, written, start, []))
            self._listen()
        own = [(each, value.strip()) for each, value in attributes if not each.startswith("xmlns")]
        if self._open:
            for attribute, value in own:
                if value and _resolved(attribute, scope, None) != (RDF, "parseType"):
                    self._give(value)
        wanted = {each.encode(): value for each, value in own if self._is_wanted(_resolved(each, scope, None))}
        if wanted:
            self._take_attributes(start, wanted, is_of_file=is_resource)

    def _take_attributes(self, tag_start: int, wanted: dict[bytes, str], *, is_of_file: bool) -> None:
        """Find where the wanted attributes of a tag stand: in one walk, however many there are."""
        for each in _attributes(self.packet.raw, tag_start):
            if each[1] in wanted:
                written = each[1].decode()
                name = _resolved(written, self._scopes[-1], None)
                span = each.span(2 if each[2] is not None else 3)
                found = Property(name, (wanted[each[1]],), *each.span(), span, is_of_file, written)
                self.packet.properties.append(found)

    def _end(self, _written: str) -> None:
        self._flush()
        self._scopes.pop()
        self._names.pop()
        depth = len(self._names)
        if not self._open or self._open[-1][0] != depth:
            return
        _depth, name, written, start, values = self._open.pop()
        end = _tag_end(self.packet.raw, start)
        if not self.packet.raw.startswith(b"/>", end - 2):
            end = self.packet.raw.index(b">", self.parser.CurrentByteIndex) + 1
        is_of_file = self.packet.rdf_start is not None and depth == self._rdf_depth + 2
        self.packet.properties.append(Property(name, tuple(values), start, end, None, is_of_file, written))
        self._listen()

    def _listen(self) -> None:
        self.parser.CharacterDataHandler = self._text.append if self._open else None

    def _flush(self) -> None:
        if self._text:
            if text := "".join(self._text).strip():
                self._give(text)
            self._text.clear()

    def _give(self, text: str) -> None:
        for _depth, _name, _written, _start, values in self._open:
            values.append(text)


def _scope(outer: dict[str, str], attributes: list[tuple[str, str]]) -> dict[str, str]:
    declared = {written[6:]: uri for written, uri in attributes if written == "xmlns" or written.startswith("xmlns:")}
    return {**outer, **declared} if declared else outer


def _resolved(written: str, scope: dict[str, str], default: str | None) -> Name:
    prefix, colon, local = written.rpartition(":")
    if not colon:
        return (scope.get("", "") if default is not None else ""), local
    return scope.get(prefix, ""), local


def _attributes(raw: bytes, tag_start: int) -> Iterator[re.Match[bytes]]:
    """Yield name (1) and value (2 or 3) of each attribute of a start tag, which the parser found to be well-formed."""
    position = tag_start + len(re.split(rb"[\s/>]", raw[tag_start : raw.index(b">", tag_start)], maxsplit=1)[0])
    while found := _ATTRIBUTE.match(raw, position):
        yield found
        position = found.end()


def _tag_end(raw: bytes, start: int) -> int:
    """Return where a start tag ends; a ">" may stand in the value of an attribute."""
    return raw.index(b">", max((each.end() for each in _attributes(raw, start)), default=start)) + 1


def _as_attribute(name: Name, prefix: str, value: str, scope: dict[str, str]) -> str:
    """Write a property as an attribute, by the prefix that is in force for its namespace, or with one of its own."""
    known = next((each for each, uri in scope.items() if uri == name[0] and each), None)
    if known:
        return f' {known}:{name[1]}="{value}"'
    free = next(each for each in (prefix, *(f"{prefix}{number}" for number in range(2, 1_000))) if each not in scope)
    return f' xmlns:{free}="{name[0]}" {free}:{name[1]}="{value}"'


def _as_element(known: Property, value: str) -> tuple[int, int, str]:
    """Replace an element by one of the same name, declaring its namespace anew: it may have been declared on it."""
    prefix, colon, _local = known.written_name.rpartition(":")
    declaration = f'xmlns{colon}{prefix}="{known.name[0]}"'
    return known.start, known.end, f"<{known.written_name} {declaration}>{value}</{known.written_name}>"


def _spliced(raw: bytes, changes: Iterable[tuple[int, int, str]]) -> bytes:
    pieces, at = [], 0
    for start, end, text in sorted(changes):
        pieces += [raw[at:start], text.encode()]
        at = end
    return b"".join([*pieces, raw[at:]])


def _padded(before: bytes, after: bytes) -> bytes:
    """Take what a packet grew by out of the room that its writer left, if there is enough."""
    grown, padding = len(after) - len(before), _PADDING.search(after)
    if grown <= 0 or padding is None or padding.end() - padding.start() <= grown:
        return after
    return after[: padding.end() - grown] + after[padding.end() :]


def _as_utf8(raw: bytes) -> bytes:
    """Return a packet as UTF-8; XMP may also be UTF-16 and UTF-32 (ISO 16684-1, section 7.1)."""
    for mark, encoding in (
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"<\0\0\0", "utf-32-le"),
        (b"\0\0\0<", "utf-32-be"),
        (b"<\0", "utf-16-le"),
        (b"\0<", "utf-16-be"),
    ):
        if raw.startswith(mark):
            try:
                return raw.decode(encoding).encode()
            except UnicodeError as error:
                raise XmpError("its XMP packet is damaged") from error
    return raw
