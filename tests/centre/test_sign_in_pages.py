"""Signing in, as Ada notices it: a tap, and the form knows what her platform knows; nothing of her stays behind."""

import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from centre_world import ADA_EMAIL, csrf_token, submit
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import get_resolver
from provider_world import (
    CLIENT_ID,
    START,
    Provider,
    begin,
    come_back,
    is_signed_in,
    offer_sign_in,
    press_sign_in,
    provider_on_loopback,
    sign_in,
)
from pytest_django.fixtures import Settings

from demur.core.identifier import IdentifierKind, Standing
from demur.docket.models import Case, CaseIdentifier
from demur.docket.services import erase_unconfirmed

OWN = f"{START}/own"


@pytest.fixture
def provider(home: Path) -> Iterator[Provider]:
    with provider_on_loopback() as provider:
        offer_sign_in(home, provider.issuer)
        yield provider


def test_who_signs_in_finds_the_form_with_their_address_and_accounts(ada: Client, provider: Provider) -> None:
    response = sign_in(ada, provider)
    assert (response.status_code, response["Location"]) == (302, OWN)
    page = ada.get(OWN).content.decode()
    assert f'value="{ADA_EMAIL}"' in page
    assert "Lumen: ada" in page
    assert "Agora: ada" in page
    assert "You are signed in as Ada Lisbon." in ada.get(START).content.decode()


def test_a_country_that_was_not_stated_is_asked_for_not_guessed(ada: Client, provider: Provider) -> None:
    provider.userinfo |= {"address": {"country": "Portugal", "locality": "Lisbon"}, "locale": "pt-PT"}
    assert sign_in(ada, provider)["Location"] == START


def test_the_objection_of_who_signed_in_carries_their_accounts_as_verified(ada: Client, provider: Provider) -> None:
    sign_in(ada, provider)
    assert "/code/" in submit(ada, OWN, country="PT", email=ADA_EMAIL)["Location"]
    stored = CaseIdentifier.objects.filter(case=Case.objects.get(), kind=IdentifierKind.ACCOUNT)
    assert {(one.value, one.standing) for one in stored} == {
        ("lumen:p0000001", Standing.VERIFIED),
        ("agora:p0000001", Standing.VERIFIED),
    }


@pytest.mark.parametrize(
    "forged",
    [
        {"verified_accounts": "lumen:p0000002"},
        {"accounts": "lumen:p0000002", "signed_in": "true"},
        {"lumen_account": "p0000002", "sub": "person-2"},
        {"handles": "lumen:p0000002"},
        {"handles": "@cy", "standing": "verified"},
    ],
)
def test_nothing_in_a_form_makes_an_account_verified(ada: Client, provider: Provider, forged: dict[str, str]) -> None:
    submit(ada, OWN, country="PT", email=ADA_EMAIL, **{"handles": "@ada", **forged})
    verified = CaseIdentifier.objects.filter(kind__in=[IdentifierKind.ACCOUNT, IdentifierKind.HANDLE])
    assert not verified.filter(standing=Standing.VERIFIED).exists()


def test_the_accounts_of_who_signed_in_do_not_go_with_an_objection_for_a_child(ada: Client, provider: Provider) -> None:
    sign_in(ada, provider)
    submit(ada, f"{START}/child", country="PT", email=ADA_EMAIL, name="Bea Lisbon", representative_name="Ada Lisbon")
    assert not CaseIdentifier.objects.filter(kind=IdentifierKind.ACCOUNT).exists()


@pytest.mark.parametrize("verified", [False, None, "false", 1, "yes"])
def test_an_address_that_the_provider_does_not_vouch_for_is_not_filled_in(
    ada: Client, provider: Provider, verified: object
) -> None:
    provider.userinfo["email_verified"] = verified
    sign_in(ada, provider)
    assert ADA_EMAIL not in ada.get(OWN).content.decode()


def test_one_sources_verified_does_not_vouch_for_the_other_sources_address(ada: Client, provider: Provider) -> None:
    provider.id_token |= {"email": "ada@elsewhere.example", "email_verified": True}
    del provider.userinfo["email_verified"]
    sign_in(ada, provider)
    assert ".example" not in re.sub(r"(privacy|dpo)@lumen.example", "", ada.get(OWN).content.decode())


def test_claims_of_the_id_token_do_where_a_provider_has_no_userinfo(ada: Client, provider: Provider) -> None:
    provider.described["userinfo_endpoint"] = None
    provider.id_token |= {"email": ADA_EMAIL, "email_verified": "true", "country": "pt", "lumen_account": 17}
    assert sign_in(ada, provider)["Location"] == OWN
    page = ada.get(OWN).content.decode()
    assert ADA_EMAIL in page
    assert "Lumen" in page
    submit(ada, OWN, country="PT", email=ADA_EMAIL)
    assert CaseIdentifier.objects.get(kind=IdentifierKind.ACCOUNT).value == "lumen:17"


def test_signing_out_forgets_and_says_so(ada: Client, provider: Provider) -> None:
    sign_in(ada, provider)
    response = ada.post("/privacy/sign-out", {"csrfmiddlewaretoken": csrf_token(ada, START)}, follow=True)
    assert "You are signed out here." in response.content.decode()
    assert not is_signed_in(ada)
    assert not Session.objects.exists()


def test_whoever_refuses_at_the_provider_is_told_that_both_ways_count_the_same(ada: Client, provider: Provider) -> None:
    state = begin(ada, provider)["state"]
    response = come_back(ada, error="access_denied", state=state)
    assert "You did not sign in." in ada.get(response["Location"]).content.decode()


