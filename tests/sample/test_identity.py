"""The sample's sign-in is a real OpenID Connect provider: what a strict client, a browser and an attacker see of it."""

import re
import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
from authlib.oidc.discovery import OpenIDProviderMetadata
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from demur.sample.errors import SampleFolderError
from demur.sample.identity import IdentityProvider
from demur.sample.members import Member, Members

ISSUER = "http://127.0.0.1:8027"
CALLBACK = "http://127.0.0.1:8000/privacy/sign-in/callback"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ASKED = {
    "response_type": "code",
    "client_id": "privacy-centre",
    "redirect_uri": CALLBACK,
    "scope": "openid profile email address",
    "state": "a-state",
    "nonce": "a-nonce",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@pytest.fixture(scope="module")
def shared_home(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder for tests that change nothing in it; its keys are made once."""
    return home_over(sample, tmp_path_factory.mktemp("identity"))


@pytest.fixture
def home(sample: Path, tmp_path: Path) -> Path:
    return home_over(sample, tmp_path)


@pytest.fixture
def members(sample: Path) -> Members:
    return Members(sample)


@pytest.fixture
def provider(shared_home: Path) -> IdentityProvider:
    return IdentityProvider(shared_home, ISSUER)


@pytest.fixture
def browser(provider: IdentityProvider) -> Iterator[FlaskClient]:
    with provider.app.test_client() as browser:
        browser.environ_base["HTTP_HOST"] = "127.0.0.1:8027"
        yield browser


@pytest.fixture
def ada(members: Members) -> Member:
    return members.suggest_members()[0]


def home_over(sample: Path, folder: Path) -> Path:
    (folder / "sample").symlink_to(sample)
    return folder


def query(sample: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(sample / "accounts.sqlite3")) as connection:
        return connection.execute(sql).fetchall()


def authorize(browser: FlaskClient, *, choose: dict[str, str] | None = None, **changes: str) -> TestResponse:
    """Go to the provider as a client sends people, and press a button there if `choose` says which."""
    address = f"/authorize?{urlencode({**ASKED, **changes})}"
    return browser.get(address) if choose is None else browser.post(address, data=choose)


def brought_back(response: TestResponse) -> dict[str, str]:
    assert response.status_code == 302
    assert response.location.startswith(f"{CALLBACK}?")
    return dict(parse_qsl(urlsplit(response.location).query))


def change_code(browser: FlaskClient, code: str, **changes: str) -> TestResponse:
    form = {"grant_type": "authorization_code", "client_id": "privacy-centre", "redirect_uri": CALLBACK}
    return browser.post("/token", data={**form, "code": code, "code_verifier": VERIFIER, **changes})


def claims_of(browser: FlaskClient, person: Member, **changes: str) -> dict[str, Any]:
    """Sign in as somebody and return what userinfo says of them."""
    code = brought_back(authorize(browser, choose={"account": person.account}, **changes))["code"]
    token = change_code(browser, code).json["access_token"]  # type: ignore[index]
    claims: dict[str, Any] = browser.get("/userinfo", headers={"Authorization": f"Bearer {token}"}).json
    return claims


def test_whoever_signs_in_comes_back_with_a_code_that_says_who_they_are(
    browser: FlaskClient, provider: IdentityProvider, ada: Member
) -> None:
    back = brought_back(authorize(browser, choose={"account": ada.account}))
    assert back["state"] == "a-state"
    answer = change_code(browser, back["code"]).json
    assert answer is not None
    key = jwt.PyJWKSet.from_dict(browser.get("/jwks.json").json).keys[0]  # type: ignore[no-untyped-call]
    header = jwt.get_unverified_header(answer["id_token"])
    claims = jwt.decode(answer["id_token"], key, algorithms=["RS256"], audience="privacy-centre", issuer=ISSUER)
    assert header["kid"] == key.key_id
    assert (claims["sub"], claims["nonce"]) == (ada.subject, "a-nonce")
    assert "email" not in claims


def test_discovery_is_as_the_standard_wants_it(browser: FlaskClient) -> None:
    described = browser.get("/.well-known/openid-configuration").json
    metadata = OpenIDProviderMetadata(described)
    metadata.validate_authorization_endpoint = metadata.validate_token_endpoint = lambda: None  # no TLS on loopback
    metadata.validate_jwks_uri = metadata.validate_issuer = lambda: None
    metadata.validate()
    assert described is not None
    assert described["issuer"] == ISSUER
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        path = urlsplit(described[name]).path
        assert browser.open(path, method="GET").status_code != 404


def test_the_page_lists_made_up_people_and_one_whose_address_is_not_verified(
    browser: FlaskClient, members: Members
) -> None:
    suggested = members.suggest_members()
    assert len(suggested) >= 3
    assert suggested[0].email_is_verified
    assert not all(member.email_is_verified for member in suggested)
    page = authorize(browser).text
    assert all(f"@{member.handle}" in page for member in suggested)
    assert "(not verified)" in page
    assert "no password" in page


def test_linked_accounts_come_together_and_others_alone(browser: FlaskClient, members: Members, sample: Path) -> None:
    [(lumen, agora)] = query(
        sample,
        "SELECT a.account, b.account FROM accounts a JOIN accounts b USING (linked_group) "
        "WHERE a.product = 'lumen' AND b.product = 'agora' LIMIT 1",
    )
    for account in (lumen, agora):
        person = members.find_member(account)
        assert person is not None
        claims = claims_of(browser, person)
        assert (claims["sub"], claims["preferred_username"]) == (agora, person.handle)
        assert f"lumen:{claims['lumen_account']}" == lumen
        assert f"agora:{claims['agora_account']}" == agora
    [(alone,)] = query(sample, "SELECT account FROM accounts WHERE product = 'lumen' AND linked_group IS NULL LIMIT 1")
    person = members.find_member(alone)
    assert person is not None
    assert "agora_account" not in claims_of(browser, person)


def test_userinfo_says_only_what_was_asked_for(browser: FlaskClient, ada: Member) -> None:
    everything = claims_of(browser, ada)
    assert everything["preferred_username"] == ada.handle
    assert everything["address"] == {"country": ada.country}
    assert (everything["email"], everything["email_verified"]) == (ada.email, True)
    assert claims_of(browser, ada, scope="openid").keys() == {"sub", *ada.account_claims}


def test_countries_fit_the_persons_language(sample: Path) -> None:
    countries = {country for (country,) in query(sample, "SELECT DISTINCT country FROM accounts")}
    assert countries == {"IE", "GB", "US", "IN", "BR", "PT", "ES", "MX", "DE", "AT", "FR", "BE", "IT", "CH"}


def test_whoever_is_signed_in_is_not_asked_again(browser: FlaskClient, ada: Member) -> None:
    authorize(browser, choose={"account": ada.account})
    assert "code" in brought_back(authorize(browser))
    assert "no password" in authorize(browser, prompt="login").text


def test_signing_out_asks_again(browser: FlaskClient, ada: Member) -> None:
    authorize(browser, choose={"account": ada.account})
    assert ada.name in browser.get("/").text
    browser.post("/sign-out")
    assert "Nobody is signed in" in browser.get("/").text
    assert authorize(browser).status_code == 200
    assert brought_back(authorize(browser, prompt="none"))["error"] == "login_required"


def test_the_cookie_outlives_the_process_and_has_a_name_of_its_own(home: Path, ada: Member) -> None:
    with IdentityProvider(home, ISSUER).app.test_client() as before:
        cookie = authorize(before, choose={"account": ada.account}).headers["Set-Cookie"]
    assert cookie.startswith("sample_identity=")
    assert "HttpOnly" in cookie
    with IdentityProvider(home, ISSUER).app.test_client() as after:
        after.set_cookie("sample_identity", cookie.partition("=")[2].partition(";")[0])
        assert ada.name in after.get("/").text


def test_any_handle_signs_in_with_or_without_its_at_sign(browser: FlaskClient, ada: Member) -> None:
    for typed in (ada.handle, f" @{ada.handle.upper()} "):
        browser.post("/sign-out")
        assert "code" in brought_back(authorize(browser, choose={"handle": typed}))


@pytest.mark.parametrize("choose", [{"handle": "nobody.at.all"}, {"handle": ""}, {"account": "lumen:x"}, {}])
def test_whoever_nobody_is_can_choose_again(browser: FlaskClient, choose: dict[str, str]) -> None:
    assert "No account has this handle." in authorize(browser, choose=choose).text


def test_a_handle_of_two_people_asks_who_it_is(browser: FlaskClient, members: Members, sample: Path) -> None:
    rows = query(
        sample,
        "SELECT handle FROM accounts GROUP BY handle "
        "HAVING count(*) = 2 AND count(DISTINCT coalesce(linked_group, account)) = 2",
    )
    page = authorize(browser, choose={"handle": rows[0][0]}).text
    assert "Who are you?" in page
    assert [f'value="{one.account}"' in page for one in members.find_members(rows[0][0])] == [True, True]


def test_whoever_does_not_want_to_comes_back_without_a_code(browser: FlaskClient) -> None:
    back = brought_back(authorize(browser, choose={"refuse": ""}))
    assert (back["error"], back["state"]) == ("access_denied", "a-state")


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/privacy/sign-in/callback"},
        {"redirect_uri": "http://127.0.0.1.evil.example/privacy/sign-in/callback"},
        {"redirect_uri": "http://127.0.0.1:8000/elsewhere"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": ""},
        {"client_id": "another"},
    ],
)
def test_nobody_is_sent_anywhere_but_to_the_privacy_centre(
    browser: FlaskClient, ada: Member, changes: dict[str, str]
) -> None:
    response = authorize(browser, choose={"account": ada.account}, **changes)
    assert response.status_code == 400
    assert "cannot be answered" in response.text


@pytest.mark.parametrize("changes", [{"response_type": "token"}, {"code_challenge_method": "plain"}])
def test_weaker_ways_are_refused(browser: FlaskClient, ada: Member, changes: dict[str, str]) -> None:
    assert "error" in brought_back(authorize(browser, choose={"account": ada.account}, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"redirect_uri": f"{CALLBACK}/"},
        {"client_id": "another"},
        {"client_secret": "guessed"},
        {"code": "guessed"},
        {"grant_type": "password"},
    ],
)
def test_a_code_is_worth_nothing_to_somebody_else(browser: FlaskClient, ada: Member, changes: dict[str, str]) -> None:
    code = brought_back(authorize(browser, choose={"account": ada.account}))["code"]
    assert change_code(browser, **{"code": code, **changes}).status_code in {400, 401}


def test_a_code_counts_once_and_for_a_minute(
    browser: FlaskClient, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = brought_back(authorize(browser, choose={"account": ada.account}))["code"]
    assert change_code(browser, code).status_code == 200
    assert change_code(browser, code).status_code == 400
    old = brought_back(authorize(browser))["code"]
    monkeypatch.setattr("demur.sample.identity_server.CODE_SECONDS", -1)
    assert change_code(browser, old).status_code == 400


def test_userinfo_needs_a_token_that_has_not_ended(
    browser: FlaskClient, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = brought_back(authorize(browser, choose={"account": ada.account}))["code"]
    token = change_code(browser, code).json["access_token"]  # type: ignore[index]
    assert browser.get("/userinfo").status_code == 401
    assert browser.get("/userinfo", headers={"Authorization": "Bearer guessed"}).status_code == 401
    monkeypatch.setattr("demur.sample.identity_server.TOKEN_SECONDS", -1)
    assert browser.get("/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
    ids=["another host", "another site", "no site"],
)
def test_other_sites_reach_nothing(browser: FlaskClient, ada: Member, headers: dict[str, str]) -> None:
    address = f"/authorize?{urlencode(ASKED)}"
    assert browser.post(address, data={"account": ada.account}, headers=headers).status_code == 403


def test_what_an_application_asks_is_shown_as_text(browser: FlaskClient) -> None:
    page = authorize(browser, redirect_uri="http://evil.example/<script>alert(1)</script>").text
    assert "<script>" not in page
    assert "evil.example" in page


def test_no_page_carries_a_script_or_may_be_kept(browser: FlaskClient) -> None:
    for response in (browser.get("/"), authorize(browser)):
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["Cache-Control"] == "no-store"
        assert "<script" not in response.text
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", response.text)


def test_keys_are_made_once_and_private(home: Path) -> None:
    first = IdentityProvider(home, ISSUER).app.test_client().get("/jwks.json").json
    files = sorted((home / "identity").iterdir())
    assert [file.name for file in files] == ["cookie.secret", "id-token.jwk"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert (home / "identity").stat().st_mode & 0o777 == 0o700
    assert IdentityProvider(home, ISSUER).app.test_client().get("/jwks.json").json == first
    assert first is not None
    assert "d" not in first["keys"][0]


def test_a_key_that_cannot_be_read_is_told_in_a_sentence(home: Path) -> None:
    (home / "identity").mkdir()
    (home / "identity" / "id-token.jwk").write_text("{}")
    with pytest.raises(SampleFolderError, match="no key that can be read"):
        IdentityProvider(home, ISSUER)


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(home: Path) -> None:
    (home / "identity").write_text("a file")
    with pytest.raises(SampleFolderError, match="cannot be written"):
        IdentityProvider(home, ISSUER)


def test_without_a_sample_nobody_can_sign_in(tmp_path: Path) -> None:
    with pytest.raises(SampleFolderError, match="holds no truth"):
        IdentityProvider(tmp_path, ISSUER)


def test_a_sample_of_an_older_version_is_told_in_a_sentence(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "sample").mkdir()
    (tmp_path / "sample" / "truth").symlink_to(sample / "truth")
    with closing(sqlite3.connect(tmp_path / "sample" / "accounts.sqlite3")) as connection:
        connection.execute("CREATE TABLE accounts (account TEXT, product TEXT, handle TEXT, linked_group INTEGER)")
        connection.execute("CREATE TABLE handles (handle TEXT, account TEXT, held_until_us INTEGER)")
    with pytest.raises(SampleFolderError, match="cannot be read"):
        IdentityProvider(tmp_path, ISSUER)
