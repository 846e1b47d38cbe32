import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.reservations.ai_txt import read_ai_txt
from demur.reservations.preference import NOTHING_SAID, Preference, Word, no_training, nothing_said, undetermined
from demur.reservations.site_file import MAX_TEXT_BYTES, SiteFile
from demur.reservations.url_path import path_of


def _read(text: str, url: str = "https://ex.org/a/X.JPG?w=9") -> Preference:
    return read_ai_txt(SiteFile(text.encode()), path_of(url), "DemurGate")


@pytest.mark.parametrize("rule", ["*.jpg", "*.JPG", ".jpg", "/", "*", "/A/", "/a/x.jpg"])
def test_a_type_of_file_is_kept_from_training(rule: str) -> None:
    assert _read(f"User-Agent: *\nDisallow: {rule}\nAllow: *.txt") == no_training()


@pytest.mark.parametrize(
    "text",
    ["User-Agent: *\nDisallow: *.png", "User-Agent: *\nAllow: *.jpg", "User-Agent: *\nDisallow: /\nAllow: *.jpg", ""],
)
def test_nothing_else_is_a_no_and_nothing_a_yes(text: str) -> None:
    assert _read(text) == NOTHING_SAID


def test_a_rule_for_a_training_crawler_alone_is_inferred() -> None:
    assert _read("User-Agent: GPTBot\nDisallow: /") == no_training("inferred")
    assert _read("User-Agent: Diffbot\nDisallow: /") == NOTHING_SAID
    assert _read("User-Agent: GPTBot\nDisallow: *.png") == NOTHING_SAID


@pytest.mark.parametrize("text", ["# Lamps\nWe make lamps.", "Disallow: /", "User-Agent: *\nHello: you"])
def test_another_format_of_the_same_name_says_nothing(text: str) -> None:
    assert _read(text) == nothing_said("other_format")


def test_an_encoded_sign_is_the_same_in_either_case() -> None:
    assert _read("User-Agent: *\nDisallow: /%C3%84/", "https://ex.org/\u00c4/x") == no_training()


def test_a_file_that_is_missing_or_too_long_is_known_to_be() -> None:
    assert read_ai_txt(SiteFile(status=404), "/", "DemurGate") == NOTHING_SAID
    assert read_ai_txt(SiteFile(status=500), "/", "DemurGate") == undetermined("unreachable")
    assert _read("User-Agent: *\nAllow: /\n" + "#" * MAX_TEXT_BYTES) == undetermined("cut")


@given(st.binary(), st.text())
def test_any_bytes_are_an_ai_txt_and_none_is_a_yes(body: bytes, url: str) -> None:
    assert read_ai_txt(SiteFile(body), path_of(url), "DemurGate").train is not Word.ALLOW
