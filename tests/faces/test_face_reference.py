"""A reference photo gives one face, or the person is told at once why not; nobody else's face gets in by the way."""

import numpy as np
import pytest
from face_world import astronaut, beside, encoded, landscape

from demur.core.identifier import face_embedding
from demur.faces.errors import FaceTooSmallError, NoFaceError, ReferenceFaceError, SeveralFacesError
from demur.faces.finding import Face
from demur.faces.reference import LEAST_REFERENCE_SIDE, reference_face
from demur.photos.errors import PhotoTooLargeError, UnreadablePhotoError
from demur.photos.gray import DecodingLimits


def test_a_reference_photo_gives_the_face_that_a_dataset_s_photo_gives(face: Face) -> None:
    reference = reference_face(encoded(astronaut()))
    assert (reference.embedding == face.embedding).all()
    assert reference.box == face.box


def test_the_value_for_the_list_is_near_the_face_itself() -> None:
    reference = reference_face(encoded(astronaut()))
    listed = np.array(face_embedding(reference.value), np.float32)
    assert 0 < np.linalg.norm(listed - reference.embedding) < 0.02


def test_a_photo_without_a_face_is_said_to_have_none() -> None:
    with pytest.raises(NoFaceError, match="no face was found in the photo") as caught:
        reference_face(encoded(landscape()))
    assert "from the front" in caught.value.hint


def test_several_faces_are_shown_to_the_person_and_none_is_taken() -> None:
    with pytest.raises(SeveralFacesError, match="2 faces") as caught:
        reference_face(encoded(beside(astronaut(), astronaut())))
    lefts = sorted(box.left for box in caught.value.boxes)
    assert lefts == pytest.approx([180, 692], abs=8)
    assert "which of the faces is yours" in caught.value.hint


def test_the_person_can_say_which_face_is_theirs() -> None:
    photo = encoded(beside(astronaut(), astronaut()))
    assert reference_face(photo, at=(0.22, 0.23)).box.left == pytest.approx(180, abs=8)
    assert reference_face(photo, at=(0.72, 0.23)).box.left == pytest.approx(692, abs=8)


@pytest.mark.parametrize("at", [(0.5, 0.9), (-1, 0.2), (7, 7), (float("nan"), 0.2)])
def test_no_face_is_taken_from_elsewhere_than_the_person_said(at: tuple[float, float]) -> None:
    with pytest.raises(NoFaceError, match="at this place"):
        reference_face(encoded(beside(astronaut(), astronaut())), at=at)


def test_a_single_face_elsewhere_than_the_person_said_is_not_taken_either() -> None:
    with pytest.raises(NoFaceError, match="at this place"):
        reference_face(encoded(astronaut()), at=(0.9, 0.9))


@pytest.mark.parametrize("side", [120, 300])
def test_a_face_that_is_too_small_is_refused(side: int) -> None:
    with pytest.raises(FaceTooSmallError, match=f"smaller than {LEAST_REFERENCE_SIDE} pixels") as caught:
        reference_face(encoded(astronaut().resize((side, side))))
    assert "closer" in caught.value.hint


def test_people_far_behind_do_not_make_a_photo_useless() -> None:
    far = astronaut().resize((130, 130))
    assert reference_face(encoded(beside(astronaut(), far))).box.left == pytest.approx(180, abs=8)


def test_what_cannot_be_read_is_refused_as_a_photo() -> None:
    with pytest.raises(UnreadablePhotoError):
        reference_face(b"no photo")
    with pytest.raises(PhotoTooLargeError):
        reference_face(encoded(astronaut()), limits=DecodingLimits(most_pixels=1_000))


def test_a_reference_does_not_get_into_a_log() -> None:
    reference = reference_face(encoded(astronaut()))
    assert repr(reference) == f"{reference}" == "FaceReference()"


def test_all_refusals_can_be_told_together() -> None:
    for error in (NoFaceError, SeveralFacesError, FaceTooSmallError):
        assert issubclass(error, ReferenceFaceError)
