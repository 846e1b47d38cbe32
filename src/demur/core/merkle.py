"""Merkle tree hashing, inclusion and consistency proofs after RFC 9162, section 2.1.

A proof is mathematics: that a leaf is in a tree of a given size and root, or that a tree extends an older one.
It never says that what the leaf commits to is true.

The tree is read through `ReadNode`: the hash of the perfect subtree of 2**level leaves that starts at leaf
index * 2**level. A log answers that from its tiles, a test from a list.
"""

import hashlib
from collections.abc import Callable, Sequence

from demur.core.errors import FormatError, RootHashMismatchError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves (RFC 9162, section 2.1.1)."""

ReadNode = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA-256(0x00 || entry) (RFC 9162, section 2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right) (RFC 9162, section 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_hash(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root of a whole tree, given its leaf hashes in order. Linear in their number."""
    stack: list[tuple[int, bytes]] = []  # (leaves below, hash), perfect subtrees from left to right
    for leaf in leaf_hashes:
        size, node = 1, leaf
        while stack and stack[-1][0] == size:
            node = node_hash(stack.pop()[1], node)
            size *= 2
        stack.append((size, node))
    return _fold([node for _, node in stack]) if stack else EMPTY_ROOT


def tree_root(tree_size: int, read_node: ReadNode) -> bytes:
    """Return the root of the first `tree_size` leaves, reading one node for each bit set in the size."""
    return _range_hash(0, tree_size, read_node) if tree_size else EMPTY_ROOT


def inclusion_proof(leaf_index: int, tree_size: int, read_node: ReadNode) -> list[bytes]:
    """Return the path from a leaf to the root, lowest node first (RFC 9162, section 2.1.3.1).

    Raises:
        FormatError: the leaf is not in a tree of that size.
    """
    if not 0 <= leaf_index < tree_size:
        raise FormatError(f"leaf {leaf_index} is not in a tree of {tree_size} leaves")
    proof = []
    start, end = 0, tree_size
    while end - start > 1:
        middle = start + _split(end - start)
        if leaf_index < middle:
            proof.append(_range_hash(middle, end, read_node))
            end = middle
        else:
            proof.append(_range_hash(start, middle, read_node))
            start = middle
    return proof[::-1]


def consistency_proof(old_size: int, new_size: int, read_node: ReadNode) -> list[bytes]:
    """Return the nodes that show that the new tree extends the old one (RFC 9162, section 2.1.4.1).

    Raises:
        FormatError: the sizes are not 0 < old <= new.
    """
    if not 0 < old_size <= new_size:
        raise FormatError(f"a tree of {old_size} leaves cannot be shown to grow into one of {new_size}")
    proof: list[bytes] = []
    start, end, whole = 0, new_size, True
    while end > old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            proof.append(_range_hash(middle, end, read_node))
            end = middle
        else:
            proof.append(_range_hash(start, middle, read_node))
            start, whole = middle, False
    if not whole:
        proof.append(_range_hash(start, end, read_node))
    return proof[::-1]


def verify_inclusion(leaf: bytes, leaf_index: int, tree_size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf hash is at an index of the tree with that root (RFC 9162, section 2.1.3.2).

    Raises:
        RootHashMismatchError: the proof does not lead from this leaf to this root.
    """
    if not 0 <= leaf_index < tree_size:
        raise RootHashMismatchError(f"leaf {leaf_index} cannot be in a log of {tree_size} entries")
    index, last, node = leaf_index, tree_size - 1, leaf
    for step in proof:
        if last == 0:
            raise RootHashMismatchError("the inclusion proof is too long for this log")
        if index % 2 or index == last:
            node = node_hash(step, node)
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            node = node_hash(node, step)
        index, last = index // 2, last // 2
    if last:
        raise RootHashMismatchError("the inclusion proof is too short for this log")
    if node != root:
        raise RootHashMismatchError("the inclusion proof does not lead to the root hash of the checkpoint")


def verify_consistency(old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:  # noqa: C901  (the RFC's steps, in its order)
    """Check that the new tree holds the old one unchanged at its beginning (RFC 9162, section 2.1.4.2).

    Raises:
        RootHashMismatchError: the proof does not lead to both roots.
    """
    if not 0 < old_size <= new_size:
        raise RootHashMismatchError(f"a log of {old_size} entries cannot have grown into one of {new_size}")
    if old_size == new_size:
        if proof or old_root != new_root:
            raise RootHashMismatchError("two checkpoints of the same size have different root hashes")
        return
    nodes = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    if not nodes:
        raise RootHashMismatchError("the consistency proof is empty")
    index, last = old_size - 1, new_size - 1
    while index % 2:
        index, last = index // 2, last // 2
    old_node = new_node = nodes[0]
    for step in nodes[1:]:
        if last == 0:
            raise RootHashMismatchError("the consistency proof is too long")
        if index % 2 or index == last:
            old_node, new_node = node_hash(step, old_node), node_hash(step, new_node)
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            new_node = node_hash(new_node, step)
        index, last = index // 2, last // 2
    if last or old_node != old_root or new_node != new_root:
        raise RootHashMismatchError("the consistency proof does not lead from the older root hash to the newer one")


def _split(size: int) -> int:
    """Return the largest power of two smaller than a size of two or more."""
    return int(1 << ((size - 1).bit_length() - 1))


def _range_hash(start: int, end: int, read_node: ReadNode) -> bytes:
    """Hash the leaves from `start` to `end`, where `start` is a multiple of the largest power of two that fits."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append(read_node(level, start >> level))
        start += 1 << level
    return _fold(nodes)


def _fold(nodes: Sequence[bytes]) -> bytes:
    node = nodes[-1]
    for left in reversed(nodes[:-1]):
        node = node_hash(left, node)
    return node
