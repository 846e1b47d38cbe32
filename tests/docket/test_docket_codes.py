"""What somebody with a form, a guess and patience could try against the code."""

import hmac
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from docket_world import ADA, CY, NOW, at_once, code_of, confirm, run_tasks, wrong

from demur.core.identifier import Standing
from demur.docket.asker import Asker
from demur.docket.errors import (
    AlreadyConfirmedError,
    CodeExpiredError,
    CodeSpentError,
    CodeWrongError,
    LinkUnknownError,
    LodgingRefusedError,
    MailLimitError,
)
from demur.docket.models import Case, CaseChange, CaseIdentifier, Code, Mail, MailAllowance, MailState
from demur.docket.secret import code_digest, new_code, new_reference
from demur.docket.selectors import find_lodging
from demur.docket.services import confirm_code, erase_unconfirmed, lodge_objection, resend_code
from demur.ledger.keys import SecretName, load_secret

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("home")]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def lodge() -> str:
    return lodge_objection(ADA, NOW).continue_token


def test_right_code_confirms_and_email_becomes_verified() -> None:
    token = lodge()
    assert not CaseIdentifier.objects.filter(standing=Standing.VERIFIED).exists()
    confirm_code(token, code_of(token), NOW)
    assert [row.value for row in CaseIdentifier.objects.filter(standing=Standing.VERIFIED)] == [ADA.email]


@pytest.mark.parametrize("form", ["{0} {1}", " {0}-{1} ", "{0}{1}\n"])
def test_code_is_read_however_it_is_spaced(form: str) -> None:
    token = lodge()
    code = code_of(token)
    assert confirm_code(token, form.format(code[:3], code[3:]), NOW).reference


def test_full_width_digits_are_the_same_code() -> None:
    token = lodge()
    typed = "".join(chr(ord("0") + ord(digit) - ord("0")) for digit in code_of(token))
    assert confirm_code(token, typed, NOW).reference


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "12345٣"])
def test_what_is_no_code_costs_no_try(typed: str) -> None:
    token = lodge()
    with pytest.raises(CodeWrongError) as caught:
        confirm_code(token, typed, NOW)
    assert caught.value.tries_left == 5


def test_fifth_wrong_guess_spends_the_code_and_the_right_one_comes_too_late() -> None:
    token = lodge()
    code = code_of(token)
    for left in (4, 3, 2, 1):
        with pytest.raises(CodeWrongError) as caught:
            confirm_code(token, wrong(code), NOW)
        assert caught.value.tries_left == left
    for late in (wrong(code), code, code):
        with pytest.raises(CodeSpentError):
            confirm_code(token, late, NOW)
    view = find_lodging(token, NOW)
    assert view is not None
    assert view.tries_left == 0


def test_guesses_sent_at_once_from_many_sessions_share_five_tries() -> None:
    token = lodge()
    guess = wrong(code_of(token))
    outcomes = at_once(*[lambda: confirm_code(token, guess, NOW)] * 12)
    assert sum(isinstance(outcome, CodeWrongError) for outcome in outcomes) == 4
    assert sum(isinstance(outcome, CodeSpentError) for outcome in outcomes) == 8
    assert Code.objects.get().tries_left == 0


def test_code_is_good_for_an_hour_and_no_longer() -> None:
    early, late = lodge(), lodge_objection(CY, NOW).continue_token
    assert confirm_code(early, code_of(early), NOW + HOUR - timedelta(microseconds=1)).reference
    with pytest.raises(CodeExpiredError):
        confirm_code(late, code_of(late), NOW + HOUR)
    assert Code.objects.get().tries_left == 5


def test_code_cannot_be_used_twice() -> None:
    token = lodge()
    code = code_of(token)
    confirm_code(token, code, NOW)
    with pytest.raises(AlreadyConfirmedError):
        confirm_code(token, code, NOW)
    with pytest.raises(AlreadyConfirmedError):
        resend_code(token, NOW)
    view = find_lodging(token, NOW + 100 * HOUR)
    assert view is not None
    assert (view.tries_left, view.expires_at) == (0, None)


def test_code_of_one_case_does_not_confirm_another() -> None:
    ada, cy = lodge(), lodge_objection(CY, NOW).continue_token
    Code.objects.filter(case__email=CY.email).update(digest_hex=Code.objects.get(case__email=ADA.email).digest_hex)
    with pytest.raises(CodeWrongError):
        confirm_code(cy, code_of(ada), NOW)


