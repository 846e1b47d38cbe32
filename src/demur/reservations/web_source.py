"""What the web says about one record: its headers, its page and its site's files, each by its own standard's rules.

Everything is an argument, as it was captured when the record was fetched: nothing is fetched here. Any no wins over
every yes of another standard. What could not be read to its end is undetermined, and to be held: a robots.txt that the
server failed to give, a licence that the site names and nobody captured, a line that plainly means no and is wrong.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

from demur.reservations.ai_txt import read_ai_txt
from demur.reservations.content_signal import read_content_signal_header
from demur.reservations.content_usage import read_content_usage
from demur.reservations.finding import Finding, Standard, find
from demur.reservations.page import Page, read_page
from demur.reservations.preference import NOTHING_SAID, Preference, combine, undetermined
from demur.reservations.robots_tag import read_robots_tags, read_scoped_tag
from demur.reservations.robots_words import licences_in_robots, read_robots
from demur.reservations.rsl import read_rsl
from demur.reservations.site_file import SiteFile
from demur.reservations.tdmrep import RESERVATION, read_tdmrep
from demur.reservations.training_crawlers import find_crawler
from demur.reservations.url_path import path_of

OWN_CRAWLER: Final = "DemurGate"
"""The name of the gate's own crawler in robots.txt, unless another one fetched the record."""
_RSL_LINK: Final = re.compile(r"<([^<>]*)>([^<>]*)")
_RSL_TYPE: Final = re.compile(r';\s*type\s*=\s*"?\s*application/rsl\+xml\b', re.IGNORECASE)
_LICENCE_REL: Final = re.compile(r""";\s*rel\s*=\s*"?[^";,]*\blicense\b""", re.IGNORECASE)

Headers = Sequence[tuple[str, str]]
"""Names and values of header lines in their order; a name may stand several times, in any case."""


@dataclass(frozen=True)
class SiteFiles:
    """Files of the record's site, as captured; None where nobody asked for them.

    Attributes:
        robots: /robots.txt.
        tdmrep: /.well-known/tdmrep.json.
        ai_txt: /ai.txt.
        licences: RSL documents by their full address.
    """

    robots: SiteFile | None = None
    tdmrep: SiteFile | None = None
    ai_txt: SiteFile | None = None
    licences: Mapping[str, SiteFile] = field(default_factory=dict)


@dataclass(frozen=True)
class WebSource:
    """What the web says about one record.

    Attributes:
        preference: what all findings say together.
        findings: each place where something was said, or could not be read.
    """

    preference: Preference
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Record:
    """What was captured of one record."""

    url: str
    path: str
    headers: Headers
    page: Page
    site: SiteFiles
    is_image: bool | None
    product_token: str

    def header(self, name: str) -> list[str]:
        """Return the lines of a header."""
        return [value for key, value in self.headers if key.strip().lower() == name]


def read_web_source(
    url: str,
    headers: Headers = (),
    *,
    html: bytes | str | None = None,
    site: SiteFiles | None = None,
    is_image: bool | None = None,
    product_token: str = OWN_CRAWLER,
) -> WebSource:
    """Return what the web says about a record; never raises, whatever a site sends.

    Args:
        url: where the record was fetched, after redirects.
        headers: of the answer that held the record.
        html: the page that the record is, or that embeds it; None if there is none.
        site: files of the record's site.
        is_image: whether the record is an image; if not given, Content-Type says it.
        product_token: the token by which the crawler that fetched the record named itself, without a version.
    """
    page = Page() if html is None else read_page(html)
    media = _is_image(headers) if is_image is None else is_image
    record = _Record(url, path_of(url), headers, page, site or SiteFiles(), media, product_token)
    findings = (
        *_read_headers(record),
        *_read_page_words(record),
        *read_tdmrep(record.site.tdmrep, record.header(RESERVATION), page, record.path),
        *_read_site(record),
        *_read_licences(record),
    )
    return WebSource(combine(finding.preference for finding in findings), findings)


def _is_image(headers: Headers) -> bool | None:
    types = [value.strip().lower() for key, value in headers if key.strip().lower() == "content-type" and value.strip()]
    return types[-1].startswith("image/") if types else None


def _read_headers(record: _Record) -> list[Finding]:
    usage = ", ".join(record.header("content-usage"))
    signal = ", ".join(record.header("content-signal"))
    tags = record.header("x-robots-tag")
    noai = read_robots_tags(tags, record.product_token, is_image=record.is_image)
    return [
        *find(Standard.AIPREF, "http-header", usage, read_content_usage(usage)),
        *find(Standard.CONTENT_SIGNALS, "http-header", signal, read_content_signal_header(signal)),
        *find(Standard.NOAI, "http-header", ", ".join(tags), noai),
    ]


def _read_page_words(record: _Record) -> list[Finding]:
    findings: list[Finding] = []
    own_names = ("robots", "x-robots-tag", record.product_token.lower())
    for name, content in (*record.page.meta, *record.page.body_meta):
        if name in own_names or find_crawler(name) is not None:
            crawler = "robots" if name in own_names else name
            said = read_scoped_tag(crawler, content, record.product_token, is_image=record.is_image)
            findings += find(Standard.NOAI, "html-meta", f"{name}: {content}", said)
    cut = undetermined("cut") if record.page.is_cut else NOTHING_SAID
    return [*findings, *find(Standard.NOAI, "html-meta", "the head is too long", cut)]


def _read_site(record: _Record) -> list[Finding]:
    findings: list[Finding] = []
    if record.site.robots is not None:
        findings += read_robots(record.site.robots, record.path, record.product_token)
    if record.site.ai_txt is not None:
        said = read_ai_txt(record.site.ai_txt, record.path, record.product_token)
        findings += find(Standard.AI_TXT, "site-file", "ai.txt", said)
    return findings


def _read_licences(record: _Record) -> list[Finding]:
    """Read what was captured, and hold what was named and not captured: it may be a no that nobody saw."""
    findings: list[Finding] = []
    for text in record.page.rsl:
        findings += find(
            Standard.RSL, "html-script", "script", read_rsl(text.strip().encode("utf-8", "replace"), record.url)
        )
    for address, file in record.site.licences.items():
        said = read_rsl(file.body, record.url) if file.is_there else undetermined("unreachable")
        findings += find(Standard.RSL, "xml", address, said)
    for address in dict.fromkeys(_named_licences(record)):
        if address not in record.site.licences:
            findings += find(Standard.RSL, "xml", address, undetermined("not_captured"))
    return findings


def _named_licences(record: _Record) -> Iterable[str]:
    named = list(record.page.licences)
    if record.site.robots is not None:
        named += licences_in_robots(record.site.robots, record.product_token)
    for address, parameters in _RSL_LINK.findall(", ".join(record.header("link"))):
        if _RSL_TYPE.search(parameters) and _LICENCE_REL.search(parameters):
            named.append(address)
    return [_full_address(record.url, address) for address in named]


def _full_address(base: str, address: str) -> str:
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return address
