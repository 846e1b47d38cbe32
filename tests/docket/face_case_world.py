"""Faces in cases: made-up embeddings, in photos as whoever agreed to that sends them, and what of them is listed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from docket_world import CONTROLLER_YAML, load_latest
from photo_case_world import a_photo

from demur.core.identifier import FACE_DIMENSIONS, IdentifierKind, face_value
from demur.docket.face_reading import SoughtFace
from demur.docket.photographs import CleanPhoto


def compare_faces(home: Path, *, turned_on: bool = True) -> None:
    """Turn the comparison of faces on or off, as the controller does."""
    (home / "controller.yaml").write_text(f"{CONTROLLER_YAML}compare_faces: {str(turned_on).lower()}\n")


def a_face(seed: int = 1) -> str:
    """Return the value of a face; another seed is somebody else's."""
    return face_value((np.random.default_rng(seed).standard_normal(FACE_DIMENSIONS) / 12).tolist())


def with_face(seed: int = 1) -> CleanPhoto:
    """Return a photo as it comes from the drawing when its sender agreed to be looked for."""
    return replace(a_photo(seed), face=SoughtFace(a_face(seed)))


def listed_faces(home: Path) -> list[str]:
    """Return the values of the faces on the newest list, as a gate reads them."""
    values, _ = load_latest(home).values(IdentifierKind.FACE)
    return sorted(map(str, values.to_pylist()))
