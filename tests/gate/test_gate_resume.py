"""A run that follows a dead one goes on from the files that were done, and believes nothing that it cannot check."""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from gate_world import GATE_SIGNER, LIST_SIGNER, MAPPING, lake_rows, list_of, mapping, row, write_parquet

from demur.core.gate_manifest import GateManifest, GateMode
from demur.core.note import Signer
from demur.gate.errors import OutputExistsError, OutputWriteError
from demur.gate.file_gate import FileGate
from demur.gate.finished_files import FinishedFiles
from demur.gate.run import GateRequest, run_gate
from demur.gate.source import find_inputs
from demur.gate.staging import open_staging

ADA_OBJECTS = list_of("lumen:ada")
CHILD = Path(__file__).with_name("resume_child.py")


class Run:
    """What a run was told, and what it told."""

    def __init__(self, lake: Path, out: Path, mode: GateMode = GateMode.REWRITE) -> None:
        self.taken_over = 0
        self.reasons: Mapping[str, int] = {}
        self.told: list[tuple[int, int | None]] = []
        self.manifest: GateManifest = run_gate(
            GateRequest(lake, mapping(), out, mode=mode),
            ADA_OBJECTS,
            GATE_SIGNER,
            lambda done, total: self.told.append((done, total)),
            tell_taken_over=self._take_over,
            tell_reasons=self._take_note,
        )
        assert self.reasons == {code: rows for code, rows in self.manifest.withheld_by_reason.items() if rows}

    def _take_over(self, files: int) -> None:
        self.taken_over = files

    def _take_note(self, rows: Mapping[str, int]) -> None:
        self.reasons = rows


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder by its path, hidden ones too."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write_lake(folder: Path) -> Path:
    """Files of which two hold nobody who is withheld, for mode `link`."""
    write_parquet(folder / "a.parquet", lake_rows(300), row_group_size=100)
    write_parquet(folder / "b.parquet", [row(record_id="1"), row(record_id="2")])
    for name, rows in (("c.jsonl", lake_rows(300)), ("d.jsonl", [row()])):
        (folder / name).write_text("".join(json.dumps(each) + "\n" for each in rows))
    (folder / "e.jsonl.gz").write_bytes(gzip.compress((folder / "c.jsonl").read_bytes()))
    return folder


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return write_lake(tmp_path / "lake")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "training").mkdir()
    return tmp_path / "training"


def die(  # noqa: PLR0913  (what a dead run was)
    lake: Path,
    place: Path,
    done: int,
    mode: GateMode = GateMode.REWRITE,
    signer: Signer = GATE_SIGNER,
    suppressed: Sequence[str] = ("lumen:ada",),
    text: str = MAPPING,
    *,
    notes: bool = False,
) -> Path:
    """Leave the folder of a run into place/out that died when some files were done, and return it.

    What is copied from a living run has no lock, as after a death.
    """
    elsewhere = place.parent / "elsewhere"
    with open_staging(elsewhere / "out") as staging:
        gate = FileGate(mapping(text), list_of(*suppressed), None, mode, staging.folder, notes)
        finished = FinishedFiles(staging, gate, signer)
        for file in find_inputs(lake, gate.mapping)[:done]:
            finished.save(file, gate.run(file, lambda *_: None))
        alive = staging.folder.parent
        dead = place / alive.name
        subprocess.run(["cp", "--archive", "--link", alive, dead], check=True)
        for path in dead.rglob("*"):  # a copy, but for what is a link to the input
            if path.is_file() and not any(path.samefile(each) for each in lake.iterdir()):
                raw = path.read_bytes()
                path.unlink()
                path.write_bytes(raw)
    return dead


@pytest.mark.parametrize(("notes", "taken_over"), [(False, 0), (True, 3)])
def test_a_run_that_notes_accounts_goes_on_only_from_one_that_noted_them(
    notes: bool,  # noqa: FBT001
    taken_over: int,
    lake: Path,
    place: Path,
) -> None:
    text = MAPPING.replace("text: text\n", "")
    die(lake, place, 3, text=text, notes=notes)
    told: list[int] = []
    request = GateRequest(lake, mapping(text), place / "out", notes_accounts=True)
    run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda *_: None, tell_taken_over=told.append)
    assert sum(told) == taken_over
    assert len(list((place / "out" / "accounts").iterdir())) == 5


