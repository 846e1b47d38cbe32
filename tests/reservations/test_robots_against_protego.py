"""Protego, Scrapy's parser of robots.txt, as a second opinion on groups and longest matches."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from protego import Protego

from demur.reservations.robots import is_disallowed, parse_robots
from demur.reservations.url_path import path_of

# Names that are not inside one another: Protego takes a token for a crawler whose name goes on after it.
_NAMES = ["foo", "bar", "qux", "*"]
_PATHS = st.text("ab/.?=%", max_size=6).map(lambda text: f"/{text}")
# A "$" in the middle is two rules to Protego; "index.html" is special to it. Neither is in RFC 9309.
_PATTERNS = st.builds(
    lambda path, end: path + end, st.text("ab/.*", max_size=6).map("/{}".format), st.sampled_from(["", "$"])
)
_RULES = st.builds("{}: {}".format, st.sampled_from(["Allow", "Disallow"]), st.one_of(st.just(""), _PATTERNS))
_GROUPS = st.builds(
    lambda names, rules: "\n".join([*(f"User-agent: {name}" for name in names), *rules]),
    st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3),
    st.lists(_RULES, min_size=1, max_size=4),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(_GROUPS, max_size=4).map("\n\n".join), st.sampled_from(_NAMES[:3]), _PATHS)
def test_protego_reads_the_same_rules(text: str, token: str, path: str) -> None:
    path = re.sub(r"%", "%20", path)
    allowed = Protego.parse(text).can_fetch(f"https://ex.org{path}", token)
    assert is_disallowed(parse_robots(text.encode()).groups_for(token), path_of(path)) is not allowed
