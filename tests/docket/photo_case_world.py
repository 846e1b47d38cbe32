"""Photos in cases: some with enough in them, a plain one, and what of them is listed."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
from docket_world import ADA, NOW, confirm, load_latest
from photo_world import picture
from PIL import Image

from demur.core.identifier import IdentifierKind, photo_value
from demur.core.objection import Capacity
from demur.docket.drafts import save_draft
from demur.docket.lodging import ConfirmedCase
from demur.docket.models import PhotoPurpose
from demur.docket.photo_store import add_photo
from demur.docket.photographs import CleanPhoto
from demur.docket.selectors import PhotoCounts, find_status
from demur.photos.reference import reference_hashes

SHOWS, MANDATE = PhotoPurpose.SHOWS_PERSON, PhotoPurpose.MANDATE


def clean(image: Image.Image) -> CleanPhoto:
    out = BytesIO()
    image.save(out, "JPEG", quality=90)
    return CleanPhoto(out.getvalue(), *image.size)


def a_photo(seed: int = 1) -> CleanPhoto:
    """Return a photo with enough in it; another seed shows something else."""
    spots = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), np.uint8)
    return clean(Image.fromarray(spots).resize((320, 240), Image.Resampling.BICUBIC))


PHOTO, OTHER, PLAIN = a_photo(1), a_photo(2), clean(picture(64, 64).point(lambda _: 255))


def value_of(photo: CleanPhoto) -> str:
    return photo_value(one.tobytes() for one in reference_hashes(photo.jpeg).values)


def a_draft(*photos: CleanPhoto, purpose: PhotoPurpose = SHOWS) -> str:
    token = save_draft("", {}, NOW)
    for photo in photos:
        add_photo(token, photo, purpose, NOW)
    return token


def confirm_with(*photos: CleanPhoto, email: str = "ada@mail.example") -> ConfirmedCase:
    return confirm(replace(ADA, email=email, capacity=Capacity.NO_ACCOUNT, draft_token=a_draft(*photos)))


def listed(home: Path) -> list[str]:
    """Return the values of the photos on the newest list, as a gate reads them."""
    values, _ = load_latest(home).values(IdentifierKind.PHOTO)
    return sorted(map(str, values.to_pylist()))


def counts(case: ConfirmedCase) -> PhotoCounts:
    status = find_status(case.status_token, NOW)
    assert status is not None
    return status.photos
