"""Reading the face of a photo in the child that draws it: one face, or why there is none, told at once."""

import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from face_case_world import a_face

from demur.core.identifier import face_value
from demur.docket.errors import FaceProblem
from demur.docket.face_reading import SoughtFace, parse_face_word, read_face
from demur.docket.photo_drawing import answer_for, draw_photo, parse_answer
from demur.docket.photographs import clean_photo
from demur.faces import reference

sys.path.append(str(Path(__file__).parents[1] / "faces"))
from face_world import astronaut, beside, encoded, landscape

PORTRAIT = encoded(astronaut())
WITHOUT_ONE_FACE = {
    FaceProblem.NO_FACE: landscape(),
    FaceProblem.SEVERAL_FACES: beside(astronaut(), astronaut()),
    FaceProblem.TOO_SMALL: astronaut().resize((200, 200)),
}


def test_one_face_is_read_in_the_child_as_it_is_here() -> None:
    photo = clean_photo(BytesIO(PORTRAIT), with_face=True)
    assert photo.face is not None
    assert photo.face.value == face_value(reference.reference_face(photo.jpeg).embedding.tolist())
    assert photo.face.problem is None
    assert photo.face.value not in repr(photo)


def test_nobody_looks_for_a_face_unless_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demur.docket.photo_drawing.read_face", lambda _jpeg: pytest.fail("a face was looked for"))
    assert parse_answer(answer_for(PORTRAIT)).face is None
    assert clean_photo(BytesIO(PORTRAIT)).face is None


@pytest.mark.parametrize("problem", WITHOUT_ONE_FACE)
def test_photo_without_one_face_of_enough_pixels_is_drawn_and_says_why_there_is_none(problem: FaceProblem) -> None:
    raw = encoded(WITHOUT_ONE_FACE[problem])
    drawn = parse_answer(answer_for(raw, with_face=True))
    assert drawn == replace(draw_photo(raw), face=SoughtFace(problem=problem))


def no_memory(_jpeg: bytes) -> None:
    raise MemoryError


def no_models(_jpeg: bytes) -> None:
    raise RuntimeError("embedding 0.1 0.2")


@pytest.mark.parametrize("fault", [no_memory, no_models])
def test_fault_while_a_face_is_read_costs_no_photo(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[[bytes], None]
) -> None:
    monkeypatch.setattr(reference, "reference_face", fault)
    drawn = parse_answer(answer_for(PORTRAIT, with_face=True))
    assert drawn.face == SoughtFace(problem=FaceProblem.NOT_READ)
    assert drawn.jpeg == draw_photo(PORTRAIT).jpeg


def test_without_the_extra_no_face_is_read_and_nothing_else_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "demur.faces.reference", None)
    monkeypatch.delattr("demur.faces.reference")
    assert read_face(PORTRAIT) == SoughtFace(problem=FaceProblem.NOT_READ)


@pytest.mark.parametrize("word", ["", "x", a_face()[:-4], a_face() + "AAAA", "face", "../../x"])
def test_word_about_a_face_that_no_child_could_mean_is_not_taken(word: str) -> None:
    assert parse_face_word(word) == SoughtFace(problem=FaceProblem.NOT_READ)
    assert parse_face_word(a_face()) == SoughtFace(a_face())
