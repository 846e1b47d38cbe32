"""The TDM Reservation Protocol: `tdm-reservation` in a file of the site, in a header or in the page.

Source: W3C Community Group Final Report, 2024-05-10. `1` is a no, `0` a yes; any other value is an error and counts as
if it were not there. The file is superseded by the header, and the header by the page; what is absent supersedes
nothing. In the file the first entry that covers the path counts, and not the longest.
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from demur.reservations.finding import Finding, Standard, find
from demur.reservations.page import Page
from demur.reservations.preference import (
    NOTHING_SAID,
    Preference,
    Word,
    any_training,
    combine,
    no_training,
    nothing_said,
    undetermined,
)
from demur.reservations.site_file import MAX_TEXT_BYTES, SiteFile, decode_text
from demur.reservations.url_path import is_covered, pattern_of

RESERVATION: Final = "tdm-reservation"
_LOCATION: Final = "location"
_PLAIN_NO: Final = {"true", "yes", "reserved", "on"}
"""What people write who mean `1`."""


def read_tdmrep(file: SiteFile | None, header: Sequence[str], page: Page, path: str) -> list[Finding]:
    """Return what the file, the header and the page say together; never raises.

    Args:
        file: the answer of the site for /.well-known/tdmrep.json; None if it was not captured.
        header: the lines of the header.
        page: the page that the record is, or came with.
        path: as `path_of` writes it.
    """
    metas = [content for name, content in page.meta if name == RESERVATION]
    misplaced = [content for name, content in page.body_meta if name == RESERVATION and _is_no(content)]
    said = [
        ("well-known", "tdmrep.json", NOTHING_SAID if file is None else read_tdmrep_file(file, path)),
        ("http-header", ", ".join(header), read_reservation(header)),
        ("html-meta", ", ".join(metas + misplaced), read_reservation(metas + misplaced)),
    ]
    decided = [place for place, (_, _, each) in enumerate(said) if each.train is not Word.UNKNOWN]
    first = decided[-1] if decided else 0
    return [finding for channel, raw, each in said[first:] for finding in find(Standard.TDMREP, channel, raw, each)]


def read_reservation(values: Iterable[str]) -> Preference:
    """Return what the values of one channel say; of several, the strictest."""
    return combine(_read_value(value) for line in values for value in line.split(","))


def read_tdmrep_file(file: SiteFile, path: str) -> Preference:
    """Return what tdmrep.json says about a path.

    A site that answers every address with a page has no such file. JSON that cannot be read to its end is undetermined.
    """
    if not file.is_there:
        return file.absence
    text = decode_text(file.body[:MAX_TEXT_BYTES]).strip()
    if not text:
        return NOTHING_SAID
    try:
        document = json.loads(text, object_pairs_hook=_without_twins)
    except (ValueError, RecursionError):
        is_page = text.startswith("<") and RESERVATION not in text
        return nothing_said("other_format") if is_page else undetermined("damaged")
    return _read_entries(document, path)


def _read_entries(document: object, path: str) -> Preference:
    is_lenient = isinstance(document, dict)
    for entry in [document] if isinstance(document, dict) else document if isinstance(document, list) else []:
        if not isinstance(entry, dict) or not isinstance(entry.get(_LOCATION), str):
            return undetermined("damaged")
        if is_covered(path, pattern_of(entry[_LOCATION])):
            value = entry.get(RESERVATION)
            return _with_lenience(_read_value(_as_text(value)), is_lenient=is_lenient or isinstance(value, str))
    return NOTHING_SAID if isinstance(document, dict | list) else undetermined("damaged")


def _with_lenience(said: Preference, *, is_lenient: bool) -> Preference:
    return combine([said, nothing_said("lenient_json")]) if is_lenient else said


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else re.sub(r"\.0\Z", "", str(value))


def _read_value(value: str) -> Preference:
    word = value.strip().strip("\"'").lower()
    if word == "1":
        return no_training()
    if word == "0":
        return any_training()
    return undetermined("protocol_error", "malformed_intent") if word in _PLAIN_NO else nothing_said("protocol_error")


def _is_no(value: str) -> bool:
    said = _read_value(value)
    return said.train is Word.DENY or said.is_undetermined


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object with a key twice: readers differ in which of the two counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found
