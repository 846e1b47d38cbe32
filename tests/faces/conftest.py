"""What tests of faces share."""

import pytest
from face_world import astronaut, encoded

from demur.faces.finding import Face, find_faces


@pytest.fixture(scope="session")
def face() -> Face:
    """The one face of the photograph."""
    (found,) = find_faces(encoded(astronaut()))
    return found
