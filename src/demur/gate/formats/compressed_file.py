"""Files read and written through a codec; what is written is hashed as it comes out."""

import io
import os
from contextlib import suppress
from pathlib import Path
from typing import Self

import pyarrow as pa

from demur.gate.output import HashingStream, writing


class CompressedFile:
    """A new file of bytes. It counts only after `close`."""

    def __init__(self, path: Path, codec: str | None) -> None:
        """Create the file and the folders above it.

        Args:
            path: where.
            codec: as Arrow calls it; None to write the bytes as they are.

        Raises:
            OutputWriteError: it cannot be created.
        """
        with writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = HashingStream(path)
            sink = pa.PythonFile(_StaysOpen(self._file), "w")
            self._stream = sink if codec is None else pa.CompressedOutputStream(sink, codec)

    def write(self, raw: bytes) -> None:
        """Write bytes."""
        with writing():
            self._stream.write(raw)

    def close(self) -> bytes:
        """Finish the file, bring it to the disk, and return its SHA-256 (32 bytes)."""
        with writing():
            self._stream.close()
            return self._file.finish()

    def __enter__(self) -> Self:
        """Give the file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file, finished or not: what is not finished will be deleted."""
        self._file.abandoned = True
        with suppress(pa.ArrowException, OSError, ValueError):
            self._stream.close()
        self._file.close()


class DecompressedFile:
    """A file read through a codec."""

    def __init__(self, path: Path, codec: str | None) -> None:
        """Open the file, or raise one of DAMAGED.

        Args:
            path: where.
            codec: as Arrow calls it; None to read the bytes as they are.
        """
        file = pa.OSFile(os.fsencode(path))
        self._stream = file if codec is None else pa.CompressedInputStream(file, codec)

    def read(self, size: int) -> bytes:
        """Return the next bytes, less than `size` only at the end, or raise one of DAMAGED.

        Not by Arrow's own `read`, which never gives back the memory for bytes that it could not read for damage.
        """
        raw: bytes = self._stream.read_buffer(size).to_pybytes()
        return raw

    def __enter__(self) -> Self:
        """Give the file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file."""
        self._stream.close()


class _StaysOpen(io.RawIOBase):
    """A stream that leaves the file below it open when it is closed: the file has yet to be hashed and synced."""

    def __init__(self, file: HashingStream) -> None:
        super().__init__()
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._file.write(data)
