"""ai.txt as Spawning had it in 2023: lines like those of robots.txt, which speak of training alone.

The name is used for other formats, too. Only a file with User-agent lines and Allow or Disallow lines is read; the
others say nothing. Patterns are types of files (`*.jpg`) or paths; letters' case makes no difference. Allow is no yes:
nothing says what it would permit.
"""

from typing import Final

from demur.reservations.preference import NOTHING_SAID, Preference, combine, no_training, nothing_said, undetermined
from demur.reservations.robots import ALLOW, DISALLOW, Group, Line, is_disallowed, parse_robots
from demur.reservations.site_file import SiteFile
from demur.reservations.training_crawlers import Collects, find_crawlers
from demur.reservations.url_path import path_of, pattern_of

_RULES: Final = (ALLOW, DISALLOW)


def read_ai_txt(file: SiteFile, path: str, product_token: str) -> Preference:
    """Return what an ai.txt says about a path, which is written as `path_of` does; never raises."""
    if not file.is_there:
        return file.absence
    robots = parse_robots(file.body)
    if not any(line.name in _RULES for group in robots.groups for line in group.lines):
        return nothing_said("other_format") if file.body else NOTHING_SAID
    lowered = path_of(path.lower())
    said = [undetermined("cut")] if robots.is_cut else []
    if is_disallowed(map(_for_types, robots.groups_for(product_token)), lowered):
        said.append(no_training())
    named = [group for group in robots.groups if Collects.TRAINING in find_crawlers("\n".join(group.agents)).values()]
    if any(is_disallowed([_for_types(group)], lowered) for group in named):
        said.append(no_training("inferred"))
    return combine(said)


def _for_types(group: Group) -> Group:
    """Return a group whose patterns are in lower case, and begin with `*` where they are the end of a name alone."""
    return Group(group.agents, [_for_type(line) for line in group.lines])


def _for_type(line: Line) -> Line:
    value = line.value.lower()
    return Line(line.name, value, pattern_of(f"*{value}" if value.startswith(".") else value))
