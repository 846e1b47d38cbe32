import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.reservations.preference import NOTHING_SAID, Preference, Word, no_training, nothing_said, undetermined
from demur.reservations.robots_tag import read_robots_tags, read_scoped_tag


def _read(*lines: str, is_image: bool | None = True) -> Preference:
    return read_robots_tags(lines, "DemurGate", is_image=is_image)


@pytest.mark.parametrize(
    "line",
    [
        "noai",
        " NOAI ",
        "noml",
        "noimageai",
        "noindex, noai",
        "max-snippet:20, noai",
        "unavailable_after: Wed, 25 Jun 2030 15:00:00 GMT, noai",
        "demurgate: noai",
        "DemurGate: noai",
        "Unavailable_After: 2030-06-25, noai",
        "demurgate: noindex, noai",
        "*: noai",
        "bingbot: noindex, demurgate: noai",
    ],
)
def test_a_tag_says_no(line: str) -> None:
    assert _read(line) == no_training()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "noindex, nofollow",
        "noimageindex",
        "none",
        "nosnippet",
        "all",
        "noaindex",
        "max-snippet: 20",
        "bingbot: noindex",
    ],
)
def test_a_tag_about_search_says_nothing(line: str) -> None:
    assert _read(line) == NOTHING_SAID


def test_a_tag_of_an_expired_draft_is_a_no() -> None:
    assert _read("noindex, DisallowAITraining") == no_training("expired_draft")


def test_a_tag_for_images_says_nothing_of_a_text() -> None:
    assert _read("noimageai", is_image=False) == nothing_said("images_only")
    assert _read("noimageai", is_image=None) == undetermined("media_unknown")


@pytest.mark.parametrize("line", ["no-ai", "no ai", "noindex; noai", "noindex noai", "noai.", "no-image-ai", "[noai]"])
def test_a_tag_that_plainly_means_no_is_held(line: str) -> None:
    assert _read(line) == undetermined("malformed_intent")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("gptbot: noai", no_training("inferred")),
        ("GPTBot: noindex, noai", no_training("inferred")),
        ("bingbot: noai", nothing_said("other_crawler")),
        ("bingbot: noindex, noai", undetermined("scope_unclear")),
        ("kangaroo bot: noai", undetermined("scope_unclear")),
        ("diffbot: noai", undetermined("scope_unclear")),
    ],
)
def test_a_tag_for_another_crawler_is_weighed(line: str, said: Preference) -> None:
    assert _read(line) == said


def test_a_meta_element_is_named_after_its_crawler() -> None:
    assert read_scoped_tag(" Robots ", "noindex, noai", "DemurGate", is_image=True) == no_training()
    assert read_scoped_tag("GPTBot", "noai", "DemurGate", is_image=True) == no_training("inferred")


@given(st.lists(st.text()), st.sampled_from([True, False, None]))
def test_any_lines_are_tags_and_none_is_a_yes(lines: list[str], is_image: bool | None) -> None:  # noqa: FBT001
    assert _read(*lines, is_image=is_image).train is not Word.ALLOW


@given(st.lists(st.text()))
def test_a_line_that_says_noai_is_never_drowned_by_others(lines: list[str]) -> None:
    assert _read(*lines, "noai").train is Word.DENY