def test_resend_makes_the_older_code_worthless_and_gives_new_tries() -> None:
    token = lodge()
    old = code_of(token)
    with pytest.raises(CodeWrongError):
        confirm_code(token, wrong(old), NOW)
    resend_code(token, NOW + MINUTE)
    new = code_of(token)
    if new != old:  # one in a million
        with pytest.raises(CodeWrongError) as caught:
            confirm_code(token, old, NOW + MINUTE)
        assert caught.value.tries_left == 4
    assert confirm_code(token, new, NOW + HOUR).reference


def mails_that_leave() -> int:
    return Mail.objects.exclude(state=MailState.WITHHELD).count()


def test_pauses_between_requests_for_a_code_grow_and_each_is_told() -> None:
    token, asked_at = lodge(), NOW
    for pause in (MINUTE, 5 * MINUTE):
        for early in (timedelta(), pause - timedelta(seconds=1)):
            with pytest.raises(MailLimitError) as caught:
                resend_code(token, asked_at + early)
            assert caught.value.next_at == asked_at + pause
        asked_at += pause
        resend_code(token, asked_at)
    assert confirm_code(token, code_of(token), asked_at).reference


def test_fourth_request_waits_until_the_hour_is_over_and_the_next_for_a_quarter() -> None:
    token = lodge()
    for minutes, next_minutes in ((1, 6), (6, 60), (60, 75), (75, 90)):
        resend_code(token, NOW + minutes * MINUTE)
        with pytest.raises(MailLimitError) as caught:
            resend_code(token, NOW + minutes * MINUTE)
        assert caught.value.next_at == NOW + next_minutes * MINUTE
    assert mails_that_leave() == 5


def test_stranger_cannot_be_mailed_more_than_three_times_an_hour() -> None:
    for _ in range(9):
        lodge_objection(replace(ADA, email="CY@mail.example"), NOW)
    assert mails_that_leave() == 3


def test_mailbox_with_a_hundred_names_is_one_mailbox() -> None:
    for name in ("ada", "ada+1", "ada+news", "ada+1+2", "Ada+x"):
        lodge_objection(replace(ADA, email=f"{name}@mail.example"), NOW)
    assert mails_that_leave() == 3


@pytest.mark.parametrize(
    "addresses",
    [
        ["adalovelace@gmail.com", "ada.lovelace@gmail.com", "a.d.a.lovelace@gmail.com", "adalovelace@googlemail.com"],
        ["ada-lovelace@proton.me", "ada_lovelace@proton.me", "ada.lovelace@proton.me", "adalovelace+x@proton.me"],
    ],
)
def test_mailbox_whose_provider_overlooks_signs_is_one_mailbox(addresses: list[str]) -> None:
    for address in addresses:
        lodge_objection(replace(ADA, email=address), NOW)
    assert mails_that_leave() == 3


def test_no_more_than_ten_mails_a_day_reach_an_address_though_unconfirmed_cases_are_erased() -> None:
    for minutes in range(0, 24 * 60, 10):
        lodge_objection(CY, NOW + minutes * MINUTE)
        lodge_objection(CY, NOW + minutes * MINUTE, Asker("192.0.2.1", "cy", CY.email))
    assert mails_that_leave() == 10
    erase_unconfirmed(NOW + 24 * HOUR + 23 * HOUR)
    assert mails_that_leave() == 0
    assert MailAllowance.objects.filter(taken_at__0__isnull=False).exists()


def test_page_of_a_mailed_and_of_a_limited_address_look_the_same() -> None:
    tokens = [lodge_objection(ADA, NOW).continue_token for _ in range(4)]
    assert mails_that_leave() == 3
    assert len({repr(find_lodging(token, NOW)) for token in tokens}) == 1
    for token in (tokens[0], tokens[3]):
        resend_code(token, NOW + MINUTE)
        with pytest.raises(CodeWrongError) as caught:
            confirm_code(token, "000000", NOW + MINUTE)
        assert caught.value.tries_left == 4
    assert find_lodging(tokens[0], NOW) == find_lodging(tokens[3], NOW)
    assert mails_that_leave() == 3


def test_address_that_objected_before_looks_like_one_that_did_not() -> None:
    confirm(ADA)
    again, first = (
        lodge_objection(ADA, NOW).continue_token,
        lodge_objection(replace(ADA, email="abe@mail.example"), NOW),
    )
    assert find_lodging(again, NOW) == find_lodging(first.continue_token, NOW)


