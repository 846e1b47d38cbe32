"""Whether values can be accounts at all: `namespace:stable-id`, as `demur.core.identifier.check_account` has it.

A column mapped without its namespace, or with names in it instead of ids, would match no entry and so silently let
everybody's rows through. A value that no list could ever hold is therefore not a stranger's account: it is unreadable.
"""

from typing import Final

import numpy as np
import pyarrow as pa

from demur.core.errors import FormatError
from demur.core.identifier import MAX_VALUE_CHARS, check_account
from demur.gate.string_window import OUTSIDE_ITS_BUFFER, BoolMask, StringWindow, find_strings, present

PLAIN_ACCOUNT: Final = r"^[a-z0-9-]{1,60}:[!-9;-~]{1,250}$"
"""Accepts most accounts and nothing else (RE2 syntax); what it does not accept must be asked of core."""


def find_accounts(values: pa.Array, namespace: str | None) -> BoolMask:
    """Return which values can be accounts: bool[n]; a null cannot.

    Args:
        values: text of any of the types that `find_strings` takes.
        namespace: of bare ids; None when each value is `namespace:stable-id` itself.

    Raises:
        ArrowInvalid: a string lies outside its own buffer.

    About 15 ns a row for ASCII accounts, about a microsecond for others.
    """
    from demur.gate import account_kernel  # noqa: PLC0415 (only now: who only writes lists needs no Numba)

    classes = np.zeros(256, np.uint8)
    classes[ord("!") : ord("~") + 1] = account_kernel.IN_ID
    classes[list(b"abcdefghijklmnopqrstuvwxyz0123456789-")] |= account_kernel.IN_NAMESPACE
    classes[ord(":")] = 0
    longest_bytes = MAX_VALUE_CHARS - len(f"{namespace}:" if namespace else "")

    def find(window: StringWindow) -> BoolMask:
        found = np.empty(len(window.strings), bool)
        outside = account_kernel.find_plain_accounts(
            window.buffers, classes, longest_bytes, int(namespace is None), found
        )
        if outside >= 0:
            raise pa.ArrowInvalid(OUTSIDE_ITS_BUFFER)
        others = np.flatnonzero(~found & present(window.strings))
        raw = window.strings.take(pa.array(others)).cast(pa.large_binary())  # a Parquet file can call any bytes text
        found[others] = [_is_account(value, namespace) for value in raw.to_pylist()]
        return found

    return find_strings(values, find)


def _is_account(raw: bytes, namespace: str | None) -> bool:
    try:
        value = raw.decode()
        check_account(value if namespace is None else f"{namespace}:{value}")
    except (UnicodeDecodeError, FormatError):
        return False
    return True