@pytest.mark.parametrize(
    ("mode", "deaths"),
    [
        (GateMode.REWRITE, 6),
        pytest.param(GateMode.REWRITE, 100, marks=pytest.mark.long),
        pytest.param(GateMode.LINK, 100, marks=pytest.mark.long),
    ],
)
def test_a_run_after_a_death_at_any_instant_gives_the_same_bytes(
    mode: GateMode, deaths: int, lake: Path, place: Path
) -> None:
    subprocess.run([sys.executable, CHILD, lake, place, mode, str(deaths)], check=True)
    whole = tree(place / "whole")
    assert "out/manifest.note" in whole
    taken_over = []
    for number in range(deaths):
        dead = tree(place / str(number))
        if "out/manifest.note" in dead:  # it died when all was done
            assert dead.items() >= whole.items()
            continue
        assert not any(name.startswith("out/") for name in dead)
        taken_over.append(Run(lake, place / str(number) / "out", mode).taken_over)
        assert tree(place / str(number)) == whole
    assert len(set(taken_over)) > 1


def test_it_says_how_many_files_it_takes_over_and_counts_their_rows_as_done(lake: Path, place: Path) -> None:
    whole = Run(lake, place / "whole")
    die(lake, place, done=2)
    run = Run(lake, place / "out")
    assert run.taken_over == 2
    assert run.told[0] == (302, None)
    assert run.told[-1] == whole.told[-1]
    assert run.manifest == whole.manifest
    assert {path.name for path in place.iterdir()} == {"whole", "out"}


def test_a_file_is_taken_over_though_the_dead_runs_link_has_changed_its_inode(lake: Path, place: Path) -> None:
    die(lake, place, 4, GateMode.LINK)
    run = Run(lake, place / "out", GateMode.LINK)
    assert run.taken_over == 4
    assert run.manifest.linked == ("kept/b.parquet", "kept/d.jsonl")
    assert (place / "out" / "kept" / "b.parquet").samefile(lake / "b.parquet")


def test_a_link_that_a_dead_run_left_does_not_stop_the_next_one_in_another_mode(lake: Path, place: Path) -> None:
    die(lake, place, 4, GateMode.LINK)
    run = Run(lake, place / "out")
    assert run.taken_over == 0
    assert run.manifest.linked == ()


def test_a_run_that_had_done_all_but_publish_is_taken_over_whole(lake: Path, place: Path) -> None:
    die(lake, place, done=5)
    assert Run(lake, place / "out").taken_over == 5
    assert tree(place / "out") == tree_of_whole(lake, place)


def tree_of_whole(lake: Path, place: Path) -> dict[str, bytes]:
    Run(lake, place.parent / "whole")
    return tree(place.parent / "whole")


def forge_row(dead: Path) -> None:
    """Put a row of Ada's into a kept file."""
    path = dead / "output/kept/a.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(0, 1).from_pylist([row(author_account="lumen:ada")], table.schema), path)


def note_of(dead: Path, name: str) -> Path:
    return next(note for note in (dead / "finished").iterdir() if f'"name": "{name}"' in note.read_text())


def cut_note_off(dead: Path) -> None:
    note = note_of(dead, "a.parquet")
    note.write_bytes(note.read_bytes()[:-100])


def empty_note(dead: Path) -> None:
    note_of(dead, "a.parquet").write_bytes(b"")


def change_count(dead: Path) -> None:
    note = note_of(dead, "a.parquet")
    note.write_text(note.read_text().replace("300", "299", 1))


def swap_notes(dead: Path) -> None:
    """Let what is known of one file be said of another, too."""
    shutil.copy(note_of(dead, "b.parquet"), note_of(dead, "a.parquet"))


def link_kept_file(dead: Path) -> None:
    """Leave another name for the same bytes, which can be others later."""
    path = dead / "output/kept/a.parquet"
    path.rename(dead.parent.parent / "same")
    path.symlink_to(dead.parent.parent / "same")


def link_kept_folder(dead: Path) -> None:
    (dead / "output/kept").rename(dead.parent.parent / "same")
    (dead / "output/kept").symlink_to(dead.parent.parent / "same")


def lose_withheld_file(dead: Path) -> None:
    (dead / "output/withheld/a.parquet").unlink()


@pytest.mark.parametrize(
    "attack",
    [forge_row, cut_note_off, empty_note, change_count, swap_notes, link_kept_file, lose_withheld_file],
)
def test_what_was_tampered_with_or_half_written_is_done_anew(
    attack: Callable[[Path], None], lake: Path, place: Path
) -> None:
    attack(die(lake, place, done=3))
    assert Run(lake, place / "out").taken_over == 2
    assert tree(place / "out") == tree_of_whole(lake, place)


