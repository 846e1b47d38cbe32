"""Choosing a language."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_chosen_language_is_remembered_and_the_page_stays_the_same() -> None:
    client = Client()
    response = client.get("/nowhere?language=de&sent=1")
    assert response.headers["Location"] == "/nowhere?sent=1"
    cookie = response.cookies["django_language"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("de", True, "Lax")
    assert 'lang="de"' in client.get("/nowhere", headers={"Accept-Language": "fr"}).content.decode()


def test_the_browser_chooses_where_the_person_did_not() -> None:
    assert 'lang="pt-br"' in Client().get("/nowhere", headers={"Accept-Language": "pt-PT,en;q=0.5"}).content.decode()
    assert 'lang="en"' in Client().get("/nowhere", headers={"Accept-Language": "tlh"}).content.decode()


@pytest.mark.parametrize("wanted", ["xx", "", "../../etc/passwd", "de\r\nSet-Cookie: a=b"])
def test_an_unknown_language_is_not_remembered(wanted: str) -> None:
    assert not Client().get("/nowhere", {"language": wanted}).cookies
