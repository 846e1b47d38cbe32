"""What a stranger tries against one page or field, one test an attack. Cy is the stranger.

What is tried against every page and mail at once is in test_attacks_everywhere.
"""

import re
from collections.abc import Callable

import pytest
from centre_world import ADA_EMAIL, Confirmed, Lodged, csrf_token, submit
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.utils import override_settings

from demur.core.objection import CaseState
from demur.docket.models import Case, Mail

OBJECT = "/privacy/genai/object/others"
FILLED = {"country": "PT", "email": ADA_EMAIL, "handles": "@ada", "name": "", "effect": ""}
SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}"
UNKNOWN_TOKEN = "A" * 32


def state() -> str:
    return Case.objects.get().state


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_mail_scanner_that_opens_the_link_confirms_nothing(
    cy: Client, lodge: Callable[..., Lodged], method: str
) -> None:
    lodged = lodge()
    for address in (lodged.page, f"{lodged.page}?code={lodged.code}", f"{lodged.page}/resend?code={lodged.code}"):
        getattr(cy, method)(address)
    assert state() == CaseState.LODGED
    assert Mail.objects.count() == 1


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_opening_the_withdraw_and_appeal_addresses_changes_nothing(
    cy: Client, confirm: Callable[..., Confirmed], method: str
) -> None:
    case = confirm()
    for page in ("withdraw", "appeal"):
        getattr(cy, method)(f"{case.page}/{page}?sure=yes")
    assert state() == CaseState.RECEIVED


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_form_with_a_foreign_origin_is_refused_even_with_a_token(
    cy: Client, confirm: Callable[..., Confirmed], origin: str
) -> None:
    page = f"{confirm().page}/withdraw"
    token = csrf_token(cy, page)
    response = cy.post(page, {"csrfmiddlewaretoken": token}, headers={"origin": origin})
    assert response.status_code == 403
    assert state() == CaseState.RECEIVED


@pytest.mark.parametrize("field", list(FILLED))
def test_script_typed_into_a_field_comes_back_as_text(cy: Client, field: str) -> None:
    response = submit(cy, OBJECT, **{**FILLED, "email": "not an address", field: SCRIPT})
    html = response.content.decode()
    assert response.status_code == 422
    assert "<script>" not in html
    assert "<img" not in html
    assert "49" not in re.sub(r'value="[^"]*"', "", html)


def test_script_typed_as_a_code_or_an_appeal_comes_back_as_text(
    cy: Client, lodge: Callable[..., Lodged], confirm: Callable[..., Confirmed]
) -> None:
    assert "<script>" not in submit(cy, lodge().page, code=SCRIPT).content.decode()
    page = f"{confirm().page}/appeal"
    assert "<script>" not in submit(cy, page, text=SCRIPT * 500).content.decode()


def test_script_in_a_handle_or_a_decision_is_text_on_the_status_page(
    cy: Client, confirm: Callable[..., Confirmed]
) -> None:
    page = confirm(("<script>alert(1)</script>".replace("/", ""),)).page
    html = cy.get(page).content.decode()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_script_in_an_address_is_not_repeated(cy: Client) -> None:
    response = cy.get("/privacy/genai/<script>alert(1)</script>")
    assert response.status_code == 404
    assert "alert" not in response.content.decode()


def test_pages_run_nothing_inline_and_load_nothing_from_elsewhere(
    cy: Client, lodge: Callable[..., Lodged], confirm: Callable[..., Confirmed]
) -> None:
    case = confirm()
    pages = ["/privacy/genai", OBJECT, lodge().page, case.page, f"{case.page}/withdraw", f"{case.page}/appeal", "/none"]
    for page in pages:
        response = cy.get(page)
        policy, html = response.headers["Content-Security-Policy"], response.content.decode()
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script>|<script(?! src=)|<iframe|\son[a-z]+=|\sstyle=|<style|javascript:", html)
        loaded = re.findall(r'(?:src|<link[^>]*href|action)="([^"]*)"', html)
        assert loaded
        assert all(address.startswith("/") and not address.startswith("//") for address in loaded)


