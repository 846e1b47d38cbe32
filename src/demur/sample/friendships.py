"""Who is active, who is friends with whom, and who knows the people without accounts.

Activity follows Zipf's law with Mandelbrot's offset, so that the most active person writes one row in a hundred, not
one in ten. Most friends share a language and live near each other in a made-up order; active people have more.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demur.sample.names import LANGUAGES
from demur.sample.people import People
from demur.sample.randomness import Stream, generator

Indices = npt.NDArray[np.int32]

NOBODY = -1

ZIPF_EXPONENT = 1.0
ZIPF_OFFSET = 20
_SLOTS_A_PERSON = 8
_LEAST_SLOTS = 1 << 18
_EDGES_A_PERSON = 6
_NEARBY_SHARE = 0.75
_NEARBY_SPREAD = 20.0
_KNOWN_OUTSIDERS = 3


@dataclass(frozen=True)
class Circle:
    """One product's members, how active they are, and their friends there.

    Attributes:
        slots: int32; a uniform draw from it is a person drawn by activity.
        starts: int64 (n + 1,), friends of person p are friends[starts[p]:starts[p + 1]].
        friends: int32; nobody twice, nobody their own friend; friendship goes both ways.
    """

    slots: Indices
    starts: npt.NDArray[np.int64]
    friends: Indices

    def draw_authors(self, rng: np.random.Generator, count: int) -> Indices:
        """Return people drawn by activity."""
        drawn: Indices = self.slots[rng.integers(0, len(self.slots), count)]
        return drawn

    def friend_counts(self, people: Indices) -> npt.NDArray[np.int64]:
        """Return how many friends each of them has here."""
        counts: npt.NDArray[np.int64] = self.starts[people + 1] - self.starts[people]
        return counts

    def draw_friends(self, rng: np.random.Generator, people: Indices) -> Indices:
        """Return one friend each; NOBODY for people who have none here."""
        counts = self.friend_counts(people)
        place = self.starts[people] + (rng.random(len(people)) * counts).astype(np.int64)
        return self.friends_at(place, counts > 0)

    def friends_at(self, places: npt.NDArray[np.int64], are_meant: npt.NDArray[np.bool_]) -> Indices:
        """Return the friends at places of the array `friends`; NOBODY where no place is meant."""
        if len(self.friends) == 0:
            return np.full(len(places), NOBODY, dtype=np.int32)
        drawn = self.friends[np.minimum(places, len(self.friends) - 1)]
        return np.where(are_meant, drawn, NOBODY).astype(np.int32)


def make_circle(people: People, product_index: int, seed: int) -> Circle:
    """Make the circle of lumen (0) or agora (1); the same people and seed give the same circle."""
    rng = generator(seed, Stream.FRIENDS, product_index)
    members = people.members(product_index)
    slots = _activity_slots(rng, members)
    pairs = _friend_pairs(rng, people, members, slots)
    starts = np.searchsorted(pairs, np.arange(people.size + 1, dtype=np.int64) * people.size)
    return Circle(slots, starts.astype(np.int64), (pairs % people.size).astype(np.int32))


class Outsiders:
    """People without an account, as those know them who have one; at least one must exist."""

    def __init__(self, people: People) -> None:
        outside = np.flatnonzero(~people.has_account())
        self._language = people.language
        self._by_language = outside[np.argsort(people.language[outside], kind="stable")].astype(np.int32)
        languages = people.language[self._by_language]
        self._starts = np.searchsorted(languages, np.arange(len(LANGUAGES) + 1, dtype=np.int8))

    def known_by(self, authors: Indices, rng: np.random.Generator) -> Indices:
        """Return, for each author, one of the few outsiders whom they know; of their own language if there are any."""
        start = self._starts[self._language[authors]]
        width = np.maximum(self._starts[self._language[authors] + 1] - start, 1)
        place = start + (authors.astype(np.int64) * 7 + rng.integers(0, _KNOWN_OUTSIDERS, len(authors))) % width
        known: Indices = self._by_language[np.minimum(place, len(self._by_language) - 1)]
        return known


def _activity_slots(rng: np.random.Generator, members: Indices) -> Indices:
    """Return members repeated in proportion to their activity, everybody at least once."""
    ranks = rng.permutation(len(members)) + 1
    weights = 1.0 / (ranks + ZIPF_OFFSET) ** ZIPF_EXPONENT
    target = max(_LEAST_SLOTS, _SLOTS_A_PERSON * len(members))
    repeats = np.maximum(1, np.rint(weights / weights.sum() * target)).astype(np.int64)
    return np.repeat(members, repeats)


def _friend_pairs(rng: np.random.Generator, people: People, members: Indices, slots: Indices) -> npt.NDArray[np.int64]:
    """Return person * n + friend for every friendship in both directions, ascending, each once."""
    order = members[np.argsort(people.language[members], kind="stable")]
    place = np.empty(people.size, dtype=np.int64)
    place[order] = np.arange(len(order))
    count = len(members) * _EDGES_A_PERSON
    one = np.concatenate([members, slots[rng.integers(0, len(slots), count - len(members))]]).astype(np.int64)
    step = np.rint(rng.laplace(0, _NEARBY_SPREAD, count)).astype(np.int64)
    nearby = order[(place[one] + step) % len(order)]
    anybody = slots[rng.integers(0, len(slots), count)]
    other = np.where(rng.random(count) < _NEARBY_SHARE, nearby, anybody).astype(np.int64)
    apart = one != other
    one, other = one[apart], other[apart]
    pairs = np.concatenate([one * people.size + other, other * people.size + one])
    pairs.sort()
    is_new = np.ones(len(pairs), dtype=np.bool_)
    np.not_equal(pairs[1:], pairs[:-1], out=is_new[1:])
    return pairs[is_new]
