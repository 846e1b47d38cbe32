"""The case: an objection, its states, and when it is in force.

    lodged -> received -> under_review -> upheld | upheld_in_part | refused -> appealed -> (a second decision)
       |          any of these from `received` on -> withdrawn
       +-> erased after 24 hours if the code is never confirmed

Restriction first (GDPR Art. 18(1)(d)): from the confirmed code until a decision the objection is in force. A refusal
lifts it only when the time to appeal is over. Failing that way costs a platform a few rows; failing the other way
costs a person their right.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from demur.core.errors import TransitionError

UNCONFIRMED_LIFETIME = timedelta(hours=24)
"""A lodged objection whose code is never confirmed is erased after this time."""

APPEAL_PERIOD = timedelta(days=30)
"""How long at least a refused person can appeal, while the objection stays in force."""


class CaseState(StrEnum):
    """The states of a case."""

    LODGED = "lodged"
    RECEIVED = "received"
    UNDER_REVIEW = "under_review"
    UPHELD = "upheld"
    UPHELD_IN_PART = "upheld_in_part"
    REFUSED = "refused"
    APPEALED = "appealed"
    WITHDRAWN = "withdrawn"


class Capacity(StrEnum):
    """In which capacity somebody objects."""

    ACCOUNT_HOLDER = "account_holder"
    NO_ACCOUNT = "no_account"
    PARENT_OR_GUARDIAN = "parent_or_guardian"
    AUTHORISED_AGENT = "authorised_agent"


DECISIONS = frozenset({CaseState.UPHELD, CaseState.UPHELD_IN_PART, CaseState.REFUSED})
"""The states that are decisions (GDPR Art. 12(3) and (4))."""

_TRANSITIONS: dict[CaseState, frozenset[CaseState]] = {
    CaseState.LODGED: frozenset({CaseState.RECEIVED}),
    CaseState.RECEIVED: frozenset({CaseState.UNDER_REVIEW, CaseState.UPHELD, CaseState.WITHDRAWN}),
    CaseState.UNDER_REVIEW: DECISIONS | {CaseState.WITHDRAWN},
    CaseState.UPHELD: frozenset({CaseState.WITHDRAWN}),
    CaseState.UPHELD_IN_PART: frozenset({CaseState.APPEALED, CaseState.WITHDRAWN}),
    CaseState.REFUSED: frozenset({CaseState.APPEALED, CaseState.WITHDRAWN}),
    CaseState.APPEALED: DECISIONS | {CaseState.WITHDRAWN},
    CaseState.WITHDRAWN: frozenset(),
}


def check_transition(old: CaseState, new: CaseState) -> None:
    """Refuse a change of state that the rules above do not have.

    Raises:
        TransitionError: there is no such change.
    """
    if new not in _TRANSITIONS[old]:
        raise TransitionError(f"a case that is {old} cannot become {new}")


def is_in_force(
    state: CaseState,
    decided_at: datetime | None,
    now: datetime,
    appeal_period: timedelta = APPEAL_PERIOD,
) -> bool:
    """Tell whether a case's identifiers belong in the next suppression list.

    Args:
        state: where the case stands.
        decided_at: when the latest decision was made; None if none was.
        now: the instant of publication.
        appeal_period: how long this controller lets a refused person appeal.

    A refused case stays in force until the appeal period is over. A second refusal has no further appeal, but the
    authority may still be asked, so the same period runs again.
    """
    if state in {CaseState.LODGED, CaseState.WITHDRAWN}:
        return False
    if state is CaseState.REFUSED:
        return decided_at is None or now < decided_at + appeal_period
    return True
