"""Registries, and what becomes of a record: the vectors that combine files, the web, people and licences."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from demur.reservations.outcome import Outcome, Profile, Purpose, settle
from demur.reservations.plus import VOCABULARY, read_value
from demur.reservations.preference import (
    NOTHING_SAID,
    Preference,
    Word,
    any_training,
    combine,
    no_training,
    nothing_said,
    undetermined,
)
from demur.reservations.site_file import SiteFile
from demur.reservations.tdm_ai import read_declaration
from demur.reservations.web_source import SiteFiles, read_web_source

_VECTORS = yaml.safe_load((Path(__file__).parent / "vectors.yaml").read_text(encoding="utf-8"))["vectors"]


def _of(standard: str) -> list[Any]:
    return [pytest.param(each, id=each["id"]) for each in _VECTORS if each["standard"] == standard]


def _assert_is(said: Preference, wanted: dict[str, Any]) -> None:
    assert (said.train, said.genai) == (Word(wanted["train"]), Word(wanted["genai"]))
    assert set(wanted.get("flags", [])) <= said.flags
    assert said.is_undetermined == (wanted.get("state") == "undetermined")


@pytest.mark.parametrize("vector", _of("tdm-ai"))
def test_a_declaration_is_read_as_the_vector_says(vector: dict[str, Any]) -> None:
    given_ = vector["input"]
    _assert_is(read_declaration(given_["decl"], is_exact=given_["match"] == "exact"), vector["expect"])


@pytest.mark.parametrize(
    ("declaration", "said"),
    [
        ({}, NOTHING_SAID),
        ({"search": "false", "ai-use": "false"}, NOTHING_SAID),
        ({"all": "true", "train-ai": "false", "train-genai": "true"}, no_training()),
        ({"all": False}, no_training()),
        ({"train-genai": " False "}, Preference(genai=Word.DENY)),
        ({"tdm-reservation": 1}, no_training()),
        ({"tdm-reservation": 0}, any_training()),
        ({"tdm-reservation": 1, "all": "true"}, no_training()),
        ({"all": ["false"]}, NOTHING_SAID),
        ({"train-ai": "no"}, undetermined("malformed_intent")),
        ({"tdm-reservation": 7}, nothing_said("protocol_error")),
    ],
)
def test_a_declaration_is_read_by_its_chain(declaration: dict[str, object], said: Preference) -> None:
    assert read_declaration(declaration, is_exact=True) == said


def test_a_work_that_only_resembles_the_declared_one_is_held_for_a_no_and_gains_nothing_by_a_yes() -> None:
    for declaration in ({"all": "false"}, {"train-genai": "false"}, {"train-ai": "no"}):
        assert read_declaration(declaration, is_exact=False) == undetermined("near_match")
    assert read_declaration({"all": "true"}, is_exact=False) == NOTHING_SAID


def _said(given_: dict[str, Any]) -> Preference:
    robots, tdmrep = given_.get("robots"), given_.get("tdmrep")
    site = SiteFiles(
        robots=SiteFile(robots.encode()) if robots else None,
        tdmrep=SiteFile(json.dumps(tdmrep).encode()) if tdmrep else None,
    )
    web = read_web_source("https://ex.org/a/x.jpg", list(given_.get("headers", {}).items()), site=site)
    of_photo = [read_value(each.replace("V/", VOCABULARY)) for each in given_.get("xmp", {}).values()]
    return combine([web.preference, *of_photo])


@pytest.mark.parametrize("vector", _of("combined"))
def test_a_record_stands_as_the_vector_says(vector: dict[str, Any]) -> None:
    given_, wanted = vector["input"], vector["expect"]
    licensed = [Purpose(given_["licence"]["purpose"])] if "licence" in given_ else []
    objects = given_.get("registry", {}).get("person_objection", False)
    standing = settle(_said(given_), has_objection=objects, licensed=licensed)
    _assert_is(standing.preference, wanted)
    outcomes = {
        f"gate_{profile}{suffix}": standing.outcome(purpose, profile)
        for profile in Profile
        for suffix, purpose in (("", Purpose.TRAIN), ("_train", Purpose.TRAIN), ("_genai", Purpose.GENAI))
    }
    assert {key: outcomes[key] for key in wanted if key.startswith("gate_")} == {
        key: value for key, value in wanted.items() if key.startswith("gate_")
    }


_SAID = st.builds(Preference, st.sampled_from(Word), st.sampled_from(Word), st.just(frozenset()), st.booleans())
_LICENSED = st.sets(st.sampled_from(Purpose))


@given(_SAID, _LICENSED, st.sampled_from(Purpose), st.sampled_from(Profile))
def test_nothing_overrides_a_persons_objection(
    said: Preference, licensed: set[Purpose], purpose: Purpose, profile: Profile
) -> None:
    assert settle(said, has_objection=True, licensed=licensed).outcome(purpose, profile) is Outcome.DROP


@given(_SAID, st.sampled_from(Purpose), st.sampled_from(Profile))
def test_a_licence_is_for_its_own_purpose_alone(said: Preference, purpose: Purpose, profile: Profile) -> None:
    (other,) = set(Purpose) - {purpose}
    standing = settle(said, licensed=[purpose])
    assert standing.outcome(purpose, profile) is Outcome.KEEP
    assert standing.outcome(other, profile) is settle(said).outcome(other, profile)


@given(_SAID, st.sampled_from(Purpose), st.sampled_from(Profile))
def test_what_could_not_be_read_is_never_kept(said: Preference, purpose: Purpose, profile: Profile) -> None:
    if said.is_undetermined:
        assert settle(said).outcome(purpose, profile) is not Outcome.KEEP


def test_silence_is_kept_by_default_and_dropped_where_consent_is_wanted() -> None:
    standing = settle(NOTHING_SAID)
    assert standing.outcome(Purpose.TRAIN) is Outcome.KEEP
    assert standing.outcome(Purpose.TRAIN, Profile.CONSENT) is Outcome.DROP


def test_a_licence_that_changes_nothing_overrides_nothing() -> None:
    assert settle(any_training(), licensed=[Purpose.TRAIN]).preference == any_training()
