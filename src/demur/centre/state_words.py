"""What each state of a case means to the person, and what happens next, in plain words."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from demur.core.objection import CaseState


@dataclass(frozen=True)
class StateWords:
    """A state for people.

    Attributes:
        heading: the fact in a few words.
        meaning: what it means for the person's data now.
        next_step: what happens next, and who does it.
    """

    heading: Promise
    meaning: Promise
    next_step: Promise


def words_for(state: CaseState) -> StateWords:
    """Return the words for a state. A case that is only lodged has no status page, and so no words here."""
    return _WORDS[state]


def history_words(state: CaseState) -> Promise:
    """Return what happened when a case came into a state, as a line of its history."""
    return _HISTORY[state]


_HISTORY = {
    CaseState.LODGED: _("You sent the form."),
    CaseState.RECEIVED: _("You confirmed it with the code. From here on it is in force."),
    CaseState.UNDER_REVIEW: _("A person began to look at it."),
    CaseState.UPHELD: _("We decided: upheld."),
    CaseState.UPHELD_IN_PART: _("We decided: upheld in part."),
    CaseState.REFUSED: _("We decided: refused."),
    CaseState.APPEALED: _("You appealed."),
    CaseState.WITHDRAWN: _("You withdrew it."),
}

_WORDS = {
    CaseState.RECEIVED: StateWords(
        _("Your objection is in force"),
        _("What we recognise as yours stays out of every training set built from now on. You need not do anything."),
        _("We check what you sent and answer by mail. Your objection is in force while we do."),
    ),
    CaseState.UNDER_REVIEW: StateWords(
        _("Your objection is in force, and under review"),
        _("Your data stays out of every training set while a person looks at your objection."),
        _("We answer by mail. Your objection is in force until then."),
    ),
    CaseState.UPHELD: StateWords(
        _("Your objection is upheld"),
        _("Your data stays out of every training set until you withdraw the objection."),
        _("Nothing more is needed from you. You need not repeat your objection."),
    ),
    CaseState.UPHELD_IN_PART: StateWords(
        _("Your objection is upheld in part"),
        _("What we recognise as yours stays out of every training set. The mail says what we did not accept, and why."),
        _("If you do not agree, you can turn to the authority named below, or to a court, at any time."),
    ),
    CaseState.REFUSED: StateWords(
        _("Your objection is refused"),
        _("Your data stays out of training until the time to appeal is over. The mail with the decision says why."),
        _("If you do not agree, you can turn to the authority named below, or to a court, at any time."),
    ),
    CaseState.APPEALED: StateWords(
        _("Your appeal is with us"),
        _("Your data stays out of every training set while another person looks at your case."),
        _("We answer by mail. Your objection is in force until then."),
    ),
    CaseState.WITHDRAWN: StateWords(
        _("You have withdrawn your objection"),
        _("Your data may be used again in training sets that are built from now on."),
        _("You can object again at any time, with a new objection."),
    ),
}
