"""Really Simple Licensing: licences in XML, which permit and prohibit uses of the contents that a pattern covers.

Source: RSL 1.0. A prohibition beats a permission, and all contents that cover a path count together, so that a ban for
the site outlives a narrower licence. A permission counts only if nothing is asked for it; one with a price, a duty or a
licence server is a no until somebody has a licence.
"""

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from demur.reservations.hardened_xml import UnsafeXmlError, parse_xml
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
from demur.reservations.url_path import host_of, is_covered, path_of, pattern_of

_NAMESPACE: Final = re.compile(r"\{https?://rslstandard\.org/rsl(?![\w-])", re.IGNORECASE)
_TRAINING: Final = {"all", "ai-all", "ai-train", "train-ai"}
_GENERATIVE: Final = "train-genai"
_KNOWN_TERMS: Final = {"permits", "prohibits", "payment", "legal"}
"""What a licence may hold and still be free of conditions that nobody here can read."""
_NO_TO_GENERATIVE: Final = Preference(genai=Word.DENY)


def read_rsl(raw: bytes, url: str) -> Preference:
    """Return what an RSL document says about a URL; never raises. What is not such a document is undetermined."""
    try:
        root = parse_xml(raw)
    except UnsafeXmlError:
        return undetermined("damaged")
    roots = [element for element in root.iter() if _name(element) == "rsl"]
    if not roots:
        return undetermined("other_format")
    contents = (element for element in root.iter() if _name(element) == "content")
    said = [_read_content(content) for content in contents if _is_about(content, url)]
    is_plain = not any(each.tag.startswith("{") for each in roots)
    return combine([*said, nothing_said("no_namespace") if is_plain else NOTHING_SAID])


def _name(element: Element) -> str:
    """Return an element's name if it is of RSL or has no namespace; else an empty text."""
    namespace, _, name = element.tag.rpartition("}")
    return name if not namespace or _NAMESPACE.match(namespace) else ""


def _within(element: Element, name: str) -> Iterator[Element]:
    """Return the outermost elements of a name inside another, but for what is inside a content in it.

    So each element is looked at once on each level, however a hostile document nests them.
    """
    waiting = [element]
    while waiting:
        for child in waiting.pop():
            if _name(child) == name:
                yield child
            elif _name(child) != "content":
                waiting.append(child)


def _is_about(content: Element, url: str) -> bool:
    """Tell whether a content covers a URL. One without an address is about what it was found on."""
    address = content.get("url", "").strip()
    if not address:
        return True
    host = _site_of(address)
    return host in ("", _site_of(url)) and is_covered(path_of(url), pattern_of(address))


def _site_of(url: str) -> str:
    return host_of(url).removeprefix("www.")


def _read_content(content: Element) -> Preference:
    is_served = bool(content.get("server", "").strip())
    return combine(_read_licence(licence, is_served=is_served) for licence in _within(content, "license"))


def _read_licence(licence: Element, *, is_served: bool) -> Preference:
    prohibited, permitted = _usages(licence, "prohibits"), _usages(licence, "permits")
    if prohibited is not None and prohibited & _TRAINING:
        return no_training()
    said = [_NO_TO_GENERATIVE] if prohibited is not None and _GENERATIVE in prohibited else []
    has_condition = is_served or not _is_free(licence)
    if permitted is None:
        said.append(no_training("conditional") if has_condition else NOTHING_SAID)
    elif not permitted & (_TRAINING | {_GENERATIVE}) or has_condition:
        said.append(no_training("conditional"))
    else:
        said.append(any_training() if permitted & _TRAINING else Preference(genai=Word.ALLOW))
    return combine(said)


def _usages(licence: Element, name: str) -> set[str] | None:
    """Return the uses that are permitted or prohibited; None if the licence does not speak of uses there."""
    found = [element for element in _within(licence, name) if _type(element) in ("usage", "")]
    if not found:
        return None
    return {usage for element in found for usage in re.split(r"[\s,]+", "".join(element.itertext()).lower()) if usage}


def _is_free(licence: Element) -> bool:
    """Tell whether nothing is asked: no price, no duty, no kind of user or country, no terms that are unknown here."""
    for element in licence:
        name = _name(element)
        if name not in _KNOWN_TERMS:
            return False
        if name in ("permits", "prohibits") and _type(element) not in ("usage", ""):
            return False
        if name == "payment" and _type(element) != "free":
            return False
    return True


def _type(element: Element) -> str:
    return element.get("type", "").strip().lower()
