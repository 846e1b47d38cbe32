"""From a face in a photo to the 128 numbers by which it is compared.

A face is cut out so that its eyes, nose and mouth come to lie where dlib laid them for the photos that its network was
trained with: upright, 150 pixels square, with a quarter of the face around it.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from demur.core.identifier import FACE_DIMENSIONS
from demur.faces.alignment import MEAN_FACE, cut_square, refine_points, similarity
from demur.faces.colour import ColourPhoto
from demur.faces.models import Floats, load_model

CHIP_SIDE: Final = 150

_BATCH: Final = 16
_MARGIN: Final = 0.25
_ON_CHIP: Final = (MEAN_FACE + _MARGIN) / (1 + 2 * _MARGIN) * CHIP_SIDE


def embed_faces(photo: ColourPhoto, points: Floats) -> Floats:
    """Return the embeddings of faces: float32[n, 128]. Two of one person are mostly nearer than 0.6 (L2).

    Args:
        photo: in which the faces are.
        points: float32[n, 5, 2], as `detect_faces` gives them for this photo.

    Raises:
        FaceModelError: a model is not the released one.
        PhotoError: it takes longer than the photo's limits allow.

    About 6 ms a face.
    """
    parts = [np.empty((0, FACE_DIMENSIONS), np.float32)]
    for first in range(0, len(points), _BATCH):
        chips = [cut_chip(photo.image, refine_points(photo.image, face)) for face in points[first : first + _BATCH]]
        parts.append(embed_chips(np.stack(chips)))
        photo.check_time()
    return np.concatenate(parts)


def cut_chip(image: Image.Image, points: Floats) -> npt.NDArray[np.uint8]:
    """Return a face as the network wants it: uint8[150, 150, 3], red first."""
    turn, shift = similarity(_ON_CHIP, points)
    return np.asarray(cut_square(image, turn, shift, CHIP_SIDE))


def embed_chips(chips: npt.NDArray[np.uint8]) -> Floats:
    """Return the embeddings of uint8[n, 150, 150, 3]: float32[n, 128]."""
    return load_model("embedder.onnx").run(chips.transpose(0, 3, 1, 2).astype(np.float32))[0]
