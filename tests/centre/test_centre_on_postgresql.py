"""The centre's tests once more, pages and attacks, on a private PostgreSQL cluster that exists for this run only."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.long
def test_centre_passes_its_tests_on_postgresql(pass_on_postgresql: Callable[..., None]) -> None:
    pass_on_postgresql(Path(__file__))
