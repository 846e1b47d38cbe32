import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.reservations.content_signal import read_content_signal, read_content_signal_header
from demur.reservations.content_usage import read_content_usage
from demur.reservations.preference import (
    NOTHING_SAID,
    Preference,
    Word,
    any_training,
    no_training,
    nothing_said,
    undetermined,
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", NOTHING_SAID),
        ("search=n, ai-output=n, ai-use=n", NOTHING_SAID),
        ("train-ai", NOTHING_SAID),
        ("train-ai=yes", NOTHING_SAID),
        ("train-ai=(n)", NOTHING_SAID),
        ("train-ai=y,", nothing_said("malformed")),
        ("\u00e9", nothing_said("malformed")),
        ("all=n", no_training("legacy_label")),
        ("tdm=y, ai=n", no_training("legacy_label")),
        ("bots=y, train-ai=n", no_training("legacy_label")),
        ("ai=n, train-ai=y", no_training("legacy_label")),
        ("genai=n", Preference(genai=Word.DENY, flags=frozenset({"legacy_label"}))),
        ("train-ai=y, train-genai=n", Preference(Word.ALLOW, Word.DENY, frozenset({"legacy_label"}))),
        ("train-ai=n, train-genai=y", no_training("legacy_label")),
        ("train-ai=n;exceptions=cc-cr", no_training("conditional")),
        ("train-ai=y;exceptions=cc-cr", any_training()),
    ],
)
def test_a_content_usage_is_read_by_its_labels(text: str, said: Preference) -> None:
    assert read_content_usage(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "Train-AI=n",
        "train-ai = n",
        "train-ai=N",
        "train-ai=no",
        "train-ai=?0",
        'train-ai="n"',
        'train-ai=%"n"',
        "train-ai=disallow",
        "train-ai=nein",
        "train-ai: n",
        "ai-train=no",
        "ai-training=n",
        "train-ai=n;",
        "search=y train-ai=n",
        "train-ai=n, \u00e9",
        "train-ai='n'",
    ],
)
def test_a_no_that_no_parser_takes_is_held(text: str) -> None:
    assert read_content_usage(text) == undetermined("malformed_intent")


def test_a_no_that_was_not_read_is_held_beside_a_yes() -> None:
    said = read_content_usage("bots=y, train-ai=no")
    assert said.is_undetermined
    assert "malformed_intent" in said.flags


@given(st.text())
def test_any_text_is_a_content_usage(text: str) -> None:
    assert read_content_usage(text).train in Word


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", NOTHING_SAID),
        ("ai-train=no", no_training()),
        ("Search=Yes , AI-Train = No", no_training()),
        ("ai-train=yes", any_training()),
        ("ai-train=yes, ai-train=no", no_training()),
        ("ai-train=maybe", NOTHING_SAID),
        ("search=no, ai-input=no, use=reference", NOTHING_SAID),
        ("ai-train: no", undetermined("malformed_intent")),
        ("ai-train=never", undetermined("malformed_intent")),
        ("ai-train=n", undetermined("malformed_intent")),
        ("search=yes ai-train=no", undetermined("malformed_intent")),
        ("search=yes; ai-train=no", undetermined("malformed_intent")),
        ("train-ai=no, ai-train=yes", undetermined("malformed_intent")),
        ('ai-train="no"', undetermined("malformed_intent")),
    ],
)
def test_a_content_signal_is_read(text: str, said: Preference) -> None:
    assert read_content_signal(text) == said


def test_a_vendors_yes_in_a_header_is_nobodys() -> None:
    assert read_content_signal_header("ai-train=yes") == nothing_said("vendor_default_ignored")
    assert read_content_signal_header("ai-train=no") == no_training()


@given(st.text())
def test_any_text_is_a_content_signal(text: str) -> None:
    assert read_content_signal(text).train in Word
    assert read_content_signal_header(text).train is not Word.ALLOW
