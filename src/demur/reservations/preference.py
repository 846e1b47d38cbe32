"""What somebody said about training, in three values for two purposes; the word that every standard is brought to."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


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


NOTHING_SAID = Preference()


def combine(said: Iterable[Preference]) -> Preference:
    """Return what several standards say together: any no is a no, else any yes is a yes.

    An undetermined one stays undetermined, whatever the others allow.
    """
    found = list(said)
    return Preference(
        train=_strictest([one.train for one in found]),
        genai=_strictest([one.genai for one in found]),
        flags=frozenset().union(*(one.flags for one in found)),
        is_undetermined=any(one.is_undetermined for one in found),
    )


def _strictest(words: list[Word]) -> Word:
    for word in (Word.DENY, Word.ALLOW):
        if word in words:
            return word
    return Word.UNKNOWN
