"""What holds on any cluster, with an engine that stands in for it: the output is the embedded engine's, or nothing."""

import errno
import hashlib
import pickle
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from cluster_world import FILES, InProcess, World, below, build_world
from table_world import TABLE_MODES, write_delta

from demur.cluster import worker
from demur.cluster.driver import gate_files_on
from demur.cluster.errors import ClusterError
from demur.cluster.job import Attempt, Job
from demur.core.errors import DemurError, ExpiredError
from demur.core.gate_manifest import GateMode
from demur.gate.errors import InputChangedError, NoSpaceError, UnreadableInputError
from demur.gate.file_gate import FileGate
from demur.gate.source import InputFile
from demur.ledger.errors import KeyFileError
from demur.ledger.keys import SecretName, load_secret


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(worker, "_opened", {})
    return build_world(tmp_path)


class Engine:
    """An engine that a test writes as a function."""

    def __init__(self, attempts: object) -> None:
        self.run = attempts


def assert_identical(world: World, mode: GateMode = GateMode.REWRITE) -> None:
    world.gate(world.root / "embedded", mode=mode)
    assert below(world.out) == below(world.root / "embedded")
    assert not list(world.root.glob(".*"))


def assert_stops(world: World, engine: object, error: type[DemurError], *words: str) -> None:
    with pytest.raises(error) as caught:
        world.gate_on(engine)  # type: ignore[arg-type]
    assert all(word in f"{caught.value} {caught.value.hint}" for word in words), caught.value
    assert not world.out.exists()
    assert not list(world.root.glob(".*"))


@pytest.mark.parametrize("mode", [GateMode.REWRITE, GateMode.LINK, GateMode.IDS])
def test_the_output_is_the_embedded_engines_in_every_mode(world: World, mode: GateMode) -> None:
    world.gate_on(InProcess(world), mode)
    assert_identical(world, mode)


def test_workers_note_accounts_as_the_embedded_engine_does(world: World) -> None:
    world.gate(world.out, gate_files_on(InProcess(world), world.keys), notes=True)
    world.gate(world.root / "embedded", notes=True)
    assert "accounts/c.jsonl.parquet" in below(world.out)
    assert below(world.out) == below(world.root / "embedded")


@pytest.mark.parametrize("mode", TABLE_MODES)
def test_a_table_is_gated_as_by_the_embedded_engine_with_its_row_deletes(world: World, mode: GateMode) -> None:
    posts = write_delta(world.root / "posts")
    world.gate(world.out, gate_files_on(InProcess(world), world.keys), mode, lake=posts)
    world.gate(world.root / "embedded", mode=mode, lake=posts)
    assert below(world.out) == below(world.root / "embedded")


@pytest.mark.parametrize("mode", [GateMode.REWRITE, GateMode.LINK])
def test_a_file_that_is_gated_twice_counts_once(world: World, mode: GateMode) -> None:
    told: list[tuple[int, int | None]] = []
    engine = InProcess(world, times=2)
    world.gate(world.out, gate_files_on(engine, world.keys), mode, lambda *rows: told.append(rows))
    assert_identical(world, mode)
    assert len(told) == FILES
    assert told[-1][0] == FILES * 300


def test_after_a_drivers_death_any_engine_goes_on_from_the_files_that_it_had_accepted(world: World) -> None:
    def die(done: int, _total: int | None) -> None:
        if done > 300:
            [partial] = world.root.glob(".out.partial-*")
            shutil.copytree(partial, world.root / partial.name.replace(".out.", ".embedded."))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.gate(world.out, gate_files_on(InProcess(world), world.keys), progress=die)
    told: list[int] = []
    world.gate(world.root / "embedded", progress=lambda done, _total: told.append(done))
    assert told[0] == 600
    world.gate_on(InProcess(world))
    assert below(world.out) == below(world.root / "embedded")


