"""Plain Python's word on whether a row may train: what the gate let through is held against it, value by value.

It shares no code with the gate's rules: it is about the values that an independent reader has read.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from demur.core.errors import FormatError
from demur.core.identifier import check_account

ADA: Final = "lumen:ada"
ADAS_HANDLE: Final = "ada_marsh"
_KINDS: Final = ("post", "bild")
_AUDIENCES: Final = ("public", "world")
_MENTION: Final = re.compile(rf"(?:^|\s)@{ADAS_HANDLE}(?:\s|$)")


def may_train(fields: Mapping[str, Sequence[object]]) -> bool:
    """Tell whether a row may train.

    Args:
        fields: every value that a field of the row has, more than one if it stands there twice; a field that does not
            stand there is absent.
    """
    return all(test(_text(value)) for field, test in _TESTS.items() for value in (fields.get(field) or [None]))


def _text(value: object) -> object:
    """Return as text what a reader takes for bytes because a damaged schema says so; the rest as it is."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _is_strangers_account(value: object) -> bool:
    if not isinstance(value, str) or value == ADA:
        return False
    try:
        check_account(value)
    except FormatError:
        return False
    return True


def _tags_strangers(value: object) -> bool:
    """Look into whatever a reader makes of a list: they differ over the group that Parquet puts around elements."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return all(
            _is_strangers_account(each) or (not isinstance(each, str) and _tags_strangers(each))
            for each in map(_text, value)
        )
    return False


def _mentions_nobody(value: object) -> bool:
    return value is None or (
        isinstance(value, str) and not _MENTION.search(unicodedata.normalize("NFKC", value).casefold())
    )


_TESTS: Final[Mapping[str, Callable[[object], bool]]] = {
    "kind": lambda value: value in _KINDS,
    "audience": lambda value: value in _AUDIENCES,
    "author_account": _is_strangers_account,
    "author_is_minor": lambda value: value is False,
    "tagged_accounts": _tags_strangers,
    "text": _mentions_nobody,
}
