"""The one way in which a case changes its state."""

from datetime import datetime

from demur.core.objection import CaseState, check_transition
from demur.docket.errors import CaseChangedError, CaseUnknownError, LinkUnknownError
from demur.docket.models import Case, CaseChange
from demur.docket.row import change_if_still, insert
from demur.docket.secret import token_digest

DATA_SUBJECT = "data_subject"
"""The actor of what the person did."""


def change_state(
    case: Case,
    new: CaseState,
    now: datetime,
    *,
    actor: str,
    ground: str = "",
    text: str = "",
    **columns: object,
) -> None:
    """Move a case to a state, inside the caller's transaction, and add the change to its history.

    Args:
        case: as the caller read it; it is updated in place.
        new: the state to move to.
        now: the instant of the change.
        actor: DATA_SUBJECT, or the id of a member of staff.
        ground: machine-readable ground of a refusal.
        text: what was written.
        columns: what else of the case changes with the state.

    Raises:
        TransitionError: the rules have no such change.
        CaseChangedError: the case is no longer as the caller read it.
    """
    old = CaseState(case.state)
    check_transition(old, new)
    still = {"state": old, "version": case.version}
    if not change_if_still(case, still, {**columns, "state": new, "version": case.version + 1}):
        raise CaseChangedError
    insert(CaseChange(case=case, changed_at=now, old_state=old, new_state=new, actor=actor, ground=ground, text=text))


def get_case(reference: str) -> Case:
    """Return the case of a reference, however it is spaced or cased.

    Raises:
        CaseUnknownError: there is none.
    """
    try:
        return Case.objects.get(reference=reference.strip().upper())
    except (Case.DoesNotExist, UnicodeEncodeError) as error:  # bytes of a terminal that are no text match no case
        raise CaseUnknownError from error


def hold_case_by_status(status_token: str) -> Case:
    """Return the case of a private link with its row held until the caller's transaction ends.

    Raises:
        LinkUnknownError: there is none.
    """
    case = get_case_by_status(status_token)
    return Case.objects.select_for_update().get(pk=case.pk)


def get_case_by_status(status_token: str) -> Case:
    """Return the case of a private link.

    Raises:
        LinkUnknownError: there is none.
    """
    try:
        return Case.objects.get(status_token_sha256_hex=token_digest(status_token))
    except Case.DoesNotExist as error:
        raise LinkUnknownError from error
