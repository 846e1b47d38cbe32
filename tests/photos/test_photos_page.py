"""The page on photos shows a program that runs, and states the figures that the code has."""

import re
from pathlib import Path
from typing import Any

from pdq_world import encoded, picture

from demur.photos.gray import LEAST_SHORT_SIDE
from demur.photos.matching import MOST_DRIFT
from demur.photos.pdq import LEAST_QUALITY, MOST_DISTANCE
from demur.photos.reference import REFERENCE_HASHES

PAGE = (Path(__file__).parents[2] / "docs/data-engineer/photos.md").read_text()


def test_the_program_of_the_page_finds_a_copy() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    files = [encoded(picture(seed, 400, 300), "JPEG", quality=60) for seed in range(3)]
    names: dict[str, Any] = {"photo_objected_to": encoded(picture(1, 800, 600)), "files": files}
    exec(program, names)
    assert set(names["copies"].rows.tolist()) == {1}


def test_the_page_states_the_figures_of_the_code() -> None:
    for sentence in (
        f"at most {MOST_DISTANCE} bits",
        f"{REFERENCE_HASHES} hashes are made",
        f"quality below {LEAST_QUALITY}",
        f"within {MOST_DRIFT} bits of the threshold",
        f"at least {LEAST_SHORT_SIDE} pixels on the short side",
    ):
        assert sentence in PAGE
