"""Faces in the gate: who looks like somebody who asked for it is withheld for a person to look at, and nobody else."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from gate_world import batch_of, entry, list_of, mapping, row
from picture_world import BYTES_SCHEMA, IN_BYTES, file_of, photo
from PIL import Image, ImageEnhance

from demur.core.identifier import IdentifierKind, face_value
from demur.faces.finding import find_faces
from demur.faces.reference import reference_face
from demur.gate.decision import Decision, decide
from demur.gate.errors import PictureToolsMissingError
from demur.gate.pictures import looking, looking_child
from demur.gate.pictures.looking import find_faces_in_pictures, look_at_pictures
from demur.gate.pictures.looking_frames import (
    QUESTION,
    READY,
    FacesAnswer,
    Task,
    count_faces_bytes,
    pack_answer,
    pack_faces,
    parse_faces,
)
from demur.gate.rules import kinds_not_applied, rules_for
from demur.gate.suppression_list import SuppressionList

sys.path.append(str(Path(__file__).parents[1] / "faces"))
from face_world import astronaut, beside, landscape

PORTRAIT = file_of(astronaut(), "PNG")


@pytest.fixture(scope="module")
def astronaut_objects() -> SuppressionList:
    return list_of(others=[entry(face_value(reference_face(PORTRAIT).embedding), IdentifierKind.FACE)])


def of_photos(suppressions: SuppressionList, *photos: object) -> Decision:
    rows = [row(record_id=f"r{number}", photo=each) for number, each in enumerate(photos)]
    return decide(batch_of(*rows, schema=BYTES_SCHEMA), mapping(IN_BYTES), suppressions)


def test_whoever_looks_like_somebody_on_the_list_is_withheld_and_a_photo_of_nobody_is_kept(
    astronaut_objects: SuppressionList,
) -> None:
    other_tones = ImageEnhance.Brightness(astronaut().crop((100, 0, 350, 300))).enhance(0.8)
    group = beside(landscape(), astronaut())
    decision = of_photos(astronaut_objects, PORTRAIT, file_of(other_tones), file_of(group), file_of(landscape()), None)
    assert decision.kept_mask.tolist() == [False, False, False, True, True]
    assert decision.withheld_reasons().to_pylist() == [["face-objected"]] * 3
    assert of_photos(astronaut_objects, PORTRAIT).kept_mask.tolist() == [False], "the index is made once"


def test_a_list_without_faces_looks_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "find_spec", lambda _name: pytest.fail("faces were looked for"))
    assert of_photos(list_of("lumen:ada"), PORTRAIT).kept_mask.tolist() == [True]


def test_without_the_models_a_list_of_faces_stops_the_run(
    monkeypatch: pytest.MonkeyPatch, astronaut_objects: SuppressionList
) -> None:
    monkeypatch.setattr(looking, "find_spec", lambda _name: None)
    with pytest.raises(PictureToolsMissingError, match="the list names faces"):
        of_photos(astronaut_objects, PORTRAIT)


def test_a_mapping_without_images_says_that_faces_were_not_looked_for(astronaut_objects: SuppressionList) -> None:
    assert kinds_not_applied(rules_for(mapping()), astronaut_objects) == ("face",)
    assert kinds_not_applied(rules_for(mapping(IN_BYTES)), astronaut_objects) == ()


def test_a_picture_in_which_faces_cannot_be_looked_for_is_withheld(
    monkeypatch: pytest.MonkeyPatch, astronaut_objects: SuppressionList
) -> None:
    monkeypatch.setattr(
        "demur.gate.pictures.picture_rows.find_faces_in_pictures", lambda pictures: [None] * len(pictures)
    )
    decision = of_photos(astronaut_objects, photo(2), b"no picture")
    assert [reasons[0] for reasons in decision.withheld_reasons().to_pylist()] == ["photo-unreadable"] * 2


def test_faces_are_found_by_processes_that_are_locked_in_as_they_are_found_here() -> None:
    [here] = find_faces(PORTRAIT)
    there, nobody, broken, large = find_faces_in_pictures(
        [PORTRAIT, file_of(landscape()), b"no picture", bytes(100_000_001)]
    )
    assert there is not None
    assert np.array_equal(there, here.embedding[None])
    assert nobody is not None
    assert nobody.shape == (0, 128)
    assert broken is None
    assert large is None
    [finding] = look_at_pictures([PORTRAIT])
    assert finding.hash is not None


def test_what_a_child_says_of_faces_is_taken_only_if_it_can_be_true() -> None:
    faces = np.ones((2, 128), np.float32)
    for meant in (None, faces[:0], faces):
        raw = pack_faces(FacesAnswer(meant, is_last=True))
        assert count_faces_bytes(raw[:1]) == count_faces_bytes(raw[:0]) == 4
        assert count_faces_bytes(raw) == len(raw)
        read = parse_faces(raw)
        assert read is not None
        assert read.is_last
        assert (read.embeddings is None) == (meant is None)
        assert meant is None or np.array_equal(read.embeddings, meant)  # type: ignore[arg-type]
    whole = pack_faces(FacesAnswer(faces))
    not_a_number = pack_faces(FacesAnswer(faces * np.float32("nan")))
    for raw in (
        whole + b"\0",
        b"\2" + whole[1:],
        b"\0\2" + whole[2:],
        b"\0\0" + whole[2:],
        b"\0\1\xff\xff" + whole[4:],
    ):
        assert parse_faces(raw) is None
    assert parse_faces(not_a_number) is None


def test_a_child_answers_about_faces_and_ends_when_it_has_grown(monkeypatch: pytest.MonkeyPatch) -> None:
    small = file_of(Image.new("RGB", (64, 64)))
    question = QUESTION.pack(Task.FIND_FACES, len(small)) + small
    broken = QUESTION.pack(Task.FIND_FACES, 1) + b"?"
    monkeypatch.setattr(looking_child.resource, "setrlimit", lambda _which, _most: None)
    looking_child.load_faces()
    answers = io.BytesIO()
    looking_child.serve(io.BytesIO(question + broken), answers, lambda: 0)
    nobody, unread = FacesAnswer(np.empty((0, 128), np.float32)), FacesAnswer(None)
    assert answers.getvalue() == pack_answer(READY) + pack_faces(nobody) + pack_faces(unread)
    answers = io.BytesIO()
    looking_child.serve(io.BytesIO(question + question), answers, lambda: 1 << 40)
    assert answers.getvalue().count(pack_faces(FacesAnswer(nobody.embeddings, is_last=True))) == 1
