"""Which photos exist, whose they are and whom they show; the pixels are made in photographs.py.

A *portrait* belongs to somebody and shows people; a *scene* shows nobody, and anybody posts it; a *copy* is a portrait
that somebody else downloaded, re-encoded and posts again. Rows refer to photos many to one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from demur.sample.columns import numbered
from demur.sample.friendships import NOBODY, Circle, Outsiders
from demur.sample.people import People
from demur.sample.randomness import Stream, generator

Indices = npt.NDArray[np.int32]

LEAST_PHOTOS = 8

_SCENE_SHARE = 0.4
_PORTRAIT_SHARE = 0.45
_MOST_SHOWN = 3
_OWNER_SHOWN_SHARE = 0.5
_OUTSIDER_SHOWN_SHARE = 0.35
_OWN_PHOTO_SHARE = 0.75
_COPY_POSTED_SHARE = 0.05


@dataclass(frozen=True)
class Album:
    """k photos: first scenes, then portraits, then copies.

    Attributes:
        paths: string array (k,), relative to the photos folder; they do not tell which photo is which.
        owner: int32 (k,), the person who took it; a copy's is the person whose photo was copied; NOBODY for scenes.
        copy_of: int32 (k,), the photo that it is a copy of, or NOBODY.
        shown: int32 (k, 3), the people it shows, each once, and NOBODY in the places left over.
        scenes, portraits: how many of each.
        own_starts: int64 (n + 1,), portraits of person p are own[own_starts[p]:own_starts[p + 1]].
        own: int32.
    """

    paths: pa.StringArray
    owner: Indices
    copy_of: Indices
    shown: Indices
    scenes: int
    portraits: int
    own_starts: npt.NDArray[np.int64]
    own: Indices

    def draw_photos(self, rng: np.random.Generator, authors: Indices) -> Indices:
        """Return, for each author, the photo that they post: their own portrait, a scene, or somebody else's copied."""
        count = len(authors)
        scenes = rng.integers(0, self.scenes, count)
        own_count = self.own_starts[authors + 1] - self.own_starts[authors]
        own_place = self.own_starts[authors] + (rng.random(count) * own_count).astype(np.int64)
        own = self.own[np.minimum(own_place, len(self.own) - 1)]
        copies = rng.integers(self.scenes + self.portraits, len(self.owner), count)
        kind = rng.random((2, count))
        photos = np.where((own_count > 0) & (kind[0] < _OWN_PHOTO_SHARE), own, scenes)
        posts_copy = (kind[1] < _COPY_POSTED_SHARE) & (self.owner[copies] != authors)
        return np.where(posts_copy, copies, photos).astype(np.int32)


def make_album(people: People, circle: Circle, outsiders: Outsiders, count: int, seed: int) -> Album:
    """Plan `count` photos, at least LEAST_PHOTOS; owners are drawn from the circle by activity."""
    rng = generator(seed, Stream.PHOTOS)
    scenes, portraits = int(count * _SCENE_SHARE), int(count * _PORTRAIT_SHARE)
    owners = circle.draw_authors(rng, portraits)
    shown = _whom_portraits_show(rng, owners, circle, outsiders)
    copied = rng.integers(0, portraits, count - scenes - portraits)
    order = np.argsort(owners, kind="stable")
    nobody = np.full(scenes, NOBODY, dtype=np.int32)
    return Album(
        paths=_paths(rng, count),
        owner=np.concatenate([nobody, owners, owners[copied]]),
        copy_of=np.concatenate([nobody, np.full(portraits, NOBODY), scenes + copied]).astype(np.int32),
        shown=np.concatenate([np.full((scenes, _MOST_SHOWN), NOBODY), shown, shown[copied]]).astype(np.int32),
        scenes=scenes,
        portraits=portraits,
        own_starts=np.searchsorted(owners[order], np.arange(people.size + 1)),
        own=(scenes + order).astype(np.int32),
    )


def _whom_portraits_show(rng: np.random.Generator, owners: Indices, circle: Circle, outsiders: Outsiders) -> Indices:
    """Return the owner, a friend and an outsider, each at times; a portrait that would show nobody shows its owner."""
    count = len(owners)
    friends = circle.draw_friends(rng, owners)
    known = outsiders.known_by(owners, rng)
    chance = rng.random((3, count))
    owner_or_nobody = np.where(chance[0] < _OWNER_SHOWN_SHARE, owners, NOBODY)
    friend_or_nobody = np.where(chance[1] < _OWNER_SHOWN_SHARE, friends, NOBODY)
    known_or_nobody = np.where(chance[2] < _OUTSIDER_SHOWN_SHARE, known, NOBODY)
    shown = np.stack([owner_or_nobody, friend_or_nobody, known_or_nobody], axis=1)
    shown[(shown == NOBODY).all(axis=1), 0] = owners[(shown == NOBODY).all(axis=1)]
    return shown.astype(np.int32)


def _paths(rng: np.random.Generator, count: int) -> pa.StringArray:
    stems = numbered("photo-", rng.permutation(count), 7).to_pylist()
    return pa.array([f"{stem}.jpg" for stem in stems], type=pa.string())