def test_no_user_and_no_account_of_the_library_is_ever_stored(ada: Client, provider: Provider) -> None:
    sign_in(ada, provider)
    sign_in(ada, provider)
    assert is_signed_in(ada)
    for model in (User, EmailAddress, SocialAccount, SocialApp, SocialToken):
        assert not model.objects.exists()


def test_what_the_session_holds_cannot_be_read_in_the_database(ada: Client, provider: Provider) -> None:
    sign_in(ada, provider)
    stored = Session.objects.get().get_decoded()
    sealed = b64decode(stored["signed_in"]["sealed"])
    for word in ("Lisbon", "people.example", "p0000001"):
        assert word not in str(stored)
        assert word.encode() not in sealed


def test_the_session_ends_with_the_browser_and_after_an_hour(ada: Client, provider: Provider) -> None:
    sign_in(ada, provider)
    cookie = ada.cookies["session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"], cookie["expires"]) == (True, "Lax", "", "")
    now = datetime.now(UTC)
    assert Session.objects.get().expire_date <= now + timedelta(hours=1)
    erase_unconfirmed(now + timedelta(minutes=59))
    assert is_signed_in(ada)
    erase_unconfirmed(now + timedelta(minutes=61))
    assert not Session.objects.exists()
    assert not is_signed_in(ada)


@pytest.mark.parametrize("page", ["/privacy/genai", START, OWN, "/privacy/sign-in/callback?code=a&state=b"])
def test_whoever_does_not_sign_in_gets_no_session_cookie(ada: Client, provider: Provider, page: str) -> None:
    ada.get(page)
    assert "session" not in ada.cookies
    assert not Session.objects.exists()


def test_nobody_stays_signed_in_by_a_provider_that_was_replaced(
    ada: Client, provider: Provider, settings: Settings
) -> None:
    sign_in(ada, provider)
    settings.DEMUR_SIGN_IN_ISSUER = "https://login.elsewhere.example"
    assert not is_signed_in(ada)


def test_without_a_provider_nothing_of_it_is_there(ada: Client) -> None:
    assert "Sign in" not in ada.get(START).content.decode()
    assert press_sign_in(ada).status_code == 404
    assert come_back(ada, code="a", state="b").status_code == 404


def test_no_page_of_the_library_can_be_reached(ada: Client, provider: Provider) -> None:
    names = {str(name) for name in get_resolver().reverse_dict if isinstance(name, str)}
    assert not {name for name in names if name.startswith(("account", "socialaccount", "openid"))}
    for path in ("/accounts/login/", "/accounts/signup/", "/oidc/controller/login/", "/accounts/social/connections/"):
        assert ada.get(path).status_code == 404


def test_the_provider_is_asked_with_pkce_state_and_nonce_in_the_readers_language(
    ada: Client, provider: Provider
) -> None:
    ada.cookies["django_language"] = "de"
    asked = begin(ada, provider)
    come_back(ada, code="a-code", state=asked["state"])
    assert (asked["client_id"], asked["response_type"], asked["ui_locales"]) == (CLIENT_ID, "code", "de")
    assert asked["code_challenge_method"] == "S256"
    assert set(asked["scope"].split()) == {"openid", "profile", "email", "address"}
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/privacy/sign-in/callback"
    sent = provider.asked[0]
    assert len(sent["code_verifier"]) >= 43
    assert (sent["client_id"], sent["redirect_uri"]) == (CLIENT_ID, asked["redirect_uri"])
    assert "client_secret" not in sent
    assert sent["authorization"] == ""


def test_only_scopes_that_the_provider_knows_are_asked_for(ada: Client, provider: Provider) -> None:
    provider.described["scopes_supported"] = ["openid", "email", "offline_access", 5]
    assert set(begin(ada, provider)["scope"].split()) == {"openid", "email"}


def test_an_endpoint_with_parameters_of_its_own_keeps_them(ada: Client, provider: Provider) -> None:
    provider.described["authorization_endpoint"] = f"{provider.issuer}/authorize?policy=people"
    assert begin(ada, provider)["policy"] == "people"


def test_a_clients_secret_is_shown_as_the_provider_wants_it(ada: Client, provider: Provider, home: Path) -> None:
    secret = home / "keys" / "sign-in.secret"
    secret.touch(0o600)
    secret.write_text("made:up\n")
    provider.described["token_endpoint_auth_methods_supported"] = ["client_secret_basic", "client_secret_post"]
    sign_in(ada, provider)
    assert provider.asked[-1]["client_secret"] == "made:up"


def test_a_clients_secret_goes_into_the_header_unless_the_provider_says_otherwise(
    ada: Client, provider: Provider, home: Path
) -> None:
    secret = home / "keys" / "sign-in.secret"
    secret.touch(0o600)
    secret.write_text("made:up\n")
    sign_in(ada, provider)
    assert provider.asked[-1]["authorization"] == "Basic dGhlLXByaXZhY3ktY2VudHJlOm1hZGUlM0F1cA=="
    assert "client_secret" not in provider.asked[-1]


def test_the_page_on_the_way_works_without_refreshing_and_leads_nowhere_else(ada: Client, provider: Provider) -> None:
    response = press_sign_in(ada)
    page = response.content.decode()
    links = {urlsplit(link).netloc for link in re.findall(r'(?:href|url)="?(https?://[^"]+)', page)}
    assert links == {urlsplit(provider.issuer).netloc}
    assert "form-action 'self'" in response["Content-Security-Policy"]


def test_each_way_out_of_the_session_needs_a_post(ada: Client, provider: Provider) -> None:
    for address in ("/privacy/sign-in", "/privacy/sign-out"):
        assert ada.get(address).status_code == 405
        assert ada.post(address).status_code == 403  # without the form's token
    assert ada.head("/privacy/sign-in/callback").status_code == 405
