"""Why there is no embedding of a face.

DemurError
├── FaceModelError               a model of this package is not the one that was released
└── ReferenceFaceError           no embedding can be made of this reference photo; the person can send another one
    ├── NoFaceError
    ├── SeveralFacesError        bears where they are, so that the person can say which is theirs
    └── FaceTooSmallError

What cannot be read as a photo raises a `demur.photos.errors.PhotoError`. No message holds anything of the photo.
"""

from collections.abc import Sequence

from demur.core.errors import DemurError
from demur.faces.box import Box


class FaceModelError(DemurError):
    """A model is missing or is not the one that was released: it is not run."""


class ReferenceFaceError(DemurError):
    """A reference photo was read, but does not show one face well enough."""


class NoFaceError(ReferenceFaceError):
    """No face was found in the reference photo, or none where the person said that theirs is."""


class SeveralFacesError(ReferenceFaceError):
    """The reference photo shows several faces, and whoever sent it is one of them at most.

    Attributes:
        boxes: where they are, in pixels of the photo as it is shown, the most certain first.
    """

    def __init__(self, boxes: Sequence[Box]) -> None:
        super().__init__(
            f"the photo shows {len(boxes)} faces",
            hint="send a photo that shows nobody else, or say which of the faces is yours",
        )
        self.boxes = tuple(boxes)


class FaceTooSmallError(ReferenceFaceError):
    """The face of the reference photo has too few pixels to be recognised by."""
