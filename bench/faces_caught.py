"""Faces: how many of a person's photos are found by another one, and how often others are taken for that person.

    .venv/bin/python bench/faces_caught.py FOLDER

Of FOLDER, `GROUP/PERSON/` holds photos of one person, whose largest face counts; `together/` holds photos in which all
faces are of different people. Prints, for each group by itself and for all, how many pairs of one person and of two are
at most so far apart, with the largest rate that so few pairs leave possible (95 %, Clopper and Pearson, one-sided).

No such photos are part of Demur. Ask the people in yours first.
"""

import argparse
import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from demur.core.identifier import face_embedding, face_value
from demur.faces.finding import Face, find_faces
from demur.photos.errors import PhotoError

DISTANCES = (0.4, 0.45, 0.5, 0.55, 0.6)
CONFIDENCE = 0.95
TOGETHER = "together"


class Pair(NamedTuple):
    """Two faces: how far apart, of one person or not, and of which group, if of one."""

    distance: float
    same: bool
    group: str


def faces_of(path: Path) -> list[Face]:
    """Return the faces of a file, the largest first; none of what is no photo."""
    try:
        return sorted(find_faces(path.read_bytes()), key=lambda face: -face.box.width * face.box.height)
    except PhotoError:
        return []


def apart(one: Face, other: Face) -> float:
    """Return how far a face is from the value that the list would carry of another."""
    return math.dist(face_embedding(face_value(one.embedding.tolist())), other.embedding.tolist())


def pairs_of(folder: Path) -> Iterator[Pair]:
    """Yield all pairs of faces."""
    known = []
    for path in sorted(folder.glob("*/*/*")):
        found = faces_of(path)
        if found:
            known.append((path.parent.parent.name, path.parent.name, found[0]))
        else:
            print(f"no face was found in a photo of {path.parent.parent.name}")
    for (group, person, one), (other_group, other_person, other) in itertools.combinations(known, 2):
        same_group = group == other_group
        yield Pair(apart(one, other), same_group and person == other_person, group if same_group else "")
    for path in sorted((folder / TOGETHER).glob("*.*")):
        for one, other in itertools.combinations(faces_of(path), 2):
            yield Pair(apart(one, other), same=False, group=TOGETHER)


def most_possible(hits: int, pairs: int) -> float:
    """Return the largest rate at which so few hits, or fewer, would be seen at least once in twenty times."""
    low, high = 0.0, 1.0
    for _ in range(50):
        rate = (low + high) / 2
        seen = sum(math.comb(pairs, k) * rate**k * (1 - rate) ** (pairs - k) for k in range(hits + 1))
        low, high = (rate, high) if seen > 1 - CONFIDENCE else (low, rate)
    return low


def print_table(name: str, pairs: list[Pair]) -> None:
    """Print how many pairs are how near."""
    same = np.array([pair.distance for pair in pairs if pair.same])
    others = np.array([pair.distance for pair in pairs if not pair.same])
    print(f"\n{name}: {len(same)} pairs of one person, {len(others)} of two\n")
    print("| at most | one person | two people | of two people, at most possible |\n|---|---|---|---|")
    for most in DISTANCES:
        hits, wrong = int((same <= most).sum()), int((others <= most).sum())
        possible = f"{most_possible(wrong, len(others)):.1%}" if len(others) else ""
        print(f"| {most} | {hits} of {len(same)} | {wrong} of {len(others)} | {possible} |")


def main() -> None:
    """Compare all, print a table for each group and one for all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    pairs = list(pairs_of(parser.parse_args().folder))
    for group in sorted({pair.group for pair in pairs} - {""}):
        print_table(group, [pair for pair in pairs if pair.group == group])
    print_table("all", pairs)


if __name__ == "__main__":
    main()