def test_second_objection_of_the_same_address_is_a_second_case() -> None:
    first, second = confirm(ADA), confirm(ADA)
    assert first.reference != second.reference


def test_unconfirmed_case_is_erased_after_a_day_with_all_that_was_typed() -> None:
    token = lodge()
    assert erase_unconfirmed(NOW + 24 * HOUR - MINUTE) == 0
    assert erase_unconfirmed(NOW + 24 * HOUR) == 1
    tables = (Case, CaseChange, CaseIdentifier, Code, Mail, MailAllowance)
    assert [table.objects.count() for table in tables] == [0] * 6  # type: ignore[attr-defined]
    assert find_lodging(token, NOW) is None
    run_tasks()  # the task of the erased mail finds nothing to do


def test_case_a_day_old_is_treated_as_erased_before_it_is() -> None:
    token = lodge()
    late = NOW + 24 * HOUR
    assert find_lodging(token, late) is None
    with pytest.raises(LinkUnknownError):
        resend_code(token, late)
    with pytest.raises(LinkUnknownError):
        confirm_code(token, code_of(token), late)


def test_confirmed_case_is_never_erased() -> None:
    confirm(ADA)
    assert erase_unconfirmed(NOW + 1000 * HOUR) == 0


def test_invented_link_is_unknown() -> None:
    lodge()
    assert find_lodging("invented", NOW) is None
    with pytest.raises(LinkUnknownError):
        confirm_code("invented", "123456", NOW)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("country", "Austria"),
        ("country", "A1"),
        ("email", "ada"),
        ("email", "ada@mail.example\r\nBcc: cy@mail.example"),
        ("email", "a..da@mail.example"),
        ("email", "ada\x00@mail.example"),
        ("email", "ada@mail.example, cy@mail.example"),
        ("email", "ädä@mail.example"),
        ("handles", ("two words",)),
        ("handles", tuple(f"h{number}" for number in range(21))),
        ("handles", ("x" * 321,)),
        ("effect", "x" * 10_001),
        ("name", "x" * 201),
        ("language", ""),
        ("language", "../../etc"),
    ],
)
def test_field_that_cannot_be_taken_is_named_and_nothing_is_stored(field: str, value: object) -> None:
    with pytest.raises(LodgingRefusedError) as caught:
        lodge_objection(replace(ADA, **{field: value}), NOW)  # type: ignore[arg-type]
    assert caught.value.field == field
    assert not value or str(value) not in str(caught.value)
    assert not Case.objects.exists()


def test_text_without_meaning_for_people_is_dropped_and_the_rest_is_kept() -> None:
    lodge_objection(replace(ADA, effect="a\x00b\x1b[31m\r\nc\ud800", name="A\nda", handles=(" ", "@ada", "ADA")), NOW)
    case = Case.objects.get()
    assert (case.effect, case.name) == ("ab[31m\nc", "A da")
    assert [row.typed for row in case.identifiers.filter(kind="handle")] == ["@ada"]


def test_codes_are_six_digits_and_references_have_no_look_alikes() -> None:
    assert {len(new_code()) for _ in range(200)} == {6}
    assert not set("".join(new_reference()[4:] for _ in range(200))) & set("01ILOU")


def test_no_code_at_all_confirms_a_case_whose_code_was_not_mailed() -> None:
    for _ in range(4):
        lodge_objection(ADA, NOW)
    case = Case.objects.order_by("-pk")[0]
    secret = load_secret(Path(settings.DEMUR_HOME) / "keys", SecretName.DOCKET)
    prefix = f"demur-code/v1\n{case.pk}\n"
    assert code_digest(case.pk, "123456") == hmac.digest(secret, f"{prefix}123456".encode(), "sha256").hex()
    digests = {hmac.digest(secret, f"{prefix}{number:06}".encode(), "sha256").hex() for number in range(10**6)}
    assert case.code.digest_hex not in digests


def test_reference_that_another_case_has_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["DMR-AAAA-2222", "DMR-AAAA-2222", "DMR-AAAA-3333"])
    monkeypatch.setattr("demur.docket.services.lodge.new_reference", lambda: next(drawn))
    assert [confirm(ADA).reference for _ in range(2)] == ["DMR-AAAA-2222", "DMR-AAAA-3333"]
