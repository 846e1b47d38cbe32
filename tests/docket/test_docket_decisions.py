"""Review, decision, appeal, withdrawal: what each tells the person, and what it does to the next list."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from docket_world import ADA, CY, DUBLIN, NOW, confirm, entries_in_force, mail_text

from demur.core.deadline import GDPR_PERIOD, due_on
from demur.core.errors import TransitionError
from demur.core.objection import APPEAL_PERIOD, CaseState
from demur.docket.decision import Decision, RefusalGround
from demur.docket.errors import CaseUnknownError, DecisionRefusedError, LinkUnknownError
from demur.docket.lodging import ConfirmedCase
from demur.docket.models import Case, CaseChange, ListWish, LogEntry, Mail, MailKind
from demur.docket.selectors import find_status, open_cases
from demur.docket.services import appeal, decide, start_review, withdraw

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("home")]
DAY = timedelta(days=1)
UPHELD = Decision(CaseState.UPHELD, None, "", "bo")
REFUSED = Decision(CaseState.REFUSED, RefusalGround.LEGAL_CLAIMS, "A court asked for it.", "bo")
IN_PART = Decision(CaseState.UPHELD_IN_PART, RefusalGround.NOT_IDENTIFIED, "One account is not yours.", "bo")


def reviewed(now: datetime = NOW) -> ConfirmedCase:
    confirmed = confirm(ADA)
    start_review(confirmed.reference, "bo", now)
    return confirmed


def newest_mail(kind: MailKind) -> str:
    text = mail_text(Mail.objects.filter(kind=kind).order_by("-pk")[0])
    return f"{text.subject}\n{text.text}"


def state_of(confirmed: ConfirmedCase) -> CaseState:
    status = find_status(confirmed.status_token, NOW)
    assert status is not None
    return status.state


@pytest.mark.parametrize(
    "decision",
    [
        replace(REFUSED, ground=None),
        replace(REFUSED, text=" \n"),
        replace(IN_PART, ground=None),
        replace(IN_PART, text=""),
        replace(UPHELD, ground=RefusalGround.LEGAL_CLAIMS),
        replace(UPHELD, outcome=CaseState.WITHDRAWN),
        replace(UPHELD, staff=""),
        replace(UPHELD, staff="b\no"),
        replace(UPHELD, staff="bo "),
        replace(UPHELD, staff="b" * 81),
    ],
)
def test_decision_without_its_grounds_or_its_maker_is_refused(decision: Decision) -> None:
    confirmed = reviewed()
    with pytest.raises(DecisionRefusedError):
        decide(confirmed.reference, decision, NOW)
    assert state_of(confirmed) is CaseState.UNDER_REVIEW


def test_refusal_tells_ground_reason_appeal_and_where_to_complain() -> None:
    confirmed = reviewed()
    decide(confirmed.reference, REFUSED, NOW)
    text = newest_mail(MailKind.DECISION)
    for part in (
        confirmed.reference,
        "the data are needed for legal claims (GDPR Art. 21(1))",
        "A court asked for it.",
        "If you do not agree with us",
    ):
        assert part in text
    assert "Datenschutzbehörde" in text
    assert "https://www.dsb.gv.at/" in text


def test_decision_is_logged_without_the_written_words() -> None:
    confirmed = reviewed()
    decide(confirmed.reference, REFUSED, NOW)
    entry = LogEntry.objects.get(event="decision")
    assert set(entry.statement) == {"controller", "decided_at", "decision", "ground", "reference"}
    assert entry.mails.get().kind == MailKind.DECISION


def test_upholding_needs_no_ground_and_no_review() -> None:
    confirmed = confirm(ADA)
    decide(confirmed.reference, UPHELD, NOW)
    assert state_of(confirmed) is CaseState.UPHELD
    assert "complain" not in newest_mail(MailKind.DECISION)


def test_refused_case_stays_in_force_until_the_time_to_appeal_is_over() -> None:
    confirmed = reviewed()
    decide(confirmed.reference, REFUSED, NOW)
    assert entries_in_force(NOW + APPEAL_PERIOD - DAY) == 3
    assert entries_in_force(NOW + APPEAL_PERIOD) == 0


def test_appeal_brings_a_second_decision_by_somebody_else() -> None:
    confirmed = reviewed()
    decide(confirmed.reference, REFUSED, NOW)
    appeal(confirmed.status_token, "I am not part of that case.", NOW + DAY)
    assert entries_in_force(NOW + 2 * APPEAL_PERIOD) == 3
    for same_person in ("bo", "BO"):
        with pytest.raises(DecisionRefusedError):
            decide(confirmed.reference, replace(REFUSED, staff=same_person), NOW + 2 * DAY)
    decide(confirmed.reference, replace(UPHELD, staff="bea"), NOW + 2 * DAY)
    assert state_of(confirmed) is CaseState.UPHELD
    assert CaseChange.objects.get(new_state=CaseState.APPEALED).text == "I am not part of that case."


def test_appeal_has_a_new_legal_date() -> None:
    confirmed = reviewed()
    decide(confirmed.reference, IN_PART, NOW)
    appeal(confirmed.status_token, "", NOW + 10 * DAY)
    [waiting] = open_cases(NOW)
    assert waiting.due_on == due_on((NOW + 10 * DAY).astimezone(DUBLIN).date(), GDPR_PERIOD)
    assert f"{waiting.due_on.day} " in newest_mail(MailKind.APPEAL)


def test_second_refusal_cannot_be_appealed_again() -> None:
    confirmed = reviewed()
    decide(confirmed.reference, REFUSED, NOW)
    appeal(confirmed.status_token, "", NOW)
    decide(confirmed.reference, replace(REFUSED, staff="bea"), NOW)
    assert "Tell us why" not in newest_mail(MailKind.DECISION)
    status = find_status(confirmed.status_token, NOW)
    assert status is not None
    assert status.appeal_until is None
    with pytest.raises(TransitionError):
        appeal(confirmed.status_token, "", NOW)


def test_appeal_is_possible_to_the_last_moment_and_not_after() -> None:
    confirmed = reviewed()
    decide(confirmed.reference, REFUSED, NOW)
    status = find_status(confirmed.status_token, NOW)
    assert status is not None
    assert status.appeal_until == NOW + APPEAL_PERIOD
    with pytest.raises(TransitionError):
        appeal(confirmed.status_token, "", NOW + APPEAL_PERIOD)
    appeal(confirmed.status_token, "", NOW + APPEAL_PERIOD - timedelta(seconds=1))


def test_nothing_can_be_appealed_before_a_decision() -> None:
    confirmed = confirm(ADA)
    with pytest.raises(TransitionError):
        appeal(confirmed.status_token, "", NOW)


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_person_withdraws_at_any_time_and_the_next_list_is_without_them(steps: int) -> None:
    confirmed = confirm(ADA)
    confirm(CY)
    if steps > 0:
        start_review(confirmed.reference, "bo", NOW)
    if steps > 1:
        decide(confirmed.reference, REFUSED, NOW)
    withdraw(confirmed.status_token, NOW)
    assert entries_in_force(NOW) == 2
    assert LogEntry.objects.filter(event="objection-withdrawn").count() == 1
    assert confirmed.reference in newest_mail(MailKind.WITHDRAWAL)
    with pytest.raises(TransitionError):
        withdraw(confirmed.status_token, NOW)


def test_withdrawn_case_cannot_be_decided() -> None:
    confirmed = confirm(ADA)
    withdraw(confirmed.status_token, NOW)
    with pytest.raises(TransitionError):
        decide(confirmed.reference, UPHELD, NOW)


def test_history_is_told_in_order() -> None:
    confirmed = reviewed()
    decide(confirmed.reference, REFUSED, NOW)
    status = find_status(confirmed.status_token, NOW)
    assert status is not None
    assert [line.state for line in status.history] == ["lodged", "received", "under_review", "refused"]
    assert status.history[-1].text == "A court asked for it."


def test_open_cases_are_those_that_wait_for_staff_with_the_days_left() -> None:
    first, second = confirm(ADA), confirm(CY)
    decide(second.reference, UPHELD, NOW)
    [case] = open_cases(NOW)
    assert case.reference == first.reference
    assert case.days_left == (due_on(NOW.astimezone(DUBLIN).date(), GDPR_PERIOD) - NOW.astimezone(DUBLIN).date()).days
    assert open_cases(NOW + 60 * DAY)[0].days_left < 0


def test_reference_is_found_however_it_is_typed_and_an_invented_one_is_not() -> None:
    start_review(f" {confirm(ADA).reference.lower()} ", "bo", NOW)
    with pytest.raises(CaseUnknownError):
        start_review("DMR-2222-2222", "bo", NOW)


def test_continue_token_opens_no_status_page() -> None:
    confirmed = confirm(ADA)
    assert find_status(confirmed.reference, NOW) is None
    with pytest.raises(LinkUnknownError):
        withdraw(confirmed.reference, NOW)


def test_country_with_its_own_period_sets_the_legal_date() -> None:
    confirmed = confirm(replace(ADA, country="KR"))
    status = find_status(confirmed.status_token, NOW)
    assert status is not None
    assert status.due_on == NOW.astimezone(DUBLIN).date() + 10 * DAY


def test_country_without_facts_gets_the_date_of_the_gdpr_and_the_lead_authority() -> None:
    confirmed = confirm(replace(ADA, country="AR"))
    status = find_status(confirmed.status_token, NOW)
    assert status is not None
    assert status.due_on == due_on(NOW.astimezone(DUBLIN).date(), GDPR_PERIOD)
    assert "Data Protection Commission" in newest_mail(MailKind.CONFIRMATION)


def test_every_change_of_what_is_in_force_asks_for_a_list_in_its_own_transaction() -> None:
    def asked() -> bool:
        return Case.objects.filter(list_wish=ListWish.WANTED).update(list_wish=ListWish.NONE) == 1

    confirmed = confirm(ADA)
    assert asked()
    start_review(confirmed.reference, "bo", NOW)
    decide(confirmed.reference, REFUSED, NOW)
    assert asked()
    appeal(confirmed.status_token, "", NOW)
    assert asked()
    withdraw(confirmed.status_token, NOW)
    assert asked()