def test_a_file_is_not_taken_for_another_one_of_the_same_inode(lake: Path, place: Path) -> None:
    (lake / "aa.parquet").hardlink_to(lake / "a.parquet")
    dead = die(lake, place, done=1)
    of_both = hashlib.sha256(b"aa.parquet").hexdigest()
    shutil.copy(note_of(dead, "a.parquet"), dead / "finished" / f"{of_both}.note")
    assert Run(lake, place / "out").taken_over == 1
    assert tree(place / "out") == tree_of_whole(lake, place)


def test_nothing_is_kept_of_a_folder_that_lies_elsewhere(lake: Path, place: Path) -> None:
    link_kept_folder(die(lake, place, done=3))
    assert Run(lake, place / "out").taken_over == 0
    assert tree(place / "out") == tree_of_whole(lake, place)


def test_nothing_is_taken_over_from_another_key_list_mapping_or_mode(lake: Path, place: Path) -> None:
    whole = tree_of_whole(lake, place)
    for number, other in enumerate(
        (
            {"signer": LIST_SIGNER},
            {"suppressed": ("lumen:ada", "lumen:bo")},
            {"text": MAPPING.replace("photo", "post")},
            {"mode": GateMode.IDS},
        )
    ):
        (place / str(number)).mkdir()
        die(lake, place / str(number), done=3, **other)  # type: ignore[arg-type]
        assert Run(lake, place / str(number) / "out").taken_over == 0
        assert tree(place / str(number) / "out") == whole


def test_an_input_that_changed_since_is_done_anew_though_its_size_and_time_are_the_same(
    lake: Path, place: Path
) -> None:
    die(lake, place, done=3)
    path = lake / "b.parquet"
    before, raw = path.stat(), path.read_bytes()
    path.write_bytes(raw.replace(b"lumen:cy", b"lumen:bo"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert Run(lake, place / "out").taken_over == 2
    assert tree(place / "out") == tree_of_whole(lake, place)


def test_an_input_of_which_nothing_shows_whether_it_changed_is_done_anew(lake: Path, place: Path) -> None:
    with open_staging(place / "out") as staging:
        gate = FileGate(mapping(), ADA_OBJECTS, None, GateMode.REWRITE, staging.folder)
        finished = FinishedFiles(staging, gate, GATE_SIGNER)
        file = replace(find_inputs(lake, gate.mapping)[0], state=())
        finished.save(file, gate.run(find_inputs(lake, gate.mapping)[0], lambda *_: None))
        finished.take_over([file])
        assert tree(staging.folder) == {}


def test_what_no_note_speaks_of_is_not_published(lake: Path, place: Path) -> None:
    dead = die(lake, place, done=1)
    (dead / "output/kept/deep").mkdir()
    for name in ("output/kept/deep/z.parquet", "output/kept/c.jsonl", "output/manifest.note", "finished/z.note"):
        (dead / name).write_bytes(b"Ada's")
    (dead / "output/kept/link").symlink_to(lake)
    (dead / "attempts/1").mkdir(parents=True)
    (dead / "lock").unlink(missing_ok=True)
    assert Run(lake, place / "out").taken_over == 1
    assert tree(place / "out") == tree_of_whole(lake, place)


def test_of_two_dead_runs_one_is_taken_over_and_the_other_removed(lake: Path, place: Path) -> None:
    die(lake, place, done=1)
    die(lake, place, done=3)
    assert Run(lake, place / "out").taken_over in (1, 3)
    assert [path.name for path in place.iterdir()] == ["out"]


def test_an_output_that_is_there_is_not_written_over_by_what_a_dead_run_left(lake: Path, place: Path) -> None:
    die(lake, place, done=3)
    (place / "out").mkdir()
    (place / "out" / "something").touch()
    with pytest.raises(OutputExistsError):
        Run(lake, place / "out")
    assert tree(place) == {"out/something": b""}


def test_a_note_that_cannot_be_written_stops_the_run(lake: Path, place: Path) -> None:
    with open_staging(place / "out") as staging:
        gate = FileGate(mapping(), ADA_OBJECTS, None, GateMode.IDS, staging.folder)
        file = find_inputs(lake, gate.mapping)[0]
        result = gate.run(file, lambda *_: None)
        staging.notes.rmdir()
        with pytest.raises(OutputWriteError):
            FinishedFiles(staging, gate, GATE_SIGNER).save(file, result)
