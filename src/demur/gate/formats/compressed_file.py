"""A file being written through a codec, hashed as it comes out."""

import io
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


class _StaysOpen(io.RawIOBase):
    """A stream that leaves the file below it open when it is closed: the file has yet to be hashed and synced."""

    def __init__(self, file: HashingStream) -> None:
        super().__init__()
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._file.write(data)
