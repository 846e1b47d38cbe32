"""Make the whole sample platform in a folder: data lake, photos, account directory, truth, and the gate's mapping.

    <out>/lake/part-00000.parquet …        rows of the platform, ROWS_A_FILE a file
    <out>/photos/…                         image files that rows refer to
    <out>/accounts.sqlite3                 what the platform's own account directory would answer
    <out>/mapping.yaml                     which column plays which role, for the gate
    <out>/truth/…                          what is true of the rows; for tests and benchmarks, the gate never reads it
    <out>/sample.json                      what was asked for and made

The same people, rows, photos and seed give the same bytes in every file. All is written into a folder beside `out` and
moved there when it is complete; so a folder with sample.json is whole, and a run that was killed leaves none.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from demur.sample.album import LEAST_PHOTOS, make_album
from demur.sample.directory_file import write_directory
from demur.sample.errors import SampleFolderError, SampleSizeError
from demur.sample.friendships import Outsiders, make_circle
from demur.sample.lake import LAKE_SCHEMA, Concerns, World, make_batch
from demur.sample.people import make_people
from demur.sample.photo_files import write_photos
from demur.sample.randomness import Stream, generator
from demur.sample.texts import TextMaker
from demur.sample.truth_files import write_people_truth, write_photo_truth, write_row_truth

ROWS_A_FILE = 1_000_000
ROWS_A_GROUP = 250_000
LEAST_PEOPLE = 20
MOST_PEOPLE = 9_000_000

# Without Arrow's own schema in it, so that readers see plain Parquet, as most platforms write it.
_FORMAT: Final = {"compression": "zstd", "compression_level": 3, "store_schema": False}
_SUMMARY = "sample.json"


@dataclass(frozen=True)
class SampleRequest:
    """What to make.

    Attributes:
        out: the sample's folder; an earlier sample there is replaced, anything else is left alone.
        people: how many people, with and without accounts.
        rows: how many rows the lake holds.
        seed: any whole number from 0.
        photos: how many distinct image files.
    """

    out: Path
    people: int
    rows: int
    seed: int
    photos: int


@dataclass(frozen=True)
class SampleSummary:
    """What was made: the request's figures, and counts."""

    people: int
    rows: int
    seed: int
    photos: int
    accounts: int
    people_without_account: int
    concerns: int
    lake_bytes: int


def generate(request: SampleRequest, progress: Callable[[int, int], None]) -> SampleSummary:
    """Make the sample.

    Args:
        request: what to make.
        progress: called with rows done and all rows, after each batch.

    Raises:
        SampleSizeError: figures that no sample can have.
        SampleFolderError: `out` holds something that is not a sample, or cannot be written.
        PhotographsMissingError: the photographs are not installed.

    Needs memory for the people (about 1 kB each) and one batch, not for the rows.
    """
    _check_size(request)
    out = request.out.resolve()
    _check_folder(out)
    making = out.with_name(out.name + ".partial")
    try:
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        summary = _make(making, request, progress)
        shutil.rmtree(out, ignore_errors=True)
        making.rename(out)
    except (OSError, sqlite3.Error) as error:
        raise SampleFolderError(
            f"the sample could not be written to {out}: {error}", hint="make room there, or choose another folder"
        ) from error
    return summary


def _make(making: Path, request: SampleRequest, progress: Callable[[int, int], None]) -> SampleSummary:
    world = _make_world(request)
    people, album = world.people, world.album
    write_photos(making / "photos", album, request.seed)
    write_directory(making / "accounts.sqlite3", people)
    write_people_truth(making / "truth" / "people.parquet", people)
    write_photo_truth(making / "truth" / "photos.parquet", album, people)
    concerns = _write_rows(making, world, request, progress)
    mapping = resources.files("demur.sample") / "data" / "mapping.yaml"
    (making / "mapping.yaml").write_bytes(mapping.read_bytes())
    summary = SampleSummary(
        people=request.people,
        rows=request.rows,
        seed=request.seed,
        photos=request.photos,
        accounts=len(people.accounts),
        people_without_account=int((~people.has_account()).sum()),
        concerns=concerns,
        lake_bytes=sum(file.stat().st_size for file in (making / "lake").iterdir()),
    )
    (making / _SUMMARY).write_text(json.dumps(asdict(summary), indent=2) + "\n")
    return summary


def _make_world(request: SampleRequest) -> World:
    people = make_people(request.people, request.seed)
    circles = make_circle(people, 0, request.seed), make_circle(people, 1, request.seed)
    outsiders = Outsiders(people)
    album = make_album(people, circles[0], outsiders, request.photos, request.seed)
    return World(people, circles, outsiders, album, TextMaker(people, circles, outsiders))


def find_summary(out: Path) -> SampleSummary | None:
    """Return the summary of a finished sample, or None where there is none."""
    try:
        return SampleSummary(**json.loads((out / _SUMMARY).read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise SampleFolderError(
            f"{out / _SUMMARY} is damaged", hint=f"remove {out} and make the sample again"
        ) from error


def _check_size(request: SampleRequest) -> None:
    if not LEAST_PEOPLE <= request.people <= MOST_PEOPLE:
        raise SampleSizeError(f"a sample has from {LEAST_PEOPLE} to {MOST_PEOPLE} people, not {request.people}")
    if request.rows < 1 or request.seed < 0:
        raise SampleSizeError("a sample has at least one row and a seed from 0")
    if request.photos < LEAST_PHOTOS:
        raise SampleSizeError(f"a sample has at least {LEAST_PHOTOS} photos, not {request.photos}")


def _check_folder(out: Path) -> None:
    if not out.exists() or (out / _SUMMARY).exists():
        return
    if not out.is_dir() or any(out.iterdir()):
        raise SampleFolderError(
            f"{out} holds something that is not a sample; nothing was written", hint="choose another folder"
        )


def _write_rows(making: Path, world: World, request: SampleRequest, progress: Callable[[int, int], None]) -> int:
    """Write the lake and its truth file by file; each file depends on its number only, not on those before it."""
    lake, truth = making / "lake", making / "truth" / "rows"
    lake.mkdir()
    truth.mkdir()
    person_ids = world.people.person_ids()
    pairs = 0
    for number, first_row in enumerate(range(0, request.rows, ROWS_A_FILE)):
        name = f"part-{number:05d}.parquet"
        rng = generator(request.seed, Stream.LAKE, number)
        last_row = min(first_row + ROWS_A_FILE, request.rows)
        concerns: list[Concerns] = []
        with pq.ParquetWriter(lake / name, LAKE_SCHEMA, **_FORMAT) as writer:
            for start in range(first_row, last_row, ROWS_A_GROUP):
                count = min(ROWS_A_GROUP, last_row - start)
                batch, of_batch = make_batch(world, rng, start, count, request.rows)
                writer.write_batch(batch.cast(LAKE_SCHEMA))
                concerns.append(of_batch)
                progress(start + count, request.rows)
        pairs += write_row_truth(truth / name, concerns, person_ids)
    return pairs
