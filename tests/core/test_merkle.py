import json
from collections.abc import Sequence
from pathlib import Path

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle.proof import InclusionProof

from demur.core.errors import FormatError, RootHashMismatchError
from demur.core.merkle import (
    EMPTY_ROOT,
    ReadNode,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "rfc6962-merkle.json").read_text())
LEAVES = [leaf_hash(bytes.fromhex(entry)) for entry in VECTORS["entries"]]
ROOTS = [bytes.fromhex(root) for root in VECTORS["root_hashes"]]
OTHER_HASH = bytes.fromhex("abacaba000000000000000000000000000000000000000000060061e00123456")

sizes = st.integers(1, 600)


def reader(leaves: Sequence[bytes]) -> ReadNode:
    return lambda level, index: root_hash(leaves[index << level : (index + 1) << level])


def nodes(texts: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def peer(size: int) -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for number in range(size):
        tree.append_entry(entry(number))
    return tree


def entry(number: int) -> bytes:
    return b"entry %d" % number


def hashes(size: int) -> list[bytes]:
    return [leaf_hash(entry(number)) for number in range(size)]


@pytest.mark.parametrize("size", range(9))
def test_root_hash_is_the_published_one(size: int) -> None:
    assert root_hash(LEAVES[:size]) == ROOTS[size]
    assert tree_root(size, reader(LEAVES)) == ROOTS[size]
    assert ROOTS[0] == EMPTY_ROOT


@pytest.mark.parametrize("vector", VECTORS["inclusion_proofs"])
def test_inclusion_proof_is_the_published_one(vector: dict) -> None:
    index, size, proof = vector["leaf_index"], vector["tree_size"], nodes(vector["proof"])
    assert inclusion_proof(index, size, reader(LEAVES)) == proof
    verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])


@pytest.mark.parametrize("vector", VECTORS["consistency_proofs"])
def test_consistency_proof_is_the_published_one(vector: dict) -> None:
    old, new, proof = vector["old_size"], vector["new_size"], nodes(vector["proof"])
    assert consistency_proof(old, new, reader(LEAVES)) == proof
    verify_consistency(old, new, proof, ROOTS[old], ROOTS[new])


def damaged_proofs(proof: list[bytes], *extras: bytes) -> list[list[bytes]]:
    damaged = [[*proof, extra] for extra in extras] + [[extra, *proof] for extra in extras]
    for at, node in enumerate(proof):
        damaged.append([*proof[:at], bytes([node[0] ^ 8]) + node[1:], *proof[at + 1 :]])
        damaged.append(proof[:at] + proof[at + 1 :])
        damaged.append([*proof[:at], OTHER_HASH, *proof[at:]])
    return damaged + ([proof[::-1]] if proof[::-1] != proof else [])


@pytest.mark.parametrize("vector", VECTORS["inclusion_proofs"])
def test_inclusion_by_another_leaf_index_size_root_or_proof_is_refused(vector: dict) -> None:
    index, size, proof = vector["leaf_index"], vector["tree_size"], nodes(vector["proof"])
    root, leaf = ROOTS[size], LEAVES[index]
    attacks = [(leaf, index, size, wrong, root) for wrong in damaged_proofs(proof, b"", root, OTHER_HASH)]
    attacks += [(leaf, other, size, proof, root) for other in (index - 1, index + 1, index ^ 2, size, -1)]
    attacks += [(leaf, index, other, proof, root) for other in (size * 2, size // 2, 0, -1)]
    attacks += [(OTHER_HASH, index, size, proof, root), (leaf, index, size, proof, OTHER_HASH)]
    attacks += [(leaf, index, size, proof, EMPTY_ROOT)]
    for attack in attacks:
        with pytest.raises(RootHashMismatchError):
            verify_inclusion(*attack)


@pytest.mark.parametrize("vector", VECTORS["consistency_proofs"])
def test_consistency_by_other_sizes_roots_or_proof_is_refused(vector: dict) -> None:
    old, new, proof = vector["old_size"], vector["new_size"], nodes(vector["proof"])
    old_root, new_root = ROOTS[old], ROOTS[new]
    attacks = [(old, new, wrong, old_root, new_root) for wrong in damaged_proofs(proof, b"", old_root, new_root)]
    attacks += [(other, new, proof, old_root, new_root) for other in (old - 1, old + 1, old ^ 2) if other != new]
    attacks += [(old, other, proof, old_root, new_root) for other in (new * 2, new // 2)]
    attacks += [(old, new, proof, OTHER_HASH, new_root), (old, new, proof, old_root, OTHER_HASH)]
    if old != new:
        attacks += [(old, new, proof, new_root, old_root), (old, new, [], old_root, new_root)]
    for attack in attacks:
        with pytest.raises(RootHashMismatchError):
            verify_consistency(*attack)


@given(sizes, st.data())
def test_inclusion_proofs_agree_with_an_independent_implementation(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    tree, leaves = peer(size), hashes(size)
    theirs = tree.prove_inclusion(index + 1, size)
    ours = inclusion_proof(index, size, reader(leaves))
    assert tree.get_root() == tree_root(size, reader(leaves)) == root_hash(leaves)
    assert theirs.path[1:] == ours
    verify_inclusion(leaves[index], index, size, theirs.path[1:], tree.get_root())
    rebuilt = InclusionProof(
        "sha256", security=True, size=size, index=index + 1, rule=theirs.rule, path=[leaves[index], *ours]
    )
    pymerkle.verify_inclusion(leaves[index], root_hash(leaves), rebuilt, index=index + 1, size=size)


@given(sizes, st.data())
def test_consistency_proofs_agree_with_an_independent_implementation(new: int, data: st.DataObject) -> None:
    """The peer lays its proofs out otherwise than the RFC, so each side's proof is held against the other's roots."""
    old = data.draw(st.integers(1, new))
    tree, leaves = peer(new), hashes(new)
    verify_consistency(old, new, consistency_proof(old, new, reader(leaves)), tree.get_root(old), tree.get_root(new))
    theirs = tree.prove_consistency(old, new)
    pymerkle.verify_consistency(root_hash(leaves[:old]), root_hash(leaves), theirs, prior_size=old, later_size=new)


@given(st.integers(2, 300), st.data())
def test_a_log_that_rewrote_an_entry_cannot_prove_that_it_only_grew(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    rewritten = data.draw(st.integers(0, old - 1))
    leaves = hashes(new)
    forged = [*leaves[:rewritten], OTHER_HASH, *leaves[rewritten + 1 :]]
    proof = consistency_proof(old, new, reader(forged))
    with pytest.raises(RootHashMismatchError):
        verify_consistency(old, new, proof, root_hash(leaves[:old]), root_hash(forged))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (8, 8), (9, 8)])
def test_no_proof_is_made_for_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(FormatError, match="is not in a tree"):
        inclusion_proof(index, size, reader(LEAVES))


@pytest.mark.parametrize(("old", "new"), [(0, 1), (2, 1), (-1, 4)])
def test_no_proof_is_made_for_a_tree_that_shrank_or_was_empty(old: int, new: int) -> None:
    with pytest.raises(FormatError, match="cannot be shown to grow"):
        consistency_proof(old, new, reader(LEAVES))


def test_an_empty_proof_between_different_sizes_is_refused() -> None:
    with pytest.raises(RootHashMismatchError, match="is empty"):
        verify_consistency(3, 5, [], ROOTS[3], ROOTS[5])
