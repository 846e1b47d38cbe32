"""The append-only log: a folder of tiles and, last, a checkpoint that its key signed.

Who writes: one process at a time, under a lock on the folder. Who reads: anybody, with the public key and no lock.
What is promised: an appended entry is on disk, and under a signed checkpoint, before `append` returns; a crash at any
instant leaves the old checkpoint or the new one, each with every file that it needs. Files beyond the checkpoint are
of no meaning, and go before anything is written in their place.

Is the folder trusted? No. Whoever changes it without the key is found out: by `append`, which recomputes the signed
root from the right edge before it builds on it; by `make_receipt`, which hands out nothing that does not verify; by
`verify_log`, which recomputes everything. Whoever puts back an old state whole is found out only by those who
remember a newer one (`append_missing` does; witnesses will).
"""

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from demur.core import merkle
from demur.core.canonical import JsonObject
from demur.core.checkpoint import Checkpoint, verify_checkpoint
from demur.core.entry import Event
from demur.core.errors import DemurError
from demur.core.note import Signer, VerifierKey
from demur.core.receipt import Receipt, verify_receipt
from demur.ledger.durable import make_folder, place_file, save_durably, storage_errors, sync_folder, temporary_path
from demur.ledger.errors import LedgerError, LogBoundsError, LogDamagedError
from demur.ledger.tiles import (
    ENTRIES,
    MAX_ENTRY_BYTES,
    TILE_WIDTH,
    TileFolder,
    encode_tile,
    find_file,
    partial_paths,
    tile_path,
    tile_width,
)

CHECKPOINT_NAME = "checkpoint"


