"""Pictures for the gate's tests: drawn by program, different from one another, and lists that object with them."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from gate_world import MAPPING, SCHEMA, entry, list_of
from PIL import Image, ImageFilter

from demur.core.identifier import IdentifierKind, photo_value
from demur.gate.suppression_list import ListEntry, SuppressionList
from demur.photos.reference import reference_hashes
from demur.reservations.photo import Wish, reserve

IN_BYTES = f"{MAPPING}image: photo\n"
BYTES_SCHEMA = SCHEMA.append(pa.field("photo", pa.binary()))
NAME_SCHEMA = SCHEMA.append(pa.field("photo", pa.string()))


def by_path(folder: Path | str) -> str:
    return f"{MAPPING}image: {{column: photo, holds: path, folder: {folder}}}\n"


@cache
def picture(seed: int, size: tuple[int, int] = (480, 360)) -> Image.Image:
    """A picture of soft shapes; two of different seeds are not copies of each other."""
    random = np.random.default_rng(seed)
    small = Image.fromarray(random.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    return small.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))


def file_of(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@cache
def photo(seed: int) -> bytes:
    return file_of(picture(seed), quality=90)


def reserved(raw: bytes) -> bytes:
    return reserve(raw, Wish())


def photo_entry(raw: bytes) -> ListEntry:
    hashes = reference_hashes(raw)
    return entry(photo_value(value.tobytes() for value in hashes.values), IdentifierKind.PHOTO)


@cache
def objecting_with(*seeds: int) -> SuppressionList:
    """A list of photos, and of Ada's account."""
    return list_of("lumen:ada", others=[photo_entry(photo(seed)) for seed in seeds])
