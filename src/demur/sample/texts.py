"""Texts of rows, put together from phrase banks by Arrow; some name a friend or somebody without an account."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from demur.sample.friendships import NOBODY, Circle, Outsiders
from demur.sample.names import LANGUAGES
from demur.sample.people import People
from demur.sample.phrases import (
    CLOSINGS,
    CONNECTORS,
    DAYS,
    PHRASES_A_BANK,
    PLACES,
    flat_bank,
    flat_day_tags,
    flat_openings,
)

Indices = npt.NDArray[np.int32]
Codes = npt.NDArray[np.int8]

# How often a post, photo, comment, prompt or message names somebody, and how: by handle, friend by name, outsider.
_NAMED_SHARES = np.array([0.14, 0.12, 0.26, 0.1, 0.15])
_PLACED_SHARES = np.array([0.8, 0.8, 0.2, 0.3, 0.2])
_BY_HANDLE_SHARE = 0.55
_OUTSIDER_SHARE = 0.15
_DAY_TAG_SHARE = 0.4


@dataclass(frozen=True)
class Texts:
    """The texts of a batch.

    Attributes:
        texts: string array, no nulls.
        named: int32, whom each text names, or NOBODY.
    """

    texts: pa.StringArray
    named: Indices


class TextMaker:
    """Makes texts; holds the banks and every way to name a person, about 60 bytes each."""

    def __init__(self, people: People, circles: tuple[Circle, Circle], outsiders: Outsiders) -> None:
        self._people = people
        self._circles = circles
        self._outsiders = outsiders
        self._openings = pa.array(flat_openings())
        self._places, self._closings = pa.array(flat_bank(PLACES)), pa.array(flat_bank(CLOSINGS))
        self._connectors = pa.array([*(CONNECTORS[code] for code in LANGUAGES), ""])
        self._day_tags = pa.array([*flat_day_tags(), ""])
        mentions = pc.binary_join_element_wise("@", people.handles.texts, "")
        self._first_name = len(mentions)
        self._no_name = self._first_name + people.size
        self._ways_to_name = pa.concat_arrays([mentions, people.full_names, pa.array([""])])

    def make(
        self,
        rng: np.random.Generator,
        kind: Codes,
        language: Codes,
        author: Indices,
        product: Codes,
        instants_us: npt.NDArray[np.int64],
    ) -> Texts:
        """Write one text a row, in its language; a mention calls the friend as they were called at that instant."""
        count = len(kind)
        named, way = self._name_somebody(rng, kind, author, product, instants_us)
        bank = language.astype(np.int32) * PHRASES_A_BANK
        opening = kind.astype(np.int32) * (len(LANGUAGES) * PHRASES_A_BANK) + bank
        phrase = rng.integers(0, PHRASES_A_BANK, (3, count), dtype=np.int32)
        phrase[1] *= rng.random(count) < _PLACED_SHARES[kind]  # the first place of each language is none
        connector = np.where(named == NOBODY, len(LANGUAGES), language)
        day = np.where(rng.random(count) < _DAY_TAG_SHARE, rng.integers(0, DAYS, count), len(self._day_tags))
        tag = np.minimum(language.astype(np.int64) * DAYS + day, len(self._day_tags) - 1)
        texts = pc.binary_join_element_wise(
            self._openings.take(pa.array(opening + phrase[0])),
            self._places.take(pa.array(bank + phrase[1])),
            self._connectors.take(pa.array(connector)),
            self._ways_to_name.take(pa.array(way)),
            self._closings.take(pa.array(bank + phrase[2])),
            self._day_tags.take(pa.array(tag)),
            "",
        )
        return Texts(texts, named)

    def _name_somebody(
        self,
        rng: np.random.Generator,
        kind: Codes,
        author: Indices,
        product: Codes,
        instants_us: npt.NDArray[np.int64],
    ) -> tuple[Indices, npt.NDArray[np.int64]]:
        """Return whom each row names, or NOBODY, and the place of the words for it among the ways to name."""
        count = len(kind)
        friends = np.full(count, NOBODY, dtype=np.int32)
        names_somebody = rng.random(count) < _NAMED_SHARES[kind]
        for product_index, circle in enumerate(self._circles):
            rows = np.flatnonzero(names_somebody & (product == product_index))
            friends[rows] = circle.draw_friends(rng, author[rows])
        how = rng.random(count)
        is_outsider = names_somebody & (how >= 1 - _OUTSIDER_SHARE)
        named = friends
        rows = np.flatnonzero(is_outsider)
        named[rows] = self._outsiders.known_by(author[rows], rng)
        way = np.where(named == NOBODY, self._no_name, self._first_name + named.astype(np.int64))
        rows = np.flatnonzero((named != NOBODY) & (how < _BY_HANDLE_SHARE))
        accounts = self._people.account_of[product[rows], named[rows]]
        way[rows] = self._people.handles.at(accounts, instants_us[rows])
        return named, way
