"""The compiled loops of the hash: PDQ's blur and its 64 samples, each way as one banded matrix.

PDQ blurs twice with a box of about n/128 pixels, then takes 64 pixels of the result. A sample is thus a weighted mean
of some n/64 pixels around it, and all of it a matrix of 64 rows with a narrow band of weights in each. Its columns can
be added up in groups (for pixels that are means of blocks), cut out (for a crop) and turned round (for a mirror image).
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from demur.compiled import compiled
from demur.photos.gray import Pixels

Spans: TypeAlias = npt.NDArray[np.int64]
"""int64[64, 2]: the first pixel of each sample, and the one after its last."""

Weights: TypeAlias = npt.NDArray[np.float32]
"""float32[64, k]: the weights of each sample's pixels, from its first on."""

SAMPLES: Final = 64


@compiled
def fill_weights(
    start: int,
    length: int,
    scale: int,
    is_reversed: bool,  # noqa: FBT001  compiled functions take no keywords
    spans: Spans,
    weights: npt.NDArray[np.float64],
) -> None:
    """Fill in the weights of one side of a photo.

    Args:
        start: the first pixel of the crop, in pixels of the photo itself.
        length: how many pixels the crop has.
        scale: of how many pixels the given ones are the mean.
        is_reversed: whether the samples are taken from the other end on.
        spans: to be filled.
        weights: zeros, to be filled; `widest_span` wide.
    """
    window = (length + 127) // 128
    after = (window + 2) // 2
    before = window - after
    for sample in range(SAMPLES):
        middle = (2 * sample + 1) * length // (2 * SAMPLES)
        outer_start, outer_end = max(0, middle - before), min(length, middle + after)
        low, high = max(0, outer_start - before), min(length, outer_end - 1 + after)
        first = start + (length - high if is_reversed else low)
        last = start + (length - low if is_reversed else high) - 1
        spans[sample, 0] = first // scale
        spans[sample, 1] = last // scale + 1
        for blurred in range(outer_start, outer_end):
            inner_start, inner_end = max(0, blurred - before), min(length, blurred + after)
            share = 1.0 / ((outer_end - outer_start) * (inner_end - inner_start))
            for pixel in range(inner_start, inner_end):
                stored = start + (length - 1 - pixel if is_reversed else pixel)
                weights[sample, stored // scale - first // scale] += share


def widest_span(length: int, scale: int) -> int:
    """Return how many pixels a sample has at most."""
    return 2 * ((length + 127) // 128) // scale + 2


@compiled
def weigh_rows(pixels: Pixels, spans: Spans, weights: Weights, samples: Weights) -> None:
    """Add up rows of pixels into 64 rows: samples[64, width], zeros before."""
    for sample in range(SAMPLES):
        for row in range(spans[sample, 0], spans[sample, 1]):
            weight = weights[sample, row - spans[sample, 0]]
            for column in range(pixels.shape[1]):
                samples[sample, column] += weight * np.float32(pixels[row, column])


@compiled
def weigh_columns(rows: Weights, spans: Spans, weights: Weights, samples: Weights) -> None:
    """Add up the columns of 64 rows into 64 columns: samples[64, 64]."""
    for row in range(SAMPLES):
        for sample in range(SAMPLES):
            total = np.float32(0)
            first = spans[sample, 0]
            for column in range(first, spans[sample, 1]):
                total += weights[sample, column - first] * rows[row, column]
            samples[row, sample] = total
