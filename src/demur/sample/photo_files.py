"""Write the album's image files: pictures of their own, copies of them, and the odd damaged one."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from demur.reservations.photo import Wish, reserve
from demur.sample.album import COPY_KINDS, Album
from demur.sample.figures import make_looks
from demur.sample.friendships import NOBODY
from demur.sample.photo_copies import make_copy
from demur.sample.photographs import PORTRAITS, SCENES, describe_licences, load_photographs
from demur.sample.pictures import Materials, compose_plain, compose_portrait, compose_scene
from demur.sample.randomness import Stream, generator

_QUALITIES = (80, 93)


def write_photos(folder: Path, album: Album, seed: int) -> None:
    """Write every image file of the album, and LICENCES.md.

    Raises:
        PhotographsMissingError: the package is not installed, or lacks one of the photographs.

    Some 8 ms of one core a photo; memory for one at a time.
    """
    materials = Materials(make_looks(load_photographs(PORTRAITS)), load_photographs(SCENES))
    folder.mkdir()
    (folder / "LICENCES.md").write_text(describe_licences())
    paths = [folder / path for path in album.paths.to_pylist()]
    for number, path in enumerate(paths):
        rng = generator(seed, Stream.PIXELS, number)
        original = int(album.copy_of[number])
        if original == NOBODY:
            raw = _make_original(rng, materials, album, number)
        else:
            kind = COPY_KINDS[album.copy_kind[number]]
            raw = make_copy(rng, paths[original].read_bytes(), kind, path.suffix.removeprefix("."))
        path.write_bytes(raw[: len(raw) // 2] if album.is_damaged[number] else raw)


def _make_original(rng: np.random.Generator, materials: Materials, album: Album, number: int) -> bytes:
    """Return a photo as a phone would save it, with a reservation if it is to have one."""
    out = io.BytesIO()
    _compose(rng, materials, album, number).save(out, "JPEG", quality=int(rng.integers(*_QUALITIES)))
    return reserve(out.getvalue(), Wish()) if album.is_reserved[number] else out.getvalue()


def _compose(rng: np.random.Generator, materials: Materials, album: Album, number: int) -> Image.Image:
    if album.is_plain[number]:
        return compose_plain(rng)
    shown = album.shown[number]
    people = shown[shown != NOBODY].tolist()
    return compose_portrait(rng, materials, people) if people else compose_scene(rng, materials)
