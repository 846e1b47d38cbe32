"""What a person may know of the training sets that were built since they objected: counts, and no rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple

from demur.core.identifier import IdentifierKind, Standing
from demur.core.objection import DECISIONS, CaseState, is_in_force
from demur.docket.controller import get_controller
from demur.docket.lookup import find_by_key
from demur.docket.models import Case, CaseChange, CaseIdentifier, PublishedList, TrainingSet, WithheldCount
from demur.docket.secret import token_digest

_MOST: Final = 20
_CHECKED: Final = frozenset({CaseState.UPHELD, CaseState.UPHELD_IN_PART})
_PUBLISHING_TAKES: Final = timedelta(minutes=5)
"""A list reads the cases some time after its date. What changed within this time is perhaps in it, and perhaps not."""


@dataclass(frozen=True)
class TrainingSetLine:
    """A training set, as a person whose objection its list carried may know it.

    Attributes:
        built_at: when its manifest was logged.
        list_number: of the suppression list that the gate used.
        input_rows: rows that went in.
        withheld_rows: rows that were left out because of this person's identifiers and photos; None if some were, and
            their number is kept back: see `_shown_to_be_theirs`.
        is_exact: False if a row may be counted twice in `withheld_rows`, so that it is an upper bound.
    """

    built_at: datetime
    list_number: int
    input_rows: int
    withheld_rows: int | None
    is_exact: bool


class _Shown(NamedTuple):
    accounts: bool
    photos: bool


def training_sets(status_token: str) -> tuple[TrainingSetLine, ...]:
    """Return the newest training sets whose list carried the case, newest first; none for an unknown link.

    A set without a count for the case is there only if its list certainly carried the case.
    """
    case = find_by_key(Case, "status_token_sha256_hex", token_digest(status_token))
    if case is None or case.first_list_number is None:
        return ()
    sets = TrainingSet.objects.filter(list_number__gte=case.first_list_number).order_by("-built_at", "-pk")
    counts = {count.training_set_id: count for count in WithheldCount.objects.filter(case=case)}
    carried = {case.first_list_number} | _later_lists_that_carried(case)
    shown = _shown_to_be_theirs(case)
    theirs = (one for one in sets if one.pk in counts or one.list_number in carried)
    return tuple(_line(one, counts.get(one.pk), shown) for one in islice(theirs, _MOST))


def _shown_to_be_theirs(case: Case) -> _Shown:
    """Return what is shown to be this person's: by their sign-in, or by whoever upheld the case.

    Anybody can claim a handle, and send a photo of somebody else. The number counts rows that nobody else may see, and
    those of linked accounts too. No sign-in shows whose photo it is; and what a count says of photos stays in it when
    the photos are erased, so that a withdrawal shows no more than there was before.
    """
    if case.state in _CHECKED:
        return _Shown(accounts=True, photos=True)
    accounts = CaseIdentifier.objects.filter(case=case, kind=IdentifierKind.ACCOUNT)
    return _Shown(accounts=not accounts.exclude(standing=Standing.VERIFIED).exists(), photos=False)


def _line(training_set: TrainingSet, count: WithheldCount | None, shown: _Shown) -> TrainingSetLine:
    may_see = count is None or (shown.accounts and (shown.photos or not count.photos))
    return TrainingSetLine(
        built_at=training_set.built_at,
        list_number=training_set.list_number,
        input_rows=training_set.input_rows,
        withheld_rows=(count.rows if count else 0) if may_see else None,
        is_exact=count is None or count.identifiers == 1,
    )


def _later_lists_that_carried(case: Case) -> set[int]:
    """Return the numbers of later lists than its first that certainly carried a case, reckoned from its history."""
    changes = list(case.changes.all())
    appeal_period = timedelta(days=get_controller().appeal_days)
    lists = PublishedList.objects.filter(number__gt=case.first_list_number).values_list("number", "issued_at")
    return {
        number
        for number, issued_at in lists.iterator()
        if all(_was_in_force(changes, at, appeal_period) for at in (issued_at, issued_at + _PUBLISHING_TAKES))
    }


def _was_in_force(changes: list[CaseChange], at: datetime, appeal_period: timedelta) -> bool:
    past = [change for change in changes if change.changed_at <= at]
    decided = [change.changed_at for change in past if change.new_state in DECISIONS]
    state = CaseState(past[-1].new_state) if past else CaseState.LODGED
    return is_in_force(state, decided[-1] if decided else None, at, appeal_period)
