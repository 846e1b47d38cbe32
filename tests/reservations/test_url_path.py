import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.reservations.url_path import host_of, is_covered, path_of, pattern_of


@pytest.mark.parametrize(
    ("url", "pattern"),
    [
        ("https://ex.org/a/x.jpg", "/a/"),
        ("https://ex.org/a/x.jpg", "/*.jpg$"),
        ("https://ex.org/a/x.jpg", "*"),
        ("https://ex.org/a/x.jpg", "*.jpg"),
        ("https://ex.org/a/x.jpg", "a/"),
        ("https://ex.org/a/x.jpg", "https://ex.org/a/"),
        ("https://ex.org", "https://ex.org"),
        ("https://ex.org", "/$"),
        ("https://ex.org?q=1", "/?q="),
        ("https://ex.org/a#top", "/a$"),
        ("/a/x.jpg", "/a/x.jpg$"),
        ("https://ex.org/%62%61r", "/bar"),
        ("https://ex.org/bar", "/%62%61r"),
        ("https://ex.org/\u30c4", "/%e3%83%84"),
        ("https://ex.org/%E3%83%84", "/\u30c4"),
        ("https://ex.org/a b", "/a%20b"),
        ("https://ex.org/price-$5", "/price-$5"),
        ("https://ex.org/file-with-a-*.html", "/file-with-a-%2A.html"),
        ("https://ex.org/aXbXc", "/a*b*c$"),
        ("https://ex.org/see/https://ex.com/a", "/see/"),
        ("https://ex.org/see/https://ex.com/a", "/see/https://ex.com/a$"),
        ("https://ex.org/aa", "/*a$"),
        (" https://ex.org/a\n", " /a$ "),
    ],
)
def test_a_pattern_covers_a_path(url: str, pattern: str) -> None:
    assert is_covered(path_of(url), pattern_of(pattern))


@pytest.mark.parametrize(
    ("url", "pattern"),
    [
        ("https://ex.org/a", ""),
        ("https://ex.org/A", "/a"),
        ("https://ex.org/a/x.jpgx", "/*.jpg$"),
        ("https://ex.org/a", "/a/"),
        ("https://ex.org/a", "/b*"),
        ("https://ex.org/ab", "/a*c"),
        ("https://ex.org/a", "/*a*a$"),
        ("https://ex.org/a%2Fb", "/a/b"),
        ("https://ex.org/price-5", "/price-$5"),
    ],
)
def test_a_pattern_does_not_cover_a_path(url: str, pattern: str) -> None:
    assert not is_covered(path_of(url), pattern_of(pattern))


@given(st.text(), st.text())
def test_any_address_and_pattern_can_be_compared(url: str, pattern: str) -> None:
    path = path_of(url)
    assert path.startswith("/")
    assert path_of(path) == path
    assert is_covered(path, pattern_of(pattern)) in (True, False)


@given(st.text())
def test_everything_below_a_path_is_covered_by_it(text: str) -> None:
    path = path_of(text)
    assert is_covered(path, pattern_of(path))


def test_a_pattern_of_many_wildcards_does_not_stop_the_clock() -> None:
    started = time.process_time()
    assert not is_covered(path_of("/" + "a" * 100_000), pattern_of("/" + "*a" * 10_000 + "b$"))
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (" https://Ex.ORG/a", "ex.org"),
        ("https://ada:secret@ex.org:8443/", "ex.org"),
        ("https://[::1]:80/", "[::1]"),
        ("/a", ""),
        ("", ""),
    ],
)
def test_a_host_is_told_without_user_and_port(url: str, host: str) -> None:
    assert host_of(url) == host
