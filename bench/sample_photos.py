"""How far apart the sample's photos are by PDQ, and which of their copies are recognised.

    .venv/bin/python bench/sample_photos.py --photos 2000

Every photo that is not damaged is asked for among the reference hashes of every original. Prints the processor time
that making the photos took, the least distance of a photo to an original of which it is no copy, and, for each kind of
copy, how many are within the distance that counts.
"""

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from demur.photos.pdq import MOST_DISTANCE, hash_photo
from demur.photos.reference import reference_hashes
from demur.sample.platform import SampleRequest, generate

_REFERENCES_AT_ONCE = 64


def words(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Return hashes as four words each."""
    return np.ascontiguousarray(values).view(np.uint64)


def nearest(references: npt.NDArray[np.uint64], asked: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Return how far each hash that is asked for is from the nearest reference."""
    best = np.full(len(asked), 256, np.int64)
    for start in range(0, len(references), _REFERENCES_AT_ONCE):
        differing = references[start : start + _REFERENCES_AT_ONCE, None] ^ asked
        np.minimum(best, np.bitwise_count(differing).sum(axis=2, dtype=np.int64).min(axis=0), out=best)
    return best


def main() -> None:
    """Make the photos, compare all with all, print what is found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=2026)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sample"
        began = time.process_time()
        generate(SampleRequest(out, 2_000, 1_000, arguments.seed, arguments.photos), lambda _done, _total: None)
        print(f"{time.process_time() - began:.1f} s of processor time for {arguments.photos:,} photos and 1,000 rows")
        compare(out)


def compare(sample: Path) -> None:
    """Ask for all photos among the references of every original."""
    photos: list[dict[str, Any]] = pq.read_table(sample / "truth" / "photos.parquet").to_pylist()
    photos = [photo for photo in photos if not photo["is_damaged"] and not photo["is_plain"]]
    raws = {photo["image_path"]: (sample / "photos" / photo["image_path"]).read_bytes() for photo in photos}
    hashes = [hash_photo(raw) for raw in raws.values()]
    asked = words(np.frombuffer(b"".join(one.value for one in hashes), np.uint8).reshape(-1, 32))
    families = np.array([photo["copy_of"] or photo["image_path"] for photo in photos])
    to_others = 256
    to_own: dict[str, list[int]] = defaultdict(list)
    originals = [photo["image_path"] for photo in photos if not photo["copy_of"]]
    for path in originals:
        distances = nearest(words(reference_hashes(raws[path]).values), asked)
        to_others = min(to_others, int(distances[families != path].min()))
        for place in np.flatnonzero(families == path).tolist():
            to_own[photos[place]["copy_kind"] or "original"].append(int(distances[place]))
    print(f"quality at least {min(one.quality for one in hashes)}")
    print(f"{len(photos):,} photos, {len(originals):,} originals: to another's original at least {to_others} bits\n")
    print("| copy | how many | recognised | bits apart, median and most |\n|---|---|---|---|")
    for kind, distances_of in sorted(to_own.items()):
        caught = sum(distance <= MOST_DISTANCE for distance in distances_of)
        middle = statistics.median(distances_of)
        print(f"| {kind} | {len(distances_of)} | {caught} | {middle:.0f}, {max(distances_of)} |")


if __name__ == "__main__":
    main()
