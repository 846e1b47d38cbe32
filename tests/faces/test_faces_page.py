"""The page on faces shows a program that runs, and states the figures that the code has."""

import re
from pathlib import Path
from typing import Any

from face_world import astronaut, encoded, landscape

from demur.faces.colour import MOST_SIDE
from demur.faces.detector import LOOKED_AT_SIDES
from demur.faces.face_index import REVIEW_DISTANCE
from demur.faces.finding import LEAST_SIDE

PAGE = (Path(__file__).parents[2] / "docs/data-engineer/faces.md").read_text()


def test_the_program_of_the_page_finds_a_face() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    photo = encoded(astronaut().convert("L"), "JPEG")
    names: dict[str, Any] = {"reference_photo": encoded(astronaut()), "photos": [encoded(landscape()), photo]}
    exec(program, names)
    assert names["hits"] == [[0]]


def test_the_page_states_the_figures_of_the_code() -> None:
    for sentence in (
        f"At most {REVIEW_DISTANCE} apart",
        f"Faces below {LEAST_SIDE} pixels",
        f"at most {MOST_SIDE:,} pixels on the longer side",
        f"at {LOOKED_AT_SIDES[0]:,} and at {LOOKED_AT_SIDES[1]} pixels",
    ):
        assert sentence in PAGE


def test_the_page_says_that_it_is_off_that_people_decide_and_whom_the_model_serves_worse() -> None:
    for words in ("off by default", "withholds a row until people have looked at it", "definitely biased towards"):
        assert words in PAGE
