"""Crawlers that collect for training: names from data/training_crawlers.yaml, with their date and source there."""

import re
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

import yaml

_DATA: Final = "data/training_crawlers.yaml"
_POLICY: Final = re.compile(r"(?<![\w.-])(?:[\w-]*[-_])?(?:ai)?train(?:ing)?(?:[-_][\w-]*)?(?![\w.-])")
"""A name that says training itself, as a draft of 2026-10 proposes for robots.txt; how it will be spelled is open."""


class Collects(StrEnum):
    """What a crawler is known to collect for."""

    TRAINING = "training"
    UNCLEAR = "unclear"


def find_crawlers(text: str) -> dict[str, Collects]:
    """Return the crawlers that a text names as whole words, whatever the case; their names in lower case.

    A line of robots.txt should name one by its token alone. People also write a version after it, a whole user agent,
    or several names on one line, and mean the same. A name that says training and is not in the list is unclear.
    """
    lowered = text.lower()
    policies = dict.fromkeys(_POLICY.findall(lowered), Collects.UNCLEAR)
    return policies | {name: _crawlers()[name] for name in _pattern().findall(lowered)}


def find_crawler(name: str) -> Collects | None:
    """Return what a crawler collects for; None if the name is not in the list."""
    return _crawlers().get(name.strip().lower())


@cache
def _crawlers() -> dict[str, Collects]:
    document = yaml.safe_load((files("demur.reservations") / _DATA).read_text(encoding="utf-8"))
    return {entry["name"].lower(): collects for collects in Collects for entry in document[collects]}


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, _crawlers()))})(?![\w-])")
