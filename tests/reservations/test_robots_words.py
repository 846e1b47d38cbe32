import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.reservations.finding import Standard
from demur.reservations.preference import (
    NOTHING_SAID,
    Preference,
    Word,
    any_training,
    combine,
    no_training,
    undetermined,
)
from demur.reservations.robots_words import licences_in_robots, read_robots
from demur.reservations.site_file import MAX_TEXT_BYTES, SiteFile
from demur.reservations.training_crawlers import Collects, find_crawler, find_crawlers


def _read(text: str, path: str = "/a") -> Preference:
    return combine(finding.preference for finding in read_robots(SiteFile(text.encode()), path, "DemurGate"))


@pytest.mark.parametrize(
    "text",
    [
        "User-agent: GPTBot/1.1\nDisallow: /",
        "User-agent: Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)\nDisallow: /",
        "User-agent: Yahoo, CCBot\nDisallow: /",
        "User-agent: DemurGate\nAllow: /\n\nUser-agent: ccbot\nDisallow: /",
        "User-agent: GPTBot\nContent-Signal: ai-train=no",
        "User-agent: GPTBot\nContent-Usage: train-ai=n",
    ],
)
def test_a_rule_for_a_training_crawler_is_a_no(text: str) -> None:
    assert _read(text) == no_training("inferred")


@pytest.mark.parametrize(
    "text",
    [
        "User-agent: GPTBot\nAllow: /",
        "User-agent: GPTBot\nContent-Signal: ai-train=yes",
        "User-agent: GPTBot\nContent-Usage: train-ai=y",
        "User-agent: AI2Bot-DeepResearchEval\nDisallow: /",
        "User-agent: Google\nDisallow: /",
        "User-agent: my-ccbot\nDisallow: /",
        "User-agent: OAI-SearchBot\nContent-Signal: ai-train=no",
        "Content-Signal: ai-train=yes\nUser-agent: *\nAllow: /",
        "Content-Usage: train-ai=y",
    ],
)
def test_nothing_there_is_a_no_or_a_yes(text: str) -> None:
    assert _read(text) == NOTHING_SAID


def test_a_rule_for_a_crawler_that_may_train_is_held() -> None:
    assert _read("User-agent: Kangaroo Bot\nDisallow: /") == undetermined("inferred", "unclear_crawler")
    assert _read("User-agent: Diffbot\nContent-Signal: ai-train=no") == undetermined("inferred", "unclear_crawler")
    assert _read("User-agent: Diffbot\nContent-Signal: ai-train=yes\nAllow: /") == NOTHING_SAID


@pytest.mark.parametrize(
    "name", ["AI-Training", "train-ai", "AITraining", "training", "no_ai_training", "x-training-bot"]
)
def test_a_rule_for_a_name_that_says_training_is_held(name: str) -> None:
    assert _read(f"User-agent: {name}\nDisallow: /") == undetermined("inferred", "unclear_crawler")


@pytest.mark.parametrize("name", ["TrainlineBot", "Constraining", "trainspotter.example"])
def test_a_rule_for_a_name_that_only_begins_so_says_nothing(name: str) -> None:
    assert _read(f"User-agent: {name}\nDisallow: /") == NOTHING_SAID


def test_a_no_before_all_groups_is_for_everybody() -> None:
    text = "Content-Usage: train-ai=n\nUser-agent: DemurGate\nContent-Usage: train-ai=y"
    assert _read(text) == no_training("ungrouped")


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("Content-Usage: train-ai=n\nContent-Usage: /a train-ai=y", any_training()),
        ("Content-Usage: /a train-ai=y\nContent-Usage: / train-ai=n", any_training()),
        ("Content-Usage: /a train-ai=n\nContent-Usage: /a train-ai=y", no_training()),
        ("Content-Usage: /b train-ai=n", NOTHING_SAID),
        ("Content-Usage: train-ai=n\nContent-Usage: /a", NOTHING_SAID),
        ("Content-Usage: train-ai=n\nContent-Usage: /a Train-AI=y", no_training("malformed")),
        ("Content-Usage: train-ai=n\nContent-Usage: /a \t train-ai=y", any_training()),
        ("Content-Signal: /a ai-train=no\nContent-Signal: ai-train=yes", no_training()),
        ("DisallowAITraining: /b", NOTHING_SAID),
        ("DisallowAITraining:", NOTHING_SAID),
    ],
)
def test_the_longest_path_speaks(rules: str, said: Preference) -> None:
    assert _read(f"User-agent: *\n{rules}") == said


