"""PDQ: 256 bits by which copies of a photo are found, and how much there is to see in it.

Copies that were made smaller, compressed, or made lighter or darker differ in few bits, other photos in about half.
The definition is Meta's ("The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", 2019) and its
reference implementation. Most hashes here are the same as its own bit by bit; a scaled decode may change a few, which
`demur.photos.matching` allows for.

A photo with little in it (a blank page, a night sky) has a quality below `LEAST_QUALITY`. Its hash is noise, and all
blank photos have the same: it must match nothing, so it is neither listed nor looked up.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from demur.photos import pdq_kernel
from demur.photos.frame import NO_FRAME, Frame, find_frame
from demur.photos.gray import USUAL_LIMITS, DecodingLimits, GrayPhoto, decode_in_full, decode_scaled

LEAST_QUALITY: Final = 50
"""Below this a hash says nothing (ThreatExchange, pdq/README.md, "Quality metric")."""

MOST_DISTANCE: Final = 31
"""Up to so many differing bits two photos count as the same (ThreatExchange, pdq/README.md, "Matching")."""

HASH_BITS: Final = 256
HASH_BYTES: Final = 32
_LEAST_SIDE: Final = 5
"""Of a photo with fewer pixels on a side the reference makes no hash."""

_MEDIAN_PLACE: Final = HASH_BITS // 2 - 1
_FREQUENCIES: Final = 16
_QUALITY_DIVISOR: Final = 90
_MOST_QUALITY: Final = 100
_PERCENT_OF_WHITE: Final = np.float32(100 / 255)


class Orientation(NamedTuple):
    """How stored pixels are brought to be seen: first turned over, then rows and columns exchanged."""

    turns_rows: bool
    turns_columns: bool
    transposes: bool


ORIENTATIONS: Final = (
    Orientation(turns_rows=False, turns_columns=False, transposes=False),
    Orientation(turns_rows=False, turns_columns=True, transposes=False),
    Orientation(turns_rows=True, turns_columns=True, transposes=False),
    Orientation(turns_rows=True, turns_columns=False, transposes=False),
    Orientation(turns_rows=False, turns_columns=False, transposes=True),
    Orientation(turns_rows=True, turns_columns=False, transposes=True),
    Orientation(turns_rows=True, turns_columns=True, transposes=True),
    Orientation(turns_rows=False, turns_columns=True, transposes=True),
)
"""EXIF's eight, in its order from 1 on (CIPA DC-008, 4.6.5): every way to turn and mirror a picture."""


@dataclass(frozen=True)
class PdqHash:
    """The hash of a photo.

    Attributes:
        value: 32 bytes, in the order in which the reference writes them.
        quality: 0 to 100.
    """

    value: bytes
    quality: int

    @property
    def is_matchable(self) -> bool:
        """Whether there is enough in the photo for its hash to mean anything."""
        return self.quality >= LEAST_QUALITY


@dataclass(frozen=True)
class PdqHashes:
    """The hashes of many photos.

    Attributes:
        values: uint8[n, 32].
        qualities: uint8[n].
    """

    values: npt.NDArray[np.uint8]
    qualities: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        """Refuse arrays that do not belong together: the compiled loops read memory by them, unchecked."""
        if self.values.shape != (len(self.qualities), HASH_BYTES):
            raise ValueError(f"{self.values.shape} values for {len(self.qualities)} qualities")

    @classmethod
    def of(cls, hashes: Iterable[PdqHash]) -> Self:
        """Return these hashes in their order."""
        listed = list(hashes)
        values = np.frombuffer(b"".join(one.value for one in listed), np.uint8).reshape(-1, HASH_BYTES)
        return cls(values, np.array([one.quality for one in listed], np.uint8))

    def __len__(self) -> int:
        """Return how many hashes there are."""
        return len(self.values)


def hash_photo(raw: bytes, limits: DecodingLimits = USUAL_LIMITS) -> PdqHash:
    """Return the hash of a photo as a person sees it, from as few of its pixels as will do.

    Raises:
        PhotoError: the photo cannot be read within the limits; nothing else is ever raised.

    Half a millisecond for a thumbnail to some thirty for a photo of 12 megapixels.
    """
    return hash_gray(decode_scaled(raw, limits))


def hash_photo_in_full(raw: bytes, limits: DecodingLimits = USUAL_LIMITS) -> PdqHash:
    """Return the hash of a photo from all its pixels, to be sure where `hash_photo` came near the threshold.

    Raises:
        PhotoError: the photo cannot be read within the limits; nothing else is ever raised.
    """
    return hash_gray(decode_in_full(raw, limits))


