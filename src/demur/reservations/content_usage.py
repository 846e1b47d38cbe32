"""Content-Usage, the preferences of AIPREF: a dictionary of RFC 9651 in which `train-ai=n` is a no.

Source: draft-ietf-aipref-vocab-07 and -attach-05. The vocabulary has changed in nearly every draft, so earlier labels
are read too; each belongs to a level, and what is said on a narrower level counts before what is said on a wider one.
The drafts speak of models that generate; a no is taken for the training of any model here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import http_sf

from demur.reservations.preference import Preference, Word, combine, nothing_said, strictest, undetermined

CURRENT_LABEL: Final = "train-ai"
_WIDE: Final = ("all", "tdm", "bots")
_TRAINING: Final = (CURRENT_LABEL, "ai")
_GENERATIVE: Final = ("train-genai", "genai")
_LABELS: Final = (*_WIDE, *_TRAINING, *_GENERATIVE)
_WORDS: Final = {"y": Word.ALLOW, "n": Word.DENY}

_TRAINING_NAMES: Final = (
    r"(?:train(?:ing)?[-_ ]?(?:gen[-_ ]?)?ai|(?:gen[-_ ]?)?ai[-_ ]?train(?:ing)?|training|train|genai|ai|tdm|bots|all)"
)
_SAID_NO: Final = r"(?:n\w*|false|f|0|off|deny|denied|disallow(?:ed)?|forbid(?:den)?|prohibit(?:ed)?|\?0)"
_PLAIN_NO: Final = re.compile(rf"""(?<![\w-]){_TRAINING_NAMES}\s*[=:]\s*["']?{_SAID_NO}(?![\w-])""", re.IGNORECASE)
"""A no that any person understands, whether or not a parser does."""


def read_content_usage(text: str) -> Preference:
    """Return what a Content-Usage field says; its lines are joined by commas before. Never raises.

    A line that no parser takes, but in which a person has plainly said no, is undetermined.
    """
    items = _parse(text)
    if items is None:
        return undetermined("malformed_intent") if _PLAIN_NO.search(text) else nothing_said("malformed")
    said = {label: _WORDS[item.value] for label, item in items.items() if label in _LABELS and item.value in _WORDS}
    training = _first_said(said, _TRAINING, _WIDE)
    generative = _first_said(said, _GENERATIVE, _TRAINING, _WIDE)
    flags = {"legacy_label"} if said.keys() - {CURRENT_LABEL} else set()
    if any(word is Word.DENY and "exceptions" in items[label].parameters for label, word in said.items()):
        flags.add("conditional")
    unread = {label: item.value for label, item in items.items() if label not in said}
    return combine([Preference(training, generative, frozenset(flags)), *_unread_intent(unread)])


def _first_said(said: Mapping[str, Word], *levels: tuple[str, ...]) -> Word:
    """Return what the narrowest level says on which anything is said; its strictest word, if it has several labels."""
    words = (strictest(said[label] for label in level if label in said) for level in levels)
    return next((word for word in words if word is not Word.UNKNOWN), Word.UNKNOWN)


def _unread_intent(values: Mapping[str, str]) -> list[Preference]:
    """Return that a plain no was not read: it has a label or a value that the drafts do not know."""
    is_unread = any(_PLAIN_NO.fullmatch(f"{label}={value}") for label, value in values.items())
    return [undetermined("malformed_intent")] if is_unread else []


@dataclass(frozen=True)
class _Item:
    """A value as text, of which only tokens have meaning; and the names of its parameters, which have none."""

    value: str
    parameters: frozenset[str]


def _parse(text: str) -> dict[str, _Item] | None:
    """Return the dictionary's items by label, the last of each; None if the text is no dictionary."""
    try:
        parsed: Any = http_sf.parse(text.encode("ascii"), tltype="dictionary")
    except ValueError:
        return None
    return {label: _Item(_as_text(value), frozenset(parameters)) for label, (value, parameters) in parsed.items()}


def _as_text(value: object) -> str:
    """Return a token as it stands, and a value of another type so that it is no token."""
    if isinstance(value, http_sf.Token):
        return str(value)
    if isinstance(value, bool):
        return "?1" if value else "?0"
    return f'"{value}'
