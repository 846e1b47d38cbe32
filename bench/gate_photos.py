"""What it costs a run of the gate to look at photos: the same rows with and without, against a plain copy.

    .venv/bin/python bench/gate_photos.py
    .venv/bin/python bench/gate_photos.py --rows 8000 --photos 1000 --rounds 3

Rows hold different JPEG files of 640 by 480 pixels, in eight Parquet files; the list holds photos that nobody posted,
and one that somebody did. Whole processes, in turn; prints medians, and photos a second. Run it twice: the first run
makes the photos, and the memory that takes is counted as that of the processes that it starts.
"""

import argparse
import io
import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

sys.path.append(str(Path(__file__).parent))
from bench_list import seal_people
from demur.core.identifier import IdentifierKind, photo_value
from demur.ledger.keys import KeyRole, SecretName, create_missing_keys, load_secret, load_signer
from demur.photos.reference import reference_hashes
from measured import median, print_table, run_in_turn
from photo import made_photo

ROOT = Path(__file__).resolve().parent
DATA = ROOT / "data" / "photos"
SIZE = (640, 480)
FILES = 8
QUALITIES = range(70, 90)
MAPPING = """\
form: demur-source-mapping/v1
row_id: record_id
kind: {column: kind, values: {photo: photo}}
audience: {column: audience, public: [public]}
author_account: author
author_is_minor: is_minor
tagged_accounts: none
"""


def build(rows: int, photos: int) -> Path:
    """Make the rows, keys, mappings and a list of so many photos, unless they are there; return their folder."""
    folder = DATA / f"{rows}-{photos}"
    if (folder / "photos.list").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "lake").mkdir(parents=True)
    print(f"building {rows:,} photos and a list of {photos:,} (once)", file=sys.stderr)
    pictures = [made_photo(seed, *SIZE) for seed in range(-(-rows // len(QUALITIES)))]
    files = [jpeg(picture, quality) for picture in pictures for quality in QUALITIES][:rows]
    for part in range(FILES):
        own = files[part::FILES]
        columns = {
            "record_id": [f"r{part}-{number}" for number in range(len(own))],
            "kind": ["photo"] * len(own),
            "audience": ["public"] * len(own),
            "author": [f"lumen:p{number}" for number in range(len(own))],
            "is_minor": [False] * len(own),
            "photo": own,
        }
        pq.write_table(pa.table(columns), folder / "lake" / f"{part}.parquet", compression="zstd")
    (folder / "plain.yaml").write_text(MAPPING)
    (folder / "photos.yaml").write_text(f"{MAPPING}image: photo\n")
    create_missing_keys(folder / "keys", "bench.example")
    listed = [files[0], *(jpeg(made_photo(10_000 + seed, *SIZE), 90) for seed in range(photos - 1))]
    values = (photo_value(value.tobytes() for value in reference_hashes(raw).values) for raw in listed)
    people = ((IdentifierKind.PHOTO, value) for value in values)
    secret = load_secret(folder / "keys", SecretName.LIST_SEAL)
    (folder / "photos.list").write_bytes(seal_people(people, secret, load_signer(folder / "keys", KeyRole.LIST)))
    return folder


def jpeg(picture: Image.Image, quality: int) -> bytes:
    """Return a picture as a file."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def main() -> None:
    """Run them in turn, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4_000)
    parser.add_argument("--photos", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    folder = build(arguments.rows, arguments.photos)
    lake, out = str(folder / "lake"), folder / "out"
    gate = [sys.executable, "-m", "demur", "gate", "run", lake, "--list", str(folder / "photos.list")]
    gate += ["--keys-folder", str(folder / "keys"), "--out", str(out)]
    runs = run_in_turn(
        {
            "plain copy (pyarrow)": [sys.executable, str(ROOT / "peers.py"), "copy", lake, str(out), ""],
            "gate, photos not looked at": [*gate, "--mapping", str(folder / "plain.yaml")],
            "gate, photos looked at": [*gate, "--mapping", str(folder / "photos.yaml")],
        },
        out,
        arguments.rounds,
    )
    print_table(runs)
    without, with_photos = (median(runs[f"gate, photos {how}"]).wall_seconds for how in ("not looked at", "looked at"))
    print(f"\n{arguments.rows / (with_photos - without):,.0f} photos a second, the start of the children included")


if __name__ == "__main__":
    main()
