"""Tables of token sequences (demur.gate.mentions.sequences): empty ones, and larger ones."""

from typing import Final

import numpy as np

from demur.gate.mentions.sequences import LINK_SHIFT, TokenTable, move_keys
from demur.gate.mentions.tokens import Octets, hash_token

LINK_WORDS: Final = ("at", "dot", "arroba", "ponto", "punto", "punkt", "point", "arobase", "chiocciola")
"""How people write "@" and "." so that machines pass over them; left out of every sequence, of texts and values."""

ALL_BITS: Final = (1 << 64) - 1
_LINK_SLOTS: Final = 1024
_LEAST_SLOTS: Final = 1 << 15
_BITMAP_BITS_PER_SLOT: Final = 4
_FIRST_BITS_PER_VALUE: Final = 8


def empty_table(classes: Octets, values: int, seed: int, mask: int = ALL_BITS) -> TokenTable:
    """Return a table without patterns.

    Args:
        classes: of characters (demur.gate.mentions.normal_form).
        values: how many will be entered.
        seed: of every hash.
        mask: the bits of a hash that count; fewer than all make hashes collide in tests.
    """
    links = np.zeros(_LINK_SLOTS, np.uint64)
    for word in LINK_WORDS:
        letters = np.frombuffer(word.encode(), np.uint8)
        token = hash_token(letters, 0, len(letters), np.uint64(seed))
        if links[int(token) >> int(LINK_SHIFT)]:
            return empty_table(classes, values, seed + 1, mask)  # two words want one place: draw again
        links[int(token) >> int(LINK_SHIFT)] = token
    return TokenTable(
        seed=np.array([seed], np.uint64),
        mask=np.array([mask], np.uint64),
        keys=np.zeros(_LEAST_SLOTS, np.uint64),
        flags=np.zeros(_LEAST_SLOTS, np.uint8),
        heads=np.full(_LEAST_SLOTS, -1, np.int32),
        nodes=np.zeros((2, _LEAST_SLOTS), np.int32),
        links=links,
        first_bits=np.zeros(max(_LEAST_SLOTS, 1 << values.bit_length()) * _FIRST_BITS_PER_VALUE // 8, np.uint8),
        later_bits=np.zeros(_LEAST_SLOTS * _BITMAP_BITS_PER_SLOT // 8, np.uint8),
        counts=np.zeros(3, np.int64),
        classes=classes,
    )


def grown(table: TokenTable) -> TokenTable:
    """Return a table of the same content with twice the room."""
    slots = 2 * len(table.keys)
    larger = table._replace(
        keys=np.zeros(slots, np.uint64),
        flags=np.zeros(slots, np.uint8),
        heads=np.full(slots, -1, np.int32),
        nodes=np.concatenate([table.nodes, np.zeros_like(table.nodes)], axis=1),
        later_bits=np.zeros(slots * _BITMAP_BITS_PER_SLOT // 8, np.uint8),
    )
    move_keys(table, larger)
    return larger
