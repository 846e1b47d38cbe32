"""Damage that any file can take: flipped bits, cuts, blocks that are swapped, doubled, lost or of another file."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

_EDGE_BYTES: Final = 512
_MOST_BLOCK_BYTES: Final = 256
_TELLING_BYTES: Final = b'\x00\x01\x7f\x80\xfe\xff\n\r\t "\\{}[],:;'

Change = Callable[[bytearray, Random], None]


def damage(raw: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Return a file with one to three things done to it.

    Args:
        raw: the file.
        others: files that a block may come from.
        random: decides what is done.
    """
    changed = bytearray(raw)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        if not changed:
            break
        if random.randrange(12) == 0:
            _graft(changed, random.choice(others), random)
        else:
            random.choice(_CHANGES)(changed, random)
    return bytes(changed)


def _flip_bits(raw: bytearray, random: Random) -> None:
    for _ in range(random.choice((1, 1, 2, 8))):
        raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)


def _flip_bits_at_the_head(raw: bytearray, random: Random) -> None:
    raw[random.randrange(min(len(raw), _EDGE_BYTES))] ^= 1 << random.randrange(8)


def _flip_bits_at_the_foot(raw: bytearray, random: Random) -> None:
    raw[-1 - random.randrange(min(len(raw), _EDGE_BYTES))] ^= 1 << random.randrange(8)


def _set_byte(raw: bytearray, random: Random) -> None:
    raw[random.randrange(len(raw))] = random.choice(_TELLING_BYTES)


def _cut_off(raw: bytearray, random: Random) -> None:
    del raw[random.randrange(len(raw)) :]


def _cut_off_the_head(raw: bytearray, random: Random) -> None:
    del raw[: random.randrange(1, min(len(raw), _EDGE_BYTES) + 1)]


def _lose_block(raw: bytearray, random: Random) -> None:
    start, stop = _block(raw, random)
    del raw[start:stop]


def _double_block(raw: bytearray, random: Random) -> None:
    start, stop = _block(raw, random)
    raw[stop:stop] = raw[start:stop]


def _move_block(raw: bytearray, random: Random) -> None:
    start, stop = _block(raw, random)
    block = raw[start:stop]
    del raw[start:stop]
    at = random.randrange(len(raw) + 1)
    raw[at:at] = block


def _swap_blocks(raw: bytearray, random: Random) -> None:
    size = random.randrange(1, min(len(raw), _MOST_BLOCK_BYTES) + 1)
    one, other = (random.randrange(len(raw) - size + 1) for _ in range(2))
    raw[one : one + size], raw[other : other + size] = raw[other : other + size], raw[one : one + size]


def _zero_block(raw: bytearray, random: Random) -> None:
    start, stop = _block(raw, random)
    raw[start:stop] = bytes(stop - start)


def _add_rubbish(raw: bytearray, random: Random) -> None:
    at = random.choice((0, len(raw), random.randrange(len(raw))))
    raw[at:at] = random.randbytes(random.randrange(1, 40))


def _double_all(raw: bytearray, _random: Random) -> None:
    raw += bytes(raw)


def _graft(raw: bytearray, other: bytes, random: Random) -> None:
    """Put a block of another file in, or the whole file behind."""
    if random.randrange(3) == 0:
        raw += other
        return
    start, stop = _block(bytearray(other), random)
    at = random.randrange(len(raw))
    raw[at : at + stop - start] = other[start:stop]


def _block(raw: bytearray, random: Random) -> tuple[int, int]:
    start = random.randrange(len(raw))
    return start, min(len(raw), start + random.randrange(1, _MOST_BLOCK_BYTES))


_CHANGES: Final[Sequence[Change]] = (
    _flip_bits,
    _flip_bits_at_the_head,
    _flip_bits_at_the_foot,
    _set_byte,
    _cut_off,
    _cut_off_the_head,
    _lose_block,
    _double_block,
    _move_block,
    _swap_blocks,
    _zero_block,
    _add_rubbish,
    _double_all,
)
