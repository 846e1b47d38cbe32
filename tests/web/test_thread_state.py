"""Two people at once, in two threads of the server: neither's language is the other's."""

import threading
from collections.abc import Iterator

import pytest
from django.urls import base as addresses
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation
from django.utils.translation import gettext, trans_real

from demur.web.thread_state import keep_state_by_thread


@pytest.fixture(autouse=True)
def plain_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module, name in ((trans_real, "_active"), (addresses, "_prefixes"), (addresses, "_urlconfs")):
        monkeypatch.setattr(module, name, getattr(module, name))  # put back afterwards
    keep_state_by_thread()
    yield
    translation.deactivate()


def test_what_one_thread_speaks_no_other_does() -> None:
    translation.activate("de")
    set_script_prefix("/hers/")
    heard: list[str | None] = []

    def visit() -> None:
        heard.extend([translation.get_language(), get_script_prefix()])
        translation.activate("fr")
        heard.append(gettext("Your case"))

    other = threading.Thread(target=visit)
    other.start()
    other.join()
    assert heard == ["en", "/", "Votre dossier"]
    assert (translation.get_language(), get_script_prefix()) == ("de", "/hers/")
    assert gettext("Your case") == "Ihr Fall"
    set_script_prefix("/")


def test_a_language_for_some_lines_ends_with_them() -> None:
    translation.activate("de")
    with translation.override("fr"):
        assert translation.get_language() == "fr"
    assert translation.get_language() == "de"
