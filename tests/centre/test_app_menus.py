"""The ways to the form from inside an app and from outside: menus, the short address, its QR code and the poster."""

import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from centre_world import write_controller
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

SAMPLE = Path(__file__).parents[2] / "src/demur/sample/data"
ARTICLE = "How we use information for generative AI features and models"
WAYS = {
    "lumen": [
        "Profile",
        "Menu (three bars)",
        "About",
        "Privacy Policy",
        "Menu (three bars)",
        "Other policies and articles",
        ARTICLE,
    ],
    "agora": [
        "Menu",
        "Help and support",
        "Terms and policies",
        "Privacy Policy",
        "Side menu",
        "Other policies and articles",
        ARTICLE,
    ],
}
FORM = "/privacy/genai/object"


def text_of(response: HttpResponse) -> str:
    return " ".join(unescape(response.content.decode()).split())


@pytest.fixture
def sample(home: Path) -> None:
    """The sample platform's own file, with its logos."""
    shutil.copytree(SAMPLE / "logos", home / "logos")
    shutil.copy(SAMPLE / "controller.yaml", home)


@pytest.mark.parametrize("product", WAYS)
def test_the_menus_of_an_app_lead_to_the_form_level_by_level(sample: None, ada: Client, product: str) -> None:
    address, way = f"/app/{product}", []
    while len(way) <= len(WAYS[product]):
        text = text_of(ada.get(address))
        menu = re.search(r'<ul class="menu"> <li><a href="([^"]+)">([^<]+)</a>', text)
        if menu is None:
            break
        assert f"{len(WAYS[product]) + 1 - len(way)} taps from here" in text
        address = menu[1]
        way.append(menu[2])
    assert way == WAYS[product]
    assert f"<h1>{ARTICLE}</h1>" in text
    assert f'<a class="button" href="{FORM}">Right to object</a>' in text
    assert "Private messages are never used for AI training" in text


def test_the_first_level_leads_straight_to_the_form_and_each_level_back(sample: None, ada: Client) -> None:
    first = text_of(ada.get("/app/lumen"))
    assert f'<a class="button" href="{FORM}">Go straight to the form</a>' in first
    assert '<p class="back"><a href="/privacy/genai">' in first
    assert '<p class="back"><a href="/app/lumen">' in text_of(ada.get("/app/lumen/2"))
    assert '<p class="back"><a href="/app/lumen/7">' in text_of(ada.get("/app/lumen/8"))


def test_menus_are_in_the_readers_language(sample: None, ada: Client) -> None:
    text = text_of(ada.get("/app/lumen/4", headers={"accept-language": "de"}))
    assert "Datenschutzrichtlinie" in text
    assert "Nutzungsbedingungen" in text


@pytest.mark.parametrize("address", ["/app/cy", "/app/lumen/0", "/app/lumen/9", "/app/cy/logo", "/app/cy/style.css"])
def test_what_no_product_has_is_not_found(sample: None, ada: Client, address: str) -> None:
    assert ada.get(address).status_code == 404


def test_colours_come_from_a_sheet_and_the_logo_as_an_image(sample: None, ada: Client) -> None:
    page = text_of(ada.get("/app/lumen"))
    assert '<link rel="stylesheet" href="/app/lumen/style.css">' in page
    assert '<img src="/app/lumen/logo"' in page
    assert "style=" not in page
    sheet = ada.get("/app/lumen/style.css")
    assert sheet.headers["Content-Type"].startswith("text/css")
    assert b"--band: #0b5d66" in sheet.content
    logo = ada.get("/app/lumen/logo")
    assert logo.headers["Content-Type"] == "image/svg+xml"
    assert logo.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in logo.headers["Content-Security-Policy"]


def test_a_product_without_a_logo_has_a_page_without_one(ada: Client, home: Path) -> None:
    write_controller(home, 3)
    assert "<img" not in text_of(ada.get("/app/lumen"))
    assert ada.get("/app/lumen/logo").status_code == 404


def test_the_short_address_leads_to_the_form_and_nowhere_else(ada: Client) -> None:
    response = ada.get("/object?next=https://elsewhere.example")
    assert (response.status_code, response.headers["Location"]) == (302, FORM)


def test_the_qr_code_is_a_picture_that_does_nothing(ada: Client) -> None:
    response = ada.get("/privacy/genai/qr.svg")
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert b"<svg" in response.content
    assert b"style=" not in response.content
    assert b"script" not in response.content


def test_the_poster_shows_code_address_and_sentence(ada: Client, settings: Settings) -> None:
    text = text_of(ada.get("/privacy/genai/poster"))
    assert '<img src="/privacy/genai/qr.svg"' in text
    assert f">{settings.DEMUR_BASE_URL}/object</a>" in text
    assert "<h1>You can say no to AI training on what you share at Lumen Platforms Limited.</h1>" in text
    assert all(f'<li lang="{code}">' in text for code in ("pt-br", "es", "de", "fr", "it"))
    assert '<li lang="en">' in text_of(ada.get("/privacy/genai/poster", headers={"accept-language": "fr"}))
