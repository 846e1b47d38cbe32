"""What was found in one place, so that a decision can be explained: where, by whose rules, and in what words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from demur.reservations.preference import NOTHING_SAID, Preference

MAX_RAW_CHARS: Final = 200
"""Enough to recognise a line by, too little to carry a page away."""


class Standard(StrEnum):
    """Whose rules a reading follows."""

    AIPREF = "aipref"
    ROBOTS = "robots"
    CONTENT_SIGNALS = "content-signals"
    TDMREP = "tdmrep"
    NOAI = "noai"
    AI_TXT = "ai.txt"
    RSL = "rsl"
    PLUS = "plus"
    CAWG = "cawg"

    @property
    def edition(self) -> str:
        """The edition that the reading follows."""
        return _EDITIONS[self]


class Strength(StrEnum):
    """How directly somebody spoke about training."""

    EXPLICIT = "explicit"
    INFERRED = "inferred"


_EDITIONS: Final = {
    Standard.AIPREF: "draft-ietf-aipref-vocab-07, draft-ietf-aipref-attach-05",
    Standard.ROBOTS: "RFC 9309",
    Standard.CONTENT_SIGNALS: "contentsignals.org 2025-09-24",
    Standard.TDMREP: "W3C CG Final Report 2024-05-10",
    Standard.NOAI: "noai 2022-11, noml",
    Standard.AI_TXT: "Spawning 2023",
    Standard.RSL: "RSL 1.0",
    Standard.PLUS: "IPTC Photo Metadata Standard 2023.1",
    Standard.CAWG: "CAWG Training and Data Mining Assertion 1.1",
}


@dataclass(frozen=True)
class Finding:
    """What one standard says in one place.

    Attributes:
        standard: whose rules it was read by.
        channel: where it stood: `http-header`, `html-meta`, `robots.txt`, `well-known`, `site-file`, `xml`;
            in a file `xmp`, `epub`, `c2pa`, or `file` if it cannot be opened.
        raw: the words that decided, shortened and without control characters.
        preference: what they mean.
    """

    standard: Standard
    channel: str
    raw: str
    preference: Preference

    @property
    def strength(self) -> Strength:
        """Whether it speaks about training itself, or that is inferred from a rule for one crawler."""
        return Strength.INFERRED if "inferred" in self.preference.flags else Strength.EXPLICIT


def find(standard: Standard, channel: str, raw: str, preference: Preference) -> list[Finding]:
    """Return one finding; none if nothing was said and nothing is to be known."""
    if preference == NOTHING_SAID:
        return []
    return [Finding(standard, channel, shorten(raw), preference)]


def shorten(raw: str) -> str:
    """Return a text as one short line that any terminal can show."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in raw[: 2 * MAX_RAW_CHARS]).split())
    return line if len(line) <= MAX_RAW_CHARS else f"{line[: MAX_RAW_CHARS - 1]}\u2026"
