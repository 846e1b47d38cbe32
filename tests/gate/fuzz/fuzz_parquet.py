"""Damage that is about Parquet: footers and page headers that lie in good Thrift.

Row groups change places, columns point to one another's pages, statistics and counts are false, types are others.
"""

from random import Random
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from fuzz_thrift import BYTE, DOUBLE, FALSE, LIST, STRUCT, TRUE, Node, parse_struct, struct_bytes

_MAGIC: Final = b"PAR1"
_TELLING: Final = (0, 1, -1, 2, 5, 49, 50, 51, 127, 128, 1 << 20, (1 << 31) - 1, -(1 << 31), (1 << 62), -(1 << 63))


def damage_structure(raw: bytes, random: Random) -> bytes:
    """Return a Parquet file whose footer, or one of whose page headers, says something else."""
    return _damage_page_header(raw, random) if random.randrange(3) == 0 else _damage_footer(raw, random)


def _damage_footer(raw: bytes, random: Random) -> bytes:
    size = int.from_bytes(raw[-8:-4], "little")
    body, footer = raw[: -8 - size], raw[-8 - size : -8]
    tree, _ = parse_struct(footer)
    for _ in range(random.choice((1, 1, 2, 4))):
        _change(tree, tree, random)
    written = struct_bytes(tree)
    return body + written + len(written).to_bytes(4, "little") + _MAGIC


def _damage_page_header(raw: bytes, random: Random) -> bytes:
    footer = pq.read_metadata(pa.BufferReader(raw))
    group = footer.row_group(random.randrange(footer.num_row_groups))
    chunk = group.column(random.randrange(group.num_columns))
    at = chunk.data_page_offset
    if chunk.dictionary_page_offset and random.randrange(2):
        at = chunk.dictionary_page_offset
    header, end = parse_struct(raw, at)
    _change(header, header, random)
    written = struct_bytes(header)
    # Of the same length, the rest of the file stays where the footer says; else the page after it is cut or moved.
    return raw[:at] + written + raw[end if random.randrange(4) else at + len(written) :]


def _change(node: Node, root: Node, random: Random) -> None:
    """Walk down to some value, and change it or the list or struct on the way."""
    value = node.value
    if node.kind in (TRUE, FALSE):
        node.kind = node.value = TRUE + FALSE - node.kind
    elif isinstance(value, int):
        _change_integer(node, value, root, random)
    elif isinstance(value, bytes):
        _change_bytes(node, value, root, random)
    elif value and random.randrange(6):
        _change(random.choice(value), root, random)
    elif value and node.kind == LIST:
        _change_list(value, random)
    elif value and node.kind == STRUCT:
        del value[random.randrange(len(value))]


def _change_integer(node: Node, value: int, root: Node, random: Random) -> None:
    alike = [each.value for each in _walk(root) if each.kind == node.kind]
    changed = random.choice(
        (
            value + 1,
            value - 1,
            -value,
            value * 2,
            random.choice(_TELLING),
            value ^ 1 << random.randrange(31),
            random.choice(alike),
        )
    )
    assert isinstance(changed, int)
    node.value = max(-(1 << 63), min((1 << 63) - 1, changed))


def _change_bytes(node: Node, value: bytes, root: Node, random: Random) -> None:
    alike = [each.value for each in _walk(root) if each.kind == node.kind]
    changed = bytearray(value)
    if changed:
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    if node.kind in (BYTE, DOUBLE):
        node.value = bytes(changed)
        return
    taken = random.choice(alike)
    assert isinstance(taken, bytes)
    node.value = random.choice((bytes(changed), taken, b"", value + b"\0", value.upper()))


def _change_list(nodes: list[Node], random: Random) -> None:
    one, other = (random.randrange(len(nodes)) for _ in range(2))
    match random.randrange(5):
        case 0:
            nodes[one], nodes[other] = nodes[other], nodes[one]
        case 1:
            nodes.reverse()
        case 2:
            nodes.append(nodes[one])
        case 3:
            del nodes[one]
        case 4:
            nodes[one] = nodes[other]


def _walk(node: Node) -> list[Node]:
    inner = node.value if isinstance(node.value, list) else []
    return [node, *(each for part in inner for each in _walk(part))]
