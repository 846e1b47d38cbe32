"""Files that an output's log consists of, written whole."""

from pathlib import Path

from demur.core.gate_manifest import KEPT, ManifestFile
from demur.gate.output import HashingStream, writing


def write_whole(folder: Path, name: str, raw: bytes, rows: int) -> ManifestFile:
    """Write a file, and bring it to the disk.

    Args:
        folder: where the output is made.
        name: of the file, below `kept/`.
        raw: all of it.
        rows: what the manifest is to say of it.

    Raises:
        OutputWriteError: it could not be written.
    """
    path = folder / KEPT / name
    with writing():
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = HashingStream(path)
        try:
            stream.write(raw)
            return ManifestFile(f"{KEPT}/{name}", stream.finish(), rows)
        finally:
            stream.close()
