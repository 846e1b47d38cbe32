"""What the web says about rows, from what was captured when they were fetched; nothing is fetched here.

A folder of sites has a folder for each host (in lower case, without its port), and in it `robots.txt`, `tdmrep.json`
(of /.well-known/) and `ai.txt`, as the site gave them. A file that is not there was not on the site; one that the site
failed to give has its HTTP status in a file beside it, as `robots.txt.status`. A host without a folder was not
captured, so its rows are held.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from demur.gate.errors import MappingError
from demur.gate.mapped_batch import MappedBatch
from demur.gate.mapping import WebColumns
from demur.gate.string_window import BoolMask
from demur.reservations.outcome import Outcome, Purpose, settle
from demur.reservations.preference import Preference, combine, undetermined
from demur.reservations.site_file import SiteFile
from demur.reservations.url_path import host_of
from demur.reservations.web_source import OWN_CRAWLER, Headers, SiteFiles, read_web_source

_NOT_CAPTURED: Final = undetermined("not_captured")
_GONE: Final = SiteFile(status=404)
_UNREACHABLE: Final = SiteFile(status=0)
_MOST_FILE_BYTES: Final = 1 << 20
"""More than any reader of these files looks at."""

_HOSTS_KEPT: Final = 10_000
_FOLDER_NAME: Final = re.compile(r"[^./\0][^/\0]*")


@dataclass(frozen=True)
class WebOutcomes:
    """What the web says about n rows.

    Attributes:
        denied: somebody says no, bool[n].
        undecided: it cannot be told, bool[n].
    """

    denied: BoolMask
    undecided: BoolMask


def read_web_outcomes(rows: MappedBatch, wanted: BoolMask) -> WebOutcomes:
    """Return what headers, pages and sites say about rows.

    Args:
        rows: n rows whose mapping says where on the web they are from.
        wanted: the rows to look at, bool[n]; of the others nothing is said.

    Raises:
        MappingError: the mapping does not say where on the web rows are from. Never over what a site sent.
    """
    denied, undecided = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    web = rows.mapping.web
    if web is None:
        raise MappingError("the source mapping names no web sources, and a rule asked for them")
    for row in np.flatnonzero(wanted).tolist():
        outcome = _outcome(rows, web, row)
        denied[row], undecided[row] = outcome is Outcome.DROP, outcome is Outcome.HOLD
    return WebOutcomes(denied, undecided)


def _outcome(rows: MappedBatch, web: WebColumns, row: int) -> Outcome:
    try:
        url, lines, page = (_value(column, row) for column in (rows.web_url, rows.web_headers, rows.web_page))
    except (UnicodeDecodeError, pa.ArrowException):
        return Outcome.HOLD  # a Parquet file can call any bytes text
    if url is None:
        return Outcome.KEEP
    standing = settle(_read(str(url), _headers(lines), page, web))
    outcomes = {standing.outcome(Purpose.TRAIN), standing.outcome(Purpose.GENAI)}
    return next(each for each in (Outcome.DROP, Outcome.HOLD, Outcome.KEEP) if each in outcomes)


def _value(column: pa.Array | None, row: int) -> str | bytes | None:
    value: str | bytes | None = None if column is None else column[row].as_py()
    return value


def _headers(lines: str | bytes | None) -> Headers:
    pairs = (line.partition(":") for line in str(lines or "").splitlines())
    return [(name, value.strip()) for name, colon, value in pairs if colon]


def _read(url: str, headers: Headers, page: str | bytes | None, web: WebColumns) -> Preference:
    site = SiteFiles() if web.sites is None else _load_site(web.sites, host_of(url))
    said = read_web_source(url, headers, html=page, site=site, product_token=web.crawler or OWN_CRAWLER).preference
    return combine([said, _NOT_CAPTURED]) if site is None else said


@lru_cache(_HOSTS_KEPT)
def _load_site(sites: Path, host: str) -> SiteFiles | None:
    """Return what was captured of a host; None if nothing was."""
    folder = sites / host
    if not _FOLDER_NAME.fullmatch(host) or not folder.is_dir():
        return None
    robots, tdmrep, ai_txt = (_load_file(folder / name) for name in ("robots.txt", "tdmrep.json", "ai.txt"))
    return SiteFiles(robots, tdmrep, ai_txt)


def _load_file(path: Path) -> SiteFile:
    status = path.with_name(f"{path.name}.status")
    try:
        if status.exists():
            return SiteFile(status=int(status.read_text("ascii")))
        with path.open("rb") as stream:
            return SiteFile(stream.read(_MOST_FILE_BYTES))
    except FileNotFoundError:
        return _GONE
    except (OSError, ValueError):
        return _UNREACHABLE
