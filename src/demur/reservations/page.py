"""What the head of an HTML page holds for machines: its meta and link elements, and its RSL documents.

A scanner of its own, and no parser: it takes time in proportion to the page, whatever a hostile page does, and never
raises. It passes over comments and over what scripts, styles and the like hold, since nothing there is an element.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Final

from demur.reservations.site_file import decode_text

MAX_PAGE_BYTES: Final = 512 * 1024
_TAG_NAME: Final = re.compile(r"<([A-Za-z]+)")
_TAG_REST: Final = re.compile(r"""(?:[^"'>]|"[^"]*"|'[^']*'){0,2048}+>""")
_ATTRIBUTE: Final = re.compile(r"""([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)|'([^']*)|([^\s"'>]+)))?["']?""")
_TAGS: Final = {"meta", "link", "body"}
_WITH_TEXT: Final = {"script", "style", "title", "textarea", "template", "xmp", "iframe", "noembed", "noframes"}
"""Elements whose content is text, or is not part of the page."""
_RSL_TYPE: Final = "application/rsl+xml"


@dataclass
class Page:
    """What was found in a page.

    Attributes:
        meta: name and content of meta elements; the name in lower case.
        body_meta: the same, of those that stand in the body, where none belongs.
        licences: the addresses of its RSL documents.
        rsl: RSL documents that stand in it.
        is_cut: it is longer than what was read, and its head did not end before.
    """

    meta: list[tuple[str, str]] = field(default_factory=list)
    body_meta: list[tuple[str, str]] = field(default_factory=list)
    licences: list[str] = field(default_factory=list)
    rsl: list[str] = field(default_factory=list)
    is_cut: bool = False


def read_page(html: bytes | str) -> Page:
    """Return what a page holds for machines; never raises. Its first 512 KiB are read."""
    raw = html.encode("utf-8", "replace") if isinstance(html, str) else html
    text = decode_text(raw[:MAX_PAGE_BYTES])
    scan = _Scan(text)
    scan.run()
    scan.page.is_cut = len(raw) > MAX_PAGE_BYTES and not scan.is_in_body
    return scan.page


@dataclass
class _Scan:
    """One pass over a page."""

    text: str
    page: Page = field(default_factory=Page)
    is_in_body: bool = False

    def run(self) -> None:
        place = self.text.find("<")
        while place >= 0:
            place = self.text.find("<", self._step(place))

    def _step(self, place: int) -> int:
        """Read what begins with this sign, and return where to go on."""
        if self.text.startswith("<!--", place):
            return self._after("-->", place + 2)
        tag = _TAG_NAME.match(self.text, place)
        if tag is None:
            return place + 1
        name, end = tag.group(1).lower(), self._tag_end(tag.end())
        attributes = _attributes(self.text[tag.end() : end])
        if name in _TAGS:
            self._take(name, attributes)
        return self._pass_text(name, attributes, end) if name in _WITH_TEXT else end

    def _tag_end(self, place: int) -> int:
        """Return where a tag ends: at the first `>` outside of quotes; if a quote never ends, at the first of all."""
        rest = _TAG_REST.match(self.text, place)
        return self._after(">", place) if rest is None else rest.end()

    def _take(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "body":
            self.is_in_body = True
        elif name == "meta":
            key = attributes.get("name") or attributes.get("http-equiv") or attributes.get("property") or ""
            kept = self.page.body_meta if self.is_in_body else self.page.meta
            kept.append((key.strip().lower(), attributes.get("content", "")))
        elif "license" in attributes.get("rel", "").lower().split() and _is_rsl(attributes):
            self.page.licences.append(attributes.get("href", "").strip())

    def _pass_text(self, name: str, attributes: Mapping[str, str], start: int) -> int:
        found = re.compile(f"</{name}", re.IGNORECASE | re.ASCII).search(self.text, start)
        end = len(self.text) if found is None else found.start()
        if name == "script" and _is_rsl(attributes):
            self.page.rsl.append(self.text[start:end])
        return end

    def _after(self, mark: str, place: int) -> int:
        found = self.text.find(mark, place)
        return len(self.text) if found < 0 else found + len(mark)


def _is_rsl(attributes: Mapping[str, str]) -> bool:
    return attributes.get("type", "").partition(";")[0].strip().lower() == _RSL_TYPE


def _attributes(text: str) -> dict[str, str]:
    """Return the attributes of a tag by name in lower case; of one that stands twice the first, as browsers do."""
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        found.setdefault(name.lower(), unescape(double or single or bare))
    return found
