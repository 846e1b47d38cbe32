"""Limits on mails, networks and corrections: what they stop, and whom they must not stop."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from docket_world import ADA, CY, NOW, at_once, code_of, run_tasks, wrong
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.core.identifier import IdentifierKind
from demur.docket import admission
from demur.docket.admission import WRONG_TRIES, BusyTimes, admit_try, count_wrong_try, needs_proof
from demur.docket.allowance import LIMITS, next_request_at
from demur.docket.asker import NOBODY, Asker
from demur.docket.errors import (
    AlreadyConfirmedError,
    CodeError,
    CodeWrongError,
    CorrectionLimitError,
    FloodError,
    LinkUnknownError,
    LodgingRefusedError,
)
from demur.docket.models import Case, CaseIdentifier, Code, Mail, MailState, UsedShare
from demur.docket.selectors import find_lodging
from demur.docket.services import confirm_code, correct_address, erase_unconfirmed, lodge_objection, resend_code
from demur.docket.share import Share, find_wait, take_share

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("home", "quiet")]
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
FIVE = Share(5, MINUTE)
CLASS = Asker("192.0.2.1")
TYPO = "adda@mail.example"


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "busy_times", BusyTimes())


def mailed_to(address: str) -> int:
    return Mail.objects.filter(recipient=address).exclude(state=MailState.WITHHELD).count()


def use_up(address: str, now: datetime = NOW) -> None:
    for _ in range(3):
        lodge_objection(replace(CY, email=address), now)


def test_share_is_used_up_at_once_and_comes_back_step_by_step() -> None:
    assert [take_share("x", FIVE, NOW) for _ in range(5)] == [None] * 5
    assert take_share("x", FIVE, NOW + 10 * SECOND) == NOW + MINUTE
    assert find_wait("x", FIVE, NOW + 10 * SECOND) == NOW + MINUTE
    assert find_wait("x", FIVE, NOW + MINUTE) is None
    assert take_share("x", FIVE, NOW + MINUTE) is None
    assert take_share("x", FIVE, NOW + MINUTE) == NOW + 2 * MINUTE
    assert take_share("y", FIVE, NOW) is None


@settings(deadline=None)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=20))
def test_no_pattern_of_uses_gets_more_than_the_share_and_what_came_back(pauses: list[int]) -> None:
    UsedShare.objects.all().delete()
    now, uses = NOW, []
    for pause in pauses:
        now += pause * SECOND
        if take_share("x", FIVE, now) is None:
            uses.append(now)
    for first in range(len(uses)):
        for last in range(first, len(uses)):
            assert last - first + 1 <= 5 + (uses[last] - uses[first]) / MINUTE


@pytest.mark.parametrize("attempt", range(5))
def test_uses_sent_at_once_cannot_share_a_place_and_leave_none_empty(attempt: int) -> None:
    outcomes = at_once(*[lambda: take_share("x", FIVE, NOW)] * 8)
    assert outcomes.count(None) == 5
    assert UsedShare.objects.count() == 1


def test_used_share_is_erased_once_it_is_back() -> None:
    take_share("x", FIVE, NOW)
    erase_unconfirmed(NOW + MINUTE - SECOND)
    assert UsedShare.objects.count() == 1
    erase_unconfirmed(NOW + MINUTE)
    assert UsedShare.objects.count() == 0


@given(st.lists(st.integers(0, 10_000), max_size=30))
def test_whoever_asks_as_soon_as_allowed_gets_three_an_hour_and_ten_a_day(impatience: list[int]) -> None:
    asked = [NOW]
    for seconds in impatience:
        asked.append(next_request_at(asked) + seconds * SECOND)
    for time, most in LIMITS:
        assert all(later - earlier >= time for earlier, later in zip(asked, asked[most:], strict=False))


def test_asking_again_while_the_address_has_had_its_share_leaves_the_code_that_was_mailed() -> None:
    token = lodge_objection(ADA, NOW).continue_token
    held = code_of(token)
    lodge_objection(ADA, NOW)
    lodge_objection(ADA, NOW)
    resend_code(token, NOW + MINUTE)
    assert mailed_to(ADA.email) == 3
    assert confirm_code(token, held, NOW + HOUR - SECOND).reference


def test_code_that_was_mailed_ends_after_its_hour_whatever_was_asked_for_since() -> None:
    token = lodge_objection(ADA, NOW).continue_token
    held = code_of(token)
    use_up(ADA.email)
    resend_code(token, NOW + MINUTE)
    with pytest.raises(CodeWrongError):
        confirm_code(token, held, NOW + HOUR)


def test_code_that_was_mailed_is_compared_five_times_whatever_was_asked_for_since() -> None:
    token = lodge_objection(ADA, NOW).continue_token
    held = code_of(token)
    use_up(ADA.email)
    for _ in range(4):
        with pytest.raises(CodeWrongError):
            confirm_code(token, wrong(held), NOW)
    resend_code(token, NOW + MINUTE)
    with pytest.raises(CodeWrongError) as caught:
        confirm_code(token, wrong(held), NOW + MINUTE)
    assert caught.value.tries_left == 4
    with pytest.raises(CodeWrongError):
        confirm_code(token, held, NOW + MINUTE)


def test_stranger_of_one_network_cannot_use_an_address_up_for_the_day() -> None:
    for hour in range(10):
        for _ in range(3):
            lodge_objection(ADA, NOW + hour * HOUR, Asker("203.0.113.9"))
    assert mailed_to(ADA.email) == 5
    token = lodge_objection(ADA, NOW + 9 * HOUR, CLASS).continue_token
    assert confirm_code(token, code_of(token), NOW + 9 * HOUR).reference


def test_strangers_of_many_networks_cannot_use_an_address_up_for_its_signed_in_owner() -> None:
    for hour in range(5):
        for number in range(3):
            lodge_objection(ADA, NOW + hour * HOUR, Asker(f"203.0.113.{number}"))
    assert mailed_to(ADA.email) == 7
    late = NOW + 5 * HOUR
    lodge_objection(ADA, late, Asker("192.0.2.1", "cy", CY.email))
    lodge_objection(ADA, late, Asker("192.0.2.1", "cy", "no address"))
    assert mailed_to(ADA.email) == 7
    token = lodge_objection(ADA, late, Asker("192.0.2.1", "ada", "Ada+news@mail.example")).continue_token
    assert confirm_code(token, code_of(token), late).reference


def test_page_does_as_much_work_for_an_address_that_gets_a_mail_as_for_one_that_gets_none() -> None:
    def queries(call: Callable[[], object]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            call()
        return len(captured)

    unknown = queries(lambda: lodge_objection(ADA, NOW))
    known = [queries(lambda: lodge_objection(ADA, NOW)) for _ in range(4)]
    assert mailed_to(ADA.email) == 3
    assert set(known) == {unknown}
    tokens = [lodge_objection(CY, NOW).continue_token for _ in range(4)]
    assert len({queries(lambda token=token: resend_code(token, NOW + MINUTE)) for token in tokens}) == 1


def test_thirty_people_behind_one_address_lodge_within_ten_minutes_and_nobody_notices() -> None:
    for number in range(30):
        now, asker = NOW + number * 20 * SECOND, CLASS
        assert not needs_proof(asker, now)
        token = lodge_objection(replace(ADA, email=f"pupil{number}@mail.example"), now, asker).continue_token
        if number % 3 == 0:
            token = correct_address(token, f"pupil.{number}@mail.example", now + 10 * SECOND, asker).continue_token
        if number % 5 == 0:
            resend_code(token, now + 2 * MINUTE, asker)
        for _ in range(number % 4):
            with pytest.raises(CodeWrongError):
                confirm_code(token, wrong(code_of(token)), now + 3 * MINUTE, asker)
        assert confirm_code(token, code_of(token), now + 3 * MINUTE, asker).reference


def lodge_many(asker: Asker, now: datetime) -> None:
    for number in range(400):
        lodge_objection(replace(ADA, email=f"a{number}@mail.example"), now, asker)


def lodge_until_refused(asker: Asker, now: datetime = NOW) -> int:
    """Return how many objections were taken."""
    taken = Case.objects.count()
    with pytest.raises(FloodError) as caught:
        lodge_many(asker, now)
    assert caught.value.next_at == now + MINUTE
    return Case.objects.count() - taken


def test_flood_from_one_network_is_asked_for_a_proof_and_then_stopped_and_others_go_on() -> None:
    assert not needs_proof(CLASS, NOW)
    assert lodge_until_refused(CLASS) == 75
    assert needs_proof(CLASS, NOW)
    assert not needs_proof(Asker("192.0.2.2"), NOW)
    assert lodge_objection(CY, NOW, Asker("192.0.2.2"))
    assert lodge_objection(CY, NOW, replace(CLASS, has_proof=True))
    assert lodge_objection(CY, NOW, replace(CLASS, person="ada"))
    assert not needs_proof(replace(CLASS, person="ada"), NOW)
    assert not needs_proof(NOBODY, NOW)
    assert lodge_until_refused(CLASS, NOW + HOUR) == 59


def test_flood_with_proofs_is_stopped_too() -> None:
    assert lodge_until_refused(replace(CLASS, has_proof=True)) == 300


def test_signed_in_person_who_sends_dozens_is_stopped() -> None:
    asker = replace(CLASS, person="ada")
    for _ in range(12):
        lodge_objection(ADA, NOW, asker)
    with pytest.raises(FloodError):
        lodge_objection(ADA, NOW, asker)
    with pytest.raises(FloodError):
        correct_address(lodge_objection(ADA, NOW).continue_token, TYPO, NOW, asker)


def test_while_very_many_arrive_everybody_is_asked_for_a_proof_and_without_one_less_is_let_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admission, "BUSY_LODGINGS", 5)
    for _ in range(6):
        lodge_objection(CY, NOW)
    assert needs_proof(CLASS, NOW)
    assert lodge_until_refused(CLASS) == 25
    assert lodge_objection(ADA, NOW, replace(CLASS, has_proof=True))
    assert not needs_proof(Asker("192.0.2.2"), NOW + 2 * MINUTE)


def test_codes_cannot_be_guessed_across_cases_from_one_network() -> None:
    tokens = [
        lodge_objection(replace(ADA, email=f"a{number}@mail.example"), NOW).continue_token for number in range(25)
    ]
    for token in tokens[:24]:
        guess = wrong(code_of(token))
        for _ in range(5):
            with pytest.raises(CodeError):
                confirm_code(token, guess, NOW, CLASS)
    with pytest.raises(FloodError):
        confirm_code(tokens[24], code_of(tokens[24]), NOW, CLASS)
    assert confirm_code(tokens[24], code_of(tokens[24]), NOW, Asker("192.0.2.2")).reference


def test_corrected_address_gets_the_code_and_all_else_stays() -> None:
    first = lodge_objection(replace(ADA, email=TYPO), NOW).continue_token
    old = code_of(first)
    second = correct_address(first, " ADA@mail.example ", NOW).continue_token
    new = code_of(second)
    case = Case.objects.get()
    assert (case.email, case.effect, case.name, case.country) == (ADA.email, ADA.effect, ADA.name, ADA.country)
    assert [row.value for row in CaseIdentifier.objects.filter(kind=IdentifierKind.EMAIL)] == [ADA.email]
    assert find_lodging(first, NOW) is None
    with pytest.raises(LinkUnknownError):
        confirm_code(first, old, NOW)
    if old != new:
        with pytest.raises(CodeWrongError):
            confirm_code(second, old, NOW)
    assert confirm_code(second, new, NOW).reference
    run_tasks()
    assert mailed_to(TYPO) == 0
    with pytest.raises(AlreadyConfirmedError):
        correct_address(second, CY.email, NOW)


def test_address_is_corrected_three_times_and_no_more() -> None:
    token = lodge_objection(ADA, NOW).continue_token
    for number in range(3):
        token = correct_address(token, f"a{number}@mail.example", NOW).continue_token
    view = find_lodging(token, NOW)
    assert view is not None
    assert not view.may_correct
    with pytest.raises(CorrectionLimitError):
        correct_address(token, "a4@mail.example", NOW)
    assert Case.objects.get().email == "a2@mail.example"


def test_correction_cannot_mail_an_address_that_has_had_its_share() -> None:
    use_up(CY.email)
    token = correct_address(lodge_objection(ADA, NOW).continue_token, CY.email, NOW).continue_token
    assert mailed_to(CY.email) == 3
    other = correct_address(lodge_objection(ADA, NOW).continue_token, "c@mail.example", NOW).continue_token
    assert mailed_to("c@mail.example") == 1
    assert find_lodging(token, NOW) == find_lodging(other, NOW)


def test_what_is_no_address_corrects_nothing_and_costs_no_correction() -> None:
    token = lodge_objection(ADA, NOW).continue_token
    for typed in ("", "ada", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example"):
        with pytest.raises(LodgingRefusedError):
            correct_address(token, typed, NOW)
    assert Code.objects.get().corrections == 0
    assert Case.objects.get().email == ADA.email


def test_neighbour_who_guesses_does_not_keep_a_signed_in_person_from_typing_the_code() -> None:
    token = lodge_objection(ADA, NOW).continue_token
    for _ in range(WRONG_TRIES.most):
        count_wrong_try(CLASS, NOW)
    with pytest.raises(FloodError):
        confirm_code(token, code_of(token), NOW, CLASS)
    signed_in = replace(CLASS, person="lumen:p1")
    assert confirm_code(token, code_of(token), NOW, signed_in).reference


def test_signed_in_person_who_guesses_is_stopped_too() -> None:
    guesser = replace(CLASS, person="lumen:p6")
    for _ in range(WRONG_TRIES.most):
        count_wrong_try(guesser, NOW)
    with pytest.raises(FloodError):
        admit_try(guesser, NOW)
