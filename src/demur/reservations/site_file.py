"""A file of a site as it was captured: its bytes and the answer that the server gave; and how bytes become text."""

import codecs
from dataclasses import dataclass
from typing import Final

from demur.reservations.preference import NOTHING_SAID, Preference, undetermined

MAX_TEXT_BYTES: Final = 500 * 1024
"""What RFC 9309 section 2.5 demands to be read of robots.txt. What is longer is undetermined, unless it says no."""
_TOO_MANY_REQUESTS: Final = 429
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class SiteFile:
    """One answer of a site, as captured at the time when the record was fetched.

    Attributes:
        body: the bytes of the answer.
        status: the HTTP status after redirects; 0 if the server could not be reached.
    """

    body: bytes = b""
    status: int = 200

    @property
    def is_there(self) -> bool:
        """Whether the server gave the file."""
        return 200 <= self.status < 300  # noqa: PLR2004 (the class of HTTP statuses that mean success)

    @property
    def absence(self) -> Preference:
        """What it means that the file is not there.

        A server that says that there is none (4xx) has said nothing. One that fails, sends elsewhere or cannot be
        reached may have a no that nobody saw: RFC 9309 section 2.3.1.4. 429 is no answer about the file.
        """
        is_gone = 400 <= self.status < 500 and self.status != _TOO_MANY_REQUESTS  # noqa: PLR2004 (client errors)
        return NOTHING_SAID if is_gone else undetermined("unreachable")


def decode_text(raw: bytes) -> str:
    """Return bytes as text; never raises.

    UTF-8 with replacement, or UTF-16 if a byte order mark says so: such a file is read by the person who wrote it, and
    its no would be lost to a reader of UTF-8. The mark and NUL are dropped.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            return raw.removeprefix(mark).decode(encoding, "replace").replace("\0", "")
    return raw.decode("utf-8", "replace").replace("\0", "")
