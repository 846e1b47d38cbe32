"""Seeded randomness: one independent generator for every file, so that each can be made alone and always alike."""

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a generator is for; part of its seed, so that no two parts of the sample draw the same numbers."""

    PEOPLE = 1
    FRIENDS = 2
    PHOTOS = 3
    LAKE = 4
    PIXELS = 5


def generator(seed: int, stream: Stream, index: int = 0) -> np.random.Generator:
    """Return the PCG64 generator of one file or part; equal arguments give equal draws on every machine."""
    return np.random.Generator(np.random.PCG64([seed, int(stream), index]))
