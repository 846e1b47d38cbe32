"""Damage that is about Arrow IPC: messages in another order, numbers in their heads and offsets in their bodies."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random
from typing import Final

Change = Callable[[list[bytes], Random], None]

_CONTINUATION: Final = b"\xff\xff\xff\xff"
_ALIGNMENT: Final = 8
_TELLING: Final = (0, 1, -1, 2, 4, 7, 8, 49, 50, 51, 255, 1 << 16, (1 << 31) - 1, -(1 << 31))


def damage_messages(raw: bytes, random: Random) -> bytes:
    """Return an Arrow file or stream in which one to three messages changed."""
    messages = _split(raw)
    for _ in range(random.choice((1, 1, 2, 3))):
        random.choice(_CHANGES)(messages, random)
    return b"".join(messages)


def _split(raw: bytes) -> list[bytes]:
    """Return what stands before the first message, and the messages; the last has the footer, if there is one."""
    starts = [at for at in range(0, len(raw), _ALIGNMENT) if raw[at : at + 4] == _CONTINUATION]
    bounds = [0, *starts, len(raw)]
    return [raw[start:end] for start, end in pairwise(bounds)]


def _other_number(messages: list[bytes], random: Random) -> None:
    """Set a number of two, four or eight bytes: a length, an offset, a count, a type."""
    place = random.randrange(len(messages))
    size = random.choice((2, 4, 4, 8))
    if len(messages[place]) < size:
        return
    at = random.randrange(0, len(messages[place]) - size + 1, random.choice((1, size)))
    old = int.from_bytes(messages[place][at : at + size], "little", signed=True)
    new = random.choice((old + 1, old - 1, old * 2, random.choice(_TELLING), old ^ 1 << random.randrange(size * 8 - 1)))
    written = (new & (1 << size * 8) - 1).to_bytes(size, "little")
    messages[place] = messages[place][:at] + written + messages[place][at + size :]


def _swap(messages: list[bytes], random: Random) -> None:
    one, other = (random.randrange(len(messages)) for _ in range(2))
    messages[one], messages[other] = messages[other], messages[one]


def _double(messages: list[bytes], random: Random) -> None:
    messages.insert(random.randrange(len(messages) + 1), random.choice(messages))


def _replace(messages: list[bytes], random: Random) -> None:
    messages[random.randrange(len(messages))] = random.choice(messages)


def _lose(messages: list[bytes], random: Random) -> None:
    if len(messages) > 1:
        del messages[random.randrange(len(messages))]


_CHANGES: Final[Sequence[Change]] = (_other_number, _other_number, _other_number, _swap, _double, _replace, _lose)
