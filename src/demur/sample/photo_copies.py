"""Copies of a photo as people make them before they post it again."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from demur.sample.album import CopyKind

_MOST_CROPPED = 0.09
"""Of a side, from each edge."""

_QUALITIES = (55, 76)
_REENCODED_QUALITIES = (30, 76)
_SCALES = (0.5, 0.9)
_LEAST_SIDE = 320
_MOST_SIDE = 640
_WORDS = "WHEN NOBODY ASKED"
_SCREEN_COLOUR = (20, 20, 24)
_SCREEN_WIDTH = 400
_LINE = "12:34    a photo    like   answer"


def make_copy(rng: np.random.Generator, original: bytes, kind: CopyKind, suffix: str) -> bytes:
    """Return the bytes of a copy.

    Only a copy of kind `same` has anything but the picture: what else the original says is lost in all others.

    Args:
        rng: decides how much is changed.
        original: a photo that can be decoded.
        kind: in which way it is copied.
        suffix: of the copy's file name: jpg, png or webp.
    """
    if kind is CopyKind.SAME:
        return original
    with Image.open(io.BytesIO(original)) as image:
        changed = _CHANGES[kind](rng, image.convert("RGB"))
    changed.info = {}
    qualities = _REENCODED_QUALITIES if kind is CopyKind.REENCODED else _QUALITIES
    return _encode(changed, suffix, int(rng.integers(*qualities)))


def _encode(image: Image.Image, suffix: str, quality: int) -> bytes:
    out = io.BytesIO()
    match suffix:
        case "png":
            image.save(out, "PNG", compress_level=1)
        case "webp":
            image.save(out, "WEBP", quality=quality, method=2)
        case _:
            image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _unchanged(_rng: np.random.Generator, image: Image.Image) -> Image.Image:
    return image


def _resized(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    return _scaled(image, max(_LEAST_SIDE, round(max(image.size) * float(rng.uniform(*_SCALES)))))


def _made_small(_rng: np.random.Generator, image: Image.Image) -> Image.Image:
    return _scaled(image, min(_MOST_SIDE, max(image.size)))


def _scaled(image: Image.Image, longest: int) -> Image.Image:
    scale = longest / max(image.size)
    return image.resize((round(image.width * scale), round(image.height * scale)))


def _cropped(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """Cut from each edge another share."""
    left, top, right, bottom = (rng.uniform(0, _MOST_CROPPED, 4) * (image.size * 2)).astype(int).tolist()
    return image.crop((left, top, image.width - right, image.height - bottom))


def _mirrored(_rng: np.random.Generator, image: Image.Image) -> Image.Image:
    return ImageOps.mirror(image)


def _captioned(_rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """Write large words on bars over the upper and the lower part, as memes do."""
    captioned, size, bar = image.copy(), image.width // 12, image.height // 5
    draw = ImageDraw.Draw(captioned)
    for top in (0, image.height - bar):
        draw.rectangle((0, top, image.width, top + bar), "white")
        draw.text((size, top + (bar - size) // 2), _WORDS, "black", font_size=size)
    return captioned


def _shown_on_a_screen(_rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """Put the photo on a telephone's screen, with a line of words above and below."""
    photo = image.resize((_SCREEN_WIDTH, round(image.height * _SCREEN_WIDTH / image.width)))
    screen = Image.new("RGB", (_SCREEN_WIDTH, 2 * _SCREEN_WIDTH), _SCREEN_COLOUR)
    screen.paste(photo, (0, (screen.height - photo.height) // 2))
    size = _SCREEN_WIDTH // 20
    for top in (size, screen.height - 2 * size):
        ImageDraw.Draw(screen).text((size, top), _LINE, "white", font_size=size)
    return screen


_CHANGES: dict[CopyKind, Callable[[np.random.Generator, Image.Image], Image.Image]] = {
    CopyKind.CROPPED: _cropped,
    CopyKind.MIRRORED: _mirrored,
    CopyKind.RESIZED: _resized,
    CopyKind.REENCODED: _unchanged,
    CopyKind.OTHER_FORMAT: _made_small,
    CopyKind.SCREENSHOT: _shown_on_a_screen,
    CopyKind.CAPTIONED: _captioned,
}
