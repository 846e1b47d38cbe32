"""Whether values can be accounts at all: `namespace:stable-id`, as `demur.core.identifier.check_account` has it.

A column mapped without its namespace, or with names in it instead of ids, would match no entry and so silently let
everybody's rows through. A value that no list could ever hold is therefore not a stranger's account: it is unreadable.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from demur.core.errors import FormatError
from demur.core.identifier import MAX_VALUE_CHARS, check_account
from demur.gate.string_window import BoolMask, StringWindow, find_strings

PLAIN_ACCOUNT: Final = r"^[a-z0-9-]{1,60}:[!-9;-~]{1,250}$"
"""Accepts most accounts and nothing else (RE2 syntax); what it does not accept must be asked of core."""

_PLAIN_ID: Final = r"^[!-9;-~]{1,250}$"
_COLON: Final = ord(":")


def _bytes_outside(allowed: str) -> BoolMask:
    """Return bool[256]: which bytes are none of the allowed characters."""
    outside = np.ones(256, bool)
    outside[list(allowed.encode())] = False
    return outside


_OUTSIDE_NAMESPACE: Final = _bytes_outside("abcdefghijklmnopqrstuvwxyz0123456789-")
_OUTSIDE_ID: Final = _bytes_outside("".join(chr(code) for code in range(ord("!"), ord("~") + 1) if code != _COLON))


def find_accounts(values: pa.Array, namespace: str | None) -> BoolMask:
    """Return which values can be accounts: bool[n]; a null cannot.

    Args:
        values: text of any of the types that `find_strings` takes.
        namespace: of bare ids; None when each value is `namespace:stable-id` itself.

    A few ns a row for plain lower-case ids, about a hundred for other ASCII ones.
    """

    def find(window: StringWindow) -> BoolMask:
        if _all_plain(window, namespace):
            return np.ones(len(window.lengths), bool)
        return _find_one_by_one(window.strings, namespace)

    return find_strings(values, find)


def _all_plain(window: StringWindow, namespace: str | None) -> bool:
    """Tell, without looking at single strings, whether a window has only the plainest accounts."""
    longest_bytes = MAX_VALUE_CHARS - len(f"{namespace}:" if namespace else "")
    lengths, starts = window.lengths, window.starts
    if not lengths.all() or lengths.max() > longest_bytes:
        return False
    text = window.text
    if namespace is not None:
        return not _OUTSIDE_ID[text].any()
    odd: npt.NDArray[np.int64] = np.flatnonzero(_OUTSIDE_NAMESPACE[text])
    ends = starts + lengths
    return (
        len(odd) == len(starts)
        and bool((text[odd] == _COLON).all())
        and bool((starts < odd).all())
        and bool((odd < ends - 1).all())
    )


def _find_one_by_one(strings: pa.Array, namespace: str | None) -> BoolMask:
    plain = pc.match_substring_regex(strings, PLAIN_ACCOUNT if namespace is None else _PLAIN_ID)
    found = np.array(pc.fill_null(plain, fill_value=False).to_numpy(zero_copy_only=False), bool)
    others = np.flatnonzero(~found)
    raw = strings.take(pa.array(others)).cast(pa.large_binary())  # a Parquet file can call any bytes text
    found[others] = [_is_account(value, namespace) for value in raw.to_pylist()]
    return found


def _is_account(raw: bytes | None, namespace: str | None) -> bool:
    if raw is None:
        return False
    try:
        value = raw.decode()
        check_account(value if namespace is None else f"{namespace}:{value}")
    except (UnicodeDecodeError, FormatError):
        return False
    return True
