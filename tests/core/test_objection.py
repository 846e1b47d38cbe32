from datetime import UTC, datetime, timedelta

import pytest

from demur.core.account import NullAccountDirectory
from demur.core.errors import DemurError, TransitionError
from demur.core.objection import APPEAL_PERIOD, DECISIONS, CaseState, check_transition, is_in_force

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
ALLOWED = {
    ("lodged", "received"),
    ("received", "under_review"),
    ("received", "upheld"),
    ("received", "withdrawn"),
    ("under_review", "upheld"),
    ("under_review", "upheld_in_part"),
    ("under_review", "refused"),
    ("under_review", "withdrawn"),
    ("upheld", "withdrawn"),
    ("upheld_in_part", "appealed"),
    ("upheld_in_part", "withdrawn"),
    ("refused", "appealed"),
    ("refused", "withdrawn"),
    ("appealed", "upheld"),
    ("appealed", "upheld_in_part"),
    ("appealed", "refused"),
    ("appealed", "withdrawn"),
}


@pytest.mark.parametrize("old", CaseState)
@pytest.mark.parametrize("new", CaseState)
def test_a_case_changes_only_as_the_design_says(old: CaseState, new: CaseState) -> None:
    if (old, new) in ALLOWED:
        check_transition(old, new)
        return
    with pytest.raises(TransitionError, match=f"a case that is {old} cannot become {new}"):
        check_transition(old, new)


@pytest.mark.parametrize("state", sorted(set(CaseState) - {CaseState.LODGED, CaseState.WITHDRAWN, CaseState.REFUSED}))
def test_an_objection_is_in_force_from_the_confirmed_code_on(state: CaseState) -> None:
    assert is_in_force(state, None, NOW)
    assert is_in_force(state, NOW - timedelta(days=4000), NOW)


@pytest.mark.parametrize("state", [CaseState.LODGED, CaseState.WITHDRAWN])
def test_an_objection_unconfirmed_or_withdrawn_is_not_in_force(state: CaseState) -> None:
    assert not is_in_force(state, None, NOW)


def test_a_refusal_lifts_an_objection_only_when_the_appeal_period_is_over() -> None:
    end = NOW + APPEAL_PERIOD
    assert is_in_force(CaseState.REFUSED, NOW, end - timedelta(microseconds=1))
    assert not is_in_force(CaseState.REFUSED, NOW, end)


def test_a_refusal_without_a_date_lifts_nothing() -> None:
    assert is_in_force(CaseState.REFUSED, None, NOW)


def test_only_three_states_are_decisions() -> None:
    assert {CaseState.UPHELD, CaseState.UPHELD_IN_PART, CaseState.REFUSED} == DECISIONS


def test_the_directory_that_knows_nobody_finds_nobody() -> None:
    assert NullAccountDirectory().find_accounts("ada.m") == []


def test_an_error_says_what_to_do_next_only_if_it_knows() -> None:
    assert DemurError("it broke").hint == ""
    assert not DemurError("it broke").retry_can_help
