"""Ray and Spark themselves, as a data engineer starts them, with workers that are killed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cluster_world import World, below, build_world
from killer import Killer, parent_of

from demur.cluster.errors import ClusterError
from demur.core.gate_manifest import GateMode
from demur.gate.errors import UnreadableInputError

pytestmark = pytest.mark.long

ENGINES = ("ray", "spark")
VICTIM, VICTIM_INDEX = "b/part-0.parquet", 1
NOISE = ("WARN", "Warning", "ERROR", "raylet", "Traceback", "log4j", "dashboard", "Stage")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return build_world(tmp_path, rows=90_000)


def run(world: World, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demur", "gate", "run", "lake", "--mapping", "mapping.yaml", "--out", "out"]
    command += ["--list", "latest.list", "--keys-folder", "keys", *options]
    environment = {**os.environ, **variables}
    return subprocess.run(command, cwd=world.root, env=environment, capture_output=True, text=True, check=False)


def assert_same_as_embedded(world: World, done: subprocess.CompletedProcess[str], mode: GateMode) -> None:
    assert done.returncode == 0, done.stderr
    assert not [word for word in NOISE if word in done.stdout + done.stderr]
    world.gate(world.root / "embedded", mode=mode)
    assert below(world.out) == below(world.root / "embedded")
    assert not list(world.root.glob(".*"))


@pytest.mark.parametrize("mode", [GateMode.LINK, GateMode.IDS])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_output_is_the_embedded_engines(world: World, engine: str, mode: GateMode) -> None:
    done = run(world, "--engine", engine, "--mode", mode)
    assert_same_as_embedded(world, done, mode)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_worker_killed_in_the_middle_neither_loses_nor_doubles_a_row(world: World, engine: str) -> None:
    with Killer(world.root, VICTIM, times=1) as killer:
        done = run(world, "--engine", engine)
    assert len(killer.killed) == 1
    assert len(killer.attempts_at(VICTIM_INDEX)) == 2
    assert len(killer.workers()) >= 2
    assert_same_as_embedded(world, done, GateMode.REWRITE)


def test_a_machine_that_is_lost_neither_loses_nor_doubles_a_row(world: World) -> None:
    """Two executors of Spark, of which one is killed; its Python worker may go on writing for a while."""
    with Killer(world.root, VICTIM, times=1, victim=lambda worker: parent_of(parent_of(worker))) as killer:
        done = run(world, "--engine", "spark", MASTER="local-cluster[2,1,1024]")
    assert len(killer.killed) == 1
    assert len(killer.attempts_at(VICTIM_INDEX)) == 2
    assert_same_as_embedded(world, done, GateMode.REWRITE)


def assert_stopped(world: World, done: subprocess.CompletedProcess[str], code: int, sentence: str) -> None:
    assert done.returncode == code, done.stderr
    assert sentence in " ".join(done.stderr.split())
    assert not [word for word in NOISE if word in done.stdout + done.stderr]
    assert not world.out.exists()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_file_that_kills_every_worker_ends_the_run_with_one_sentence(world: World, engine: str) -> None:
    with Killer(world.root, VICTIM, times=100) as killer:
        done = run(world, "--engine", engine)
    assert len(killer.attempts_at(VICTIM_INDEX)) == len(killer.killed) == 4
    assert_stopped(world, done, ClusterError.exit_code, "gave up on")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_damaged_file_ends_the_run_with_the_embedded_engines_sentence(world: World, engine: str) -> None:
    with (world.lake / "c.jsonl").open("a") as stream:
        stream.write("{")
    with pytest.raises(UnreadableInputError) as embedded:
        world.gate(world.root / "embedded")
    done = run(world, "--engine", engine)
    assert_stopped(world, done, UnreadableInputError.exit_code, str(embedded.value))
