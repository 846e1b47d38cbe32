"""What a robots.txt says about training: to the gate, to everybody, and to crawlers that collect for it.

Leave to crawl is no leave to train, so Allow is never a yes. A rule for a crawler that collects for training is a no
that is inferred from it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from demur.reservations.content_signal import read_content_signal
from demur.reservations.content_usage import read_content_usage
from demur.reservations.finding import Finding, Standard, find
from demur.reservations.preference import NOTHING_SAID, Preference, Word, combine, no_training, undetermined
from demur.reservations.robots import (
    CONTENT_SIGNAL,
    CONTENT_USAGE,
    DISALLOW_AI_TRAINING,
    LICENSE,
    Group,
    Line,
    Robots,
    is_disallowed,
    parse_robots,
)
from demur.reservations.site_file import SiteFile
from demur.reservations.training_crawlers import Collects, find_crawlers
from demur.reservations.url_path import is_covered, pattern_of

_CHANNEL: Final = "robots.txt"
_Read = Callable[[str], Preference]
_SIGNALS: Final = (
    (CONTENT_USAGE, Standard.AIPREF, read_content_usage),
    (CONTENT_SIGNAL, Standard.CONTENT_SIGNALS, read_content_signal),
)


def read_robots(file: SiteFile, path: str, product_token: str) -> list[Finding]:
    """Return what a robots.txt says about a path, as it was when the path was fetched; never raises.

    Args:
        file: the answer of the site for /robots.txt.
        path: as `path_of` writes it.
        product_token: the token by which the gate's crawler names itself, without a version.
    """
    if not file.is_there:
        return find(Standard.ROBOTS, _CHANNEL, f"status {file.status}", file.absence)
    robots = parse_robots(file.body)
    return [
        *_read_own_rules(robots, path, product_token),
        *_read_crawler_rules(file, path),
        *_read_rows(robots.ungrouped, path, _only_no("ungrouped")),
        *find(
            Standard.ROBOTS, _CHANNEL, "the file is too long", undetermined("cut") if robots.is_cut else NOTHING_SAID
        ),
    ]


def licences_in_robots(file: SiteFile, product_token: str) -> list[str]:
    """Return the addresses of RSL documents that count: the group's own, else those outside of all groups."""
    if not file.is_there:
        return []
    robots = parse_robots(file.body)
    own = [line.value for line in _lines(robots.groups_for(product_token), LICENSE)]
    return own or [line.value for line in robots.ungrouped if line.name == LICENSE]


def _read_own_rules(robots: Robots, path: str, product_token: str) -> list[Finding]:
    """Read the groups that count for the gate. A path that it may not fetch has no preferences: attach-05."""
    groups = robots.groups_for(product_token)
    if is_disallowed(groups, path):
        return find(Standard.ROBOTS, _CHANNEL, "Disallow", no_training("crawl_disallowed"))
    return _read_rows([line for group in groups for line in group.lines], path, lambda said: said)


def _read_crawler_rules(file: SiteFile, path: str) -> list[Finding]:
    """Read the groups that name crawlers that may collect for training, each crawler by all of its groups."""
    findings: list[Finding] = []
    for crawlers in _crawlers(file.body):
        if is_disallowed(crawlers.groups, path):
            raw = f"User-agent: {crawlers.names}, Disallow"
            findings += find(Standard.ROBOTS, _CHANNEL, raw, _inferred(crawlers.collects))
        rows = [line for group in crawlers.groups for line in group.lines]
        findings += _read_rows(rows, path, _only_no("inferred") if crawlers.collects is Collects.TRAINING else _held_no)
    return findings


@dataclass(frozen=True)
class _Crawlers:
    """Crawlers that may collect for training, and that the same groups name."""

    names: str
    collects: Collects
    groups: tuple[Group, ...]


@lru_cache(maxsize=64)
def _crawlers(raw: bytes) -> tuple[_Crawlers, ...]:
    groups = parse_robots(raw).groups
    named = [find_crawlers("\n".join(group.agents)) for group in groups]
    collects = {name: each for crawlers in named for name, each in crawlers.items()}
    alike: dict[tuple[Collects, tuple[int, ...]], list[str]] = {}
    for name, each in collects.items():
        places = tuple(place for place, crawlers in enumerate(named) if name in crawlers)
        alike.setdefault((each, places), []).append(name)
    return tuple(
        _Crawlers(", ".join(names), each, tuple(groups[place] for place in places))
        for (each, places), names in alike.items()
    )


def _inferred(collects: Collects) -> Preference:
    if collects is Collects.TRAINING:
        return no_training("inferred")
    return undetermined("inferred", "unclear_crawler")


def _only_no(flag: str) -> Callable[[Preference], Preference]:
    """Return what keeps of a preference only what is against training, since it was not said where a yes counts."""

    def keep(said: Preference) -> Preference:
        kept = replace(said, train=_no_or_nothing(said.train), genai=_no_or_nothing(said.genai))
        is_empty = kept.train is kept.genai is Word.UNKNOWN and not kept.is_undetermined
        return NOTHING_SAID if is_empty else replace(kept, flags=kept.flags | {flag})

    return keep


def _held_no(said: Preference) -> Preference:
    """Return that it is to be held if it is against training: it was said to a crawler that may train."""
    return NOTHING_SAID if _only_no("inferred")(said) == NOTHING_SAID else _inferred(Collects.UNCLEAR)


def _no_or_nothing(word: Word) -> Word:
    return word if word is Word.DENY else Word.UNKNOWN


def _read_rows(rows: Sequence[Line], path: str, weigh: Callable[[Preference], Preference]) -> list[Finding]:
    findings: list[Finding] = []
    for name, standard, read in _SIGNALS:
        raw, said = _read_longest([line.value for line in rows if line.name == name], path, read)
        findings += find(standard, _CHANNEL, raw, weigh(said))
    for line in rows:
        if line.name == DISALLOW_AI_TRAINING and is_covered(path, line.pattern):
            said = weigh(no_training("expired_draft"))
            findings += find(Standard.ROBOTS, _CHANNEL, f"DisallowAITraining: {line.value}", said)
    return findings


def _read_longest(values: Iterable[str], path: str, read: _Read) -> tuple[str, Preference]:
    """Return what the longest path that covers this one says; lines with the same path together, the strictest first.

    A line without a path is for all. One that nobody can read covers nothing up, and is itself covered by a longer one
    only; so damage never turns a no to silence.
    """
    found: list[tuple[int, str, Preference]] = []
    for value in values:
        pattern, text = _split_path(value)
        if not pattern or is_covered(path, pattern):
            found.append((len(pattern), value, read(text)))
    longest = max((length for length, _, said in found if not _is_damaged(said)), default=0)
    counted = [(value, said) for length, value, said in found if length >= longest]
    return "; ".join(value for value, _ in counted), combine(said for _, said in counted)


def _is_damaged(said: Preference) -> bool:
    return said.is_undetermined or "malformed" in said.flags


def _split_path(value: str) -> tuple[str, str]:
    """Return the pattern of a rule, empty if it has none, and its preferences: attach-05, section 3."""
    if not value.startswith("/"):
        return "", value
    path, *rest = value.split(maxsplit=1)
    return pattern_of(path), "".join(rest)


def _lines(groups: Iterable[Group], name: str) -> list[Line]:
    return [line for group in groups for line in group.lines if line.name == name]
