"""Content-Signal, Cloudflare's line of robots.txt: `ai-train=no` is a no, `ai-train=yes` a yes.

Source: contentsignals.org, 2025-09-24. A signal that is absent neither grants nor restricts; `search`, `ai-input` and
`use` do not speak of training. As a header the line is added by a vendor of its own accord, so there a yes is nobody's.
"""

import re
from typing import Final

from demur.reservations.preference import (
    NOTHING_SAID,
    Preference,
    any_training,
    no_training,
    nothing_said,
    undetermined,
)

_PLAIN_NO: Final = re.compile(
    r"""(?<![\w-])(?:ai[-_ ]?train(?:ing)?|train(?:ing)?[-_ ]?ai)\s*[=:]\s*["']?"""
    r"(?:n\w*|false|0|off|deny|denied|disallow(?:ed)?)(?![\w-])",
    re.IGNORECASE,
)


def read_content_signal(text: str) -> Preference:
    """Return what the value of a Content-Signal line says; never raises. A no beats a yes on the same line."""
    pairs = ["".join(part.split()).lower() for part in text.split(",")]
    said = {pair.removeprefix("ai-train=") for pair in pairs if pair.startswith("ai-train=")}
    if "no" in said:
        return no_training()
    if _PLAIN_NO.search(text):
        return undetermined("malformed_intent")
    return any_training() if "yes" in said else NOTHING_SAID


def read_content_signal_header(text: str) -> Preference:
    """Return what a Content-Signal header says: a yes there is a vendor's default, and counts for nothing."""
    said = read_content_signal(text)
    return nothing_said("vendor_default_ignored") if said == any_training() else said
