"""Photos for the tests of faces: one photograph of a person, which scikit-image brings, and what can be made of it."""

import importlib.util
import io
from pathlib import Path

import numpy as np
from PIL import Image


def astronaut() -> Image.Image:
    """Return Eileen Collins as NASA photographed her: public domain, 512 by 512, one face of about 90 pixels."""
    found = importlib.util.find_spec("skimage")
    assert found is not None, "scikit-image is not installed: group photos of pyproject.toml"
    assert found.origin is not None
    return Image.open(Path(found.origin).parent / "data/astronaut.png").convert("RGB")


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return a picture as the bytes of a file."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def landscape(width: int = 400, height: int = 300) -> Image.Image:
    """Return a made-up picture without any face."""
    grid = np.random.default_rng(7).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)


def beside(*images: Image.Image) -> Image.Image:
    """Return pictures side by side."""
    whole = Image.new("RGB", (sum(image.width for image in images), max(image.height for image in images)))
    left = 0
    for image in images:
        whole.paste(image, (left, 0))
        left += image.width
    return whole
