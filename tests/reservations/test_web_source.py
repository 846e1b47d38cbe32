import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.reservations.finding import MAX_RAW_CHARS, Finding, Standard, Strength, find, shorten
from demur.reservations.preference import NOTHING_SAID, Preference, Word, any_training, no_training, undetermined
from demur.reservations.site_file import SiteFile
from demur.reservations.web_source import SiteFiles, WebSource, read_web_source

_URL = "https://ex.org/a/x.jpg"
_RSL_NO = (
    b'<rsl xmlns="https://rslstandard.org/rsl"><content><license><prohibits>all</prohibits></license></content></rsl>'
)
_RSL_YES = _RSL_NO.replace(b"prohibits", b"permits")
_LINK = '<style.css>; rel=preload, </l.xml>; rel="license"; type="application/rsl+xml"'


def _read(
    *headers: tuple[str, str],
    html: str | None = None,
    site: SiteFiles | None = None,
    is_image: bool | None = None,
) -> Preference:
    return read_web_source(_URL, headers, html=html, site=site, is_image=is_image).preference


def test_nothing_captured_is_nothing_said() -> None:
    assert read_web_source(_URL) == WebSource(NOTHING_SAID, ())


# What datadiligence 0.1.7 lets through. Each was tried with its rules for the same header: all are kept there.
@pytest.mark.parametrize(
    "header",
    [
        ("X-Robots-Tag", "NOAI"),
        ("x-robots-tag", "noai"),
        ("X-Robots-Tag", "noml"),
        ("X-Robots-Tag", "gptbot: noai"),
        ("TDM-Reservation", "1"),
        ("Content-Usage", "train-ai=n"),
    ],
)
def test_a_header_that_another_tool_lets_through_is_a_no(header: tuple[str, str]) -> None:
    assert _read(header).train is Word.DENY


# The same, but written wrong: kept there, held here.
@pytest.mark.parametrize("header", [("X-Robots-Tag", "noindex; noai"), ("tdm-reservation", "true")])
def test_a_header_that_another_tool_lets_through_is_held(header: tuple[str, str]) -> None:
    assert _read(header).is_undetermined


def test_lines_of_a_header_are_read_as_one() -> None:
    assert _read(("Content-Usage ", "train-ai=n"), (" content-usage", "train-ai=y")) == any_training()
    assert _read(("Content-Signal", "search=yes"), ("content-signal", "ai-train=no")) == no_training()


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ('<meta name="robots" content="noai">', no_training()),
        ('<meta http-equiv="X-Robots-Tag" content="noai">', no_training()),
        ('<meta name="DemurGate" content="noai">', no_training()),
        ('<meta name="GPTBot" content="noai">', no_training("inferred")),
        ('<meta name="bingbot" content="noai">', NOTHING_SAID),
        ('<meta name="description" content="noai">', NOTHING_SAID),
        ('<body><meta name="robots" content="noai">', no_training()),
        ("<head>" + " " * 600_000, undetermined("cut")),
    ],
)
def test_a_page_speaks_by_its_meta_elements(html: str, said: Preference) -> None:
    assert _read(html=html) == said


def test_content_type_says_whether_a_record_is_an_image() -> None:
    tag = ("X-Robots-Tag", "noimageai")
    assert _read(tag, ("Content-Type", " Image/JPEG")).train is Word.DENY
    assert _read(tag, ("content-type", "text/html")).train is Word.UNKNOWN
    assert _read(tag).is_undetermined
    assert _read(tag, ("Content-Type", "text/html"), is_image=True).train is Word.DENY


@pytest.mark.parametrize(
    "named",
    [
        {"headers": [("Link", _LINK)]},
        {"html": '<link rel="license" type="application/rsl+xml" href="/l.xml">'},
        {"site": SiteFiles(robots=SiteFile(b"License: https://ex.org/l.xml"))},
    ],
)
def test_a_licence_that_is_named_and_was_not_captured_is_held(named: dict[str, object]) -> None:
    source = read_web_source(_URL, **named)  # type: ignore[arg-type]
    assert source.preference == undetermined("not_captured")
    assert [finding.raw for finding in source.findings] == ["https://ex.org/l.xml"]


def test_a_licence_that_was_captured_speaks() -> None:
    link = ("Link", _LINK)
    for body, said in ((_RSL_NO, no_training()), (_RSL_YES, any_training()), (b"<rsl", undetermined("damaged"))):
        assert _read(link, site=SiteFiles(licences={"https://ex.org/l.xml": SiteFile(body)})) == said
    missing = SiteFiles(licences={"https://ex.org/l.xml": SiteFile(status=404)})
    assert _read(link, site=missing) == undetermined("unreachable")


@pytest.mark.parametrize("link", ['</l>; rel="license"', '</l>; rel="next"; type="application/rsl+xml"', "rel=license"])
def test_a_link_to_something_else_is_no_licence(link: str) -> None:
    assert _read(("Link", link)) == NOTHING_SAID


