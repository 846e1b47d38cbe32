"""Which photos exist, whose they are and whom they show; the pixels are made in photographs.py.

A *portrait* belongs to somebody and shows people; a *scene* shows nobody, and anybody posts it; a *copy* is a portrait
that somebody else downloaded, changed or not, and posts again. Rows refer to photos many to one.

However small an album is, it has a portrait of somebody without an account that was copied in more than one way, a
portrait that says no to training and was copied byte for byte, a damaged file, and a photo with nothing in it.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from demur.sample.columns import numbered
from demur.sample.friendships import NOBODY, Circle, Outsiders
from demur.sample.people import People
from demur.sample.randomness import Stream, generator

Indices = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

LEAST_PHOTOS = 8

_SCENE_SHARE = 0.38
_PORTRAIT_SHARE = 0.4
_MOST_SHOWN = 3
_OWNER_SHOWN_SHARE = 0.5
_OUTSIDER_SHOWN_SHARE = 0.35
_OWN_PHOTO_SHARE = 0.75
_COPY_POSTED_SHARE = 0.05
_RESERVED_SHARE = 0.03
_DAMAGED_SHARE = 0.01
_PLAIN_SHARE = 0.02
_PLAIN_SCENE, _DAMAGED_SCENE = 0, 1
_POPULARITY = 2.0
"""Above 1 some portraits are copied more than others."""


class CopyKind(StrEnum):
    """How a copy came about; in the order in which the album's example is copied."""

    CROPPED = "cropped"
    MIRRORED = "mirrored"
    RESIZED = "resized"
    REENCODED = "reencoded"
    SAME = "same"
    OTHER_FORMAT = "other_format"
    SCREENSHOT = "screenshot"
    CAPTIONED = "captioned"


COPY_KINDS = tuple(CopyKind)
_COPY_KIND_SHARES = (0.2, 0.13, 0.2, 0.2, 0.09, 0.1, 0.04, 0.04)
_SAME, _OTHER_FORMAT = COPY_KINDS.index(CopyKind.SAME), COPY_KINDS.index(CopyKind.OTHER_FORMAT)
_OTHER_FORMATS = ("png", "webp")
_USUAL_FORMAT = "jpg"


@dataclass(frozen=True)
class Album:
    """k photos: first scenes, then portraits, then copies.

    Attributes:
        paths: string array (k,), relative to the photos folder; they do not tell which photo is which.
        owner: int32 (k,), the person who took it; a copy's is the person whose photo was copied; NOBODY for scenes.
        copy_of: int32 (k,), the photo that it is a copy of, or NOBODY.
        copy_kind: int8 (k,), how it was copied, index into COPY_KINDS, or NOBODY.
        shown: int32 (k, 3), the people it shows, each once, and NOBODY in the places left over.
        is_plain: bool (k,); there is nothing in it by which it could be recognised.
        is_reserved: bool (k,); the file itself says that no model may be trained on it.
        is_damaged: bool (k,); the file lacks its second half.
        scenes, portraits: how many of each.
        own_starts: int64 (n + 1,), portraits of person p are own[own_starts[p]:own_starts[p + 1]].
        own: int32.
    """

    paths: pa.StringArray
    owner: Indices
    copy_of: Indices
    copy_kind: npt.NDArray[np.int8]
    shown: Indices
    is_plain: Flags
    is_reserved: Flags
    is_damaged: Flags
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
    copies = _plan_copies(rng, _find_example(shown, people), portraits, count - scenes - portraits)
    copied = copies.copied
    order = np.argsort(owners, kind="stable")
    nobody = np.full(scenes, NOBODY, dtype=np.int32)
    copy_of = np.concatenate([nobody, np.full(portraits, NOBODY), scenes + copied]).astype(np.int32)
    copy_kind = np.concatenate([np.full(scenes + portraits, NOBODY), copies.kind]).astype(np.int8)
    is_plain = _draw_flags(rng, _PLAIN_SHARE, np.arange(count) < scenes, _PLAIN_SCENE)
    is_plain[_DAMAGED_SCENE] = False
    is_alone = (copy_of == NOBODY) & ~np.isin(np.arange(count), copy_of)
    is_damaged = _draw_flags(rng, _DAMAGED_SHARE, is_alone & ~is_plain, _DAMAGED_SCENE)
    is_reserved = _draw_reserved(rng, scenes + copies.reserved, copy_of, copy_kind, is_plain | is_damaged)
    return Album(
        paths=_paths(rng, copy_kind),
        owner=np.concatenate([nobody, owners, owners[copied]]),
        copy_of=copy_of,
        copy_kind=copy_kind,
        shown=np.concatenate([np.full((scenes, _MOST_SHOWN), NOBODY), shown, shown[copied]]).astype(np.int32),
        is_plain=is_plain,
        is_reserved=is_reserved,
        is_damaged=is_damaged,
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
    known_or_nobody[0] = known[0]  # there is always somebody without an account to be found in a photo
    shown = np.stack([owner_or_nobody, friend_or_nobody, known_or_nobody], axis=1)
    shown[(shown == NOBODY).all(axis=1), 0] = owners[(shown == NOBODY).all(axis=1)]
    return shown.astype(np.int32)


def _find_example(shown: Indices, people: People) -> int:
    """Return the portrait that shows an adult without an account, and few others; any if there is none."""
    outsider = shown[:, _MOST_SHOWN - 1]
    is_fit = (outsider != NOBODY) & ~people.is_minor[outsider]
    others = (shown != NOBODY).sum(axis=1)
    return int(np.where(is_fit, others, _MOST_SHOWN + 1).argmin())


@dataclass(frozen=True)
class _Copies:
    """Which portrait each copy is of, and its kind; and the portrait that says no and is copied byte for byte."""

    copied: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int64]
    reserved: int