@pytest.mark.parametrize("page", ["/\\evil.example", "///evil.example/x"])
def test_choosing_a_language_leads_nowhere_else(cy: Client, page: str) -> None:
    response = cy.get(f"{page}?language=de")
    assert response.headers["Location"].startswith("/evil.example")


@pytest.mark.parametrize(
    "address", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_no_parameter_leads_to_another_site(cy: Client, lodge: Callable[..., Lodged], address: str) -> None:
    lodged = lodge()
    query = f"?next={address}&url={address}&redirect={address}&return_to={address}"
    token = csrf_token(cy, lodged.page)
    sent = {"csrfmiddlewaretoken": token, "code": lodged.code, "next": address}
    for response in (cy.get(f"/{query}"), cy.post(f"{lodged.page}{query}", sent), cy.get(f"//evil.example/{query}")):
        assert "evil" not in response.headers.get("Location", "/")
        assert "javascript" not in response.headers.get("Location", "/")


def test_a_forged_host_is_refused_and_repeated_nowhere(cy: Client) -> None:
    for headers in ({"host": "evil.example"}, {"host": "127.0.0.1:8000@evil.example"}, {"host": "evil.example:80"}):
        response = cy.get("/privacy/genai", headers=headers)
        assert response.status_code == 400
        assert "evil" not in response.content.decode()
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_a_reference_or_a_number_opens_nobodys_status(cy: Client, confirm: Callable[..., Confirmed]) -> None:
    case = confirm()
    row = Case.objects.get()
    guesses = [case.reference, str(row.pk), row.status_token_sha256_hex, row.continue_token_sha256_hex, case.token[:-1]]
    for guess in [*guesses, case.token.swapcase(), f"{case.token}A", f"{case.token}%00", f"{case.token}/../{row.pk}"]:
        for page in ("", "/receipt", "/withdraw", "/appeal"):
            assert cy.get(f"/privacy/genai/status/{guess}{page}").status_code == 404


def test_the_code_pages_link_does_not_open_the_status(cy: Client, lodge: Callable[..., Lodged]) -> None:
    lodged = lodge()
    submit(cy, lodged.page, code=lodged.code)
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.get(f"/privacy/genai/status/{lodged.token}").status_code == 404
    assert "/status/" not in stranger.get(lodged.page).content.decode()
    assert Case.objects.get().reference not in stranger.get(lodged.page).content.decode()


def test_an_unknown_link_and_an_erased_one_look_the_same(cy: Client, lodge: Callable[..., Lodged]) -> None:
    erased = lodge().page
    Case.objects.all().delete()
    unknown = f"/privacy/genai/code/{UNKNOWN_TOKEN}"
    assert cy.get(erased).content == cy.get(unknown).content
    assert cy.get(erased).status_code == 404


def test_the_form_does_not_tell_whether_an_address_objected_before(cy: Client, lodge: Callable[..., Lodged]) -> None:
    def way_of(email: str) -> list[str]:
        pages = []
        for _ in range(5):
            code_page = submit(cy, OBJECT, **{**FILLED, "email": email}).headers["Location"]
            html = cy.get(code_page).content.decode()
            for secret in (code_page, email[0] + "…"):
                html = html.replace(secret, "")
            pages.append(re.sub(r'(value|datetime)="[^"]*"|\d\d:\d\d', "", html))
        return pages

    lodge()
    assert way_of(ADA_EMAIL) == way_of("stranger@people.example")


def test_pages_are_never_stored_and_private_ones_never_indexed_or_named_to_others(
    cy: Client, lodge: Callable[..., Lodged], confirm: Callable[..., Confirmed]
) -> None:
    case, lodged = confirm(), lodge()
    for page in (lodged.page, case.page, f"{case.page}/receipt", f"{case.page}/withdraw", f"{case.page}/appeal"):
        headers = cy.get(page).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
        assert headers["X-Frame-Options"] == "DENY"
        if cy.get(page).status_code == 200:
            assert "noindex" in headers["X-Robots-Tag"]
    assert cy.get(case.page).headers["Referrer-Policy"] == "no-referrer"


def test_the_cookie_is_the_only_one_and_ends_with_the_browser(cy: Client) -> None:
    cookies = cy.get(OBJECT).cookies
    assert list(cookies) == ["csrftoken"]
    assert cookies["csrftoken"]["httponly"]
    assert cookies["csrftoken"]["samesite"] == "Lax"
    assert not cookies["csrftoken"]["max-age"]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "application/json"])
