"""Near faces are found exactly: as many as comparing each with each finds, whatever the blocks."""

import numpy as np
import pytest
from face_world import astronaut, encoded

from demur.core.errors import FormatError
from demur.core.identifier import face_value
from demur.faces import face_index
from demur.faces.face_index import REVIEW_DISTANCE, FaceIndex
from demur.faces.finding import Face
from demur.faces.models import Floats
from demur.faces.reference import reference_face


def faces(seed: int, count: int) -> Floats:
    """Return made-up embeddings, of which many are near one another."""
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(0).normal(0, 0.12, (5, 128))
    return (middles[rng.integers(0, 5, count)] + rng.normal(0, 0.031, (count, 128))).astype(np.float32)


def each_with_each(asked: Floats, listed: Floats, most: float) -> set[tuple[int, int]]:
    apart = np.linalg.norm(asked[:, None].astype(np.float64) - listed[None].astype(np.float64), axis=2)
    return {(int(row), int(place)) for row, place in zip(*np.nonzero(apart <= most), strict=True)}


@pytest.mark.parametrize(("asked_block", "listed_block"), [(256, 8192), (7, 11), (1, 1)])
def test_the_same_pairs_are_found_as_by_comparing_each_with_each(
    asked_block: int, listed_block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(face_index, "_ASKED_BLOCK", asked_block)
    monkeypatch.setattr(face_index, "_LISTED_BLOCK", listed_block)
    asked, listed = faces(1, 40), faces(2, 60)
    found = FaceIndex(listed).find_near(asked, 0.5)
    pairs = list(zip(found.rows.tolist(), found.places.tolist(), strict=True))
    assert set(pairs) == each_with_each(asked, listed, 0.5)
    assert 100 < len(pairs) < 2_000
    assert pairs == sorted(pairs)
    wanted = np.linalg.norm(asked[found.rows] - listed[found.places], axis=1)
    assert found.distances == pytest.approx(wanted, abs=1e-6)


def test_a_face_at_the_limit_is_found_and_one_beyond_it_is_not() -> None:
    listed = np.zeros((2, 128), np.float32)
    listed[:, 0] = 0.5, np.nextafter(np.float32(0.5), np.float32(1))
    assert FaceIndex(listed).find_near(np.zeros((1, 128), np.float32), 0.5).places.tolist() == [0]


def test_the_same_face_is_found_at_no_distance() -> None:
    listed = faces(3, 3)
    found = FaceIndex(listed).find_near(listed[1:2], 0)
    assert found.places.tolist() == [1]
    assert found.distances.tolist() == [0]


def test_nothing_is_near_in_an_empty_list_and_nothing_asked_finds_nothing() -> None:
    empty = np.empty((0, 128), np.float32)
    assert len(FaceIndex(empty)) == 0
    for listed, asked in ((empty, faces(1, 2)), (faces(1, 2), empty), (empty, empty)):
        found = FaceIndex(listed).find_near(asked)
        assert (found.rows.dtype, found.places.dtype, found.distances.dtype) == (np.int64, np.int64, np.float32)
        assert len(found.rows) == len(found.places) == len(found.distances) == 0


def test_a_listed_face_is_found_by_its_value(face: Face) -> None:
    reference = reference_face(encoded(astronaut().resize((700, 700)), "JPEG"))
    index = FaceIndex.of_values([face_value(faces(4, 1)[0].tolist()), reference.value])
    found = index.find_near(face.embedding[None])
    assert (found.rows.tolist(), found.places.tolist()) == ([0], [1])
    assert found.distances[0] < REVIEW_DISTANCE / 2
    assert len(FaceIndex.of_values([])) == 0


def test_a_value_that_is_not_normalised_is_refused() -> None:
    with pytest.raises(FormatError, match="value of a face"):
        FaceIndex.of_values(["ada"])


@pytest.mark.parametrize(
    "embeddings",
    [np.zeros(128), np.zeros((2, 127)), np.full((1, 128), np.nan), np.full((1, 128), np.inf), np.zeros((1, 1, 128))],
)
def test_what_are_no_embeddings_is_refused(embeddings: Floats) -> None:
    """A number that is none is near to nothing: a person would be listed and never be found."""
    with pytest.raises(ValueError, match="and finite"):
        FaceIndex(embeddings)
    with pytest.raises(ValueError, match="and finite"):
        FaceIndex(faces(1, 2)).find_near(embeddings)
