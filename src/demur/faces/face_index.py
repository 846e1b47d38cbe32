"""Which faces are near listed ones: all are compared with all, exactly, as products of matrices in blocks."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from demur.core.identifier import FACE_DIMENSIONS, face_embedding
from demur.faces.models import Floats

REVIEW_DISTANCE: Final = 0.5
"""At most so far apart (L2) two faces go to review. dlib's own advice for one person is 0.6, which takes too many for
one another where many are compared: see docs/data-engineer/faces.md."""

_LISTED_BLOCK: Final = 8192
_ASKED_BLOCK: Final = 256
_ROUNDING: Final = 1e-4
"""By so much a squared distance that is made from products of 32 bits may be off."""


class FaceMatches(NamedTuple):
    """Pairs of a face asked for and a listed one, by row, then place.

    Attributes:
        rows: int64[m], of the faces asked for.
        places: int64[m], of the listed ones.
        distances: float32[m], L2.
    """

    rows: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    distances: Floats


class FaceIndex:
    """The embeddings of those who objected. They live as long as this object does; forget it to forget them."""

    def __init__(self, listed: Floats) -> None:
        """Take the listed embeddings.

        Args:
            listed: float32[n, 128], finite.

        Raises:
            ValueError: another shape, or a number that is not finite.

        512 bytes each.
        """
        self._listed = _checked(listed)
        self._squares = np.square(self._listed).sum(axis=1)

    @classmethod
    def of_values(cls, values: Iterable[str]) -> "FaceIndex":
        """Build the index from values of a suppression list, in their order.

        Raises:
            FormatError: one is not normalised.
        """
        rows = [face_embedding(value) for value in values]
        return cls(np.array(rows, np.float32).reshape(-1, FACE_DIMENSIONS))

    def __len__(self) -> int:
        """Return how many faces are listed."""
        return len(self._listed)

    def find_near(self, asked: Floats, most_distance: float = REVIEW_DISTANCE) -> FaceMatches:
        """Return all pairs that are at most so far apart. A hit is for a person to look at; it proves nothing.

        Args:
            asked: float32[m, 128], finite.
            most_distance: L2.

        Raises:
            ValueError: another shape, or a number that is not finite.

        No pair is missed and none is made up: what is near the limit is measured again in 64 bits. About 4 µs a face
        and a thousand listed ones; 8 MB beside the pairs.
        """
        asked = _checked(asked)
        found = [
            self._of_block(asked, row, place, most_distance)
            for row in range(0, len(asked), _ASKED_BLOCK)
            for place in range(0, len(self._listed), _LISTED_BLOCK)
        ]
        rows, places = np.concatenate([np.empty((2, 0), np.int64), *(pairs for pairs, _ in found)], axis=1)
        distances = np.concatenate([np.empty(0), *(apart for _, apart in found)])
        order = np.lexsort((places, rows))
        return FaceMatches(rows[order], places[order], distances[order].astype(np.float32))

    def _of_block(
        self, asked: Floats, row: int, place: int, most_distance: float
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return the pairs of one block, int64[2, m], and how far apart they are."""
        ours, theirs = asked[row : row + _ASKED_BLOCK], self._listed[place : place + _LISTED_BLOCK]
        squares = self._squares[place : place + _LISTED_BLOCK] - 2 * (ours @ theirs.T)
        squares += np.square(ours).sum(axis=1)[:, None]
        rows, places = np.nonzero(squares <= most_distance**2 + _ROUNDING)
        apart: npt.NDArray[np.float64] = np.linalg.norm(ours[rows].astype(np.float64) - theirs[places], axis=1)
        near = apart <= most_distance
        return np.stack([rows[near] + row, places[near] + place]), apart[near]


def _checked(embeddings: Floats) -> Floats:
    checked = np.ascontiguousarray(embeddings, np.float32)
    if checked.ndim != 2 or checked.shape[1] != FACE_DIMENSIONS or not np.isfinite(checked).all():  # noqa: PLR2004
        raise ValueError(f"embeddings of faces are float32[n, {FACE_DIMENSIONS}] and finite")
    return checked
