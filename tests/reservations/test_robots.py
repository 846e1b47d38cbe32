import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.reservations.robots import is_disallowed, parse_robots
from demur.reservations.site_file import MAX_TEXT_BYTES, decode_text


def _disallows(text: str | bytes, token: str = "CCBot", path: str = "/a") -> bool:
    raw = text if isinstance(text, bytes) else text.encode()
    return is_disallowed(parse_robots(raw).groups_for(token), path)


@pytest.mark.parametrize(
    "text",
    [
        "User-agent: CCBot\nDisallow: /",
        "user-AGENT:ccbot\r\nDISALLOW:/\r\n",
        "User-agent: CCBot\rDisallow: /\r",
        "\ufeffUser-agent: CCBot\nDisallow: /",
        "  User-agent :\tCCBot  # the crawler\n\tDisallow : / # all of it",
        "  User-agent CCBot \n  Disallow / # all",
        "Useragent: CCBot\nDissallow: /",
        "User-agent: CCBot/2.0\nDisallow: /",
        "User-agent: CCBot, GPTBot\nDisallow: /",
        "User-agent: GPTBot\nUser-agent: CCBot\n\n\nDisallow: /",
        "User-agent: CCBot\nCrawl-delay: 5\nUser-agent: GPTBot\nDisallow: /",
        "User-agent: CCBot\nAllow: /b\n\nUser-agent: GPTBot\nAllow: /\n\nUser-agent: CCBot\nDisallow: /",
        "User-agent: *\nDisallow: /",
        "User-agent: *\nAllow: /b\nDisallow: /\nSitemap: https://ex.org/map.xml",
        "User-agent: CCBot\nLicense: https://ex.org/l.xml\nUser-agent: GPTBot\nDisallow: /",
        "Disallow: /b\nUser-agent: CCBot\nDisallow: /",
        "User-agent: CCBot\nDisallow: *",
    ],
)
def test_a_disallow_is_found_however_it_is_written(text: str) -> None:
    assert _disallows(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Disallow: /",
        "User-agent: CCBot\nDisallow:",
        "User-agent: CCBot\nDisallow: /a\nAllow: /a",
        "User-agent: CCBot\nAllow: /\n\nUser-agent: *\nDisallow: /",
        "User-agent: CCBotX\nDisallow: /",
        "User-agent: XCCBot\nDisallow: /",
        "User-agent:\nDisallow: /",
        "User-agent: CCBot\n# Disallow: /",
        "User-agent: *\nContent-Signal: ai-train=no\nUser-agent: GPTBot\nDisallow: /",
        "<!doctype html><title>Not found</title>",
    ],
)
def test_what_disallows_nothing_is_not_taken_for_more(text: str) -> None:
    assert not _disallows(text)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-16-le"])
def test_a_file_from_a_text_editor_keeps_its_no(encoding: str) -> None:
    mark = {"utf-16-be": b"\xfe\xff", "utf-16-le": b"\xff\xfe"}.get(encoding, b"")
    assert _disallows(mark + "User-agent: CCBot\nDisallow: /".encode(encoding))


def test_zeros_between_the_letters_hide_no_rule() -> None:
    assert _disallows("User-agent: CCBot\nDisallow: /".encode("utf-16-le"))


def test_a_rule_behind_half_a_megabyte_is_known_to_be_missing() -> None:
    robots = parse_robots(b"#" * MAX_TEXT_BYTES + b"\nUser-agent: *\nDisallow: /")
    assert robots.is_cut
    assert robots.groups == ()


def test_a_file_as_long_as_is_read_is_whole() -> None:
    robots = parse_robots(b"User-agent: *\nDisallow: /#".ljust(MAX_TEXT_BYTES, b"x"))
    assert not robots.is_cut
    assert is_disallowed(robots.groups, "/a")


def test_a_rule_that_is_cut_in_two_is_not_read_as_a_wider_one() -> None:
    head = b"User-agent: *\nDisallow: /"
    text = b"#" * (MAX_TEXT_BYTES - len(head) - 1) + b"\n" + head + b"private/\n"
    assert not _disallows(text)


@given(st.binary())
def test_any_bytes_are_a_robots_txt(raw: bytes) -> None:
    robots = parse_robots(raw)
    assert is_disallowed(robots.groups_for("CCBot"), "/") in (True, False)
    assert "\0" not in decode_text(raw)
