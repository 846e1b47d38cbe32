"""Paths of URLs and the patterns that cover them, RFC 9309 section 2.2.2: `*` for any signs, `$` for the end.

Both sides are written alike before they are compared: what may stand as it is stands as it is, everything else is
percent-encoded. Matching takes time in proportion to the two lengths, however many wildcards a hostile pattern has.
"""

import re
from typing import Final

_ORIGIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")
_ENCODED: Final = re.compile(rb"%([0-9A-Fa-f]{2})|([^\x21-\x7e])")
_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def host_of(url: str) -> str:
    """Return the host of a URL in lower case, without user and port; empty if it has none."""
    origin = _ORIGIN.match(url.strip())
    if origin is None:
        return ""
    return re.sub(r":[0-9]*\Z", "", origin.group(1).rpartition("@")[2]).lower()


def path_of(url: str) -> str:
    """Return the path and query of a URL as they are compared with patterns; never raises."""
    path = _without_origin(url.strip()).partition("#")[0]
    if not path.startswith("/"):
        path = f"/{path}"
    return _write_alike(path).replace("*", "%2A").replace("$", "%24")


def pattern_of(text: str) -> str:
    """Return a pattern as it is compared with paths; its length in octets says how specific it is.

    One that begins with neither `/` nor `*` can match no path by the letter, and is meant from the root. The origin of
    a whole URL is dropped.
    """
    text = text.strip()
    pattern = _without_origin(text)
    if text and not pattern.startswith(("/", "*")):
        pattern = f"/{pattern}"
    return _write_alike(pattern)


def is_covered(path: str, pattern: str) -> bool:
    """Tell whether a pattern covers a path, both written alike before. An empty pattern covers nothing."""
    if not pattern:
        return False
    is_anchored = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").replace("$", "%24").split("*")
    if not others:
        return path == first if is_anchored else path.startswith(first)
    if not path.startswith(first):
        return False
    place = len(first)
    last = others.pop() if is_anchored else ""
    for part in others:
        place = path.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return path.endswith(last) and len(path) - len(last) >= place


def _without_origin(url: str) -> str:
    origin = _ORIGIN.match(url)
    return url[origin.end() :] if origin else url


def _write_alike(path: str) -> str:
    raw = path.encode("utf-8", "surrogatepass")
    return _ENCODED.sub(_encode, raw).decode("ascii")


def _encode(found: re.Match[bytes]) -> bytes:
    octet = int(found.group(1), 16) if found.group(1) else found.group(2)[0]
    return bytes([octet]) if octet in _UNRESERVED else b"%%%02X" % octet