def _plan_copies(rng: np.random.Generator, example: int, portraits: int, count: int) -> _Copies:
    """Copy the example once in each way, as far as half of the copies go; then a reserved portrait; then any."""
    copied = (rng.random(count) ** _POPULARITY * portraits).astype(np.int64)
    kind = rng.choice(len(COPY_KINDS), count, p=_COPY_KIND_SHARES)
    reserved = (example + 1) % portraits
    of_example = min((count + 1) // 2, len(COPY_KINDS))
    copied[:of_example], kind[:of_example] = example, np.arange(of_example)
    for place, its_kind in enumerate((CopyKind.SAME, CopyKind.REENCODED)[: count - of_example], of_example):
        copied[place], kind[place] = reserved, COPY_KINDS.index(its_kind)
    return _Copies(copied, kind, reserved)


def _draw_flags(rng: np.random.Generator, share: float, may_be: Flags, always: int) -> Flags:
    """Return a share of those that may be, and always this one."""
    flags: Flags = (rng.random(len(may_be)) < share) & may_be
    flags[always] = True
    return flags


def _draw_reserved(
    rng: np.random.Generator, always: int, copy_of: Indices, copy_kind: npt.NDArray[np.int8], is_other: Flags
) -> Flags:
    """Return originals that say no, and their copies byte for byte; but not the example, whose case should be plain."""
    is_original = copy_of == NOBODY
    example = copy_of[~is_original][0]
    may_be = is_original & ~is_other & (np.arange(len(copy_of)) != example)
    is_reserved = _draw_flags(rng, _RESERVED_SHARE, may_be, always)
    is_reserved |= (copy_kind == _SAME) & is_reserved[copy_of]
    return is_reserved


def _paths(rng: np.random.Generator, copy_kind: npt.NDArray[np.int8]) -> pa.StringArray:
    """Name the files by lot; those in another format are PNG and WebP by turns."""
    stems = numbered("photo-", rng.permutation(len(copy_kind)), 7).to_pylist()
    turns = np.where(copy_kind == _OTHER_FORMAT, np.cumsum(copy_kind == _OTHER_FORMAT) % len(_OTHER_FORMATS), NOBODY)
    suffixes = [_USUAL_FORMAT if turn == NOBODY else _OTHER_FORMATS[turn] for turn in turns.tolist()]
    return pa.array([f"{stem}.{suffix}" for stem, suffix in zip(stems, suffixes, strict=True)], type=pa.string())