def test_a_worker_that_dies_half_way_leaves_nothing_and_its_file_is_gated_again(world: World) -> None:
    def attempts(job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        for index, file in enumerate(files):
            lost = worker.attempt(job, index, file, InProcess(world).fetch)
            for path in (job.attempts / lost.folder).rglob("*.*"):
                path.write_bytes(b"half")
            yield worker.attempt(job, index, file, InProcess(world).fetch)

    world.gate_on(Engine(attempts))
    assert_identical(world)


def test_what_is_done_is_noted_so_that_the_run_after_a_dead_one_goes_on_from_there(world: World) -> None:
    noted: list[int] = []

    def count(_done: int, _total: int | None) -> None:
        noted.append(len(list(world.root.glob(".out.partial-*/finished/*.note"))))

    world.gate(world.out, gate_files_on(InProcess(world), world.keys), progress=count)
    assert noted == list(range(1, FILES + 1))


def test_a_late_attempt_that_fails_does_not_undo_one_that_was_accepted(world: World) -> None:
    def attempts(job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        yield from InProcess(world).run(job, files)
        yield Attempt(0, "late", ClusterError("too late"))

    world.gate_on(Engine(attempts))
    assert_identical(world)


def test_an_engine_that_loses_a_file_in_silence_is_found_out(world: World) -> None:
    def attempts(job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        yield from InProcess(world).run(job, files[:-1])

    assert_stops(world, Engine(attempts), ClusterError, "without a result for every file")


def test_an_error_of_a_worker_is_the_embedded_engines_sentence(world: World) -> None:
    damaged = (world.lake / "c.jsonl").read_text().replace('"kind"', '"kind', 1)
    (world.lake / "c.jsonl").write_text(damaged)
    with pytest.raises(UnreadableInputError) as embedded:
        world.gate(world.root / "embedded")
    with pytest.raises(UnreadableInputError) as caught:
        world.gate_on(InProcess(world))
    assert (str(caught.value), caught.value.hint) == (str(embedded.value), embedded.value.hint)
    assert not world.out.exists()


def test_an_error_comes_back_from_another_process_with_its_hint() -> None:
    error = pickle.loads(pickle.dumps(UnreadableInputError("a.parquet is damaged", hint="write it again")))
    assert (str(error), error.hint) == ("a.parquet is damaged", "write it again")


def test_what_nobody_foresaw_is_one_sentence_without_a_word_of_a_row(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("lumen:ada was here")

    monkeypatch.setattr(FileGate, "run", fail)
    with pytest.raises(ClusterError, match=r"a\.parquet could not be gated: RuntimeError on ") as caught:
        world.gate_on(InProcess(world))
    assert "ada" not in f"{caught.value}{caught.value.hint}"


def test_the_list_is_opened_once_in_a_process(world: World) -> None:
    engine = InProcess(world)
    world.gate_on(engine)
    assert engine.fetched == 1


def test_a_task_carries_neither_list_nor_secret(world: World) -> None:
    seen: list[bytes] = []

    def attempts(job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        seen.append(pickle.dumps((job, files)))
        yield from InProcess(world).run(job, files)

    world.gate_on(Engine(attempts))
    assert b"lumen:ada" not in seen[0]
    assert load_secret(world.keys, SecretName.LIST_SEAL) not in seen[0]


def test_workers_need_no_key_that_signs(world: World) -> None:
    def attempts(job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        (world.keys / "gate.seed").rename(world.root / "gate.seed")
        yield from InProcess(world).run(job, files)
        (world.root / "gate.seed").rename(world.keys / "gate.seed")

    world.gate_on(Engine(attempts))
    assert_identical(world)


def test_a_worker_without_keys_stops_the_run(world: World) -> None:
    def attempts(job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        return InProcess(world).run(replace(job, keys_folder=world.root / "nowhere"), files)

    assert_stops(world, Engine(attempts), KeyFileError)


def test_a_worker_that_opens_the_list_when_it_has_expired_stops_the_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def attempts(job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        world.save_list("lumen:ada", hours=-1)
        return InProcess(world).run(job, files)

    assert_stops(world, Engine(attempts), ExpiredError)


def test_a_list_that_was_swapped_after_the_driver_read_it_stops_the_run(world: World) -> None:
    def attempts(job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        world.save_list("lumen:bo", number=8)
        return InProcess(world).run(job, files)

    assert_stops(world, Engine(attempts), ClusterError, "was replaced")


def test_a_worker_of_another_version_stops_the_run(world: World) -> None:
    def attempts(job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        return InProcess(world).run(replace(job, versions="demur 0.0.1, pyarrow 1.0"), files)

    assert_stops(world, Engine(attempts), ClusterError, "and the driver demur 0.0.1, pyarrow 1.0")


def test_a_file_that_changed_before_a_worker_read_it_stops_the_run(world: World) -> None:
    def attempts(job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        with (world.lake / "c.jsonl").open("a") as stream:
            stream.write("{}\n")
        return InProcess(world).run(job, files)

    assert_stops(world, Engine(attempts), InputChangedError, "c.jsonl changed before it was read")


def test_what_has_no_state_on_any_machine_is_left_to_its_store(world: World) -> None:
    def attempts(job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        fetched = [Fetched(file.path, file.name, (), None) for file in files]
        return InProcess(world).run(job, fetched)

    world.gate_on(Engine(attempts))
    assert_identical(world)


class Fetched(InputFile):
    """A file of a store, at hand."""

    def hash_unchanged(self, path: Path) -> bytes:
        return hashlib.sha256(path.read_bytes()).digest()


def test_a_worker_on_another_disk_stops_the_run(world: World) -> None:
    def without_output(job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        return InProcess(world).run(replace(job, attempts=world.root / "elsewhere"), files)

    def without_input(job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        (world.lake / "a.parquet").rename(world.root / "a.parquet")
        return InProcess(world).run(job, files)

    def on_its_own_disk(job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        for attempt in InProcess(world).run(job, files):
            (job.attempts / attempt.folder).rename(job.attempts / "unseen")
            yield attempt

    assert_stops(world, Engine(without_output), ClusterError, "does not see the output's folder", "--out")
    assert_stops(world, Engine(on_its_own_disk), ClusterError, "is not to be seen on the driver", "--out")
    assert_stops(world, Engine(without_input), ClusterError, "does not see a.parquet", "same path")


def test_a_disk_that_is_full_when_a_file_gets_its_place_stops_the_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(Path, "rename", full)
    assert_stops(world, InProcess(world), NoSpaceError, "no room left")
