"""robots.txt: its groups, as RFC 9309 has them, and the lines about training that others have added to it.

A group is one or more `User-agent` lines and the rules after them. All groups that name a crawler count for it
together; if there are none, those for `*` do. Of the Allow and Disallow rules that cover a path the longest wins, and
Allow wins a tie. Content-Usage, Content-Signal, DisallowAITraining and License lines are kept with their group, or by
themselves where no group has begun.

What people get wrong and plainly mean is read as they mean it: a byte order mark, any line ends, no colon, common
misspellings. A list of names or a version in a `User-agent` line is left to whoever asks.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from demur.reservations.site_file import MAX_TEXT_BYTES, decode_text
from demur.reservations.url_path import is_covered, pattern_of

USER_AGENT: Final = "user-agent"
ALLOW: Final = "allow"
DISALLOW: Final = "disallow"
CONTENT_USAGE: Final = "content-usage"
CONTENT_SIGNAL: Final = "content-signal"
DISALLOW_AI_TRAINING: Final = "disallowaitraining"
LICENSE: Final = "license"
EVERYBODY: Final = "*"

_RULES: Final = {ALLOW, DISALLOW, CONTENT_USAGE, CONTENT_SIGNAL, DISALLOW_AI_TRAINING}
"""Lines that end a row of User-agent lines. A License line does not: RFC 9309 section 2.2.4 lets no other record."""
_ABOUT_PATHS: Final = {ALLOW, DISALLOW, DISALLOW_AI_TRAINING}
_SPELLINGS: Final = {
    "useragent": USER_AGENT,
    "user agent": USER_AGENT,
    "user_agent": USER_AGENT,
    "dissallow": DISALLOW,
    "dissalow": DISALLOW,
    "disalow": DISALLOW,
    "diasllow": DISALLOW,
    "disallaw": DISALLOW,
    "disallow-ai-training": DISALLOW_AI_TRAINING,
}
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_NO_COLON: Final = re.compile(r"(user-agent|allow|disallow)[ \t]+(\S.*)\Z", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[^\s/;,]+")


@dataclass(frozen=True)
class Line:
    """A line that was understood.

    Attributes:
        name: in lower case and one spelling.
        value: without comment and the spaces around it.
        pattern: the value as it is compared with paths, if the line is about paths alone; else empty.
    """

    name: str
    value: str
    pattern: str = ""


@dataclass
class Group:
    """User-agent lines, and the other lines that follow them."""

    agents: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def names(self, token: str) -> bool:
        """Tell whether a User-agent line is for this token. A version after the token makes no other one of it."""
        wanted = token.lower()
        tokens = (_TOKEN.match(agent) for agent in self.agents)
        return any(found is not None and found.group().lower() == wanted for found in tokens)


@dataclass(frozen=True)
class Robots:
    """A robots.txt.

    Attributes:
        groups: in the order in which they stand.
        ungrouped: the lines before the first group; no Allow or Disallow there has a meaning.
        is_cut: it is longer than what was read.
    """

    groups: tuple[Group, ...]
    ungrouped: tuple[Line, ...]
    is_cut: bool

    def groups_for(self, token: str) -> list[Group]:
        """Return the groups that count for a crawler: those that name it, else those for everybody."""
        return [group for group in self.groups if group.names(token)] or [
            group for group in self.groups if group.names(EVERYBODY)
        ]


@lru_cache(maxsize=64)
def parse_robots(raw: bytes) -> Robots:
    """Return the groups of a robots.txt; never raises, since any bytes are one.

    The last ones are remembered, since a site has many records and one such file; nobody changes what is returned.
    The first 500 KiB are read, RFC 9309 section 2.5; of what is longer, up to the last whole line of them.
    """
    is_cut = len(raw) > MAX_TEXT_BYTES
    rows = _LINE_END.split(decode_text(raw[:MAX_TEXT_BYTES]))
    ungrouped = Group()
    groups: list[Group] = []
    has_rules = True
    for line in _read_lines(rows[:-1] if is_cut else rows):
        if line.name == USER_AGENT:
            if has_rules:
                groups.append(Group())
            groups[-1].agents.append(line.value)
        else:
            (groups[-1] if groups else ungrouped).lines.append(line)
        has_rules = line.name in _RULES or (has_rules and line.name != USER_AGENT)
    return Robots(tuple(groups), tuple(ungrouped.lines), is_cut)


def is_disallowed(groups: Iterable[Group], path: str) -> bool:
    """Tell whether the longest rule that covers a path is a Disallow. The path is written as `path_of` does."""
    rules = [
        (len(line.pattern), line.name == ALLOW)
        for group in groups
        for line in group.lines
        if line.name in (ALLOW, DISALLOW) and is_covered(path, line.pattern)
    ]
    return bool(rules) and not max(rules)[1]


def _read_lines(rows: Iterable[str]) -> Iterable[Line]:
    for row in rows:
        text = row.partition("#")[0].strip()
        name, colon, value = text.partition(":")
        if not colon and (pair := _NO_COLON.match(text)):
            name, value = pair.groups()
        name = " ".join(name.split()).lower()
        name = _SPELLINGS.get(name, name)
        if name in _RULES or name in (USER_AGENT, LICENSE):
            value = value.strip()
            yield Line(name, value, pattern_of(value) if name in _ABOUT_PATHS else "")
