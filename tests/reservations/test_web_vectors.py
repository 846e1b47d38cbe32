"""The decision vectors of vectors.yaml that the web decides; those of files are decided in tests of their own."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from demur.reservations.preference import Word
from demur.reservations.site_file import SiteFile
from demur.reservations.web_source import SiteFiles, read_web_source

_VECTORS = yaml.safe_load((Path(__file__).parent / "vectors.yaml").read_text(encoding="utf-8"))["vectors"]
_OF_FILES = {"xmp", "c2pa", "pdf-xmp", "epub3-opf", "registry"}
_NOT_OF_WEB = {"xmp", "registry", "licence"}
_ORIGIN = "https://ex.org"
_LICENCE = f"{_ORIGIN}/license.xml"
_HELD_FOR_PLAIN_INTENT = {"tdm-03"}
"""`tdm-reservation: true` is an error by the protocol, which the vector leaves undecided, and a plain no to people."""

_OWN_FLAGS = {"unreachable", "damaged", "other_format", "images_only", "malformed_intent"}
"""Why nothing was read, where a vector does not ask; the last is asked for by `_is_held`."""


def _is_of_web(vector: dict[str, Any]) -> bool:
    return vector["channel"] not in _OF_FILES and not _NOT_OF_WEB & vector["input"].keys()


def _headers(given: dict[str, Any], channel: str) -> list[tuple[str, str]]:
    headers = given if channel == "http-header" else given.get("headers", {})
    return [
        (name, value)
        for name, values in headers.items()
        for value in (values if isinstance(values, list) else [values])
    ]


def _site(given: dict[str, Any]) -> SiteFiles:
    robots = SiteFile(given["robots"].encode()) if "robots" in given else None
    return SiteFiles(
        robots=SiteFile(status=given["status"]) if "status" in given else robots,
        tdmrep=SiteFile(json.dumps(given["tdmrep"]).encode()) if "tdmrep" in given else None,
        ai_txt=SiteFile(given["ai_txt"].encode()) if "ai_txt" in given else None,
        licences={_LICENCE: SiteFile(given["rsl"].encode())} if "rsl" in given else {},
    )


def _is_plainly_meant(vector: dict[str, Any]) -> bool:
    return "malformed_intent" in vector["expect"].get("flags", []) or vector["id"] in _HELD_FOR_PLAIN_INTENT


def _is_held(vector: dict[str, Any]) -> bool:
    """Tell whether a record is held: the default profile holds what is malformed and plainly meant (aipref-08)."""
    return vector["expect"].get("state") == "undetermined" or _is_plainly_meant(vector)


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector["id"]) for vector in _VECTORS if _is_of_web(vector)])
def test_a_vector_is_decided_as_it_says(vector: dict[str, Any]) -> None:
    given, wanted = vector["input"], vector["expect"]
    said = read_web_source(
        _ORIGIN + given.get("path", "/a/x.jpg"),
        _headers(given, vector["channel"]),
        html=given.get("html"),
        site=_site(given),
        is_image=given.get("media", "image") == "image",
    ).preference
    assert (said.train, said.genai) == (Word(wanted["train"]), Word(wanted["genai"]))
    assert said.flags - _OWN_FLAGS == set(wanted.get("flags", [])) - _OWN_FLAGS
    assert said.is_undetermined == _is_held(vector)
    assert ("malformed_intent" in said.flags) == _is_plainly_meant(vector)


def test_no_vector_of_the_web_is_left_out() -> None:
    left_out = {vector["standard"] for vector in _VECTORS if not _is_of_web(vector)}
    assert left_out == {"plus", "cawg", "tdm-ai", "tdmrep", "combined"}
    assert sum(map(_is_of_web, _VECTORS)) == 61