def test_a_body_that_is_too_large_or_no_form_is_refused_in_words(cy: Client, content_type: str) -> None:
    response = cy.post(OBJECT, b"effect=" + b"a" * 300_000, content_type=content_type)
    assert response.status_code in {400, 403}
    assert "<h1>" in response.content.decode()
    assert Case.objects.count() == 0


def test_a_form_with_a_thousand_fields_is_refused_in_words(cy: Client) -> None:
    response = submit(cy, OBJECT, **{f"field{number}": "a" for number in range(1_000)})
    assert response.status_code == 400
    assert "We could not read what your browser sent" in response.content.decode()


def test_an_uploaded_file_is_ignored(cy: Client) -> None:
    token = csrf_token(cy, OBJECT)
    upload = SimpleUploadedFile("photo.jpg", b"x" * 100)
    response = cy.post(OBJECT, {"csrfmiddlewaretoken": token, **FILLED, "handles": upload})
    assert response.status_code in {302, 422}


@pytest.mark.parametrize("field", [*FILLED, "code"])
def test_nul_bytes_and_broken_utf8_are_refused_in_words(cy: Client, lodge: Callable[..., Lodged], field: str) -> None:
    page = lodge().page if field == "code" else OBJECT
    token = csrf_token(cy, page)
    given = "&".join(f"{name}={value}" for name, value in FILLED.items() if name != field).replace("@ada", "%40ada")
    for poison in ("a%00b", "%00", "%ff%fe%00", "%ed%a0%80%00"):
        body = f"csrfmiddlewaretoken={token}&{given}&{field}={poison}"
        response = cy.post(page, body, content_type="application/x-www-form-urlencoded")
        assert response.status_code == 422
    assert Case.objects.exclude(state=CaseState.LODGED).count() == 0
    assert Case.objects.count() == (1 if field == "code" else 0)


@pytest.mark.parametrize(
    "email",
    [
        "ada@people.example\nBcc: everyone@people.example",
        "ada@people.example\r\n\r\nBuy",
        "ada@people.example, everyone@people.example",
        "ada@people.example%0ABcc:x@people.example",
        '"Ada\nBcc: x"@people.example',
        "Ada <ada@people.example>",
    ],
)
def test_an_address_cannot_carry_headers_or_a_second_recipient(cy: Client, email: str) -> None:
    assert submit(cy, OBJECT, **{**FILLED, "email": email}).status_code == 422
    assert Mail.objects.count() == 0


def test_a_name_with_line_ends_cannot_forge_a_line(cy: Client) -> None:
    submit(cy, OBJECT, **{**FILLED, "name": "Ada\nX-Forged: yes"})
    assert "\n" not in Case.objects.get().name


@override_settings(DEMUR_HOME="/nonexistent")
def test_a_broken_installation_shows_plain_words_and_no_traceback() -> None:
    browser = Client(raise_request_exception=False)
    response = browser.get("/privacy/genai")
    html = response.content.decode()
    assert response.status_code == 500
    assert "Something went wrong at our side" in html
    assert "Traceback" not in html
    assert "nonexistent" not in html
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_unknown_addresses_get_plain_words(cy: Client) -> None:
    for page in ("/nothing", "/privacy/genai/status/x", f"/privacy/genai/status/{UNKNOWN_TOKEN}", "/admin/"):
        response = cy.get(page)
        assert response.status_code == 404
        assert "There is nothing at this address" in response.content.decode()


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_other_methods_do_nothing(cy: Client, confirm: Callable[..., Confirmed], method: str) -> None:
    case = confirm()
    for page in ("/privacy/genai", OBJECT, case.page, f"{case.page}/withdraw"):
        assert getattr(cy, method)(page).status_code in {403, 405}
    assert state() == CaseState.RECEIVED


def test_a_text_that_grows_when_it_is_normalised_is_answered_in_words(
    cy: Client, confirm: Callable[..., Confirmed]
) -> None:
    confirmed = confirm()
    answer = submit(cy, f"{confirmed.page}/appeal", text="\u0958" * 9_000)
    assert answer.status_code == 422
