"""The reference photo: the one from which a person wants to be recognised.

It is read once, for the embedding of one face. Whoever sends it is told at once if there is none, or several: a face of
somebody else in the list would be special-category data of a person who was never asked.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from demur.core.identifier import face_value
from demur.faces.box import Box
from demur.faces.colour import decode_colours
from demur.faces.detector import detect_faces
from demur.faces.errors import FaceTooSmallError, NoFaceError, SeveralFacesError
from demur.faces.finding import LEAST_SIDE, describe_faces
from demur.faces.models import Floats
from demur.photos.gray import USUAL_LIMITS, DecodingLimits

LEAST_REFERENCE_SIDE: Final = 64
"""Of the face, in pixels: what is made of fewer is like many people."""


@dataclass(frozen=True, eq=False)
class FaceReference:
    """What a reference photo gives.

    Attributes:
        embedding: float32[128]. Special-category data: sealed in the list, deleted on withdrawal, never logged.
        box: where the face is, in pixels of the photo as it is shown, so that the person can be shown it.
    """

    embedding: Floats
    box: Box

    @property
    def value(self) -> str:
        """The identifier of kind `face` for the suppression list."""
        return face_value(self.embedding.tolist())

    def __repr__(self) -> str:
        """Name what may be seen in a log: nothing of the face itself."""
        return "FaceReference()"


def reference_face(
    raw: bytes, at: tuple[float, float] | None = None, limits: DecodingLimits = USUAL_LIMITS
) -> FaceReference:
    """Return the face of a reference photo.

    Args:
        raw: a photo of any kind that `demur.photos` reads.
        at: which face it is, where there are several: a point within it, as shares of the width and height of the photo
            as it is shown.
        limits: of the work.

    Raises:
        PhotoError: the photo cannot be read within the limits.
        NoFaceError: no face, or none at this point.
        SeveralFacesError: several, and no point was given, or one where they overlap.
        FaceTooSmallError: one, but smaller than `LEAST_REFERENCE_SIDE`.
        FaceModelError: a model is not the released one.

    Faces below `LEAST_SIDE` are passed over: nobody far behind a person makes their photo useless.
    """
    photo = decode_colours(raw, limits)
    found = detect_faces(photo)
    sides = found.short_sides()
    large = found.where(sides >= LEAST_SIDE)
    if len(sides) and not len(large.boxes):
        raise _too_small()
    if at is not None:
        point = np.array(at, np.float32) * photo.image.size
        inside = np.concatenate([large.boxes[:, :2] <= point, point <= large.boxes[:, 2:]], axis=1)
        large = large.where(np.flatnonzero(inside.all(axis=1)))
    if not len(large.boxes):
        raise NoFaceError(
            "no face was found in the photo" if at is None else "no face was found at this place of the photo",
            hint="send a photo that shows your face from the front, upright and well lit",
        )
    if len(large.boxes) > 1:
        raise SeveralFacesError(large.boxes_of(photo))
    if large.short_sides()[0] < LEAST_REFERENCE_SIDE:
        raise _too_small()
    (face,) = describe_faces(photo, large)
    return FaceReference(face.embedding, face.box)


def _too_small() -> FaceTooSmallError:
    return FaceTooSmallError(
        f"the face in the photo is smaller than {LEAST_REFERENCE_SIDE} pixels",
        hint="send a photo that was taken closer, or one that was not made smaller",
    )
