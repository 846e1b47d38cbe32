"""Decisions of the controller's staff."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from demur.core.objection import DECISIONS, CaseState
from demur.docket.errors import DecisionRefusedError

_MAX_STAFF_CHARS = 80


class RefusalGround(StrEnum):
    """Why an objection may be refused, by the article that allows it; the written ground explains the case."""

    COMPELLING_LEGITIMATE_GROUNDS = "gdpr-21-1-compelling-legitimate-grounds"
    LEGAL_CLAIMS = "gdpr-21-1-legal-claims"
    NOT_IDENTIFIED = "gdpr-11-2-not-identified"
    MANIFESTLY_UNFOUNDED = "gdpr-12-5-manifestly-unfounded"
    NOT_THE_CONTROLLER = "not-the-controller"

    @property
    def words(self) -> Promise:
        """The ground as the person reads it."""
        return _WORDS[self]


_WORDS = {
    RefusalGround.COMPELLING_LEGITIMATE_GROUNDS: _(
        "there are compelling legitimate grounds for the processing that override your interests (GDPR Art. 21(1))"
    ),
    RefusalGround.LEGAL_CLAIMS: _("the data are needed for legal claims (GDPR Art. 21(1))"),
    RefusalGround.NOT_IDENTIFIED: _("we cannot tell which data are yours (GDPR Art. 11(2))"),
    RefusalGround.MANIFESTLY_UNFOUNDED: _("the request is manifestly unfounded or excessive (GDPR Art. 12(5))"),
    RefusalGround.NOT_THE_CONTROLLER: _("somebody else is responsible for these data, not we"),
}


@dataclass(frozen=True)
class Decision:
    """A decision, as a member of staff makes it.

    Attributes:
        outcome: upheld, upheld in part, or refused.
        ground: needed for every outcome but upheld (GDPR Art. 12(4)); None for upheld.
        text: the written ground, which the person reads; needed wherever a ground is.
        staff: the stable id of who decides.
    """

    outcome: CaseState
    ground: RefusalGround | None
    text: str
    staff: str


def check_decision(decision: Decision) -> None:
    """Refuse a decision without its grounds.

    The complaint information that the law demands is added to the mail by us, so it cannot be forgotten.

    Raises:
        DecisionRefusedError: says what is missing.
    """
    if decision.outcome not in DECISIONS:
        raise DecisionRefusedError("a decision is upheld, upheld in part, or refused")
    check_staff(decision.staff)
    if decision.outcome is CaseState.UPHELD:
        if decision.ground is not None:
            raise DecisionRefusedError("an objection that is upheld in full has no ground of refusal")
    elif decision.ground is None or not decision.text.strip():
        raise DecisionRefusedError(
            "a refusal, even in part, needs a ground of the law and a written reason",
            hint="the person has a right to both (GDPR Art. 12(4))",
        )


def check_staff(staff: str) -> None:
    """Refuse what cannot be the id of a member of staff.

    Raises:
        DecisionRefusedError: empty, too long, or with signs or space that would make one person look like two.
    """
    if not 0 < len(staff) <= _MAX_STAFF_CHARS or not staff.isprintable() or staff != staff.strip():
        raise DecisionRefusedError("say who does this by the id of a member of staff")
