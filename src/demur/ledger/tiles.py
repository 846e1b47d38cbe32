"""Tiles: where the hashes and the entries of a log lie on disk (C2SP tlog-tiles).

    tile/<L>/<N>[.p/<W>]        up to 256 hashes of the tree's level 8 * L
    tile/entries/<N>[.p/<W>]    up to 256 entries, each after its length as a big-endian uint16

A full tile never changes. A partial one holds the first W hashes of what will be full, under a name of its own, so it
never changes either. Each hash of a tile above level 0 is the root of one full tile of the level below.
Source: https://c2sp.org/tlog-tiles. Specified for Demur in docs/spec/log.md.
"""

from collections.abc import Sequence
from pathlib import Path

from demur.core.merkle import HASH_BYTES, root_hash
from demur.ledger.errors import LogDamagedError

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_ENTRY_BYTES = (1 << 16) - 1
"""The longest entry that an entry bundle can hold."""

_LENGTH_BYTES = 2
_DIGITS = 1000
ENTRIES = "entries"
"""Stands in a path where the level of a tile of hashes stands."""


def tile_path(level: int | str, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a tile inside the log's folder, e.g. `tile/0/x001/234.p/17`."""
    groups = [f"{index % _DIGITS:03}"]
    while index := index // _DIGITS:
        groups.insert(0, f"x{index % _DIGITS:03}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def tile_width(tree_size: int, level: int, index: int) -> int:
    """Return how many hashes a tile holds in a tree of that size; zero or less if it does not exist yet."""
    return min(TILE_WIDTH, (tree_size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH)


def partial_paths(folder: Path, level: int | str, index: int) -> list[Path]:
    """Return what lies in the folder of a tile's partial forms: of older sizes, of this one, and of no meaning."""
    partials = folder / f"{tile_path(level, index)}.p"
    return sorted(partials.iterdir()) if partials.is_dir() else []


def encode_tile(level: int | str, items: Sequence[bytes]) -> bytes:
    """Return the bytes of a tile of hashes, or of an entry bundle, no entry of which exceeds `MAX_ENTRY_BYTES`."""
    if level != ENTRIES:
        return b"".join(items)
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in items)


def find_file(folder: Path, path: str) -> bytes | None:
    """Return the bytes of one of the log's files, or None if there is none.

    Raises:
        LogDamagedError: it is there, and cannot be read.
    """
    try:
        return (folder / path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LogDamagedError(f'the log\'s file "{path}" cannot be read') from error


class TileFolder:
    """The tiles of one tree size, read as they are asked for and kept while this object lives.

    What is read has the right length; whether it is what the log signed is for the caller to check.
    """

    def __init__(self, folder: Path, tree_size: int) -> None:
        self.folder = folder
        self.tree_size = tree_size
        self._hashes: dict[tuple[int, int], list[bytes]] = {}
        self._nodes: dict[tuple[int, int], bytes] = {}

    def hashes(self, level: int, index: int) -> list[bytes]:
        """Return the hashes of a tile, as many as this tree size has."""
        if (level, index) not in self._hashes:
            width = tile_width(self.tree_size, level, index)
            raw, file_width, path = self._read(level, index, width)
            if len(raw) != file_width * HASH_BYTES:
                raise _damaged(path)
            self._hashes[level, index] = [raw[at : at + HASH_BYTES] for at in range(0, width * HASH_BYTES, HASH_BYTES)]
        return self._hashes[level, index]

    def entries(self, index: int) -> list[bytes]:
        """Return the entries of a bundle, as many as this tree size has."""
        width = tile_width(self.tree_size, 0, index)
        raw, file_width, path = self._read(ENTRIES, index, width)
        entries, at = [], 0
        while at < len(raw):
            start = at + _LENGTH_BYTES
            at = start + int.from_bytes(raw[at:start], "big")
            entries.append(raw[start:at])
        if len(entries) != file_width or at != len(raw):
            raise _damaged(path)
        return entries[:width]

    def read_node(self, level: int, index: int) -> bytes:
        """Return the root of the perfect subtree of 2**level leaves at leaf index * 2**level (`merkle.ReadNode`)."""
        if (level, index) not in self._nodes:
            tile_level, height = divmod(level, TILE_HEIGHT)
            tile_index, start = divmod(index << height, TILE_WIDTH)
            self._nodes[level, index] = root_hash(self.hashes(tile_level, tile_index)[start : start + (1 << height)])
        return self._nodes[level, index]

    def _read(self, level: int | str, index: int, width: int) -> tuple[bytes, int, str]:
        """Read a tile of this width, or the full one, since the partial one may go when that is there."""
        for file_width in sorted({width, TILE_WIDTH}):
            path = tile_path(level, index, file_width)
            raw = find_file(self.folder, path)
            if raw is not None:
                return raw, file_width, path
        raise LogDamagedError(f'the log\'s file "{tile_path(level, index, width)}" is missing')


def _damaged(path: str) -> LogDamagedError:
    return LogDamagedError(f'the log\'s file "{path}" is damaged: it does not hold what its name says')
