"""People cut out of the photographs, so that they can stand in front of anything.

Everybody who is shown has a look of their own, one of a few, and has it in every photo that shows them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

Outline = tuple[tuple[int, int], ...]
Colour = tuple[int, int, int]

_ASTRONAUT: Outline = (
    *((39, 512), (23, 450), (23, 392), (33, 320), (49, 274), (69, 242), (108, 212), (114, 189), (124, 189), (131, 166)),
    *((153, 150), (183, 149), (183, 134), (167, 121), (154, 98), (154, 65), (173, 42), (196, 25), (229, 16), (268, 26)),
    *((291, 46), (302, 78), (297, 108), (278, 134), (264, 138), (256, 166), (281, 189), (300, 219), (305, 242)),
    *((333, 258), (353, 287), (362, 346), (398, 344), (444, 358), (477, 392), (493, 431), (512, 457), (512, 512)),
)
_CAMERAMAN: Outline = (
    *((0, 512), (0, 256), (27, 225), (40, 189), (63, 153), (95, 131), (131, 124), (148, 108), (161, 104), (164, 82)),
    *((180, 69), (206, 63), (239, 68), (259, 84), (270, 108), (270, 127), (256, 139), (324, 139), (326, 167)),
    *((332, 186), (327, 209), (311, 225), (308, 248), (304, 278), (281, 287), (249, 312), (206, 294), (180, 340)),
    *((141, 382), (148, 424), (151, 512), (131, 512), (115, 470), (99, 449), (92, 512)),
)
OUTLINES = (_ASTRONAUT, _CAMERAMAN)
"""Where somebody stands in each of `photographs.PORTRAITS`, in its pixels; the last side is its lower edge."""

_EDGE_PIXELS = 1.2
_TINTS: tuple[tuple[Colour, Colour], ...] = (
    ((12, 12, 16), (255, 250, 244)),
    ((26, 16, 10), (240, 204, 176)),
    ((8, 14, 34), (236, 244, 255)),
    ((34, 14, 18), (255, 226, 206)),
)
"""What becomes of black and of white."""


@dataclass(frozen=True)
class Looks:
    """Cut-out figures, among which everybody has theirs.

    Attributes:
        figures: RGBA; their lower edge is where the photograph ends.
    """

    figures: tuple[Image.Image, ...]

    def of(self, person: int) -> Image.Image:
        """Return the figure of somebody; the same in every photo."""
        return self.figures[person % len(self.figures)]


def make_looks(portraits: Sequence[Image.Image]) -> Looks:
    """Cut somebody out of each of the photographs, in every tint."""
    cut = [_cut_out(image, outline) for image, outline in zip(portraits, OUTLINES, strict=True)]
    return Looks(tuple(_tinted(figure, *tint) for tint in _TINTS for figure in cut))


def _cut_out(image: Image.Image, outline: Outline) -> Image.Image:
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    figure = image.copy()
    figure.putalpha(mask.filter(ImageFilter.GaussianBlur(_EDGE_PIXELS)))
    return figure.crop(mask.getbbox())


def _tinted(figure: Image.Image, black: Colour, white: Colour) -> Image.Image:
    """Return the figure with other ends of its tones; a gray one takes on their colour."""
    bands = figure.split()
    tinted = [
        band.point([low + (high - low) * value // 255 for value in range(256)])
        for band, low, high in zip(bands[:3], black, white, strict=True)
    ]
    return Image.merge("RGBA", [*tinted, bands[3]])
