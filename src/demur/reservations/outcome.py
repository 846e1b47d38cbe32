"""What becomes of a record: it is kept, dropped or held, by what was said about it and by what somebody can show.

The order is fixed. A person's objection comes first, and nothing overrides it. A documented licence overrides what
machines read. Then a no drops, what could not be read to its end is held, a yes keeps; and where nothing was said, the
profile decides.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from demur.reservations.preference import Preference, Word, no_training


class Purpose(StrEnum):
    """What the record is wanted for."""

    TRAIN = "train"
    GENAI = "genai"


class Profile(StrEnum):
    """What silence means."""

    DEFAULT = "default"
    CONSENT = "consent"


class Outcome(StrEnum):
    """What becomes of a record."""

    KEEP = "keep"
    DROP = "drop"
    HOLD = "hold"


@dataclass(frozen=True)
class Standing:
    """What is to be said of a record in the end.

    Attributes:
        preference: what was read, with the objection and the licences applied to it.
        licensed: the purposes for which a licence decided.
    """

    preference: Preference
    licensed: frozenset[Purpose] = frozenset()

    def outcome(self, purpose: Purpose, profile: Profile = Profile.DEFAULT) -> Outcome:
        """Return what becomes of the record for a purpose."""
        word = self.preference.train if purpose is Purpose.TRAIN else self.preference.genai
        if word is Word.DENY:
            return Outcome.DROP
        if self.preference.is_undetermined and purpose not in self.licensed:
            return Outcome.HOLD
        is_kept = word is Word.ALLOW or profile is Profile.DEFAULT
        return Outcome.KEEP if is_kept else Outcome.DROP


def settle(said: Preference, *, has_objection: bool = False, licensed: Collection[Purpose] = ()) -> Standing:
    """Return how a record stands.

    Args:
        said: what its file, its page and its site say together.
        has_objection: whether a person who is in it, or made it, objects. It is final.
        licensed: the purposes that the holder of the rights has licensed, each by itself, as the caller can show.
    """
    if has_objection:
        return Standing(no_training("person_objected"))
    if not licensed:
        return Standing(said)
    licensed = frozenset(licensed)
    settled = replace(
        said,
        train=Word.ALLOW if Purpose.TRAIN in licensed else said.train,
        genai=Word.ALLOW if Purpose.GENAI in licensed else said.genai,
    )
    overridden = {"overridden_by_licence"} if settled != said else set()
    return Standing(replace(settled, flags=said.flags | overridden), licensed)
