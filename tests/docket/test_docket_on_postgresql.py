"""The docket's tests once more, on a private PostgreSQL cluster that exists for this run only."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.slow
def test_docket_passes_its_tests_on_postgresql(pass_on_postgresql: Callable[..., None]) -> None:
    drawn_without_any_database = ("test_photographs.py", "test_face_reading.py")
    pass_on_postgresql(Path(__file__), *drawn_without_any_database)
