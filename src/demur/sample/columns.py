"""Arrow columns made out of numpy arrays, without a Python loop over rows."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def numbered(prefix: str, numbers: npt.NDArray[np.integer], width: int) -> pa.StringArray:
    """Return prefix + zero-padded decimal for each number; numbers must be below 10**width."""
    head = np.frombuffer(prefix.encode(), dtype=np.uint8)
    raw = np.empty((len(numbers), len(head) + width), dtype=np.uint8)
    raw[:, : len(head)] = head
    left = numbers.astype(np.int64)
    for column in range(len(head) + width - 1, len(head) - 1, -1):
        left, digit = np.divmod(left, 10)
        raw[:, column] = digit + ord("0")
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * raw.shape[1]
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(raw))


def lists_of(lengths: npt.NDArray[np.integer], values: pa.Array) -> pa.ListArray:
    """Cut `values` into consecutive lists of these lengths; the lengths must add up to all of them."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def coded(values: tuple[str, ...], codes: npt.NDArray[np.integer]) -> pa.DictionaryArray:
    """Return a column of few values out of their codes."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int8)), pa.array(values))
