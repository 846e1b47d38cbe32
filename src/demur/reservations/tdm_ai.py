"""TDM-AI: a declaration in a registry, bound to a work by its fingerprint (ISCC), so that it outlives lost metadata.

Source: TDM-AI of 2025-11-04, whose names are those of draft-ietf-aipref-vocab-02, with the texts "true" (allowed) and
"false" (not allowed); or the property of TDMRep. What is said more narrowly counts first. The pages of the standard
differ on whether `ai-use` and `search` inherit; neither is about training, so neither is read.
"""

from collections.abc import Mapping
from typing import Final

from demur.reservations.preference import NOTHING_SAID, Preference, Word, combine, undetermined
from demur.reservations.tdmrep import RESERVATION, read_reservation

_ALL: Final = "all"
_TRAINING: Final = "train-ai"
_GENERATIVE: Final = "train-genai"
_WORDS: Final = {"true": Word.ALLOW, "false": Word.DENY}
_PLAIN_NO: Final = {"no", "n", "0", "deny", "denied", "disallow", "disallowed"}


def read_declaration(declaration: Mapping[str, object], *, is_exact: bool) -> Preference:
    """Return what a declaration says about a work; never raises.

    Args:
        declaration: the JSON object, whose signature nobody needs for a no.
        is_exact: whether the work is the declared one, bit by bit. If it only resembles it, a no is held for somebody
            to look at, and a yes is somebody else's.
    """
    values = {
        key: str(declaration[key]).strip().lower() for key in (_ALL, _TRAINING, _GENERATIVE) if key in declaration
    }
    said = [_read_chain(values)]
    if RESERVATION in declaration:
        said.append(read_reservation([str(declaration[RESERVATION])]))
    if any(value in _PLAIN_NO for value in values.values()):
        said.append(undetermined("malformed_intent"))
    together = combine(said)
    if is_exact:
        return together
    is_against = Word.DENY in (together.train, together.genai) or together.is_undetermined
    return undetermined("near_match") if is_against else NOTHING_SAID


def _read_chain(values: Mapping[str, str]) -> Preference:
    words = {key: _WORDS[value] for key, value in values.items() if value in _WORDS}
    training = words.get(_TRAINING, words.get(_ALL, Word.UNKNOWN))
    return combine([Preference(training, words.get(_GENERATIVE, training))])