def hash_photo_and_within(raw: bytes, limits: DecodingLimits = USUAL_LIMITS) -> list[PdqHash]:
    """Return the hash of a photo as `hash_photo` does and, if it has an even frame, that of what is within.

    Raises:
        PhotoError: the photo cannot be read within the limits; nothing else is ever raised.
    """
    photo = decode_scaled(raw, limits)
    frame = find_frame(photo)
    return [hash_gray(photo)] if frame == NO_FRAME else [hash_gray(photo), hash_gray(photo, frame)]


def hash_gray(photo: GrayPhoto, frame: Frame = NO_FRAME) -> PdqHash:
    """Return the hash of gray pixels as they are shown, without the frame around them."""
    if min(photo.height - frame.top - frame.bottom, photo.width - frame.left - frame.right) < _LEAST_SIDE:
        return PdqHash(bytes(HASH_BYTES), 0)
    turned = ORIENTATIONS[photo.orientation - 1]
    row_side = weigh_side(photo.height, photo.scale, turned.turns_rows, frame.top, frame.bottom)
    column_side = weigh_side(photo.width, photo.scale, turned.turns_columns, frame.left, frame.right)
    samples = sample_columns(sample_rows(photo, row_side), column_side)
    if turned.transposes:
        samples = samples.T
    return PdqHash(hash_samples(samples), _quality(samples))


class SideWeights(NamedTuple):
    """Which pixels of a side each of 64 samples is made of, and how much each counts."""

    spans: pdq_kernel.Spans
    weights: pdq_kernel.Weights


def weigh_side(
    pixels: int,
    scale: int,
    is_reversed: bool = False,  # noqa: FBT001, FBT002  as of the loop that it is for
    cut_before: int = 0,
    cut_after: int = 0,
) -> SideWeights:
    """Return the weights of the pixels of one side.

    Args:
        pixels: of the photo itself.
        scale: of how many pixels those that will be weighed are the mean.
        is_reversed: whether the side is seen from its other end.
        cut_before: pixels to leave out at the beginning of the side as stored.
        cut_after: pixels to leave out at its end.
    """
    length = pixels - cut_before - cut_after
    spans = np.empty((pdq_kernel.SAMPLES, 2), np.int64)
    weights = np.zeros((pdq_kernel.SAMPLES, pdq_kernel.widest_span(length, scale)))
    pdq_kernel.fill_weights(cut_before, length, scale, is_reversed, spans, weights)
    return SideWeights(spans, weights.astype(np.float32))


def sample_rows(photo: GrayPhoto, side: SideWeights) -> pdq_kernel.Weights:
    """Return 64 rows, each as wide as the photo's pixels."""
    samples = np.zeros((pdq_kernel.SAMPLES, photo.pixels.shape[1]), np.float32)
    pdq_kernel.weigh_rows(np.ascontiguousarray(photo.pixels), side.spans, side.weights, samples)
    return samples


def sample_columns(rows: pdq_kernel.Weights, side: SideWeights) -> pdq_kernel.Weights:
    """Return 64 samples of each of 64 rows."""
    samples = np.empty((pdq_kernel.SAMPLES, pdq_kernel.SAMPLES), np.float32)
    pdq_kernel.weigh_columns(rows, side.spans, side.weights, samples)
    return samples


def _cosines() -> npt.NDArray[np.float32]:
    """Return the rows 1 to 16 of the discrete cosine transform of 64 values."""
    frequency, place = np.arange(1, _FREQUENCIES + 1), 2 * np.arange(pdq_kernel.SAMPLES) + 1
    angles = np.outer(frequency, place) * (math.pi / (2 * pdq_kernel.SAMPLES))
    return np.asarray(math.sqrt(2 / pdq_kernel.SAMPLES) * np.cos(angles), np.float32)


_COSINES: Final = _cosines()


def hash_samples(samples: npt.NDArray[np.float32]) -> bytes:
    """Return the hash of 64 by 64 samples: which of 256 frequencies are above their median, the last one first."""
    frequencies = (_COSINES @ samples @ _COSINES.T).ravel()
    median = np.partition(frequencies, _MEDIAN_PLACE)[_MEDIAN_PLACE]
    return np.packbits(frequencies[::-1] > median).tobytes()


def _quality(samples: npt.NDArray[np.float32]) -> int:
    """Return how much neighbouring samples differ, up to 100."""
    steps = sum(
        float(np.abs(np.trunc(np.diff(samples, axis=axis) * _PERCENT_OF_WHITE)).sum(dtype=np.float64))
        for axis in (0, 1)
    )
    return min(_MOST_QUALITY, int(steps / _QUALITY_DIVISOR))
