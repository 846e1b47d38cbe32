import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.reservations.hardened_xml import MAX_DEPTH, MAX_XML_BYTES, UnsafeXmlError, parse_xml
from demur.reservations.preference import (
    NOTHING_SAID,
    Preference,
    Word,
    any_training,
    no_training,
    nothing_said,
    undetermined,
)
from demur.reservations.rsl import read_rsl

_CONDITIONAL = no_training("conditional")
_FREE = '<payment type="free"/>'
_PERMITTED = '<permits type="usage">ai-train</permits>'


def _read(content: str, url: str = "https://ex.org/a/x.jpg") -> Preference:
    return read_rsl(f'<rsl xmlns="https://rslstandard.org/rsl">{content}</rsl>'.encode(), url)


def _licence(terms: str, attributes: str = 'url="/"') -> Preference:
    return _read(f"<content {attributes}><license>{terms}</license></content>")


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ("", NOTHING_SAID),
        ('<prohibits type="usage">search ai-input</prohibits>', NOTHING_SAID),
        ('<prohibits type="usage">search, AI-Train</prohibits>', no_training()),
        ('<prohibits type="usage">ai-all</prohibits>', no_training()),
        ('<prohibits type="usage">train-ai</prohibits>', no_training()),
        ("<prohibits>all</prohibits>", no_training()),
        ('<prohibits type=" Usage">all</prohibits>', no_training()),
        ('<prohibits type="usage">train-genai</prohibits>', Preference(genai=Word.DENY)),
        (f'{_PERMITTED}<prohibits type="usage">train-genai</prohibits>', Preference(Word.ALLOW, Word.DENY)),
        (_PERMITTED, any_training()),
        (_PERMITTED + _FREE + '<legal type="warranty">none</legal>', any_training()),
        ('<permits type="usage">train-genai</permits>', Preference(genai=Word.ALLOW)),
        ('<permits type="usage">search</permits>', _CONDITIONAL),
        (_PERMITTED + "<payment/>", _CONDITIONAL),
        (_PERMITTED + '<payment type="attribution"/>', _CONDITIONAL),
        (_PERMITTED + '<permits type="user">education</permits>', _CONDITIONAL),
        (_PERMITTED + '<prohibits type="geo">DE</prohibits>', _CONDITIONAL),
        (_PERMITTED + "<novelty/>", _CONDITIONAL),
        ('<payment type="purchase"/>', _CONDITIONAL),
        (_FREE, NOTHING_SAID),
    ],
)
def test_a_licence_is_read_by_its_terms(terms: str, said: Preference) -> None:
    assert _licence(terms) == said


def test_a_licence_server_asks_for_something() -> None:
    assert _licence(_PERMITTED, 'url="/" server="https://l.ex.org"') == _CONDITIONAL


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        'url=""',
        'url="/"',
        'url="/a/*.jpg$"',
        'url="https://EX.org/a/"',
        'url="https://ex.org"',
        'url="https://www.ex.org/"',
        'url="*"',
    ],
)
def test_a_content_covers_a_record(attributes: str) -> None:
    assert _licence("<prohibits>all</prohibits>", attributes) == no_training()


@pytest.mark.parametrize("attributes", ['url="/b"', 'url="https://ex.com/"', 'url="/a$"'])
def test_a_content_of_another_place_says_nothing(attributes: str) -> None:
    assert _licence("<prohibits>all</prohibits>", attributes) == NOTHING_SAID


def test_a_licence_counts_for_the_content_that_it_stands_in() -> None:
    inner = '<content url="/b"><license><prohibits>all</prohibits></license></content>'
    assert _read(f'<content url="/a">{inner}<x><license>{_PERMITTED}</license></x></content>') == any_training()
    assert _read(f'<content url="/a">{inner}</content>', "https://ex.org/b") == no_training()


def test_a_hostile_document_does_not_stop_the_clock() -> None:
    depth = MAX_DEPTH // 2 - 1
    raw = (
        b"<rsl>" + b"<content><license>" * depth + b"<permits/>" * 90_000 + b"</license></content>" * depth + b"</rsl>"
    )
    started = time.process_time()
    read_rsl(raw, "https://ex.org/")
    assert time.process_time() - started < 5


def test_a_feed_may_hold_licences() -> None:
    feed = (
        b'<rss xmlns:rsl="https://rslstandard.org/rsl"><rsl:rsl><rsl:content url="/"><rsl:license>'
        b'<rsl:prohibits type="usage">all</rsl:prohibits></rsl:license></rsl:content></rsl:rsl></rss>'
    )
    assert read_rsl(feed, "https://ex.org/") == no_training()


def test_a_document_without_namespace_is_read_and_said_to_be() -> None:
    raw = b"<rsl><content><license><prohibits>all</prohibits></license></content></rsl>"
    assert read_rsl(raw, "https://ex.org/") == no_training("no_namespace")
    assert read_rsl(b"<rsl/>", "https://ex.org/") == nothing_said("no_namespace")


@pytest.mark.parametrize(
    "raw", [b"<html/>", b'<rsl xmlns="https://ex.com/rsl"/>', b'<rsl xmlns="https://rslstandard.org/rsl-x"/>']
)
def test_another_document_where_a_licence_should_be_is_held(raw: bytes) -> None:
    assert read_rsl(raw, "https://ex.org/") == undetermined("other_format")


_ATTACKS = {
    "empty": b"",
    "cut": b"<rsl><content",
    "billion laughs": b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
    "external entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "external document type": b'<!DOCTYPE a SYSTEM "https://ex.com/a.dtd"><a/>',
    "unknown entity": b"<a>&b;</a>",
    "too deep": b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
    "too large": b"<a>" + b" " * MAX_XML_BYTES + b"</a>",
    "unknown encoding": b'<?xml version="1.0" encoding="ada"?><a/>',
    "encoding of many bytes": b'<?xml version="1.0" encoding="utf-7"?><a/>',
    "two roots": b"<a/><b/>",
}


@pytest.mark.parametrize("raw", [pytest.param(raw, id=name) for name, raw in _ATTACKS.items()])
def test_hostile_xml_is_refused_and_held(raw: bytes) -> None:
    with pytest.raises(UnsafeXmlError):
        parse_xml(raw)
    assert read_rsl(raw, "https://ex.org/") == undetermined("damaged")


def test_xml_as_deep_and_as_large_as_is_allowed_is_read() -> None:
    assert parse_xml(b"<a/>".ljust(MAX_XML_BYTES)).tag == "a"
    assert parse_xml(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH).tag == "a"


def test_the_five_entities_of_xml_and_namespaces_are_kept() -> None:
    root = parse_xml(b'<x:a xmlns:x="u" x:b="1" c="&lt;">&amp;</x:a>')
    assert (root.tag, root.attrib, root.text) == ("{u}a", {"{u}b": "1", "c": "<"}, "&")


@given(st.binary(), st.text())
def test_any_bytes_are_held_or_read(raw: bytes, url: str) -> None:
    assert read_rsl(raw, url).train is not Word.ALLOW


@given(st.lists(st.sampled_from(["<license>", "</license>", _PERMITTED, _FREE, "<content>", "</content>", "x"])))
def test_a_prohibition_for_the_site_is_never_drowned(parts: list[str]) -> None:
    ban = "<content url='/'><license><prohibits>all</prohibits></license></content>"
    said = _read(ban + "".join(parts))
    assert said.train is Word.DENY or said.is_undetermined
