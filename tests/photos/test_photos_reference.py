"""Turned, mirrored and cropped copies of a photo are recognised by the hashes that are made of it once."""

import io

import numpy as np
import pytest
from pdq_world import Colours, distance, encoded, photograph, picture, stored_turned
from PIL import Image

from demur.photos.hash_index import HashIndex
from demur.photos.pdq import PdqHashes, hash_photo
from demur.photos.reference import CROP_STEP, CROP_STEPS, REFERENCE_HASHES, reference_hashes

PHOTOGRAPHS = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "rocket.jpg")
"""Of people, animals and things; of even textures (grass, brickwork) a crop is recognised less often."""


def nearest(references: PdqHashes, raw: bytes) -> int:
    own = hash_photo(raw).value
    return min(distance(value.tobytes(), own) for value in references.values)


def cut(image: Colours, shares: tuple[float, float, float, float]) -> Colours:
    height, width = image.shape[:2]
    top, bottom, left, right = (
        round(share * side) for share, side in zip(shares, (height,) * 2 + (width,) * 2, strict=True)
    )
    return np.ascontiguousarray(image[top : height - bottom, left : width - right])


def random_cuts(rng: np.random.Generator) -> tuple[float, float, float, float]:
    top, bottom, left, right = rng.uniform(0, CROP_STEP * CROP_STEPS, 4)
    return top, bottom, left, right


def test_a_photo_has_its_own_hash_first_and_each_other_once() -> None:
    raw = encoded(picture(1, 400, 300))
    references = reference_hashes(raw)
    assert references.values[0].tobytes() == hash_photo(raw).value
    assert len(references) == REFERENCE_HASHES == 518
    assert len({value.tobytes() for value in references.values}) == 518
    assert set(references.qualities.tolist()) == {hash_photo(raw).quality}


@pytest.mark.parametrize("turn", [None, *Image.Transpose])
def test_turned_and_mirrored_copies_are_recognised(turn: Image.Transpose | None) -> None:
    image = Image.fromarray(picture(2, 640, 481))
    copy = image if turn is None else image.transpose(turn)
    assert nearest(reference_hashes(encoded(image)), encoded(copy)) == 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_crops_are_those_of_the_photo_as_it_is_shown(orientation: int) -> None:
    shown = Image.fromarray(picture(3, 640, 481))
    turned = reference_hashes(stored_turned(shown, orientation, "PNG"))
    assert turned.values.tolist() == reference_hashes(encoded(shown)).values.tolist()


@pytest.mark.parametrize("shares", [(0.03, 0, 0, 0), (0, 0.09, 0, 0.06), (0.09, 0.09, 0.09, 0.09), (0, 0, 0.06, 0)])
@pytest.mark.parametrize("mirrored", ["", "mirrored"])
def test_crops_at_the_steps_are_hashed_as_they_are(shares: tuple[float, float, float, float], mirrored: str) -> None:
    image = picture(4, 600, 500)
    cropped = cut(image, shares)
    copy = cropped[:, ::-1] if mirrored else cropped
    assert nearest(reference_hashes(encoded(image)), encoded(np.ascontiguousarray(copy))) <= 2


@pytest.mark.slow
def test_crops_of_photographs_are_recognised() -> None:
    rng = np.random.default_rng(5)
    found = []
    for name in PHOTOGRAPHS:
        raw = photograph(name)
        image = np.asarray(Image.open(io.BytesIO(raw)).convert("RGB"))
        references = reference_hashes(raw)
        for _ in range(20):
            cropped = cut(image, random_cuts(rng))
            found.append(nearest(references, encoded(cropped, "JPEG", quality=70)) <= 31)
    assert np.mean(found) >= 0.95


def test_no_reference_of_a_photograph_matches_another_photograph() -> None:
    references = [reference_hashes(photograph(name)) for name in PHOTOGRAPHS]
    listed = PdqHashes(
        np.concatenate([each.values for each in references]), np.concatenate([each.qualities for each in references])
    )
    matches = HashIndex(listed).find_near(PdqHashes.of(hash_photo(photograph(name)) for name in PHOTOGRAPHS))
    assert (matches.places // REFERENCE_HASHES == matches.rows).all()
    assert set(matches.rows.tolist()) == set(range(len(PHOTOGRAPHS)))


@pytest.mark.parametrize("shade", [0, 200])
def test_a_blank_photo_has_no_hashes(shade: int) -> None:
    assert len(reference_hashes(encoded(np.full((300, 400, 3), shade, np.uint8)))) == 0
