"""Photos: from the bytes of a file to its hash, and from hashes to matches, against the common programs; one core each.

    export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
    .venv/bin/python bench/photo.py                      hashing, then matching at 10 thousand and 1 million
    .venv/bin/python bench/photo.py --only hashing --folder photos-of-your-own

The peers are `threatexchange` and its `pdqhash` and `faiss-cpu`. They are no dependencies of Demur: install them beside
it (`pip install threatexchange`), or in a folder that --peers names (`pip install --target`). In the same run each file
is hashed in turn by both, and each batch of hashes looked up in turn by all, which must find the same pairs. Prints
medians of the rounds, of CPU time.

The made files are soft shapes with some noise, so that they are as large as a camera's; see `made_photo`.
"""

import argparse
import io
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from demur.photos.hash_index import HashIndex
from demur.photos.pdq import HASH_BITS, HASH_BYTES, LEAST_QUALITY, MOST_DISTANCE, PdqHash, PdqHashes, hash_photo

SIZES = ((4032, 3024), (1600, 1200), (640, 480), (320, 240))
FORMATS: dict[str, dict[str, object]] = {
    "JPEG": {"quality": 85},
    "JPEG, progressive": {"quality": 85, "progressive": True},
    "PNG": {"compress_level": 6},
    "WEBP": {"quality": 80},
}
SEEDS = 3
LISTED = (10_000, 1_000_000)
PLANTED_SHARE = 10
"""One in so many of the hashes asked for is a copy of a listed one, at a distance from 0 to 31."""

LONGEST_ROUND_SECONDS = 1.0
PEERS_MISSING = (
    "threatexchange is not installed here, so there is nothing to compare with: "
    "`pip install threatexchange` into this environment, or name with --peers a folder that it was installed in"
)

Hasher = Callable[[bytes], PdqHash]
LookUp = Callable[[np.ndarray], int]


@dataclass(frozen=True)
class Peers:
    """What the common programs offer; None if they are not installed."""

    hash_photo: Hasher
    index: Callable[[np.ndarray], dict[str, LookUp]]


def find_peers() -> Peers | None:
    """Return the peers, None if they are not installed."""
    try:
        import faiss  # noqa: PLC0415
        from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes  # noqa: PLC0415
        from threatexchange.signal_type.pdq.pdq_index import PDQIndex  # noqa: PLC0415
    except ImportError:
        return None
    faiss.omp_set_num_threads(1)

    def hash_as_usual(raw: bytes) -> PdqHash:
        value, quality = pdq_from_bytes(raw)
        return PdqHash(bytes.fromhex(value), quality)

    def index(listed: np.ndarray) -> dict[str, LookUp]:
        of_peer = PDQIndex([(value.tobytes().hex(), place) for place, value in enumerate(listed)])
        flat = faiss.IndexBinaryFlat(HASH_BITS)
        flat.add(listed)
        return {
            "threatexchange": lambda asked: sum(len(of_peer.query(value.tobytes().hex())) for value in asked),
            "faiss, all with all": lambda asked: int(flat.range_search(asked, MOST_DISTANCE + 1)[0][-1]),
        }

    return Peers(hash_as_usual, index)


