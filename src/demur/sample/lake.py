"""The rows of the data lake, made a batch at a time without a Python loop over rows, each with its truth.

A batch is drawn column by column in numpy; texts are put together by Arrow from phrase banks. While a batch is made, so
is its truth: pairs of row and person with the reason why the row concerns that person.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from demur.sample.album import Album
from demur.sample.columns import coded, lists_of, numbered
from demur.sample.friendships import NOBODY, Circle, Outsiders
from demur.sample.names import LANGUAGES
from demur.sample.people import PRODUCTS, People
from demur.sample.phrases import KINDS
from demur.sample.texts import TextMaker
from demur.sample.timeline import instants_of_rows

Indices = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

AUDIENCES = ("public", "friends", "private")
WHYS = ("author", "tagged", "named", "photographed")
"""Why a row concerns a person, in the order of the truth's codes."""

POST, PHOTO, COMMENT, PROMPT, MESSAGE = range(len(KINDS))
AUTHOR, TAGGED, NAMED, PHOTOGRAPHED = range(len(WHYS))

RECORD_ID_DIGITS = 10

LAKE_SCHEMA = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("product", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("audience", pa.string(), nullable=False),
        pa.field("author_account", pa.string(), nullable=False),
        pa.field("author_is_minor", pa.bool_(), nullable=False),
        pa.field("tagged_accounts", pa.list_(pa.string()), nullable=False),
        pa.field("tagged_names", pa.list_(pa.string()), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("image_path", pa.string(), nullable=True),
        pa.field("created_at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)
"""What the platform stores. `tagged_names` are people whom somebody tagged by typing a name, without an account."""

# Shares of post, photo, comment, prompt, message in rows of each product; the assistant has prompts only.
_KIND_SHARES = ((0.05, 0.5, 0.28, 0.0, 0.17), (0.36, 0.1, 0.34, 0.0, 0.2))
_AUDIENCE_SHARES = (0.64, 0.27, 0.09)
_LUMEN_SHARE = 0.63
_PROMPT_SHARE = 0.12
_TAG_SHARES = np.array([0.1, 0.35, 0.0, 0.0, 0.0])
_MOST_TAGS = 3
_NAME_TAG_SHARE = 0.05
_ENGLISH_SHARE = 0.1


@dataclass(frozen=True)
class World:
    """Everything that rows are drawn from.

    Attributes:
        people: who exists.
        circles: lumen's and agora's members and friendships.
        outsiders: people without accounts.
        album: the photos.
        texts: makes texts that may name people.
    """

    people: People
    circles: tuple[Circle, Circle]
    outsiders: Outsiders
    album: Album
    texts: TextMaker


@dataclass(frozen=True)
class Concerns:
    """Pairs of a row and a person whom it concerns.

    Attributes:
        row: int64, the row's number in the whole lake.
        person: int32.
        why: int8, index into WHYS.
    """

    row: npt.NDArray[np.int64]
    person: Indices
    why: npt.NDArray[np.int8]


def make_batch(
    world: World, rng: np.random.Generator, first_row: int, count: int, all_rows: int
) -> tuple[pa.RecordBatch, Concerns]:
    """Make rows first_row, first_row + 1, …; the same generator state gives the same rows.

    Args:
        world: what is drawn from.
        rng: the file's generator; it must have made the file's rows before these.
        first_row: number of the batch's first row in the whole lake.
        count: how many rows.
        all_rows: how many the whole lake has; instants depend on it.

    Returns:
        The batch, of LAKE_SCHEMA except that columns with few values are dictionaries, and its truth.
    """
    drawn = _draw_rows(world, rng, count)
    instants_us = instants_of_rows(first_row, count, all_rows, rng)
    tags = _Tags(world, rng, drawn)
    texts = world.texts.make(rng, drawn.kind, drawn.language, drawn.author, drawn.product, instants_us)
    photos = world.album.draw_photos(rng, drawn.author)
    is_photo = drawn.kind == PHOTO
    people = world.people
    columns = [
        numbered("r", np.arange(first_row, first_row + count), RECORD_ID_DIGITS),
        coded(PRODUCTS, np.where(drawn.kind == PROMPT, 2, drawn.product)),
        coded(KINDS, drawn.kind),
        coded(AUDIENCES, drawn.audience),
        people.accounts.take(pa.array(people.account_of[drawn.product, drawn.author])),
        pa.array(people.is_minor[drawn.author]),
        tags.accounts(),
        tags.names(),
        texts.texts,
        coded(LANGUAGES, drawn.language),
        pa.DictionaryArray.from_arrays(pa.array(photos, mask=~is_photo), world.album.paths),
        pa.array(instants_us).view(pa.timestamp("us", tz="UTC")),
    ]
    shown = np.where(is_photo[:, None], world.album.shown[photos], NOBODY)
    concerned = [(drawn.author, AUTHOR), *((tagged, TAGGED) for tagged in tags.people()), (texts.named, NAMED)]
    return pa.RecordBatch.from_arrays(columns, names=LAKE_SCHEMA.names), _concerns(first_row, concerned, shown)


@dataclass(frozen=True)
class _Drawn:
    """A batch's draws: `product` is 0 or 1 and says in whose account the row was written, also for prompts."""

    product: npt.NDArray[np.int8]
    author: Indices
    kind: npt.NDArray[np.int8]
    audience: npt.NDArray[np.int8]
    language: npt.NDArray[np.int8]


def _draw_rows(world: World, rng: np.random.Generator, count: int) -> _Drawn:
    lumen, agora = world.circles
    product = (rng.random(count) >= _LUMEN_SHARE).astype(np.int8)
    author = np.where(product == 0, lumen.draw_authors(rng, count), agora.draw_authors(rng, count))
    kind = _pick(rng, np.array(_KIND_SHARES), product)
    kind[rng.random(count) < _PROMPT_SHARE] = PROMPT
    audience = np.searchsorted(np.cumsum(_AUDIENCE_SHARES)[:-1], rng.random(count), side="right").astype(np.int8)
    audience[kind == MESSAGE] = AUDIENCES.index("private")
    language = world.people.language[author]
    language[rng.random(count) < _ENGLISH_SHARE] = LANGUAGES.index("en")
    return _Drawn(product, author, kind, audience, language)


def _pick(rng: np.random.Generator, shares: npt.NDArray[np.float64], of: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Draw, for each row, a place in the row of shares that it belongs to."""
    bounds = np.cumsum(shares, axis=1)[:, :-1]
    draw = rng.random(len(of))
    place = np.zeros(len(of), dtype=np.int8)
    for column in range(bounds.shape[1]):
        place += draw >= bounds[of, column]
    return place


class _Tags:
    """The tags of a batch: some friends of the author by account, and at times somebody without one by name."""

    def __init__(self, world: World, rng: np.random.Generator, drawn: _Drawn) -> None:
        self._people = world.people
        count = len(drawn.kind)
        wanted = np.where(rng.random(count) < _TAG_SHARES[drawn.kind], rng.integers(1, _MOST_TAGS + 1, count), 0)
        start = rng.random(count)
        self._tagged = np.full((count, _MOST_TAGS), NOBODY, dtype=np.int32)
        for product, circle in enumerate(world.circles):
            rows = np.flatnonzero((wanted > 0) & (drawn.product == product))
            self._tagged[rows] = _friends_in_a_row(circle, drawn.author[rows], start[rows], wanted[rows])
        self._product = drawn.product
        by_name = (drawn.kind == PHOTO) & (rng.random(count) < _NAME_TAG_SHARE)
        self._by_name = np.where(by_name, world.outsiders.known_by(drawn.author, rng), NOBODY)

    def people(self) -> list[Indices]:
        """Return the tagged people, each array one place a row, NOBODY where there is no tag."""
        return [*self._tagged.T, self._by_name]

    def accounts(self) -> pa.ListArray:
        is_tag = self._tagged != NOBODY
        product = np.broadcast_to(self._product[:, None], is_tag.shape)[is_tag]
        accounts = self._people.account_of[product, self._tagged[is_tag]]
        return lists_of(is_tag.sum(axis=1), self._people.accounts.take(pa.array(accounts)))

    def names(self) -> pa.ListArray:
        is_tag = self._by_name != NOBODY
        return lists_of(is_tag.astype(np.int32), self._people.full_names.take(pa.array(self._by_name[is_tag])))


def _friends_in_a_row(
    circle: Circle, authors: Indices, start: npt.NDArray[np.float64], wanted: npt.NDArray[np.int64]
) -> Indices:
    """Return `wanted` different friends of each author, from a random place on and round; fewer if there are fewer."""
    counts = circle.friend_counts(authors)
    first = (start * counts).astype(np.int64)
    tagged = [
        circle.friends_at(circle.starts[authors] + (first + k) % np.maximum(counts, 1), k < np.minimum(wanted, counts))
        for k in range(_MOST_TAGS)
    ]
    return np.stack(tagged, axis=1)


def _concerns(first_row: int, people_and_why: list[tuple[Indices, int]], shown: Indices) -> Concerns:
    rows, persons, whys = [], [], []
    for people, why in [*people_and_why, *((column, PHOTOGRAPHED) for column in shown.T)]:
        where = np.flatnonzero(people != NOBODY)
        rows.append(where + first_row)
        persons.append(people[where].astype(np.int32))
        whys.append(np.full(len(where), why, dtype=np.int8))
    return Concerns(np.concatenate(rows), np.concatenate(persons), np.concatenate(whys))