def test_a_licence_in_the_page_speaks() -> None:
    document = f'\n<?xml version="1.0"?>{_RSL_NO.decode()}'
    assert _read(html=f'<script type="application/rsl+xml">{document}</script>') == no_training()


def test_a_licence_address_that_is_none_is_held() -> None:
    assert _read(html='<link rel="license" type="application/rsl+xml" href="http://[">').is_undetermined


_NOES = {
    Standard.AIPREF: {"headers": [("Content-Usage", "train-ai=n")]},
    Standard.CONTENT_SIGNALS: {"headers": [("Content-Signal", "ai-train=no")]},
    Standard.NOAI: {"headers": [("X-Robots-Tag", "noai")]},
    Standard.TDMREP: {"headers": [("tdm-reservation", "1")]},
    Standard.ROBOTS: {"site": SiteFiles(robots=SiteFile(b"User-agent: CCBot\nDisallow: /"))},
    Standard.AI_TXT: {"site": SiteFiles(ai_txt=SiteFile(b"User-Agent: *\nDisallow: /"))},
    Standard.RSL: {"site": SiteFiles(licences={"https://ex.org/l.xml": SiteFile(_RSL_NO)})},
}


@pytest.mark.parametrize("standard", _NOES)
def test_a_no_of_each_standard_is_explained(standard: Standard) -> None:
    (finding,) = read_web_source(_URL, **_NOES[standard]).findings  # type: ignore[arg-type]
    assert finding.standard is standard
    assert finding.preference.train is Word.DENY
    assert finding.raw
    assert finding.standard.edition
    wanted = Strength.INFERRED if standard is Standard.ROBOTS else Strength.EXPLICIT
    assert finding.strength is wanted


_TEXTS = st.text() | st.sampled_from(["train-ai=y", "ai-train=yes", "0", "1", "noai", "gptbot: noai", _LINK, "\ud800"])
_NAMES = st.sampled_from(["Content-Usage", "Content-Signal", "X-Robots-Tag", "tdm-reservation", "Link", "Content-Type"])
_BODIES = st.binary() | st.sampled_from(
    [
        _RSL_YES,
        _RSL_NO,
        b"User-agent: *\nContent-Usage: train-ai=y\nAllow: /",
        b'[{"location":"/","tdm-reservation":0}]',
    ]
)
_FILES = st.none() | st.builds(SiteFile, _BODIES, st.sampled_from([0, 200, 404, 503]))
_SITES = st.builds(SiteFiles, _FILES, _FILES, _FILES, st.dictionaries(st.text(), st.builds(SiteFile, _BODIES)))
_HEADERS = st.lists(st.tuples(_NAMES | st.text(), _TEXTS))
_PAGES = st.none() | st.text() | st.binary() | st.just('<meta name="tdm-reservation" content="0">')


@given(st.text(), _HEADERS, _PAGES, _SITES)
def test_nothing_that_a_site_sends_stops_the_reading(
    url: str, headers: list[tuple[str, str]], html: str | bytes | None, site: SiteFiles
) -> None:
    source = read_web_source(url, headers, html=html, site=site)
    assert all(len(finding.raw) <= MAX_RAW_CHARS for finding in source.findings)
    assert all(finding.preference != NOTHING_SAID for finding in source.findings)


@given(_HEADERS, _PAGES, _SITES)
def test_a_no_of_one_standard_is_never_turned_by_the_others(
    headers: list[tuple[str, str]], html: str | bytes | None, site: SiteFiles
) -> None:
    for name, no in (("X-Robots-Tag", "noai"), ("Content-Signal", "ai-train=no")):
        source = read_web_source(_URL, [*headers, (name, no)], html=html, site=site)
        assert source.preference.train is Word.DENY


@given(_HEADERS, _PAGES, _SITES)
def test_a_licence_that_prohibits_is_never_turned_by_the_others(
    headers: list[tuple[str, str]], html: str | bytes | None, site: SiteFiles
) -> None:
    licences = {**site.licences, "https://ex.org/no.xml": SiteFile(_RSL_NO)}
    more = SiteFiles(site.robots, site.tdmrep, site.ai_txt, licences)
    assert read_web_source(_URL, headers, html=html, site=more).preference.train is Word.DENY


def test_what_was_found_is_shown_short_and_harmless() -> None:
    assert shorten("a\x1b[31m\nb\u202ec  d") == "a [31m b c d"
    assert shorten("x" * 10_000) == "x" * (MAX_RAW_CHARS - 1) + "\u2026"
    assert shorten("x" * MAX_RAW_CHARS) == "x" * MAX_RAW_CHARS
    assert find(Standard.NOAI, "html-meta", "x", NOTHING_SAID) == []
    assert find(Standard.NOAI, "html-meta", "x", no_training()) == [
        Finding(Standard.NOAI, "html-meta", "x", no_training())
    ]
