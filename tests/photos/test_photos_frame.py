"""A photo is recognised within an even frame, whichever shade, side and file; a photo without one is left whole."""

import numpy as np
import pytest
from pdq_world import distance, encoded, picture, stored_turned
from PIL import Image, ImageOps

from demur.photos.frame import NO_FRAME, Frame, find_frame
from demur.photos.gray import decode_in_full, decode_scaled
from demur.photos.pdq import hash_photo, hash_photo_and_within

PICTURE = Image.fromarray(picture(1, 800, 601))
OWN = hash_photo(encoded(PICTURE))


@pytest.mark.parametrize("border", [(20, 20, 20, 20), (0, 100, 0, 100), (60, 0, 61, 0), (0, 33, 0, 0), (1, 2, 3, 4)])
@pytest.mark.parametrize("shade", ["white", "black", "gray"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_is_within_a_frame_is_hashed_as_the_photo_itself(
    border: tuple[int, int, int, int], shade: str, kind: str
) -> None:
    _, within = hash_photo_and_within(encoded(ImageOps.expand(PICTURE, border, shade), kind))
    assert distance(within.value, OWN.value) <= (2 if kind == "PNG" else 20)
    assert within.is_matchable


def test_the_frame_is_found_to_the_pixel() -> None:
    framed = encoded(ImageOps.expand(PICTURE, (10, 20, 30, 40), "white"))
    assert find_frame(decode_in_full(framed)) == Frame(top=20, bottom=40, left=10, right=30)


@pytest.mark.parametrize("scale_side", [700, 1500, 3000])
def test_of_a_scaled_photo_the_frame_is_never_found_too_large(scale_side: int) -> None:
    image = ImageOps.expand(Image.fromarray(picture(2, scale_side, scale_side)), (101, 53, 77, 131), "black")
    photo = decode_scaled(encoded(image, "JPEG", quality=90))
    assert photo.scale > 1
    for found, real in zip(find_frame(photo), Frame(top=53, bottom=131, left=101, right=77), strict=True):
        assert real - 2 * photo.scale <= found <= real + 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_recognised_within_its_frame(orientation: int) -> None:
    framed = ImageOps.expand(PICTURE, (10, 20, 30, 40), "white")
    _, within = hash_photo_and_within(stored_turned(framed, orientation, "PNG"))
    assert distance(within.value, OWN.value) <= 2


def test_a_photo_without_frame_has_one_hash() -> None:
    assert hash_photo_and_within(encoded(PICTURE)) == [OWN]


@pytest.mark.parametrize("shade", [0, 255])
def test_a_blank_page_is_no_frame(shade: int) -> None:
    assert find_frame(decode_in_full(encoded(np.full((90, 120, 3), shade, np.uint8)))) == NO_FRAME


@pytest.mark.parametrize("border", [(0, 0, 0, 1000), (1300, 0, 0, 0)])
def test_a_frame_that_is_most_of_the_picture_is_none(border: tuple[int, int, int, int]) -> None:
    assert find_frame(decode_in_full(encoded(ImageOps.expand(PICTURE, border, "white")))) == NO_FRAME


def test_a_scaled_photo_without_frame_has_none_though_its_last_pixels_stand_for_less() -> None:
    photo = decode_scaled(encoded(picture(3, 1501, 1207), "JPEG"))
    assert photo.height % photo.scale
    assert photo.width % photo.scale
    assert find_frame(photo) == NO_FRAME
