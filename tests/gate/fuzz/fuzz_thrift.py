"""Thrift's compact protocol, as far as a Parquet footer needs it: into a tree that can be changed, and back.

Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from dataclasses import dataclass
from typing import Final

TRUE: Final = 1
FALSE: Final = 2
BYTE: Final = 3
INTEGERS: Final = (4, 5, 6)
DOUBLE: Final = 7
BINARY: Final = 8
LIST: Final = 9
STRUCT: Final = 12

_U64: Final = (1 << 64) - 1


@dataclass
class Node:
    """A value with its wire type: int, bytes (also of doubles and bytes), or the nodes inside it.

    Attributes:
        kind: the wire type.
        value: what it is.
        field: its id in the struct around it; 0 inside a list.
        item_kind: wire type of a list's elements.
    """

    kind: int
    value: "int | bytes | list[Node]"
    field: int = 0
    item_kind: int = 0


def parse_struct(raw: bytes, at: int = 0) -> tuple[Node, int]:
    """Return a struct, and the place behind it."""
    nodes: list[Node] = []
    field = 0
    while raw[at]:
        kind, step = raw[at] & 15, raw[at] >> 4
        at += 1
        if step:
            field += step
        else:
            number, at = _parse_varint(raw, at)
            field = _unzigzag(number)
        node, at = _parse_value(raw, at, kind)
        node.field = field
        nodes.append(node)
    return Node(STRUCT, nodes), at + 1


def struct_bytes(node: Node) -> bytes:
    """Return a struct's bytes."""
    return _value_bytes(node)


def _parse_value(raw: bytes, at: int, kind: int) -> tuple[Node, int]:
    if kind in (TRUE, FALSE):
        return Node(kind, kind), at
    if kind in INTEGERS:
        number, at = _parse_varint(raw, at)
        return Node(kind, _unzigzag(number)), at
    if kind in (BYTE, DOUBLE, BINARY):
        size, at = _parse_varint(raw, at) if kind == BINARY else (1 if kind == BYTE else 8, at)
        return Node(kind, raw[at : at + size]), at + size
    if kind == LIST:
        item_kind, size = raw[at] & 15, raw[at] >> 4
        at += 1
        if size == 15:
            size, at = _parse_varint(raw, at)
        items: list[Node] = []
        for _ in range(size):
            item, at = (
                (Node(BYTE, raw[at : at + 1]), at + 1)
                if item_kind in (TRUE, FALSE)
                else _parse_value(raw, at, item_kind)
            )
            items.append(item)
        return Node(kind, items, item_kind=item_kind), at
    assert kind == STRUCT
    return parse_struct(raw, at)


def _value_bytes(node: Node) -> bytes:
    value = node.value
    if node.kind in (TRUE, FALSE):
        return b""
    if isinstance(value, int):
        return _varint_bytes(_zigzag(value))
    if isinstance(value, bytes):
        return _varint_bytes(len(value)) + value if node.kind == BINARY else value
    if node.kind == LIST:
        size = len(value)
        head = bytes([size << 4 | node.item_kind]) if size < 15 else bytes([240 | node.item_kind]) + _varint_bytes(size)
        return head + b"".join(map(_value_bytes, value))
    written, before = b"", 0
    for inner in value:
        step = inner.field - before
        before = inner.field
        is_short = 0 < step <= 15
        written += bytes([step << 4 | inner.kind]) if is_short else bytes([inner.kind]) + _varint_bytes(_zigzag(before))
        written += _value_bytes(inner)
    return written + b"\0"


def _parse_varint(raw: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        number |= (raw[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if not raw[at - 1] & 128:
            return number, at


def _varint_bytes(number: int) -> bytes:
    written = b""
    while number > 127:
        written += bytes([number & 127 | 128])
        number >>= 7
    return written + bytes([number])


def _zigzag(number: int) -> int:
    return (number << 1 ^ number >> 63) & _U64


def _unzigzag(number: int) -> int:
    return number >> 1 ^ -(number & 1)
