"""Pages for what went wrong, as Django calls them. (Those that a person can reach are tested in tests/centre.)"""

from django.core.exceptions import PermissionDenied
from django.test import RequestFactory

from demur.web.error_pages import permission_denied


def test_what_is_not_open_is_said_in_plain_words_without_the_reason() -> None:
    response = permission_denied(RequestFactory().get("/somewhere"), PermissionDenied("ada@people.example"))
    assert response.status_code == 403
    assert b"This page is not open to you" in response.content
    assert b"ada" not in response.content