def test_a_damaged_no_on_a_longer_path_holds_back_a_yes() -> None:
    said = _read("User-agent: *\nContent-Usage: train-ai=y\nContent-Usage: /a train-ai=no")
    assert said.is_undetermined


def test_a_damaged_no_on_a_shorter_path_is_covered_by_a_longer_yes() -> None:
    assert _read("User-agent: *\nContent-Usage: train-ai=no\nContent-Usage: /a train-ai=y") == any_training()


def test_a_path_that_may_not_be_fetched_has_no_yes() -> None:
    assert _read("User-agent: *\nDisallow: /a\nContent-Usage: train-ai=y") == no_training("crawl_disallowed")


@pytest.mark.parametrize("status", [0, 301, 429, 500, 503])
def test_a_server_that_fails_hides_no_no(status: int) -> None:
    (finding,) = read_robots(SiteFile(status=status), "/a", "DemurGate")
    assert finding.preference == undetermined("unreachable")
    assert finding.raw == f"status {status}"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_site_without_robots_txt_has_said_nothing(status: int) -> None:
    assert read_robots(SiteFile(b"User-agent: *\nDisallow: /", status), "/a", "DemurGate") == []
    assert licences_in_robots(SiteFile(b"License: /l.xml", status), "DemurGate") == []


def test_a_file_that_is_too_long_is_held_unless_its_beginning_says_no() -> None:
    filler = "\n" + "#" * MAX_TEXT_BYTES
    assert _read(filler) == undetermined("cut")
    said = _read(f"User-agent: GPTBot\nDisallow: /{filler}")
    assert said.train is Word.DENY


def test_a_finding_names_the_line_that_decided() -> None:
    text = "User-agent: *\nContent-Usage: train-ai=y\nContent-Usage: /a train-ai=n\nDisallowAITraining: /"
    usage, draft = read_robots(SiteFile(text.encode()), "/a", "DemurGate")
    assert (usage.standard, usage.raw) == (Standard.AIPREF, "/a train-ai=n")
    assert (draft.standard, draft.raw) == (Standard.ROBOTS, "DisallowAITraining: /")


def test_crawlers_with_the_same_rules_are_one_finding() -> None:
    text = "User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n\nUser-agent: ClaudeBot\nDisallow: /"
    findings = read_robots(SiteFile(text.encode()), "/a", "DemurGate")
    assert [finding.raw for finding in findings] == [
        "User-agent: gptbot, ccbot, Disallow",
        "User-agent: claudebot, Disallow",
    ]


def test_licences_of_the_own_group_come_before_those_of_the_site() -> None:
    text = b"License: /site.xml\nUser-agent: *\nLicense: /group.xml\n"
    assert licences_in_robots(SiteFile(text), "DemurGate") == ["/group.xml"]
    assert licences_in_robots(SiteFile(text[:18]), "DemurGate") == ["/site.xml"]


def test_crawlers_are_found_as_whole_words() -> None:
    assert find_crawlers("GPTBot, Ai2Bot-Dolma kangaroo bot") == {
        "gptbot": Collects.TRAINING,
        "ai2bot-dolma": Collects.TRAINING,
        "kangaroo bot": Collects.UNCLEAR,
    }
    assert find_crawlers("XGPTBot GPTBot-Foo") == {}
    assert find_crawlers("cohere-training-data-crawler") == {"cohere-training-data-crawler": Collects.TRAINING}
    assert find_crawler(" GPTBOT ") is Collects.TRAINING
    assert find_crawler("googlebot") is None


@given(st.binary(), st.text())
def test_robots_txt_is_never_a_yes_without_a_line_that_says_so(raw: bytes, path: str) -> None:
    findings = read_robots(SiteFile(raw), path, "DemurGate")
    assert all(finding.preference.train is not Word.ALLOW or finding.raw for finding in findings)


_LINES = st.sampled_from(
    ["User-agent: *", "User-agent: GPTBot", "User-agent: DemurGate", "Allow: /", "Disallow: /b", "Disallow: /",
     "Content-Usage: train-ai=y", "Content-Usage: /a train-ai=y", "Content-Signal: ai-train=yes", "License: /l", "junk"]
)  # fmt: skip


@given(st.lists(_LINES), st.lists(_LINES))
def test_a_content_signal_no_for_everybody_is_never_drowned(before: list[str], after: list[str]) -> None:
    text = "\n".join([*before, "User-agent: *", "User-agent: DemurGate", "Content-Signal: ai-train=no", *after])
    assert _read(text).train is Word.DENY
