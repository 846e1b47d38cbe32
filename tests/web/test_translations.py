"""Every language says everything: a sentence without a translation, or a translation without a sentence, fails here."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from django.conf import settings
from django.utils.translation import to_locale

_spec = spec_from_file_location("messages", Path(__file__).parents[2] / "scripts" / "messages.py")
assert _spec
assert _spec.loader
messages = module_from_spec(_spec)
_spec.loader.exec_module(messages)

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|%%|\{[a-z_]+\}")
TAG = re.compile(r"</?[a-z0-9]+")


@pytest.fixture(scope="module")
def template() -> set[tuple[str, str]]:
    return {key(message) for message in messages.read_sources() if message.id}


def path_of(language: str) -> Path:
    path: Path = messages.LOCALE / to_locale(language) / "LC_MESSAGES" / "django.po"
    return path


def key(message: Message) -> tuple[str, str]:
    return message.context or "", "\n".join(message.id) if isinstance(message.id, tuple) else str(message.id)


def test_every_language_of_the_settings_has_its_file_and_no_other_has() -> None:
    assert {path_of(language) for language in LANGUAGES} == set(messages.po_files())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_waits_for_a_translation(language: str, template: set[tuple[str, str]]) -> None:
    catalog = {key(message): message for message in messages.load(path_of(language)) if message.id}
    assert template - catalog.keys() == set(), "run make messages, then translate"
    assert [
        key for key, message in catalog.items() if message.fuzzy or not messages.is_translated(message.string)
    ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_of_a_sentence_that_no_page_has(language: str, template: set[tuple[str, str]]) -> None:
    catalog = messages.load(path_of(language))
    assert {key(message) for message in catalog if message.id} - template == set(), "run make messages"
    assert not catalog.obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_every_placeholder_and_every_tag(language: str) -> None:
    wrong = []
    for message in messages.load(path_of(language)):
        if not message.id:
            continue
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        said = message.id if isinstance(message.id, tuple) else (message.id,)
        for place, form in enumerate(forms):
            original = said[min(place, len(said) - 1)]
            missing = set(PLACEHOLDER.findall(said[-1])) ^ set(PLACEHOLDER.findall(form))
            # One thing may be said without its figure: "one day", not "1 day".
            is_one = place == 0 and len(forms) > 1
            if (missing and not is_one) or sorted(TAG.findall(original)) != sorted(TAG.findall(form)):
                wrong.append(message.id)
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_loaded_is_what_translators_wrote(language: str) -> None:
    path = path_of(language)
    assert path.with_suffix(".mo").read_bytes() == messages.mo_bytes(messages.load(path)), "run make messages"
