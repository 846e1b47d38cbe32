"""Two who act at once: one wins, the other is told, and nothing is half done."""

from dataclasses import replace
from datetime import timedelta

import pytest
from docket_world import ADA, CY, NOW, at_once, code_of, confirm

from demur.core.errors import TransitionError
from demur.core.identifier import Standing
from demur.core.objection import Capacity, CaseState
from demur.docket.decision import Decision, RefusalGround
from demur.docket.drafts import save_draft
from demur.docket.errors import AlreadyConfirmedError, CaseChangedError, LinkUnknownError
from demur.docket.lodging import ConfirmedCase, LodgedCase
from demur.docket.models import (
    Case,
    CaseChange,
    CaseIdentifier,
    Draft,
    LogEntry,
    Mail,
    MailKind,
    Photo,
    PhotoPurpose,
)
from demur.docket.photo_store import add_photo
from demur.docket.photographs import CleanPhoto
from demur.docket.services import (
    confirm_code,
    correct_address,
    decide,
    erase_unconfirmed,
    lodge_objection,
    start_review,
    withdraw,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("home")]
UPHELD = Decision(CaseState.UPHELD, None, "", "bo")
REFUSED = Decision(CaseState.REFUSED, RefusalGround.LEGAL_CLAIMS, "A court asked for it.", "bea")


@pytest.mark.parametrize("attempt", range(3))
def test_two_confirmations_at_once_make_one(attempt: int) -> None:
    token = lodge_objection(ADA, NOW).continue_token
    code = code_of(token)
    outcomes = at_once(*[lambda: confirm_code(token, code, NOW)] * 4)
    assert sum(isinstance(outcome, ConfirmedCase) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyConfirmedError) for outcome in outcomes) == 3
    assert Mail.objects.filter(kind=MailKind.CONFIRMATION).count() == 1
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("attempt", range(3))
def test_presses_of_the_same_form_at_once_make_one_case(attempt: int) -> None:
    pressed = replace(ADA, sending="this form, so filled in")
    tokens = {lodged.continue_token for lodged in at_once(*[lambda: lodge_objection(pressed, NOW)] * 4)}
    assert Case.objects.count() == Mail.objects.count() == 1
    [token] = tokens
    assert confirm_code(token, code_of(token), NOW).reference == Case.objects.get().reference


@pytest.mark.parametrize("attempt", range(3))
def test_two_decisions_at_once_make_one(attempt: int) -> None:
    reference = confirm(ADA).reference
    start_review(reference, "bo", NOW)
    outcomes = at_once(lambda: decide(reference, UPHELD, NOW), lambda: decide(reference, REFUSED, NOW))
    [loser] = [outcome for outcome in outcomes if outcome is not None]
    assert isinstance(loser, CaseChangedError | TransitionError)
    assert Mail.objects.filter(kind=MailKind.DECISION).count() == 1
    assert CaseChange.objects.filter(new_state__in=[CaseState.UPHELD, CaseState.REFUSED]).count() == 1
    assert LogEntry.objects.filter(event="decision").count() == 1


def test_withdrawal_and_decision_at_once_leave_the_case_withdrawn_or_the_decision_undone() -> None:
    confirmed = confirm(ADA)
    start_review(confirmed.reference, "bo", NOW)
    at_once(lambda: withdraw(confirmed.status_token, NOW), lambda: decide(confirmed.reference, REFUSED, NOW))
    states = list(CaseChange.objects.values_list("new_state", flat=True))
    assert Case.objects.get().state == states[-1]
    assert len(states) == len(set(states))


@pytest.mark.parametrize("attempt", range(3))
def test_confirmation_against_erasure_wins_or_loses_whole(attempt: int) -> None:
    token = lodge_objection(ADA, NOW).continue_token
    code = code_of(token)
    Case.objects.update(lodged_at=NOW - timedelta(hours=24) + timedelta(seconds=1))
    confirmed, erased = at_once(
        lambda: confirm_code(token, code, NOW),
        lambda: erase_unconfirmed(NOW + timedelta(seconds=1)),
    )
    if isinstance(confirmed, ConfirmedCase):
        assert (erased, Case.objects.get().state) == (0, CaseState.RECEIVED)
    else:
        assert isinstance(confirmed, LinkUnknownError)
        assert (erased, Case.objects.count(), LogEntry.objects.count()) == (1, 0, 0)


def test_code_for_my_address_confirms_nobody_elses_that_is_put_there_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = lodge_objection(CY, NOW).continue_token
    code = code_of(token)

    def correct_meanwhile(_handles: list[str]) -> list[object]:
        correct_address(token, ADA.email, NOW)
        return []

    monkeypatch.setattr("demur.docket.services.confirm.ask_directory", correct_meanwhile)
    with pytest.raises(LinkUnknownError):
        confirm_code(token, code, NOW)
    assert (Case.objects.get().state, LogEntry.objects.count()) == (CaseState.LODGED, 0)
    assert not CaseIdentifier.objects.filter(value=ADA.email, standing=Standing.VERIFIED).exists()


@pytest.mark.parametrize("attempt", range(5))
def test_photo_that_was_taken_while_another_tab_sends_the_form_is_in_the_case(attempt: int) -> None:
    token = save_draft("", {}, NOW)
    photo = CleanPhoto(b"jpeg", 1, 1)
    lodged, *added = at_once(
        lambda: lodge_objection(replace(ADA, capacity=Capacity.NO_ACCOUNT, draft_token=token), NOW),
        *[lambda: add_photo(token, photo, PhotoPurpose.SHOWS_PERSON, NOW)] * 6,
    )
    assert isinstance(lodged, LodgedCase)
    assert Photo.objects.filter(case=Case.objects.get()).count() == added.count(None)
    assert not Draft.objects.exists()
