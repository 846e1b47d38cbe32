"""What a person meets on the way: from the page about AI training to the private status page."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from centre_world import (
    ADA_EMAIL,
    Confirmed,
    Lodged,
    code_in_mail,
    csrf_token,
    let_pauses_pass,
    submit,
)
from django.http import HttpResponse
from django.test import Client
from django.utils import formats

from demur.core.objection import CaseState
from demur.docket.decision import Decision, RefusalGround
from demur.docket.lodging import MAX_EFFECT_CHARS
from demur.docket.models import Case, Code, Mail
from demur.docket.services import decide, start_review

START = "/privacy/genai/object"
OBJECT = "/privacy/genai/object/own"
FILLED = {"country": "PT", "email": ADA_EMAIL, "handles": "@ada", "effect": "My children."}


def text_of(response: HttpResponse) -> str:
    return " ".join(response.content.decode().split())


def test_the_front_door_leads_to_the_page_about_ai(ada: Client) -> None:
    assert ada.get("/").headers["Location"] == "/privacy/genai"


def test_landing_names_what_is_trained_on_and_says_that_messages_never_are(ada: Client) -> None:
    text = text_of(ada.get("/privacy/genai"))
    assert "Private messages are never used for AI training" in text
    rows = {row.split("<")[0].strip(): row for row in text.split('<th scope="row">')[1:]}
    assert ">Yes<" in rows["Posts"]
    assert ">Never<" in rows["Private messages"]


def test_the_form_is_one_step_from_the_landing_and_the_link_stands_before_the_table(ada: Client) -> None:
    text = text_of(ada.get("/privacy/genai"))
    assert text.index(f'href="{START}"') < text.index("<table")
    assert ada.get(START).status_code == 200


def test_form_says_that_reasons_are_optional_before_the_person_writes(ada: Client) -> None:
    text = text_of(ada.get(OBJECT))
    assert text.index("You may leave this empty") < text.index('name="effect"')


def test_an_error_keeps_everything_typed_and_is_linked_to_its_field(ada: Client) -> None:
    response = submit(ada, OBJECT, **{**FILLED, "email": "ada at people", "effect": "Two\nlines"})
    text = response.content.decode()
    assert response.status_code == 422
    assert "<title>Error:" in text
    assert 'href="#id_email"' in text
    assert 'aria-describedby="id_email_helptext id_email_error"' in text
    assert 'type="hidden" name="country" value="PT"' in text
    assert "Two\nlines</textarea>" in text
    assert "@ada</textarea>" in text


def test_an_address_that_mail_cannot_reach_is_told_apart_and_kept(ada: Client) -> None:
    response = submit(ada, OBJECT, **{**FILLED, "email": "\u0430d\u0430@people.example"})
    assert response.status_code == 422
    assert "plain Latin letters" in text_of(response)
    assert "My children.</textarea>" in text_of(response)


def test_browsers_may_keep_the_blank_form_and_never_a_filled_one(ada: Client) -> None:
    assert ada.get(OBJECT).headers["Cache-Control"] == "private, no-cache"
    assert submit(ada, OBJECT, **{**FILLED, "email": "ada"}).headers["Cache-Control"] == "no-store"


def test_the_whole_way_from_form_to_status_page(ada: Client) -> None:
    lodged = submit(ada, OBJECT, **FILLED)
    code_page = lodged.headers["Location"]
    assert ADA_EMAIL not in text_of(ada.get(code_page))
    confirmed = submit(ada, code_page, code=code_in_mail())
    status = text_of(ada.get(confirmed.headers["Location"]))
    assert "Your objection is in force" in status
    assert Case.objects.get().reference in status


def test_the_code_works_on_another_device(lodge: Callable[..., Lodged]) -> None:
    lodged = lodge()
    assert "/status/" in submit(Client(enforce_csrf_checks=True), lodged.page, code=lodged.code).headers["Location"]


def test_a_wrong_code_says_how_many_tries_are_left(ada: Client, lodge: Callable[..., Lodged]) -> None:
    lodged = lodge()
    wrong = f"{(int(lodged.code) + 1) % 1_000_000:06}"
    for left in ("4 tries", "3 tries", "2 tries", "1 try"):
        assert f"You have {left} left" in text_of(submit(ada, lodged.page, code=wrong))
    assert "typed five times" in text_of(submit(ada, lodged.page, code=wrong))
    assert "typed five times" in text_of(submit(ada, lodged.page, code=lodged.code))


def test_a_slip_of_the_fingers_costs_no_try(ada: Client, lodge: Callable[..., Lodged]) -> None:
    lodged = lodge()
    assert "No try was used up" in text_of(submit(ada, lodged.page, code="12345"))
    assert "5 tries left" in text_of(ada.get(lodged.page))


def test_an_old_code_says_that_nothing_is_lost_and_a_new_one_works(ada: Client, lodge: Callable[..., Lodged]) -> None:
    lodged = lodge()
    Code.objects.update(expires_at=datetime.now(UTC) - timedelta(minutes=1))
    let_pauses_pass()
    assert "nothing that you wrote is lost" in text_of(ada.get(lodged.page))
    assert "Nothing that you wrote is lost" in text_of(submit(ada, lodged.page, code=lodged.code))
    again = submit(ada, lodged.page, to=f"{lodged.page}/resend")
    assert "You asked for a new code" in text_of(ada.get(again.headers["Location"]))
    assert "/status/" in submit(ada, lodged.page, code=code_in_mail()).headers["Location"]


def test_a_new_code_can_be_asked_for_after_a_pause_that_the_page_tells(
    ada: Client, lodge: Callable[..., Lodged]
) -> None:
    page = lodge().page
    early = text_of(ada.get(page))
    assert "You can ask for a new code from this time on:" in early
    assert "Send a new code" not in early
    refused = submit(ada, page, to=f"{page}/resend")
    assert refused.status_code == 429
    assert 'role="alert"' in refused.content.decode()
    let_pauses_pass()
    assert "Send a new code" in text_of(ada.get(page))
    assert submit(ada, page, to=f"{page}/resend").status_code == 302
    assert "Send a new code" not in text_of(ada.get(page))


def test_a_mistyped_address_is_corrected_and_nothing_else_is_asked_again(
    ada: Client, lodge: Callable[..., Lodged]
) -> None:
    lodged = lodge()
    form = ada.get(f"{lodged.page}/address").content.decode()
    assert ADA_EMAIL not in form
    field = form[form.rindex("<input", 0, form.index('id="id_email"')) :].partition(">")[0]
    assert "value=" not in field
    answer = submit(ada, f"{lodged.page}/address", email="ada.right@people.example")
    page = answer.headers["Location"].partition("?")[0]
    assert "The address is corrected" in text_of(ada.get(answer.headers["Location"]))
    assert Mail.objects.latest("pk").recipient == "ada.right@people.example"
    assert ada.get(lodged.page).status_code == 404
    assert submit(ada, page, code=lodged.code).status_code == 422
    assert "/status/" in submit(ada, page, code=code_in_mail()).headers["Location"]
    assert Case.objects.get().effect == "My children."
    assert ada.get(f"{page}/address").status_code == 302


@pytest.mark.parametrize("email", ["", "ada", "ada@people.example, eve@people.example", "ädä@people.example"])
def test_what_is_no_address_is_refused_in_words_and_the_old_code_still_works(
    ada: Client, lodge: Callable[..., Lodged], email: str
) -> None:
    lodged = lodge()
    answer = submit(ada, f"{lodged.page}/address", email=email)
    assert answer.status_code == 422
    assert 'class="error-summary"' in answer.content.decode()
    assert "/status/" in submit(ada, lodged.page, code=lodged.code).headers["Location"]


def test_after_three_corrections_the_page_names_another_way(ada: Client, lodge: Callable[..., Lodged]) -> None:
    page = lodge().page
    for number in range(3):
        open_page = f"{page}/address"
        token = csrf_token(ada, open_page)
        answer = submit(ada, open_page, email=f"ada{number}@people.example")
        page = answer.headers["Location"].partition("?")[0]
    assert "You have corrected it three times" in text_of(ada.get(page))
    assert ada.get(f"{page}/address").headers["Location"] == page
    again = ada.post(f"{page}/address", {"csrfmiddlewaretoken": token, "email": "a@people.example"})
    assert again.headers["Location"] == page


def test_a_second_confirmation_is_told_that_all_is_well(ada: Client, lodge: Callable[..., Lodged]) -> None:
    lodged = lodge()
    token = csrf_token(ada, lodged.page)
    for _ in range(2):
        answer = ada.post(lodged.page, {"csrfmiddlewaretoken": token, "code": lodged.code})
    assert "need not do it again" in text_of(answer)
    assert "need not do it again" in text_of(ada.get(lodged.page))


def test_status_shows_the_legal_date_the_accounts_and_the_authority(
    ada: Client, confirm: Callable[..., Confirmed]
) -> None:
    case = confirm(("@ada", "@nobody"))
    text = text_of(ada.get(case.page))
    due_on = Case.objects.get().due_on
    assert formats.date_format(due_on, "j F Y") in text
    assert "@nobody" in text
    assert "Comissão Nacional de Proteção de Dados" in text
    assert f'href="{case.page}/withdraw"' in text


def test_status_names_a_way_to_complain_where_no_authority_is_known(
    ada: Client, confirm: Callable[..., Confirmed]
) -> None:
    assert "complain" in text_of(ada.get(confirm(country="AQ").page))


def test_status_promises_of_an_address_no_more_than_a_search_of_texts(
    ada: Client, confirm: Callable[..., Confirmed]
) -> None:
    for handles in ((), ("@ada",)):
        text = text_of(ada.get(confirm(handles=handles).page))
        assert ("Your data is recognised by:" in text) == bool(handles)
        assert "texts in which it stands are left out where we search texts" in text


def test_a_person_without_a_known_account_is_told_that_nothing_is_recognised_yet(
    ada: Client, confirm: Callable[..., Confirmed]
) -> None:
    warning = "We have not found an account of yours."
    assert warning in ada.get(confirm(handles="").page).text
    assert warning not in ada.get(confirm().page).text


def test_only_where_the_law_sets_a_date_is_the_date_called_the_law_s(
    ada: Client, confirm: Callable[..., Confirmed]
) -> None:
    assert ", by law" in ada.get(confirm(country="PT").page).text
    assert "we promise this" in ada.get(confirm(country="BR").page).text


def test_a_receipt_that_is_not_written_yet_is_said_to_come(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm()
    assert "It is being written" in text_of(ada.get(case.page))
    assert ada.get(f"{case.page}/receipt").status_code == 404


def test_withdrawing_asks_first_and_then_says_what_it_means(ada: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm()
    assert "Withdraw your objection?" in text_of(ada.get(f"{case.page}/withdraw"))
    assert Case.objects.get().state == CaseState.RECEIVED
    for _ in range(2):  # a second click does no harm
        done = submit(ada, f"{case.page}/withdraw")
        assert done.headers["Location"] == case.page
    text = text_of(ada.get(case.page))
    assert "You have withdrawn your objection" in text
    assert f"{case.page}/withdraw" not in text


def test_a_refused_person_can_appeal_once_without_giving_a_reason(
    ada: Client, confirm: Callable[..., Confirmed]
) -> None:
    case = confirm()
    now = datetime.now(UTC)
    start_review(case.reference, "bo", now)
    ground = RefusalGround.NOT_IDENTIFIED
    decide(case.reference, Decision(CaseState.REFUSED, ground, "We found no account.", "bo"), now)
    assert f"{case.page}/appeal" in text_of(ada.get(case.page))
    assert submit(ada, f"{case.page}/appeal", text="").headers["Location"] == case.page
    text = text_of(ada.get(case.page))
    assert "Your appeal is with us" in text
    assert f"{case.page}/appeal" not in text


def test_every_page_with_room_for_words_says_how_much_before_anybody_writes(
    ada: Client, confirm: Callable[..., Confirmed]
) -> None:
    private = confirm().page
    forms = [f"{START}/{meaning}" for meaning in ("own", "others", "child", "agent")]
    for page in (*forms, f"{private}/add", f"{private}/appeal"):
        assert f"{MAX_EFFECT_CHARS:,} characters" in text_of(ada.get(page)), page


def test_public_keys_are_text(ada: Client, home: Path) -> None:
    response = ada.get("/privacy/keys")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content == (home / "keys" / "public.keys").read_bytes()
    (home / "keys" / "public.keys").unlink()
    assert ada.get("/privacy/keys").status_code == 404


def test_what_is_sent_from_a_page_whose_case_is_erased_is_answered_as_an_unknown_address(
    ada: Client, lodge: Callable[..., Lodged]
) -> None:
    page = lodge().page
    token = csrf_token(ada, page)
    Case.objects.all().delete()
    for end in ("", "/resend", "/address"):
        sent = {"csrfmiddlewaretoken": token, "code": "000000", "email": "a@people.example"}
        assert ada.post(f"{page}{end}", sent).status_code == 404
    assert ada.get(f"{page}/address").status_code == 404


def test_what_is_sent_from_an_old_page_after_the_code_leads_to_where_it_is_said(
    ada: Client, lodge: Callable[..., Lodged]
) -> None:
    lodged = lodge()
    token = csrf_token(ada, lodged.page)
    submit(ada, lodged.page, code=lodged.code)
    for end in ("/resend", "/address"):
        sent = {"csrfmiddlewaretoken": token, "email": "a@people.example"}
        assert ada.post(f"{lodged.page}{end}", sent).headers["Location"] == lodged.page
