"""Whether a column of identifiers is normalised, at the speed of a column.

A value that a strict pattern accepts is certainly normalised; whatever the pattern does not accept is asked of
`demur.core.identifier`, one by one, so that there is only one definition. Each pattern must accept less than core.
"""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from demur.core.errors import FormatError
from demur.core.identifier import (
    MAX_VALUE_CHARS,
    IdentifierKind,
    check_account,
    face_embedding,
    normalise_email,
    normalise_handle,
    photo_hashes,
)
from demur.gate.account_text import PLAIN_ACCOUNT


def _check_photo(value: str) -> str:
    photo_hashes(value)
    return value


def _check_face(value: str) -> str:
    face_embedding(value)
    return value


def _check_text(value: str) -> str:
    if not value.strip() or len(value) > MAX_VALUE_CHARS:
        raise FormatError("an identifier is empty or too long")
    return value


# The repetitions keep every accepted value below MAX_VALUE_CHARS (RE2 allows a thousand at most).
_CERTAIN: dict[IdentifierKind, str] = {
    IdentifierKind.ACCOUNT: PLAIN_ACCOUNT,
    IdentifierKind.HANDLE: r"^[a-z0-9._-]{1,300}$",
    IdentifierKind.EMAIL: r"^[a-z0-9._+-]{1,60}@[a-z0-9-]{1,60}\.[a-z0-9-]{1,60}$",
    # These accept nothing: each value is taken apart.
    IdentifierKind.PHOTO: r"[^\x00-\x{10ffff}]",
    IdentifierKind.FACE: r"[^\x00-\x{10ffff}]",
}
_CERTAIN_TEXT = r"^[0-9A-Za-z+._-]{1,300}$"
_NORMALISE: dict[IdentifierKind, Callable[[str], str]] = {
    IdentifierKind.ACCOUNT: check_account,
    IdentifierKind.HANDLE: normalise_handle,
    IdentifierKind.EMAIL: normalise_email,
    IdentifierKind.PHOTO: _check_photo,
    IdentifierKind.FACE: _check_face,
}


def check_normalised(kind: IdentifierKind, values: pa.ChunkedArray) -> None:
    """Refuse values that are not as the publisher must write them.

    Args:
        kind: what the values are.
        values: strings, no nulls.

    Raises:
        FormatError: at least one is not normalised. Which one is not said, since it is personal data.
    """
    certain = pc.match_substring_regex(values, _CERTAIN.get(kind, _CERTAIN_TEXT))
    normalise = _NORMALISE.get(kind, _check_text)
    for value in values.filter(pc.invert(certain)).to_pylist():
        if normalise(value) != value:
            raise FormatError(f'an entry of the kind "{kind}" is not normalised')