class LogReader:
    """A log as anybody can read it, with its public key. Every call reads the checkpoint anew."""

    def __init__(self, folder: Path, key: VerifierKey) -> None:
        self.folder = folder
        self.key = key
        self._newest = TileFolder(folder, 0)

    def checkpoint_note(self) -> bytes:
        """Return the newest checkpoint as the log signed it; its signature is not checked here."""
        try:
            return (self.folder / CHECKPOINT_NAME).read_bytes()
        except OSError as error:
            raise LogDamagedError("the log has no readable checkpoint") from error

    def checkpoint(self) -> Checkpoint:
        """Return the newest checkpoint, its signature checked.

        Raises:
            LogDamagedError: absent, damaged, or not signed by this key.
        """
        return self._verify_note(self.checkpoint_note())

    def entry(self, index: int) -> bytes:
        """Return an entry, checked against the signed root.

        Raises:
            LogBoundsError: the log has no such entry.
            LogDamagedError: the entry is not what was signed.
        """
        checkpoint, tiles = self._open()
        proof = _proof(index, checkpoint.tree_size, tiles)
        entry = tiles.entries(index // TILE_WIDTH)[index % TILE_WIDTH]
        try:
            leaf = merkle.leaf_hash(entry)
            merkle.verify_inclusion(leaf, index, checkpoint.tree_size, proof, checkpoint.root_hash)
        except DemurError as error:
            raise LogDamagedError(f"entry {index} of the log is not what was signed") from error
        return entry

    def leaf_hashes(self, start: int, end: int) -> list[bytes]:
        """Return the leaf hashes from `start` up to `end`, as the tiles have them; not checked against the root.

        Raises:
            LogBoundsError: the log does not reach that far.
        """
        checkpoint, tiles = self._open()
        if not 0 <= start <= end <= checkpoint.tree_size:
            raise LogBoundsError(f"the log has {checkpoint.tree_size} entries; asked for {start} to {end}")
        return [tiles.hashes(0, index // TILE_WIDTH)[index % TILE_WIDTH] for index in range(start, end)]

    def inclusion_proof(self, index: int, tree_size: int) -> list[bytes]:
        """Return the path from an entry to the root of the log when it had `tree_size` entries."""
        checkpoint, tiles = self._open()
        _check_size(tree_size, checkpoint)
        return _proof(index, tree_size, tiles)

    def consistency_proof(self, old_size: int, new_size: int) -> list[bytes]:
        """Return the nodes that show that the log of `new_size` entries extends that of `old_size`, which is not 0."""
        checkpoint, tiles = self._open()
        _check_size(new_size, checkpoint)
        if not 0 < old_size <= new_size:
            raise LogBoundsError(f"there is no proof from {old_size} entries to {new_size}")
        return merkle.consistency_proof(old_size, new_size, tiles.read_node)

    def make_receipt(self, event: Event, statement: JsonObject, salt: bytes, leaf_index: int) -> Receipt:
        """Return a receipt under the newest checkpoint, which verifies: another is never handed out.

        Tiles that were read for one receipt serve the next one, until the log grows.

        Raises:
            LogBoundsError: the log has no such entry.
            CommitmentMismatchError: the entry at that place commits to something else.
        """
        note = self.checkpoint_note()
        checkpoint = self._verify_note(note)
        tiles = self._newest
        if tiles.tree_size != checkpoint.tree_size:
            tiles = self._newest = TileFolder(self.folder, checkpoint.tree_size)
        proof = _proof(leaf_index, checkpoint.tree_size, tiles)
        receipt = Receipt(event, statement, salt, leaf_index, tuple(proof), note.decode(), self.key)
        verify_receipt(receipt, self.key)
        return receipt

    def _open(self) -> tuple[Checkpoint, TileFolder]:
        checkpoint = self.checkpoint()
        return checkpoint, TileFolder(self.folder, checkpoint.tree_size)

    def _verify_note(self, note: bytes) -> Checkpoint:
        try:
            return verify_checkpoint(note, self.key)
        except DemurError as error:
            raise LogDamagedError(f"the log's checkpoint is not to be trusted: {error}") from error


class Log:
    """A log as its owner writes it; a context manager that waits for, and holds, the only right to append.

    A folder that is empty or absent becomes an empty signed log. One that holds anything else without a valid
    checkpoint is refused, since starting anew would deny what was logged.
    """

    def __init__(self, folder: Path, signer: Signer) -> None:
        self.reader = LogReader(folder, signer.verifier_key)
        self._folder = folder
        self._signer = signer
        self._lock: int | None = None

    def __enter__(self) -> Self:
        """Take the lock, waiting for whoever has it, and check or create the checkpoint."""
        make_folder(self._folder)
        with storage_errors(self._folder):
            self._lock = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            leftover = {temporary_path(self._folder / CHECKPOINT_NAME)}  # of a crash before the first checkpoint
            if set(self._folder.iterdir()) <= leftover:
                self._move_checkpoint(0, merkle.EMPTY_ROOT)
            self.reader.checkpoint()
        except BaseException:
            self._unlock()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the lock back."""
        self._unlock()

    def append(self, entries: Sequence[bytes]) -> int:
        """Append entries in their order; when this returns they are durable and under a signed checkpoint.

        Args:
            entries: each up to 65,535 bytes; none is allowed and changes nothing.

        Returns:
            The index of the first.

        Raises:
            LogBoundsError: an entry is too long; nothing was appended.
            LogDamagedError: the right edge of the tree does not lead to the signed root; nothing was appended.
            StorageError: the disk refused. The entries may have been appended or not: `append_missing` finds out.

        Reads the right edge of the tree only; writes the new tiles and one checkpoint.
        """
        if self._lock is None:
            raise LedgerError("a log is appended to only inside its `with` block")
        if any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
            raise LogBoundsError(f"an entry is longer than {MAX_ENTRY_BYTES} bytes and cannot be logged")
        checkpoint = self.reader.checkpoint()
        old = TileFolder(self._folder, checkpoint.tree_size)
        edge = _right_edge(old, checkpoint)
        if entries:
            self._store(old, edge, entries)
        return old.tree_size

    def _store(self, old: TileFolder, edge: Sequence[bytes], entries: Sequence[bytes]) -> None:
        """Write the bundles and tiles that change, then everything's folder, then the checkpoint; then tidy."""
        new_size = old.tree_size + len(entries)
        bundles = _grouped(old.tree_size // TILE_WIDTH, [*edge, *entries])
        paths = [self._place(old, ENTRIES, at, group) for at, group in bundles]
        level, start, hashes = 0, old.tree_size, [merkle.leaf_hash(entry) for entry in entries]
        while hashes:
            first, width = divmod(start, TILE_WIDTH)
            groups = _grouped(first, [*(old.hashes(level, first) if width else ()), *hashes])
            paths += [self._place(old, level, at, group) for at, group in groups]
            hashes = [merkle.root_hash(group) for _, group in groups if len(group) == TILE_WIDTH]
            level, start = level + 1, first
        for folder in sorted({up for path in paths for up in path.parents if up.is_relative_to(self._folder)}):
            sync_folder(folder)
        self._move_checkpoint(new_size, merkle.tree_root(new_size, TileFolder(self._folder, new_size).read_node))
        for path in paths:
            _remove_partials(path)

    def _place(self, old: TileFolder, level: int | str, index: int, group: list[bytes]) -> Path:
        """Write a tile of hashes or a bundle of entries, first removing what never reached a checkpoint.

        What an append left there and did not finish would otherwise pass for signed once the log is longer.
        """
        width = tile_width(old.tree_size, 0 if level == ENTRIES else int(level), index)
        path = self._folder / tile_path(level, index, len(group))
        with storage_errors(path):
            for partial in partial_paths(self._folder, level, index):
                if not partial.name.isdecimal() or int(partial.name) > width:
                    partial.unlink()
            path.parent.mkdir(parents=True, exist_ok=True)
        place_file(path, encode_tile(level, group))
        return path

    def _move_checkpoint(self, tree_size: int, root: bytes) -> None:
        checkpoint = Checkpoint(self._signer.name, tree_size, root)
        save_durably(self._folder / CHECKPOINT_NAME, checkpoint.sign(self._signer))

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def append_missing(log: Log, entries: Sequence[bytes], known_size: int) -> list[int]:
    """Append the entries that are not in the log yet, for callers that may have crashed after an earlier append.

    Args:
        log: entered.
        entries: each unlike any other (they are salted); the same bytes twice are one entry.
        known_size: a size of the log below which none of them can be.

    Returns:
        Each entry's leaf index, in the order of `entries`.

    Raises:
        LogDamagedError: the log is shorter than `known_size`: it was put back to an older state.
        StorageError: as `Log.append`.
    """
    tree_size = log.reader.checkpoint().tree_size
    if tree_size < known_size:
        raise LogDamagedError(
            f"the log has {tree_size} entries, and {known_size} were known: it was put back to an older state",
            hint="restore the newest copy of the log's folder",
        )
    present = {leaf: known_size + at for at, leaf in enumerate(log.reader.leaf_hashes(known_size, tree_size))}
    leaves = [merkle.leaf_hash(entry) for entry in entries]
    missing = {leaf: entry for leaf, entry in zip(leaves, entries, strict=True) if leaf not in present}
    first = log.append(list(missing.values()))
    present.update({leaf: first + at for at, leaf in enumerate(missing)})
    return [present[leaf] for leaf in leaves]


def verify_log(folder: Path, key: VerifierKey) -> Checkpoint:
    """Recompute a whole log: every entry, every tile at every level, the root, the checkpoint's signature.

    Returns:
        The checkpoint that all of it leads to.

    Raises:
        LogDamagedError: names the first file that is wrong.

    Linear in the log; holds one hash for each 256 entries. The partial tiles of older checkpoints are held against
    those of this one. Files beyond this checkpoint have no meaning and are not looked at.
    """
    checkpoint = LogReader(folder, key).checkpoint()
    tree_size = checkpoint.tree_size
    roots: list[bytes] = []
    for index in range(-(-tree_size // TILE_WIDTH)):
        tiles = TileFolder(folder, tree_size)
        entries = tiles.entries(index)
        _check_older_partials(folder, ENTRIES, index, entries)
        roots += _check_tile(tiles, 0, index, [merkle.leaf_hash(entry) for entry in entries])
    level = 1
    while roots:
        groups = _grouped(0, roots)
        roots = [root for at, group in groups for root in _check_tile(TileFolder(folder, tree_size), level, at, group)]
        level += 1
    if merkle.tree_root(tree_size, TileFolder(folder, tree_size).read_node) != checkpoint.root_hash:
        raise LogDamagedError('the log\'s entries and tiles agree, but not with the root hash in "checkpoint"')
    return checkpoint


def _check_tile(tiles: TileFolder, level: int, index: int, expected: list[bytes]) -> list[bytes]:
    """Compare a tile with what the level below gives; return its root if it is full, else nothing."""
    if tiles.hashes(level, index) != expected:
        path = tile_path(level, index, len(expected))
        below = tile_path(level - 1 if level else ENTRIES, index, len(expected) if not level else TILE_WIDTH)
        raise LogDamagedError(f'the log\'s file "{path}" does not agree with "{below}" below it')
    _check_older_partials(tiles.folder, level, index, expected)
    return [merkle.root_hash(expected)] if len(expected) == TILE_WIDTH else []


def _check_older_partials(folder: Path, level: int | str, index: int, items: list[bytes]) -> None:
    """Hold the partial forms that a tile had under older checkpoints against what it holds now.

    Those of a full tile are only waiting to be removed.
    """
    widths = [int(path.name) for path in partial_paths(folder, level, index) if path.name.isdecimal()]
    for width in widths if len(items) < TILE_WIDTH else ():
        path = tile_path(level, index, width)
        if width < len(items) and find_file(folder, path) != encode_tile(level, items[:width]):
            raise LogDamagedError(f'the log\'s file "{path}" is not the beginning of the newer ones')


def _right_edge(tiles: TileFolder, checkpoint: Checkpoint) -> list[bytes]:
    """Return the entries of the last bundle if it is partial, having checked all that an append builds on."""
    index, width = divmod(tiles.tree_size, TILE_WIDTH)
    entries = tiles.entries(index) if width else []
    leaves = tiles.hashes(0, index) if width else []
    if [merkle.leaf_hash(entry) for entry in entries] != leaves:
        raise LogDamagedError("the log's last entries are not those that were signed; nothing is appended")
    if merkle.tree_root(tiles.tree_size, tiles.read_node) != checkpoint.root_hash:
        raise LogDamagedError("the log's tiles do not lead to the root hash of its checkpoint; nothing is appended")
    return entries


def _remove_partials(tile: Path) -> None:
    """Remove the partial forms of a tile that is full now. Where one stays, it does no harm."""
    with suppress(OSError):
        for partial in tile.with_name(f"{tile.name}.p").iterdir():
            partial.unlink()
        tile.with_name(f"{tile.name}.p").rmdir()


def _grouped(first: int, items: list[bytes]) -> list[tuple[int, list[bytes]]]:
    """Cut items into tiles' worth, numbered from `first`."""
    starts = range(0, len(items), TILE_WIDTH)
    return [(first + at, items[start : start + TILE_WIDTH]) for at, start in enumerate(starts)]


def _check_size(tree_size: int, checkpoint: Checkpoint) -> None:
    if not 0 <= tree_size <= checkpoint.tree_size:
        raise LogBoundsError(f"the log has {checkpoint.tree_size} entries, not {tree_size}")


def _proof(index: int, tree_size: int, tiles: TileFolder) -> list[bytes]:
    if not 0 <= index < tree_size:
        raise LogBoundsError(f"the log of {tree_size} entries has no entry {index}")
    return merkle.inclusion_proof(index, tree_size, tiles.read_node)
