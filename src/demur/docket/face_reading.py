"""The face by which somebody agreed to be looked for, read from the photo that they send.

It is read while the photo is drawn, in the same child process (demur.docket.photo_drawing), so that the person is told
at once if it shows no face, or several. What finds faces is loaded there only when somebody asks for it.
"""

from dataclasses import dataclass, field

from demur.core.errors import FormatError
from demur.core.identifier import face_embedding
from demur.docket.errors import FaceProblem


@dataclass(frozen=True)
class SoughtFace:
    """What came of looking for a face: one of the two.

    Attributes:
        value: of its entry on the suppression list; special-category data, and so in no `repr`. Empty if there is none.
        problem: why there is none.
    """

    value: str = field(default="", repr=False)
    problem: FaceProblem | None = None


def read_face(jpeg: bytes) -> SoughtFace:
    """Return the one face of a photo; never raises.

    A third of a second, of which the models take most to load.
    """
    try:
        from demur.faces import errors, reference  # noqa: PLC0415  (an extra, which few installations have)
    except ImportError:
        return SoughtFace(problem=FaceProblem.NOT_READ)
    problems: dict[type[Exception], FaceProblem] = {
        errors.NoFaceError: FaceProblem.NO_FACE,
        errors.SeveralFacesError: FaceProblem.SEVERAL_FACES,
        errors.FaceTooSmallError: FaceProblem.TOO_SMALL,
    }
    try:
        return SoughtFace(reference.reference_face(jpeg).value)
    except Exception as error:  # noqa: BLE001  (whatever fails here must not cost the person the photo itself)
        return SoughtFace(problem=problems.get(type(error), FaceProblem.NOT_READ))


def face_word(face: SoughtFace) -> str:
    """Return what came of looking for a face as one word, for the answer of the child."""
    return face.problem or face.value


def parse_face_word(word: str) -> SoughtFace:
    """Return what the child answered about the face; that it was not read if no child could mean it."""
    if word in set(FaceProblem):
        return SoughtFace(problem=FaceProblem(word))
    try:
        face_embedding(word)
    except FormatError:
        return SoughtFace(problem=FaceProblem.NOT_READ)
    return SoughtFace(word)
