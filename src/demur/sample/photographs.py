"""The photos' pixels: crops, mirrors and tones of openly licensed photographs that a locked package ships.

The package is scikit-image. It is installed without what it needs to run, so it is never imported: its files are found
through the import system and read as files. Only photographs that it states to be CC0 or in the public domain are used.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from demur.sample.album import Album
from demur.sample.errors import PhotographsMissingError
from demur.sample.friendships import NOBODY
from demur.sample.randomness import Stream, generator

_PACKAGE = "skimage"


@dataclass(frozen=True)
class Photograph:
    """A photograph that the sample's photos are made of.

    Attributes:
        file: its name in the package.
        source: where it comes from and who made it, as stated by the package.
        licence: as stated by the package.
    """

    file: str
    source: str
    licence: str


@dataclass(frozen=True)
class _Framing:
    """How crops are placed: how much of the photograph they cover at least, and where in what is left over."""

    least_share: float
    across: tuple[float, float]
    down: tuple[float, float]


PORTRAITS = (
    Photograph("astronaut.png", "NASA Great Images, https://flic.kr/p/r9qvLn", "public domain"),
    Photograph("camera.png", "Lav Varshney", "CC0"),
)
"""What stands for a photo of somebody."""

SCENES = (
    Photograph("chelsea.png", "Stefan van der Walt", "CC0"),
    Photograph("coffee.png", "Rachel Michetti, courtesy of Pikolo Espresso Bar", "CC0"),
    Photograph("rocket.jpg", "SpaceX, https://www.flickr.com/photos/spacexphotos/16511594820/", "public domain"),
    Photograph(
        "hubble_deep_field.jpg",
        "NASA, http://hubblesite.org/newscenter/archive/releases/2012/37/image/a/",
        "public domain",
    ),
    Photograph("clock_motion.png", "Stefan van der Walt", "public domain"),
    Photograph("brick.png", "CC0Textures, https://cc0textures.com/view.php?tex=Bricks25", "CC0"),
    Photograph("gravel.png", "CC0Textures, https://cc0textures.com/view.php?tex=Gravel04", "CC0"),
    Photograph("grass.png", "linolafett, https://www.deviantart.com/linolafett/art/Grass-01-434853879", "CC0"),
)
"""What stands for a photo that shows nobody."""

_SCENE_FRAMING = _Framing(0.5, (0.0, 1.0), (0.0, 1.0))
_PORTRAIT_FRAMING = _Framing(0.72, (0.2, 0.7), (0.0, 0.25))
"""Faces are in the upper middle of both portraits, and stay in the picture."""

_LONG_SIDES = (320, 480, 640, 800, 1080)
_ASPECTS = (1.0, 4 / 3, 3 / 2, 3 / 4, 4 / 5)
_TONES = (0.75, 1.3)
_QUALITIES, _COPY_QUALITIES = (80, 93), (55, 76)
_COPY_SCALES = (0.5, 0.9)
_LEAST_SIDE = 320


def write_photos(folder: Path, album: Album, seed: int) -> None:
    """Write every image file of the album, and LICENCES.md.

    Raises:
        PhotographsMissingError: the package is not installed, or lacks one of the photographs.
    """
    portraits, scenes = _load_photographs(PORTRAITS), _load_photographs(SCENES)
    folder.mkdir()
    (folder / "LICENCES.md").write_text(_licences())
    paths = album.paths.to_pylist()
    for number, path in enumerate(paths):
        rng = generator(seed, Stream.PIXELS, number)
        original = int(album.copy_of[number])
        if original != NOBODY:
            _write_copy(folder / path, rng, folder / paths[original])
        elif (album.shown[number] != NOBODY).any():
            _write_original(folder / path, rng, portraits, _PORTRAIT_FRAMING)
        else:
            _write_original(folder / path, rng, scenes, _SCENE_FRAMING)


def _load_photographs(photographs: tuple[Photograph, ...]) -> list[Image.Image]:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise PhotographsMissingError(
            "the sample's photographs are not installed",
            hint='run "pip install --no-deps --require-hashes -r requirements/photos.txt"',
        )
    folder = Path(spec.submodule_search_locations[0]) / "data"
    return [_load_photograph(folder / photograph.file) for photograph in photographs]


def _load_photograph(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except OSError as error:
        raise PhotographsMissingError(
            f"the package with the photographs has no readable {path.name}",
            hint="install the version that requirements/photos.txt names",
        ) from error


def _write_original(path: Path, rng: np.random.Generator, sources: list[Image.Image], framing: _Framing) -> None:
    """Crop, mirror and tone one of the sources, each by chance, and save it as a phone would."""
    image = sources[int(rng.integers(len(sources)))]
    image = image.crop(_crop_box(rng, image.size, framing))
    if rng.integers(2):
        image = ImageOps.mirror(image)
    image = ImageEnhance.Brightness(image).enhance(float(rng.uniform(*_TONES)))
    image = ImageEnhance.Contrast(image).enhance(float(rng.uniform(*_TONES)))
    image = ImageEnhance.Color(image).enhance(float(rng.uniform(*_TONES)))
    scale = _LONG_SIDES[int(rng.integers(len(_LONG_SIDES)))] / max(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)))
    image.save(path, "JPEG", quality=int(rng.integers(*_QUALITIES)))


def _crop_box(rng: np.random.Generator, size: tuple[int, int], framing: _Framing) -> tuple[int, int, int, int]:
    """Return a box of one of the usual aspects, placed as the framing says."""
    aspect = _ASPECTS[int(rng.integers(len(_ASPECTS)))]
    share = float(rng.uniform(framing.least_share, 1.0))
    width = min(size[0], size[1] * aspect) * share
    height = width / aspect
    left = (size[0] - width) * float(rng.uniform(*framing.across))
    top = (size[1] - height) * float(rng.uniform(*framing.down))
    return int(left), int(top), int(left + width), int(top + height)


def _write_copy(path: Path, rng: np.random.Generator, original: Path) -> None:
    """Save the original again as somebody else who downloaded it would: smaller and with more compression."""
    with Image.open(original) as image:
        longest = max(image.size)
        scale = max(_LEAST_SIDE, round(longest * float(rng.uniform(*_COPY_SCALES)))) / longest
        copy = image.resize((round(image.width * scale), round(image.height * scale)))
        copy.save(path, "JPEG", quality=int(rng.integers(*_COPY_QUALITIES)))


def _licences() -> str:
    lines = [
        "# Licences",
        "",
        "Every file in this folder is a crop of one of these photographs, mirrored, toned and resized by program.",
        "Nobody in them has anything to do with the made-up people of the sample.",
        "",
        "| photograph | source | licence |",
        "|---|---|---|",
        *(f"| {photo.file} | {photo.source} | {photo.licence} |" for photo in (*PORTRAITS, *SCENES)),
    ]
    return "\n".join(lines) + "\n"
