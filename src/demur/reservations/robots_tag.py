"""noai, noimageai and noml in the X-Robots-Tag header and in `<meta name="robots">`.

Sources: DeviantArt 2022-11 (noai, noimageai), noml.info (noml), draft-canel-robots-ai-control (DisallowAITraining,
expired). They are only ever a no. A line may be for one crawler: `gptbot: noai`. Directives about search (noindex,
noimageindex, nosnippet, none) say nothing about training.
"""

import re
from collections.abc import Iterable
from typing import Final

from demur.reservations.preference import NOTHING_SAID, Preference, combine, no_training, nothing_said, undetermined
from demur.reservations.training_crawlers import Collects, find_crawler

_FOR_ALL_MEDIA: Final = {"noai", "noml"}
_OF_EXPIRED_DRAFT: Final = "disallowaitraining"
_FOR_IMAGES: Final = "noimageai"
_WITH_VALUE: Final = {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}
"""Directives with a colon: what stands before it is no crawler."""
_SCOPE: Final = re.compile(r"\s*([A-Za-z*][\w.*-]*(?: [Bb]ot)?)\s*:(.*)\Z", re.DOTALL)
_PLAIN_NO: Final = re.compile(r"(?<![\w-])no[-_ ]?(?:ai|ml|image[-_ ]?ai)(?![\w-])", re.IGNORECASE)


def read_robots_tags(lines: Iterable[str], product_token: str, *, is_image: bool | None) -> Preference:
    """Return what the lines of a header, or the contents of meta elements, say together; never raises.

    Args:
        lines: each by itself, since a crawler that is named holds for its line.
        product_token: the token by which the gate's crawler names itself.
        is_image: whether the record is an image; None if that is not known.
    """
    return combine(_read_line(line, product_token, is_image=is_image) for line in lines)


def read_scoped_tag(crawler: str, content: str, product_token: str, *, is_image: bool | None) -> Preference:
    """Return what a meta element says whose name is that of a crawler, or `robots`."""
    scope = "" if crawler.strip().lower() == "robots" else f"{crawler}: "
    return read_robots_tags([f"{scope}{content}"], product_token, is_image=is_image)


def _read_line(line: str, product_token: str, *, is_image: bool | None) -> Preference:
    said: list[Preference] = []
    crawler = ""
    for part in line.split(","):
        scope, directive = _split_scope(part)
        crawler = scope or crawler
        preference = _read_directive(directive, is_image=is_image)
        if preference != NOTHING_SAID:
            said.append(_for_crawler(preference, crawler, product_token, is_sure=bool(scope)))
    return combine(said)


def _split_scope(part: str) -> tuple[str, str]:
    found = _SCOPE.match(part)
    if found is None or found.group(1).lower() in _WITH_VALUE:
        return "", part
    return found.group(1).lower(), found.group(2)


def _read_directive(text: str, *, is_image: bool | None) -> Preference:
    directive = text.strip().lower()
    if directive in _FOR_ALL_MEDIA:
        return no_training()
    if directive == _OF_EXPIRED_DRAFT:
        return no_training("expired_draft")
    if directive == _FOR_IMAGES:
        if is_image is None:
            return undetermined("media_unknown")
        return no_training() if is_image else nothing_said("images_only")
    return undetermined("malformed_intent") if _PLAIN_NO.search(directive) else NOTHING_SAID


def _for_crawler(said: Preference, crawler: str, product_token: str, *, is_sure: bool) -> Preference:
    """Return what something means that is said to one crawler; to none or everybody it means what it says.

    Proxies join lines by commas, so in `otherbot: noindex, noai` nobody can tell whether noai is for all.
    """
    if crawler in ("", "*", product_token.lower()):
        return said
    if find_crawler(crawler) is Collects.TRAINING:
        return combine([said, nothing_said("inferred")])
    if not is_sure or find_crawler(crawler) is Collects.UNCLEAR:
        return undetermined("scope_unclear")
    return nothing_said("other_crawler")
