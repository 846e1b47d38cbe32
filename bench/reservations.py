"""How fast a photo's own reservation in XMP is read, beside Pillow, in CPU time on one core.

    .venv/bin/python bench/reservations.py [--folder FOLDER]

Files of noise, 1280 x 960, that say no: as `demur protect` writes them, and with the long packet that a program for
photos leaves. Each way reads them from the disk, finds the value, and has to find the same. Pillow gives the packet,
which the standard library takes apart, without any guard against hostile XML; it knows this one value only, and passes
over the rest of the file. Demur reads the whole file, since content credentials and further packets may stand in it,
and tells what all of them mean together. Medians of seven rounds in turn.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from PIL import Image

from demur.reservations.in_file import read_file_preference
from demur.reservations.photo import Wish, reserve
from demur.reservations.plus import NAMESPACE
from demur.reservations.preference import Word

KINDS: Final = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
FILES: Final = 200
ROUNDS: Final = 7
WANTED_A_SECOND: Final = 2_000
CAMERA_RAW: Final = 'xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"'
LONG: Final = "".join(f"<crs:Point{number} {CAMERA_RAW}>{number}, 0</crs:Point{number}>" for number in range(80))


def by_demur(path: Path) -> bool:
    """Read all that a file says, by every standard, and tell whether it says no."""
    return read_file_preference(path.read_bytes()).train is Word.DENY


def by_pillow(path: Path) -> bool:
    """Read the one value that Pillow can be asked for."""
    with Image.open(path) as photo:
        packet = photo.info["xmp"]
    root = ET.fromstring(packet.decode().strip("\0"))  # noqa: S314  (our own files)
    return any("PROHIBITED" in each.get(f"{{{NAMESPACE}}}DataMining", "") for each in root.iter())


WAYS: Final[dict[str, Callable[[Path], bool]]] = {"Demur": by_demur, "Pillow": by_pillow}


def write_files(folder: Path, kind: str, inside: str) -> list[Path]:
    """Write photos that say no, around what is inside their packet."""
    empty = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    packet = f'{empty}<rdf:Description rdf:about="">{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
    photo = folder / f"photo.{KINDS[kind]}"
    options = {} if kind == "PNG" else {"xmp": packet.encode()}
    Image.effect_noise((1280, 960), 40).convert("RGB").save(photo, kind, quality=80, **options)
    raw = reserve(photo.read_bytes(), Wish())
    paths = [folder / f"{number}.{KINDS[kind]}" for number in range(FILES)]
    for path in paths:
        path.write_bytes(raw)
    return paths


def files_a_second(read: Callable[[Path], bool], paths: Sequence[Path]) -> float:
    """Return how many files one core reads, after seeing that each is read right."""
    began = time.process_time()
    if not all(map(read, paths)):
        raise SystemExit("a no was not found")
    return len(paths) / (time.process_time() - began)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, help="where the files are written for a while")
    chosen = parser.parse_args().folder
    print(f"{'files':<22}{'KiB each':>9}" + "".join(f"{way + ', a second':>20}" for way in WAYS))
    for kind in KINDS:
        for name, inside in (("plain", ""), ("long packet", LONG)):
            if kind == "PNG" and inside:
                continue  # Pillow writes no XMP into PNG, so there is none to be merged into
            with tempfile.TemporaryDirectory(dir=chosen) as folder:
                paths = write_files(Path(folder), kind, inside)
                rounds = [{way: files_a_second(read, paths) for way, read in WAYS.items()} for _ in range(ROUNDS)]
                kib = paths[0].stat().st_size / 1024
            medians = [statistics.median(each[way] for each in rounds) for way in WAYS]
            print(f"{kind + ', ' + name:<22}{kib:>9,.0f}" + "".join(f"{each:>20,.0f}" for each in medians))
    print(f"wanted: {WANTED_A_SECOND:,} a second of plain ones")


if __name__ == "__main__":
    main()
