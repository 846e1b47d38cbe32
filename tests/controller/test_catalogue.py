"""What may train as far as the catalogue decides it: what it does not name may not."""

from pathlib import Path

import pytest
from controller_world import EXAMPLE, load

from demur.controller.catalogue import Audience, Catalogue, Kind

PHOTOS = """\
  - id: photos
    name: Photos
    description: Photos.
    purpose: Photos.
    legal_basis: Photos.
    kinds: [photo]
    products: [PRODUCTS]
    audiences: [public]
    kept_for: Photos.
    used_for_training: ANSWER
"""
AGORA = """\
  - id: agora
    name: Agora
    description: the social network
    namespace: agora
    colour: "#3b3f8f"
    text_colour: "#ffffff"
    menu_path: [Menu]
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """Photos train in Lumen and not in Agora."""
    photos = "".join(
        PHOTOS.replace("PRODUCTS", product).replace("ANSWER", answer).replace("id: photos", f"id: {product}-photos")
        for product, answer in (("lumen", "true"), ("agora", "false"))
    )
    return load(tmp_path, EXAMPLE.replace("\ncollected:\n", f"{AGORA}\ncollected:\n") + photos).catalogue


def test_what_a_line_lets_train_may_train_and_nothing_else(catalogue: Catalogue) -> None:
    assert catalogue.trained == {
        (Kind.POST, "lumen", Audience.PUBLIC),
        (Kind.PHOTO, "lumen", Audience.PUBLIC),
    }
