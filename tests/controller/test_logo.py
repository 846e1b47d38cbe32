"""Logos that could do more than be looked at are refused, as are colours that cannot be read."""

from itertools import product
from pathlib import Path

import pytest
from controller_world import EXAMPLE, LOGO, load

from demur.controller.colour import contrast
from demur.controller.errors import ControllerFileError
from demur.controller.logo import MAX_LOGO_BYTES

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


NAMES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def drawn(inside: str, attributes: str = "") -> str:
    return f"<svg {NAMES} {attributes}>{inside}</svg>"


@pytest.mark.parametrize(
    ("logo", "sentence"),
    [
        (drawn("<script>alert(1)</script>"), 'an element "script"'),
        (drawn("<SCRIPT>alert(1)</SCRIPT>"), 'an element "script"'),
        (drawn('<s:script xmlns:s="http://www.w3.org/2000/svg"/>'), 'an element "script"'),
        (drawn("<g><foreignObject/></g>"), 'an element "foreignobject"'),
        (drawn("", 'onload="alert(1)"'), 'a script in "onload"'),
        (drawn('<a href="javascript:alert(1)"/>'), 'whose "href" leads out of the file'),
        (drawn('<image xlink:href="https://tracker.example/x.png"/>'), 'whose "href" leads out of the file'),
        (drawn('<use href="data:image/svg+xml;base64,PHN2Zz4="/>'), 'whose "href" leads out of the file'),
        (f'<!DOCTYPE svg [<!ENTITY a "b">]>{LOGO}', "a document type"),
        ("<html xmlns='http://www.w3.org/1999/xhtml'/>", "neither a PNG nor an SVG"),
        ("<svg/>", "neither a PNG nor an SVG"),
        (LOGO[:-3], "neither a PNG nor an SVG"),
        (b"GIF89a", "neither a PNG nor an SVG"),
        (b"", "neither a PNG nor an SVG"),
        (PNG + b"\x00" * MAX_LOGO_BYTES, f"a logo may have {MAX_LOGO_BYTES}"),
    ],
)
def test_a_logo_that_is_more_or_less_than_a_picture_is_refused(
    tmp_path: Path, logo: str | bytes, sentence: str
) -> None:
    with pytest.raises(ControllerFileError, match=r"line \d+: product \"lumen\": the field \"logo\" names") as caught:
        load(tmp_path, EXAMPLE, logo)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("logo", [PNG, LOGO, drawn('<use href="#a"/><image href="data:image/png;base64,AA=="/>')])
def test_a_picture_is_taken_byte_for_byte(tmp_path: Path, logo: str | bytes) -> None:
    taken = load(tmp_path, EXAMPLE, logo).products[0].logo
    assert taken is not None
    assert taken.raw == (logo if isinstance(logo, bytes) else logo.encode())
    assert taken.media_type == ("image/png" if logo == PNG else "image/svg+xml")


def test_contrast_is_that_of_the_guidelines_and_the_same_both_ways() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    for one, other in product(("#0b5d66", "#f3c969", "#010203"), repeat=2):
        assert contrast(one, other) == contrast(other, one) >= 1
