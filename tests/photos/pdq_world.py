"""Photos that are made here: the same bytes' worth of picture on every machine, without a file of anybody's."""

import importlib.util
import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from demur.photos.pdq import HASH_BYTES, PdqHashes

Colours = npt.NDArray[np.uint8]

EXIF_ORIENTATION = 0x0112


def picture(seed: int, width: int, height: int) -> Colours:
    """Return a made-up landscape, uint8[height, width, 3]: soft shapes of all sizes, of which nothing is regular."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for cells in (3, 6, 12, 24, 48):
        grid = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        total += np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC)) * np.float32((3 / cells) ** 0.7)
    low, high = total.min(), total.max()
    return np.asarray((total - low) * (255 / (high - low)), np.uint8)


def encoded(image: Image.Image | Colours, kind: str = "PNG", **options: object) -> bytes:
    """Return a picture as the bytes of a file."""
    out = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(out, kind, **options)
    return out.getvalue()


def stored_turned(image: Image.Image, orientation: int, kind: str = "JPEG", **options: object) -> bytes:
    """Return a file whose pixels lie another way, and whose EXIF says how to show them as given."""
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    back = {6: 8, 8: 6}.get(orientation, orientation)
    exif_back = Image.Exif()
    exif_back[EXIF_ORIENTATION] = back
    turned = Image.open(io.BytesIO(encoded(image, "PNG", exif=exif_back)))
    plain = ImageOps.exif_transpose(turned)
    return encoded(plain, kind, exif=exif, **options)


def random_hashes(rng: np.random.Generator, count: int, quality: int = 100) -> PdqHashes:
    values = rng.integers(0, 256, (count, HASH_BYTES), dtype=np.uint8)
    return PdqHashes(values, np.full(count, quality, np.uint8))


def distance(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def made(recipe: dict[str, Any]) -> bytes:
    """Return the file that a recipe of pdq_vectors.json describes."""
    image = Image.fromarray(picture(recipe["seed"], recipe["width"], recipe["height"])).convert(recipe["mode"])
    return encoded(image, recipe["kind"], **recipe["options"])


def photograph(name: str) -> bytes:
    """Return a photograph of scikit-image, which is installed to read its files only."""
    found = importlib.util.find_spec("skimage")
    assert found is not None, "scikit-image is not installed: group photos of pyproject.toml"
    assert found.origin is not None
    return (Path(found.origin).parent / "data" / name).read_bytes()
