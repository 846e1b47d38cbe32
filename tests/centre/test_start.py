"""The first page of an objection: both ways at the same size, four meanings, and what was begun before."""

from pathlib import Path

import pytest
from centre_world import ADA_EMAIL, submit
from django.conf import settings
from django.test import Client
from objecting_world import FILLED, FORMS, START, photo, sign_in

from demur.centre.meaning import Meaning
from demur.docket.models import Case, Draft, Photo

pytestmark = pytest.mark.django_db


def begin(browser: Client, **fields: object) -> None:
    """Send the form with an address that is wrong, so that it is kept as a draft."""
    form = FORMS[Meaning.OTHERS]
    answer = submit(browser, form, **{**FILLED[Meaning.OTHERS], "email": "ada at people", **fields})
    assert answer.status_code == 422


def test_nobody_is_told_to_sign_in_where_nobody_can(ada: Client) -> None:
    text = ada.get(START).text
    assert "you need not sign in" in text
    assert "Sign in<" not in text


def test_the_page_says_that_nobody_is_signed_in_and_offers_both_ways(ada: Client, home: Path) -> None:
    file = home / "controller.yaml"
    file.write_text(f"{file.read_text()}sign_in: {{issuer: 'https://id.lumen.example', client_id: centre}}\n")
    text = ada.get(START).text
    assert "You are not signed in" in text
    assert 'action="/privacy/sign-in"' in text
    assert "Without signing in" in text


def test_who_is_signed_in_is_named_and_one_tap_from_the_form(ada: Client, home: Path) -> None:
    sign_in(home, ada)
    text = ada.get(START).text
    assert "You are signed in as Ada." in text
    assert f'href="{FORMS[Meaning.OWN]}"' in text
    assert 'action="/privacy/sign-out"' in text


@pytest.mark.parametrize("meaning", Meaning)
def test_each_meaning_leads_to_its_own_form_which_knows_the_country(ada: Client, meaning: Meaning) -> None:
    answer = submit(ada, START, country="PT", meaning=meaning)
    assert answer.headers["Location"] == FORMS[meaning]
    assert 'name="country" value="PT"' in ada.get(FORMS[meaning]).text
    assert not Draft.objects.exists()


def test_a_missing_country_is_asked_for_again_in_words(ada: Client) -> None:
    answer = submit(ada, START, country="", meaning="own")
    assert answer.status_code == 422
    assert '<a href="#id_country">Choose the country where you live.</a>' in answer.text


@pytest.mark.parametrize("meaning", ["", "nobody", "own/../x", "https://evil.example"])
def test_a_meaning_that_is_not_on_the_page_leads_nowhere(cy: Client, meaning: str) -> None:
    answer = submit(cy, START, country="PT", meaning=meaning)
    assert answer.status_code == 422
    assert "Location" not in answer.headers


def test_the_chosen_country_is_remembered_in_a_cookie_of_a_day_that_scripts_cannot_read(ada: Client) -> None:
    cookie = submit(ada, START, country="PT", meaning="own").cookies["country"]
    assert cookie.value == "PT"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 24 * 3600
    assert '<option value="PT" selected>' in ada.get(START).text


@pytest.mark.parametrize("planted", ["XX", "<script>", "P" * 4_000, ""])
def test_a_planted_country_counts_as_none(cy: Client, planted: str) -> None:
    cy.cookies["country"] = planted
    assert "selected" not in cy.get(START).text
    assert "Show my rights there" in cy.get(FORMS[Meaning.OWN]).text


def test_what_was_begun_is_offered_and_goes_on_where_it_stopped(ada: Client) -> None:
    begin(ada)
    text = ada.get(START).text
    assert "You began an objection" in text
    assert f'href="{FORMS[Meaning.OTHERS]}"' in text
    again = ada.get(FORMS[Meaning.OTHERS]).text
    for typed in ("ada at people", "Ada of Lisbon", "They post me."):
        assert typed in again


def test_the_start_page_repeats_nothing_that_was_begun(ada: Client) -> None:
    begin(ada)
    assert "Lisbon" not in ada.get(START).text


def test_forgetting_erases_the_draft_and_its_photos_and_the_cookies(ada: Client) -> None:
    begin(ada, photos=photo())
    assert Photo.objects.count() == 1
    answer = submit(ada, START, to=f"{START}/forget")
    assert answer.headers["Location"] == START
    assert Draft.objects.count() == Photo.objects.count() == 0
    assert [ada.cookies[name].value for name in ("draft", "country")] == ["", ""]
    assert "You began" not in ada.get(START).text


def test_opening_the_address_that_forgets_forgets_nothing(ada: Client) -> None:
    begin(ada)
    assert ada.get(f"{START}/forget").status_code == 405
    assert Draft.objects.count() == 1


def test_nobody_sees_what_somebody_else_began(ada: Client, cy: Client) -> None:
    begin(ada)
    digest = Draft.objects.get().token_sha256_hex
    for planted in (digest, str(Draft.objects.get().pk), "", "a" * 43):
        cy.cookies["draft"] = planted
        assert "You began" not in cy.get(START).text
        assert "Lisbon" not in cy.get(FORMS[Meaning.OTHERS]).text


def test_a_draft_that_cannot_be_read_any_more_counts_as_none(ada: Client) -> None:
    begin(ada)
    Draft.objects.update(sealed_fields=b"rotten")
    assert "You began" not in ada.get(START).text
    assert submit(ada, FORMS[Meaning.OWN], **FILLED[Meaning.OWN]).status_code == 302


def test_a_sent_objection_is_no_draft_any_more(ada: Client) -> None:
    begin(ada)
    submit(ada, FORMS[Meaning.OTHERS], **FILLED[Meaning.OTHERS])
    assert Case.objects.get().email == ADA_EMAIL
    assert not Draft.objects.exists()
    assert "You began" not in ada.get(START).text
    assert settings.CSRF_COOKIE_NAME in ada.cookies


def test_another_host_of_the_same_domain_cannot_plant_its_own_draft(
    ada: Client, cy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CSRF_COOKIE_SECURE", True)
    begin(cy)
    kept = cy.cookies["__Host-draft"]
    assert (kept["path"], kept["secure"], kept["domain"]) == ("/", True, "")
    ada.cookies["draft"] = kept.value  # the prefix is what no other host can write
    assert "You began" not in ada.get(START).text
    begin(ada)
    assert Draft.objects.count() == 2


def test_signing_out_forgets_what_was_begun(ada: Client, home: Path) -> None:
    sign_in(home, ada)
    begin(ada, photos=photo())
    submit(ada, START, to="/privacy/sign-out")
    assert Draft.objects.count() == Photo.objects.count() == 0
    assert ada.cookies["draft"].value == ""


def test_what_somebody_began_is_not_shown_to_who_signs_in_next_in_the_same_browser(ada: Client, home: Path) -> None:
    sign_in(home, ada)
    begin(ada)
    del ada.cookies[settings.SESSION_COOKIE_NAME]
    sign_in(home, ada, account="p0000002")
    assert "You began" not in ada.get(START).text
    assert "Ada of Lisbon" not in ada.get(FORMS[Meaning.OTHERS]).text
    begin(ada, name="Bo of Porto")
    assert Draft.objects.count() == 2


def test_what_was_begun_before_signing_in_goes_on_afterwards(ada: Client, home: Path) -> None:
    begin(ada)
    sign_in(home, ada)
    assert "Ada of Lisbon" in ada.get(FORMS[Meaning.OTHERS]).text
    begin(ada)
    assert "Ada of Lisbon" in ada.get(FORMS[Meaning.OTHERS]).text
    assert Draft.objects.count() == 1
