"""Pictures are made as the tests of photos and reservations make them, and damaged as files of rows are."""

import sys
from pathlib import Path

_TESTS = Path(__file__).parents[2]
sys.path += [str(_TESTS / "photos"), str(_TESTS / "reservations"), str(_TESTS / "gate" / "fuzz")]
