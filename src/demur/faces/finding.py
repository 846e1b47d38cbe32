"""The faces of a dataset's photo."""

from dataclasses import dataclass
from typing import Final

from demur.faces.box import Box
from demur.faces.colour import ColourPhoto, decode_colours
from demur.faces.detector import FoundFaces, detect_faces
from demur.faces.embedding import embed_faces
from demur.faces.models import Floats
from demur.photos.gray import USUAL_LIMITS, DecodingLimits

LEAST_SIDE: Final = 32
"""Of a face, in pixels of the photo or of the photo made smaller to `MOST_SIDE`. Below, all people look alike."""


@dataclass(frozen=True, eq=False)
class Face:
    """A face that was found.

    Attributes:
        box: where it is.
        certainty: from `LEAST_CERTAINTY` to 1, that it is a face; nothing is said about whose.
        embedding: float32[128]. Personal data of a special category: for comparing, never for keeping.
    """

    box: Box
    certainty: float
    embedding: Floats

    def __repr__(self) -> str:
        """Name what may be seen in a log: nothing of the face itself."""
        return f"Face(certainty={self.certainty:.2f})"


def find_faces(raw: bytes, limits: DecodingLimits = USUAL_LIMITS) -> list[Face]:
    """Return the faces of a photo, the most certain first, without those smaller than `LEAST_SIDE`.

    Upright as EXIF says. At most `demur.faces.detector.MOST_FACES`.

    Raises:
        PhotoError: the photo cannot be read, or its faces not be found, within the limits.
        FaceModelError: a model is not the released one.

    40 to 70 ms for a large photo and 6 ms for each face, on one thread.
    """
    photo = decode_colours(raw, limits)
    found = detect_faces(photo)
    large = found.where(found.short_sides() >= LEAST_SIDE)
    return describe_faces(photo, large)


def describe_faces(photo: ColourPhoto, found: FoundFaces) -> list[Face]:
    """Return faces that were found, each with its embedding.

    Raises:
        PhotoError: it takes longer than the photo's limits allow.
        FaceModelError: a model is not the released one.
    """
    embeddings = embed_faces(photo, found.points)
    boxes = found.boxes_of(photo)
    return [Face(*parts) for parts in zip(boxes, found.certainties.tolist(), embeddings, strict=True)]
