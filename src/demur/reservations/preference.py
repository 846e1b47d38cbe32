"""What somebody said about training, in three values for two purposes; the word that every standard is brought to."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Word(StrEnum):
    """What was said for one purpose."""

    DENY = "deny"
    ALLOW = "allow"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Preference:
    """What one standard, or all of them together, say.

    Attributes:
        train: about the training of any model.
        genai: about the training of generative models. A no to `train` is a no to this, too.
        flags: what else is to be known, such as "malformed_intent" or "inferred".
        is_undetermined: it could not be read to its end. Such a thing is held, never kept silently.
    """

    train: Word = Word.UNKNOWN
    genai: Word = Word.UNKNOWN
    flags: frozenset[str] = frozenset()
    is_undetermined: bool = False


NOTHING_SAID: Final = Preference()


def no_training(*flags: str) -> Preference:
    """Return a no to the training of any model."""
    return Preference(Word.DENY, Word.DENY, frozenset(flags))


def any_training(*flags: str) -> Preference:
    """Return a yes to the training of any model."""
    return Preference(Word.ALLOW, Word.ALLOW, frozenset(flags))


def nothing_said(*flags: str) -> Preference:
    """Return that nothing was said, with what else is to be known."""
    return Preference(flags=frozenset(flags))


def undetermined(*flags: str) -> Preference:
    """Return that it could not be read to its end, and why."""
    return Preference(flags=frozenset(flags), is_undetermined=True)


def combine(said: Iterable[Preference]) -> Preference:
    """Return what several standards say together: any no is a no, else any yes is a yes.

    A no to the training of any model is a no to that of generative ones. An undetermined one stays undetermined,
    whatever the others allow.
    """
    found = list(said)
    train = strictest(one.train for one in found)
    return Preference(
        train=train,
        genai=Word.DENY if train is Word.DENY else strictest(one.genai for one in found),
        flags=frozenset().union(*(one.flags for one in found)),
        is_undetermined=any(one.is_undetermined for one in found),
    )


def strictest(words: Iterable[Word]) -> Word:
    """Return a no if there is one, else a yes if there is one."""
    found = set(words)
    return next((word for word in (Word.DENY, Word.ALLOW) if word in found), Word.UNKNOWN)
