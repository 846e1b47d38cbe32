"""Colours of a product, and whether people can read text on them."""

import re
from typing import Final

LEAST_CONTRAST: Final = 4.5
"""Of text on its background. Source: WCAG 2.2, success criterion 1.4.3."""

COLOUR: Final = re.compile(r"#[0-9a-f]{6}\Z", re.IGNORECASE)
"""A colour like #0b5d66: the one spelling that the centre writes into a style sheet."""

_LINEAR_BELOW: Final = 0.04045


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours like #0b5d66, from 1 to 21. Source: WCAG 2.2, contrast ratio."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Return the relative luminance, from 0 to 1. Source: WCAG 2.2, relative luminance."""
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= _LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
