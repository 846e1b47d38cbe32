"""What somebody might try at the sign-in, each attack a test: forged answers, stolen ways, planted sessions."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from allauth.socialaccount.internal import statekit
from cryptography.hazmat.primitives import serialization
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from provider_world import (
    ANOTHER_KEY,
    ITS_KEY,
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

from demur.docket.admission import SIGN_INS

PUBLIC = ITS_KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def provider(home: Path) -> Iterator[Provider]:
    with provider_on_loopback() as provider:
        offer_sign_in(home, provider.issuer)
        yield provider


def assert_nobody_signed_in(client: Client, response: HttpResponse) -> None:
    assert response.status_code == 302
    assert response["Location"].startswith(f"{START}?sign-in=")
    page = client.get(response["Location"])
    assert "without" in page.content.decode()
    assert page.status_code == 200
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": ["another-client"]},
        {"aud": None},
        {"aud": ["the-privacy-centre", "another-client"]},
        {"azp": "another-client"},
        {"azp": None, "aud": ["the-privacy-centre", "another-client"]},
        {"sub": None},
        {"sub": ""},
        {"sub": 17},
        {"sub": "s" * 256},
        {"exp": 1_600_000_000},
        {"exp": None},
        {"exp": "soon"},
        {"exp": float("inf")},
        {"iat": None},
        {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000},
        {"nonce": None},
        {"nonce": ""},
        {"nonce": 5},
        {"nonce": "of-another-sign-in"},
        {"nonce": "naïve"},
    ],
    ids=str,
)
def test_an_id_token_with_a_wrong_claim_is_refused(ada: Client, provider: Provider, claims: dict[str, Any]) -> None:
    provider.id_token |= claims
    assert_nobody_signed_in(ada, sign_in(ada, provider))


def unsigned(claims: dict[str, Any], header: dict[str, Any]) -> str:
    return jwt.encode(claims, None, "none", headers=header)


def signed_by_nobody(claims: dict[str, Any], header: dict[str, Any]) -> str:
    return jwt.encode(claims, ITS_KEY, "RS256", headers=header).rpartition(".")[0] + "."


def signed_by_another(claims: dict[str, Any], header: dict[str, Any]) -> str:
    return jwt.encode(claims, ANOTHER_KEY, "RS256", headers=header)


def signed_with_the_public_key_as_a_secret(claims: dict[str, Any], header: dict[str, Any]) -> str:
    """Return what a verifier accepts that takes the algorithm from the token."""
    secret = jwt.utils.base64url_encode(PUBLIC)  # the library refuses to be misused with the key as it is
    return jwt.encode(claims, secret, "HS256", headers=header)


def signed_by_a_key_that_it_brings_along(claims: dict[str, Any], header: dict[str, Any]) -> str:
    own = jwt.algorithms.RSAAlgorithm.to_jwk(ANOTHER_KEY.public_key(), as_dict=True)
    return jwt.encode(claims, ANOTHER_KEY, "RS256", headers={**header, "jwk": own, "jku": "https://evil.example"})


def changed_afterwards(claims: dict[str, Any], header: dict[str, Any]) -> str:
    head, _, signature = jwt.encode(claims, ITS_KEY, "RS256", headers=header).split(".")
    other = jwt.encode({**claims, "sub": "person-2"}, ITS_KEY, "RS256", headers=header).split(".")[1]
    return f"{head}.{other}.{signature}"


@pytest.mark.parametrize(
    "make_token",
    [
        unsigned,
        signed_by_nobody,
        signed_by_another,
        signed_with_the_public_key_as_a_secret,
        signed_by_a_key_that_it_brings_along,
        changed_afterwards,
        lambda _claims, _header: "not.a.token",
        lambda _claims, _header: "é",
        lambda claims, _header: jwt.encode(claims, ITS_KEY, "RS256", headers={"kid": "another-key"}),
    ],
)
def test_an_id_token_that_the_provider_did_not_sign_is_refused(
    ada: Client, provider: Provider, make_token: Callable[[dict[str, Any], dict[str, Any]], str]
) -> None:
    provider.make_token = make_token
    assert_nobody_signed_in(ada, sign_in(ada, provider))


@pytest.mark.parametrize("id_token", [None, 5, "", ["a"]])
def test_an_answer_without_an_id_token_is_refused(ada: Client, provider: Provider, id_token: object) -> None:
    provider.tokens["id_token"] = id_token
    assert_nobody_signed_in(ada, sign_in(ada, provider))


@pytest.mark.parametrize("tokens", [{"access_token": None}, {"access_token": 5}, {"token_type": "mac"}])
def test_an_answer_without_a_bearer_token_is_refused(ada: Client, provider: Provider, tokens: dict[str, Any]) -> None:
    provider.tokens |= tokens
    assert_nobody_signed_in(ada, sign_in(ada, provider))


@pytest.mark.parametrize("sub", ["person-2", None, "", ["person-1"]])
def test_userinfo_of_somebody_else_is_refused(ada: Client, provider: Provider, sub: object) -> None:
    provider.userinfo["sub"] = sub
    assert_nobody_signed_in(ada, sign_in(ada, provider))


@pytest.mark.parametrize(
    "stated",
    ["", " ", "p 1", "agora:p1", "p1\n", "p\u20601", "\uff501", "p" * 400, True, 1.5, ["p1"], {"id": "p1"}],
    ids=repr,
)
def test_an_account_with_a_strange_id_is_refused(ada: Client, provider: Provider, stated: object) -> None:
    provider.userinfo["lumen_account"] = stated
    assert_nobody_signed_in(ada, sign_in(ada, provider))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;"),
        ("{{ settings.SECRET_KEY }}", "{{ settings.SECRET_KEY }}"),
        ("Ada\r\nBcc: cy@people.example", "Ada Bcc: cy@people.example"),
        ("a" * 5_000, "You are signed in."),
        (["Ada"], "You are signed in."),
    ],
    ids=["script", "template", "mail header", "long", "no text"],
)
def test_a_strange_name_is_shown_as_text_or_not_at_all(
    ada: Client, provider: Provider, name: object, shown: str
) -> None:
    provider.userinfo["name"] = name
    sign_in(ada, provider)
    page = ada.get(START).content.decode()
    assert shown in page
    assert "<script>alert" not in page


def test_an_issuer_that_describes_another_is_refused(ada: Client, provider: Provider) -> None:
    for issuer in ("https://evil.example", f"{provider.issuer}/", None):
        provider.described["issuer"] = issuer
        assert_nobody_signed_in(ada, press_sign_in(ada))


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"])
@pytest.mark.parametrize(
    "address",
    ["http://evil.example/", "javascript:alert(1)", "//evil.example", "/here", "", 5, "https://", "http://[::1"],
)
def test_an_endpoint_that_is_no_safe_address_is_refused(
    ada: Client, provider: Provider, name: str, address: object
) -> None:
    provider.described[name] = address
    assert_nobody_signed_in(ada, press_sign_in(ada))


def test_a_state_counts_once(ada: Client, provider: Provider) -> None:
    state = begin(ada, provider)["state"]
    come_back(ada, code="a-code", state=state)
    ada.post("/privacy/sign-out", {"csrfmiddlewaretoken": ada.cookies["csrftoken"].value})
    assert_nobody_signed_in(ada, come_back(ada, code="a-code", state=state))


def test_nobody_comes_back_without_a_state_or_with_another(ada: Client, provider: Provider) -> None:
    begin(ada, provider)
    assert_nobody_signed_in(ada, come_back(ada, code="a-code"))
    assert_nobody_signed_in(ada, come_back(ada, code="a-code", state="guessed"))
    assert_nobody_signed_in(ada, come_back(ada, error="access_denied", state="guessed"))
    assert provider.asked == []


def test_a_state_ends_after_ten_minutes(ada: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    state = begin(ada, provider)["state"]
    now = time.time()
    monkeypatch.setattr(statekit.time, "time", lambda: now + statekit.STATE_TTL + 1)
    assert_nobody_signed_in(ada, come_back(ada, code="a-code", state=state))


def test_nobody_is_signed_in_to_an_attackers_account_by_the_attackers_link(
    ada: Client, cy: Client, provider: Provider
) -> None:
    """Login CSRF: the state belongs to the session that began."""
    state = begin(cy, provider)["state"]
    assert_nobody_signed_in(ada, come_back(ada, code="code-of-cy", state=state))
    begin(ada, provider)
    assert_nobody_signed_in(ada, come_back(ada, code="code-of-cy", state=state))


def test_a_session_that_was_planted_is_not_the_one_that_is_signed_in(
    ada: Client, cy: Client, provider: Provider
) -> None:
    begin(cy, provider)
    planted = cy.cookies["session"].value
    ada.cookies["session"] = planted
    sign_in(ada, provider)
    assert is_signed_in(ada)
    assert ada.cookies["session"].value != planted
    assert not is_signed_in(cy)
    assert not Session.objects.filter(session_key=planted).exists()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:8000@evil.example"])
def test_a_forged_host_does_not_move_the_way_back(ada: Client, provider: Provider, host: str) -> None:
    response = ada.post("/privacy/sign-in", headers={"host": host})
    assert response.status_code == 400
    assert "http://127.0.0.1:8000/" in begin(ada, provider)["redirect_uri"]


def test_nothing_of_the_address_changes_where_people_end_up(ada: Client, provider: Provider) -> None:
    """The library would take these from the address; our own view does not."""
    begin(ada, provider)
    token = ada.cookies["csrftoken"].value
    address = "/privacy/sign-in?next=https://evil.example&scope=admin&auth_params=prompt%3Dnone&process=connect"
    page = ada.post(address, {"csrfmiddlewaretoken": token, "next": "https://evil.example"}).content.decode()
    assert "evil" not in page
    assert "admin" not in page
    assert "prompt" not in page
    response = sign_in(ada, provider)
    assert response["Location"] == f"{START}/own"


def test_a_flood_of_sign_ins_from_one_network_stops_and_a_class_gets_through(ada: Client, provider: Provider) -> None:
    press_sign_in(ada)
    token = {"csrfmiddlewaretoken": ada.cookies["csrftoken"].value}
    answers = [ada.post("/privacy/sign-in", token) for _ in range(SIGN_INS.most + 1)]
    assert {answer.status_code for answer in answers[:90]} == {200}
    assert_nobody_signed_in(ada, answers[-1])
    ada.defaults["REMOTE_ADDR"] = "192.0.2.7"
    assert ada.post("/privacy/sign-in", token).status_code == 200


def test_a_secret_that_others_could_read_is_not_used(ada: Client, provider: Provider, home: Path) -> None:
    secret = home / "keys" / "sign-in.secret"
    secret.touch(0o600)
    secret.write_text("made-up")
    secret.chmod(0o640)
    assert_nobody_signed_in(ada, press_sign_in(ada))


def test_a_session_that_somebody_wrote_into_the_database_signs_nobody_in(ada: Client, provider: Provider) -> None:
    sign_in(ada, provider)
    session = ada.session
    session["signed_in"] = {"sealed": "AAAA" * 20, "salt": session["signed_in"]["salt"]}
    session.save()
    assert not is_signed_in(ada)


def test_the_log_names_nobody(
    ada: Client, provider: Provider, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    provider.id_token["aud"] = "another-client"
    sign_in(ada, provider)
    provider.id_token.clear()
    provider.userinfo["lumen_account"] = "p 0000001"
    sign_in(ada, provider)
    told = caplog.text + capsys.readouterr().err
    assert "InvalidAudienceError" in told
    assert "lumen_account" in told
    for word in ("Ada", "person-1", "p 0000001", "people.example", "a-code", "a-token"):
        assert word not in told
