import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.reservations.page import MAX_PAGE_BYTES, read_page

_NOAI = [("robots", "noai")]


@pytest.mark.parametrize(
    "html",
    [
        '<meta name="robots" content="noai">',
        "<META NAME='Robots' CONTENT='noai' />",
        "<meta name=robots content=noai>",
        '<meta content="noai" name=" robots ">',
        '<meta data-x="a > b" name="robots" content="noai">',
        '<meta name="robots" content="&#110;oai">',
        '<meta name="robots" content="noai',
        '<meta name="robots" content="noai>\n<p>',
        '<meta\n\tname = "robots"\n content = "noai"\n>',
        '<!-- a comment --><meta name="robots" content="noai">',
        '<!--><meta name="robots" content="noai">',
        '<script>if (a < b) x = "<!--";</script><meta name="robots" content="noai">',
        "<title>\u0130\u0130</TITLE><meta name=robots content=noai>",
        '<noscript><meta name="robots" content="noai"></noscript>',
        '<meta name="robots" content="noai" content="all">',
        '< <a ><1 <meta name="robots" content="noai">',
    ],
)
def test_a_meta_element_is_found_however_it_is_written(html: str) -> None:
    assert [(name, content.strip()[:4]) for name, content in read_page(html).meta] == _NOAI
    assert read_page(html.encode("utf-16")).meta == read_page(html).meta


@pytest.mark.parametrize(
    "html",
    [
        '<!-- <meta name="robots" content="noai"> -->',
        '<!-- <meta name="robots" content="noai">',
        '<script>"<meta name=robots content=noai>"</script>',
        '<textarea><meta name="robots" content="noai"></textarea>',
        '<img alt="<meta name=robots content=noai>">',
        "<style><meta name=robots content=noai>",
        "<metal name=robots content=noai>",
        "",
    ],
)
def test_what_is_no_element_is_not_taken_for_one(html: str) -> None:
    assert read_page(html).meta == []


def test_an_element_in_the_body_is_kept_apart() -> None:
    page = read_page('<head></head><BODY class="a"><meta name="robots" content="noai">')
    assert (page.meta, page.body_meta) == ([], _NOAI)


def test_the_licences_of_a_page_are_found() -> None:
    page = read_page(
        '<link rel="LICENSE alternate" type=" Application/RSL+XML ; charset=utf-8" href=" /l.xml ">'
        '<link rel="license" href="/cc-by"><link rel="next" type="application/rsl+xml" href="/2">'
        '<script type="application/rsl+xml"><rsl><b></rsl></script><script>1</script>'
    )
    assert page.licences == ["/l.xml"]
    assert page.rsl == ["<rsl><b></rsl>"]


def test_a_page_that_is_cut_in_its_head_is_known_to_be() -> None:
    assert read_page("<head>" + " " * MAX_PAGE_BYTES).is_cut
    assert not read_page("<body>" + " " * MAX_PAGE_BYTES).is_cut
    assert not read_page("<head>".ljust(MAX_PAGE_BYTES)).is_cut


@pytest.mark.parametrize(
    "part", ["<", "<!--", "<a ", '<a "', "<a '\"><a '", "<script>", "</script", "<meta a=", '<a "">"', "&"]
)
def test_a_hostile_page_does_not_stop_the_clock(part: str) -> None:
    started = time.process_time()
    read_page(part * (MAX_PAGE_BYTES // len(part)))
    assert time.process_time() - started < 3


@given(st.text() | st.binary())
def test_anything_is_a_page(html: str | bytes) -> None:
    assert read_page(html).is_cut is False


@given(
    st.lists(st.sampled_from(["<", ">", '"', "'", "<!--", "-->", "<meta ", "name=", "=", " ", "</script>", "<body>"]))
)
def test_any_rubble_of_tags_is_a_page(parts: list[str]) -> None:
    assert read_page("".join(parts)).licences == []
