"""Where the faces of a photo are, and where in them eyes, nose and mouth.

The network says of every cell of 8, 16 and 32 pixels whether a face is there. A photo is looked at twice: once so large
that small faces are found, once so small that a face which fills it is not larger than the network was trained for.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from demur.faces.box import Box
from demur.faces.colour import ColourPhoto
from demur.faces.models import Floats, load_model

LEAST_CERTAINTY: Final = 0.6
"""From 0 to 1. Less are mostly hands, patterns, and faces that nobody would recognise."""

LOOKED_AT_SIDES: Final = (1024, 256)
MOST_FACES: Final = 200
"""Of one photo, the most certain: a bound on work, not on what crowds there are."""

_STRIDES: Final = (8, 16, 32)
_MOST_OVERLAP: Final = 0.5
_MOST_CANDIDATES: Final = 2000


class FoundFaces(NamedTuple):
    """The faces of a photo, the most certain first, in pixels of `ColourPhoto.image`.

    Attributes:
        certainties: float32[n].
        boxes: float32[n, 4], left, top, right, bottom.
        points: float32[n, 5, 2], x and y of the eye on the left side of the picture, the other eye, the tip of the
            nose, and the corners of the mouth.
    """

    certainties: Floats
    boxes: Floats
    points: Floats

    def where(self, wanted: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "FoundFaces":
        """Return some of the faces: bool[n], or their places."""
        return FoundFaces(self.certainties[wanted], self.boxes[wanted], self.points[wanted])

    def short_sides(self) -> Floats:
        """Return the shorter side of each box: float32[n]."""
        return np.asarray((self.boxes[:, 2:] - self.boxes[:, :2]).min(axis=1))

    def boxes_of(self, photo: ColourPhoto) -> list[Box]:
        """Return where the faces are in the photo as it is shown, whose image these were found in."""
        scale = np.array([photo.width / photo.image.width, photo.height / photo.image.height], np.float32)
        starts, sizes = self.boxes[:, :2] * scale, (self.boxes[:, 2:] - self.boxes[:, :2]) * scale
        return [Box(*start, *size) for start, size in zip(starts.tolist(), sizes.tolist(), strict=True)]


def detect_faces(photo: ColourPhoto) -> FoundFaces:
    """Return the faces of a photo, at most `MOST_FACES`.

    Raises:
        FaceModelError: the model is not the released one.
        PhotoError: it takes longer than the photo's limits allow.

    30 to 50 ms for a photo of 1024 pixels or more.
    """
    longest = max(photo.image.size)
    looks = []
    for side in sorted({min(side, longest) for side in LOOKED_AT_SIDES}):
        looks.append(look(photo.image, side / longest))
        photo.check_time()
    return _distinct(FoundFaces(*(np.concatenate(parts) for parts in zip(*looks, strict=True))))


def look(image: Image.Image, share: float = 1) -> FoundFaces:
    """Run the network once over an image made smaller by this share; a face is found by several cells."""
    width, height = (max(1, round(side * share)) for side in image.size)
    smaller = image if share == 1 else image.resize((width, height), Image.Resampling.BILINEAR)
    whole = _STRIDES[-1]
    padded = np.zeros((-(-height // whole) * whole, -(-width // whole) * whole, 3), np.float32)
    padded[:height, :width] = np.asarray(smaller)
    blue_first = np.ascontiguousarray(padded[:, :, ::-1].transpose(2, 0, 1))[None]
    cells = [
        _of_stride(output[0], stride)
        for output, stride in zip(load_model("detector.onnx").run(blue_first), _STRIDES, strict=True)
    ]
    certainties, boxes, points = (np.concatenate(parts) for parts in zip(*cells, strict=True))
    scale = np.array([image.width / width, image.height / height], np.float32)
    return FoundFaces(certainties, boxes * np.tile(scale, 2), points * scale)


def _of_stride(output: Floats, stride: int) -> FoundFaces:
    """Read float32[16, h, w]: what is in the cells that hold a face. Source: libfacedetection, `bbox_decode`."""
    certainty = np.sqrt(output[0] * output[1])
    rows, columns = np.nonzero(certainty >= LEAST_CERTAINTY)
    values = output[:, rows, columns].T
    corner = np.stack([columns, rows], axis=1).astype(np.float32)
    centre = (corner + values[:, 2:4]) * stride
    half = np.exp(values[:, 4:6]) * (stride / 2)
    points = (values[:, 6:].reshape(-1, 5, 2) + corner[:, None]) * stride
    boxes = np.concatenate([centre - half, centre + half], axis=1)
    return FoundFaces(certainty[rows, columns], boxes.astype(np.float32), points.astype(np.float32))


def _distinct(found: FoundFaces) -> FoundFaces:
    """Return each face once, the most certain first: of cells and looks that found the same, the most certain."""
    order = np.argsort(-found.certainties, kind="stable")[:_MOST_CANDIDATES]
    kept: list[int] = []
    while len(order) and len(kept) < MOST_FACES:
        best, order = order[0], order[1:]
        kept.append(int(best))
        order = order[_overlaps(found.boxes[best], found.boxes[order]) <= _MOST_OVERLAP]
    return found.where(np.array(kept, np.int64))


def _overlaps(box: Floats, others: Floats) -> Floats:
    """Return for each other box how much of the smaller of the two is common: float32[n].

    A cell that sees a part of a large face gives a box within that of the face.
    """
    common = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    smaller = np.minimum((box[2:] - box[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(axis=1))
    return np.asarray(common.clip(0).prod(axis=1) / smaller)