def made_photo(seed: int, width: int, height: int) -> Image.Image:
    """Return a made-up photo: soft shapes of all sizes, and a sensor's noise."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for cells in (3, 6, 12, 24, 48, 96):
        grid = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        total += np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC)) * np.float32((3 / cells) ** 0.7)
    total = (total - total.min()) * (255 / (total.max() - total.min()))
    total += rng.normal(0, 4, (height, width, 1)).astype(np.float32)
    return Image.fromarray(total.clip(0, 255).astype(np.uint8))


def made_files() -> Iterator[tuple[str, list[bytes]]]:
    """Return made files by size and format."""
    for width, height in SIZES:
        photos = [made_photo(seed, width, height) for seed in range(SEEDS)]
        for name, options in FORMATS.items():
            files = []
            for photo in photos:
                out = io.BytesIO()
                photo.save(out, name.split(",")[0], **options)
                files.append(out.getvalue())
            yield f"{width * height / 1e6:.2g} MP {name}", files


def files_of(folder: Path) -> Iterator[tuple[str, list[bytes]]]:
    """Return a folder's photos by size class and format."""
    classes: dict[str, list[bytes]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"}:
            raw = path.read_bytes()
            with Image.open(io.BytesIO(raw)) as image:
                megapixels = image.width * image.height / 1e6
                progressive = ", progressive" if image.info.get("progressive") else ""
            size = next((most for most in (0.2, 1.5, 8) if megapixels < most), None)
            name = f"below {size} MP" if size else "from 8 MP"
            classes.setdefault(f"{name} {image.format}{progressive}", []).append(raw)
    yield from sorted(classes.items())


def seconds(call: Callable[[], object]) -> float:
    """Return the CPU time of a call: all contestants run in one thread, and other programs may be about."""
    began = time.process_time()
    call()
    return time.process_time() - began


def hash_files(classes: Iterator[tuple[str, list[bytes]]], peers: Peers | None, rounds: int) -> None:
    """Print for each class of files the medians of both, and how far their hashes are apart."""
    print("| files | KB | demur ms | Pillow + pdqhash ms | ratio | bits apart, median and most |\n" + "|---" * 6 + "|")
    for name, files in classes:
        ours, theirs, apart = [], [], []
        for raw in files:
            hashed = hash_photo(raw)
            other = peers.hash_photo(raw) if peers else None
            if other and other.quality >= LEAST_QUALITY:
                apart.append((int.from_bytes(hashed.value) ^ int.from_bytes(other.value)).bit_count())
            for _ in range(rounds):
                ours.append(seconds(lambda raw=raw: hash_photo(raw)))
                if peers:
                    theirs.append(seconds(lambda raw=raw: peers.hash_photo(raw)))
        cells = [name, f"{statistics.median(map(len, files)) / 1e3:,.0f}", f"{statistics.median(ours) * 1e3:.2f}"]
        if theirs:
            cells += [
                f"{statistics.median(theirs) * 1e3:.1f}",
                f"{statistics.median(theirs) / statistics.median(ours):.1f}",
            ]
        if apart:
            cells.append(f"{statistics.median(apart):g}, {max(apart)}")
        print("| " + " | ".join(cells) + " |", flush=True)


def asked_for(listed: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return hashes drawn by lot, some of which are near listed ones."""
    asked = rng.integers(0, 256, (count, HASH_BYTES), dtype=np.uint8)
    for row in range(0, count, PLANTED_SHARE):
        mask = np.zeros(HASH_BITS, np.uint8)
        mask[rng.permutation(HASH_BITS)[: rng.integers(0, MOST_DISTANCE + 1)]] = 1
        asked[row] = listed[rng.integers(len(listed))] ^ np.packbits(mask)
    return asked


def per_second(look_up: LookUp, asked: np.ndarray, rounds: int) -> float:
    """Return the median over rounds of the hashes looked up in a second; a slow look-up is asked fewer."""
    trial = asked[: 2 * PLANTED_SHARE]
    look_up(trial)
    fitting = int(LONGEST_ROUND_SECONDS / max(seconds(lambda: look_up(trial)), 1e-9) * len(trial))
    batch = asked[: max(len(trial), fitting)]
    return statistics.median(len(batch) / seconds(lambda: look_up(batch)) for _ in range(rounds))


def match_hashes(peers: Peers | None, rounds: int) -> None:
    """Print for each length of the list how many hashes each contestant looks up in a second."""
    rng = np.random.default_rng(1)
    header_printed = False
    for count in LISTED:
        listed = rng.integers(0, 256, (count, HASH_BYTES), dtype=np.uint8)
        index = HashIndex(PdqHashes(listed, np.full(count, 100, np.uint8)))
        contestants: dict[str, LookUp] = {
            "demur": lambda asked, index=index: len(
                index.find_near(PdqHashes(asked, np.full(len(asked), 100, np.uint8))).rows
            ),
            **(peers.index(listed) if peers else {}),
        }
        if not header_printed:
            print(
                "\n| listed | "
                + " | ".join(contestants)
                + " | demur / best other |\n"
                + "|---" * (len(contestants) + 2)
                + "|"
            )
            header_printed = True
        asked = asked_for(listed, 20_000, rng)
        assert len({look_up(asked[:200]) for look_up in contestants.values()}) == 1, "they do not find the same pairs"
        speeds = {name: per_second(look_up, asked, rounds) for name, look_up in contestants.items()}
        others = [speed for name, speed in speeds.items() if name != "demur"]
        ratio = f"{speeds['demur'] / max(others):.1f}" if others else ""
        print(
            f"| {count:,} | " + " | ".join(f"{speed:,.0f}" for speed in speeds.values()) + f" | {ratio} |", flush=True
        )


def main() -> None:
    """Measure hashing and matching, print a table of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["hashing", "matching"])
    parser.add_argument("--folder", type=Path, help="photos to hash instead of made ones")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", type=Path, help="a folder of installed packages to look for the peers in")
    arguments = parser.parse_args()
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        parser.error("NumPy would use several threads: set OPENBLAS_NUM_THREADS=1")
    if arguments.peers:
        sys.path.append(str(arguments.peers))
    peers = find_peers()
    if peers is None:
        print(PEERS_MISSING + "\n")
    if arguments.only != "matching":
        hash_files(files_of(arguments.folder) if arguments.folder else made_files(), peers, arguments.rounds)
    if arguments.only != "hashing":
        match_hashes(peers, arguments.rounds)


if __name__ == "__main__":
    main()
