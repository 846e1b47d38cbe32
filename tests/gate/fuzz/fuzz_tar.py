"""Damage that is about tar shards: members that one reader finds and the next one does not, under good checksums."""

import io
import tarfile
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from fuzz_json import damage_lines

Change = Callable[[list[bytes], Random], None]

_BLOCK: Final = 512
_CHECKSUM: Final = slice(148, 156)
_TYPES: Final = b"01234567xgLKSVDAN\0"
_PLACES: Final = (0, 1, 5, 99, 100, 107, 124, 125, 134, 135, 136, 156, 157, 257, 258, 262, 263, 264, 345, 346, 499, 511)


def damage_members(raw: bytes, random: Random) -> bytes:
    """Return a tar file in which one to three blocks, headers mostly, say something else."""
    blocks = [raw[at : at + _BLOCK].ljust(_BLOCK, b"\0") for at in range(0, len(raw), _BLOCK)]
    for _ in range(random.choice((1, 1, 2, 3))):
        random.choice(_CHANGES)(blocks, random)
    return b"".join(blocks)


def _headers(blocks: list[bytes]) -> list[int]:
    """Return the places of what looks like a header."""
    return [place for place, block in enumerate(blocks) if block[257:262] == b"ustar"] or [0]


def _sign(block: bytes) -> bytes:
    """Return a header with the checksum that it should have."""
    blank = block[:148] + b" " * 8 + block[156:]
    return block[:148] + b"%06o\0 " % sum(blank) + block[156:]


def _other_byte(blocks: list[bytes], random: Random) -> None:
    place = random.choice(_headers(blocks))
    changed = bytearray(blocks[place])
    changed[random.choice((*_PLACES, random.randrange(_BLOCK)))] = random.choice(
        (0, 32, 47, 48, 49, 128, 255, random.randrange(256))
    )
    blocks[place] = _sign(bytes(changed)) if random.randrange(5) else bytes(changed)


def _other_type(blocks: list[bytes], random: Random) -> None:
    place = random.choice(_headers(blocks))
    block = blocks[place]
    blocks[place] = _sign(block[:156] + bytes([random.choice(_TYPES)]) + block[157:])


def _other_size(blocks: list[bytes], random: Random) -> None:
    place = random.choice(_headers(blocks))
    block = blocks[place]
    size = random.choice((0, 1, 511, 512, 513, 1024, 1536, 1 << 33, random.randrange(2000)))
    written = random.choice((b"%011o\0" % size, b"%011o " % size, b"%12o" % size, b"\x80" + size.to_bytes(11, "big")))
    blocks[place] = _sign(block[:124] + written + block[136:])


def _other_name(blocks: list[bytes], random: Random) -> None:
    place, other = random.choice(_headers(blocks)), random.choice(_headers(blocks))
    name = blocks[other][:100].rstrip(b"\0")
    name = random.choice(
        (
            name,
            name.upper(),
            b"./" + name,
            b"/" + name,
            b"../" + name,
            name + b"/",
            name.replace(b".json", b".JSON"),
            name.replace(b".", b"..", 1),
            b"." + name,
        )
    )
    block = blocks[place]
    blocks[place] = _sign(name[:100].ljust(100, b"\0") + block[100:])


def _extend(blocks: list[bytes], random: Random) -> None:
    """Put another header before a member, that gives it another name, size or kind."""
    place = random.choice(_headers(blocks))
    records = random.choice(
        (
            b"path=000003.json",
            b"path=000003.jpg",
            b"size=10",
            b"size=0",
            b"GNU.sparse.major=1",
            b"GNU.sparse.name=000001.json",
            b"hdrcharset=BINARY",
            b"path=\xff\xfe.json",
        )
    )
    body = b" " + records + b"\n"
    size = next(size for size in range(len(body), len(body) + 5) if len(str(size)) + len(body) == size)
    content = str(size).encode() + body
    info = tarfile.TarInfo("pax")
    info.type, info.size = random.choice((b"x", b"x", b"g", b"L", b"K")), len(content)
    blocks[place:place] = [_sign(info.tobuf(tarfile.USTAR_FORMAT)), content.ljust(_BLOCK, b"\0")]


def _move_blocks(blocks: list[bytes], random: Random) -> None:
    start = random.randrange(len(blocks))
    stop = min(len(blocks), start + random.randrange(1, 6))
    moved = blocks[start:stop]
    if random.randrange(2):
        del blocks[start:stop]
    at = random.randrange(len(blocks) + 1)
    blocks[at:at] = moved


def _lose_blocks(blocks: list[bytes], random: Random) -> None:
    start = random.randrange(len(blocks))
    del blocks[start : start + random.randrange(1, 6)]
    if not blocks:
        blocks.append(bytes(_BLOCK))


def _zero_block(blocks: list[bytes], random: Random) -> None:
    """Put an end where there is more to come: some readers stop there, and others go on."""
    at = random.randrange(len(blocks) + 1)
    blocks[at : at + random.randrange(2)] = [bytes(_BLOCK)] * random.choice((1, 2, 3))


def _other_record(blocks: list[bytes], random: Random) -> None:
    """Damage the JSON in a block, which may then say less or more than the header has room for."""
    places = [place for place, block in enumerate(blocks) if block.startswith(b"{")]
    if places:
        place = random.choice(places)
        text = blocks[place].rstrip(b"\0")
        changed = damage_lines(text, random)
        blocks[place] = changed[:_BLOCK].ljust(_BLOCK, random.choice((b"\0", b" ")))
        if random.randrange(3):
            _fit_size(blocks, place, min(len(changed), _BLOCK))


def _fit_size(blocks: list[bytes], place: int, size: int) -> None:
    header = blocks[place - 1]
    if header[257:262] == b"ustar":
        blocks[place - 1] = _sign(header[:124] + b"%011o\0" % size + header[136:])


_CHANGES: Final[Sequence[Change]] = (
    _other_byte,
    _other_type,
    _other_size,
    _other_name,
    _extend,
    _move_blocks,
    _lose_blocks,
    _zero_block,
    _other_record,
    _other_record,
)


def shard_of(records: Sequence[bytes], tar_format: int) -> bytes:
    """Return a shard with a picture and a record for each sample."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tar_format) as tar:
        for number, record in enumerate(records):
            for name, content in ((f"{number:06d}.jpg", bytes([number]) * number), (f"{number:06d}.json", record)):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return raw.getvalue()
