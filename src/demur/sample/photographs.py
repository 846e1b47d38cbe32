"""The openly licensed photographs of which the photos are made; a locked package ships them.

The package is scikit-image. It is installed without what it needs to run, so it is never imported: its files are found
through the import system and read as files. Only photographs that it states to be CC0 or in the public domain are used.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from demur.sample.errors import PhotographsMissingError

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


def load_photographs(photographs: tuple[Photograph, ...]) -> list[Image.Image]:
    """Return these photographs in RGB.

    Raises:
        PhotographsMissingError: the package is not installed, or lacks one of the photographs.
    """
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


def describe_licences() -> str:
    """Return a page, in Markdown, of where the photographs come from and under which licence."""
    lines = [
        "# Licences",
        "",
        "Every file in this folder is made by program of parts of these photographs: cropped, cut out, mirrored,",
        "blurred, toned, resized and put together, with drawn shapes behind and in front, and words in a few.",
        "Nobody in them has anything to do with the made-up people of the sample.",
        "",
        "| photograph | source | licence |",
        "|---|---|---|",
        *(f"| {photo.file} | {photo.source} | {photo.licence} |" for photo in (*PORTRAITS, *SCENES)),
    ]
    return "\n".join(lines) + "\n"
