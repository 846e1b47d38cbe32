"""Pictures made of parts of the photographs: somebody in front of a ground, a scene in a light, or nothing much.

The photographs are few, and parts of one photograph look alike to whoever compares photos. So each picture has a ground
of its own, of large shapes and a blurred part of a photograph, and everybody wears patched clothes: this decides most
of what a perceptual hash sees, and keeps different pictures apart. Faces stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from demur.sample.figures import Looks

Size = tuple[int, int]

_LONG_SIDES = (320, 480, 640, 800, 1080)
_GROUP_LONG_SIDES = (640, 800, 1080)
_ASPECTS = (1.0, 4 / 3, 3 / 2, 3 / 4, 4 / 5)
_GROUP_ASPECTS = (4 / 3, 3 / 2)

_GROUND_PIXELS = 128
_SHAPES = (18, 32)
_SHAPE_SHARES = (0.06, 0.45)
_PATCHES = (8, 18)
_CLOTHES_TOP = 0.57
_FRONT_SHAPES = (3, 8)
_FRONT_SHARE = 0.35
_FRONT_TOP = 0.7
_SHADES = ((30, 100), (160, 225))
"""Dark or light: shapes in between would leave it to the figure what the picture looks like from afar."""
_MOST_HUE = 30
_OPACITIES = (170, 255)
_GROUND_BLUR = (0.5, 1.3)
_LIGHT_SHARES = (0.55, 0.68)
_CROP_SHARES = (0.25, 0.65)
_FIGURE_HEIGHTS = (0.6, 0.85)
_GROUP_HEIGHTS = (0.65, 0.85)
_MIDDLES, _GROUP_MIDDLES = (0.25, 0.75), (0.35, 0.65)
_SUNK_SHARES = (0.03, 0.1)
_GAMMAS = (0.75, 1.35)
_PLAIN_SHADES = (60, 190)
_PLAIN_STEP = 6


@dataclass(frozen=True)
class Materials:
    """What pictures are made of.

    Attributes:
        looks: whoever can be shown.
        scenes: photographs that show nobody.
    """

    looks: Looks
    scenes: Sequence[Image.Image]


def compose_portrait(rng: np.random.Generator, materials: Materials, shown: Sequence[int]) -> Image.Image:
    """Return a picture of these people, from left to right in an order drawn by lot, faces free."""
    size = _draw_size(rng, len(shown))
    picture = _ground(rng, materials.scenes, size)
    for place, which in enumerate(rng.permutation(len(shown))):
        figure = materials.looks.of(int(shown[which]))
        _place_figure(rng, picture, figure, place, len(shown))
    foreground = _foreground(rng, size)
    picture.paste(foreground, (0, size[1] - foreground.height), foreground)
    return _toned(rng, picture)


def compose_scene(rng: np.random.Generator, materials: Materials) -> Image.Image:
    """Return a picture that shows nobody: a part of a photograph, in a light of its own."""
    size = _draw_size(rng, 1)
    scene = _part(rng, materials.scenes, size)
    return _toned(rng, Image.blend(scene, _ground(rng, materials.scenes, size), float(rng.uniform(*_LIGHT_SHARES))))


def compose_plain(rng: np.random.Generator) -> Image.Image:
    """Return a picture in which there is nothing to recognise: two shades that hardly differ, one below the other."""
    shade = rng.integers(*_PLAIN_SHADES, 3)
    picture = Image.new("RGB", (1, 2), tuple(shade.tolist()))
    picture.putpixel((0, 1), tuple((shade + _PLAIN_STEP).tolist()))
    return picture.resize(_draw_size(rng, 1), Image.Resampling.BILINEAR)


def _draw_size(rng: np.random.Generator, people: int) -> Size:
    sides, aspects = (_GROUP_LONG_SIDES, _GROUP_ASPECTS) if people > 1 else (_LONG_SIDES, _ASPECTS)
    side, aspect = sides[int(rng.integers(len(sides)))], aspects[int(rng.integers(len(aspects)))]
    return (side, round(side / aspect)) if aspect >= 1 else (round(side * aspect), side)


def _part(rng: np.random.Generator, scenes: Sequence[Image.Image], size: Size) -> Image.Image:
    """Return a part of one of the photographs, mirrored by chance, as large as is asked for."""
    scene = scenes[int(rng.integers(len(scenes)))]
    share = float(rng.uniform(*_CROP_SHARES)) * min(scene.width / size[0], scene.height / size[1])
    width, height = size[0] * share, size[1] * share
    left, top = rng.random(2) * (scene.width - width, scene.height - height)
    part = scene.resize(size, Image.Resampling.BILINEAR, (left, top, left + width, top + height))
    return ImageOps.mirror(part) if rng.integers(2) else part


def _ground(rng: np.random.Generator, scenes: Sequence[Image.Image], size: Size) -> Image.Image:
    """Return what is out of focus behind somebody: shapes in front of a part of a photograph, drawn small."""
    scale = _GROUND_PIXELS / max(size)
    ground = _part(rng, scenes, (round(size[0] * scale), round(size[1] * scale)))
    draw = ImageDraw.Draw(ground, "RGBA")
    for _ in range(int(rng.integers(*_SHAPES))):
        _draw_shape(rng, draw, ground.size)
    blurred = ground.filter(ImageFilter.GaussianBlur(float(rng.uniform(*_GROUND_BLUR))))
    return blurred.resize(size, Image.Resampling.BILINEAR)


def _foreground(rng: np.random.Generator, size: Size) -> Image.Image:
    """Return what is out of focus in front of somebody, along the lower edge."""
    width, height = size[0], round(size[1] * _FRONT_SHARE)
    scale = _GROUND_PIXELS / max(size)
    shapes = Image.new("RGBA", (round(width * scale), round(height * scale)))
    draw = ImageDraw.Draw(shapes)
    for _ in range(int(rng.integers(*_FRONT_SHAPES))):
        _draw_shape(rng, draw, shapes.size, _FRONT_TOP)
    return shapes.filter(ImageFilter.GaussianBlur(1)).resize((width, height), Image.Resampling.BILINEAR)


def _draw_shape(rng: np.random.Generator, draw: ImageDraw.ImageDraw, size: Size, top: float = 0) -> None:
    """Draw an ellipse or a rectangle whose middle is below a share of the height."""
    middle = (rng.random(2) * (1, 1 - top) + (0, top)) * size
    half = rng.uniform(*_SHAPE_SHARES, 2) * size / 2
    shade, hue = rng.integers(*_SHADES[int(rng.integers(2))]), rng.integers(-_MOST_HUE, _MOST_HUE, 3)
    colour = (*(shade + hue).tolist(), int(rng.integers(*_OPACITIES)))
    box = (*(middle - half).tolist(), *(middle + half).tolist())
    shape = draw.ellipse if rng.integers(2) else draw.rectangle
    shape(box, fill=colour)


def _place_figure(
    rng: np.random.Generator, picture: Image.Image, figure: Image.Image, place: int, of_places: int
) -> None:
    """Put somebody on the lower edge of the picture, in the middle of their part of its width, or near it."""
    heights, middles = (_FIGURE_HEIGHTS, _MIDDLES) if of_places == 1 else (_GROUP_HEIGHTS, _GROUP_MIDDLES)
    height = round(picture.height * float(rng.uniform(*heights)))
    width = round(figure.width * height / figure.height)
    figure = _dressed(rng, figure.resize((width, height), Image.Resampling.BILINEAR))
    if rng.integers(2):
        figure = ImageOps.mirror(figure)
    middle = picture.width / of_places * (place + float(rng.uniform(*middles)))
    sunk = round(height * float(rng.uniform(*_SUNK_SHARES)))
    picture.paste(figure, (round(middle - width / 2), picture.height - height + sunk), figure)


def _dressed(rng: np.random.Generator, figure: Image.Image) -> Image.Image:
    """Return somebody with other clothes, patched below the head."""
    dressed = figure.convert("RGB")
    draw = ImageDraw.Draw(dressed, "RGBA")
    for _ in range(int(rng.integers(*_PATCHES))):
        _draw_shape(rng, draw, dressed.size, _CLOTHES_TOP)
    dressed.putalpha(figure.getchannel("A"))
    return dressed


def _toned(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """Return the picture lighter or darker, each colour a little otherwise."""
    gammas = rng.uniform(*_GAMMAS) * rng.uniform(0.92, 1.08, 3)
    shades = np.linspace(0, 1, 256)
    return picture.point([round(255 * shade) for gamma in gammas for shade in (shades**gamma).tolist()])
