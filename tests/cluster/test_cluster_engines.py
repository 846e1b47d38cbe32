"""How Ray and Spark are driven, with stand-ins for them: what they are told, and what is made of what they say.

The engines themselves are driven by test_cluster_for_real.py, which takes minutes.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest
from cluster_world import World, below, build_world
from pyspark.errors import PySparkRuntimeError

from demur.cluster import ray_engine, spark_engine, worker
from demur.cluster.driver import gate_files_on
from demur.cluster.engine_name import EngineName
from demur.cluster.engines import load_gate_files
from demur.cluster.errors import ClusterError
from demur.gate.embedded_engine import gate_in_threads


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(worker, "_opened", {})
    return build_world(tmp_path, rows=30)


def assert_identical(world: World) -> None:
    world.gate(world.root / "embedded")
    assert below(world.out) == below(world.root / "embedded")


class Ray:
    """Runs a task when its result is asked for."""

    exceptions = ray_engine.ray.exceptions

    def __init__(self) -> None:
        self.started: list[tuple[str | None, bool | None]] = []
        self.most_under_way = self.downs = 0
        self.failure: Exception | None = None

    def init(self, address: str | None, *, include_dashboard: bool | None, **_: object) -> None:
        self.started.append((address, include_dashboard))
        if self.failure is not None and not isinstance(self.failure, self.exceptions.RayError):
            raise self.failure

    def shutdown(self) -> None:
        self.downs += 1

    @staticmethod
    def put(value: object) -> Callable[[], object]:
        return lambda: value

    def get(self, reference: Callable[[], object]) -> object:
        if self.failure is not None:
            raise self.failure
        return reference()

    @staticmethod
    def remote(**_: object) -> Callable[[Callable[..., object]], object]:
        def bind(function: Callable[..., object]) -> object:
            def submit(job: Callable[[], object], *rest: object) -> Callable[[], object]:
                return lambda: function(job(), *rest)

            return SimpleNamespace(remote=submit)

        return bind

    def wait(self, references: list[object], *, num_returns: int, timeout: float) -> tuple[list[object], list[object]]:
        assert num_returns == len(references)
        assert timeout
        self.most_under_way = max(self.most_under_way, len(references))
        return references[-1:], references[:-1]


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Ray:
    fake = Ray()
    monkeypatch.setattr(ray_engine, "ray", fake)
    monkeypatch.setattr(ray_engine, "_UNDER_WAY", 3)
    return fake


def test_ray_is_started_here_without_dashboard_and_told_of_a_few_files_at_a_time(world: World, ray: Ray) -> None:
    world.gate(world.out, load_gate_files(EngineName.RAY, world.list_path, world.keys))
    assert_identical(world)
    assert (ray.started, ray.downs, ray.most_under_way) == ([("local", False)], 1, 3)


def test_ray_on_a_cluster_is_found_by_its_own_means(world: World, ray: Ray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_engine, "_IS_HERE", False)
    world.gate_on(ray_engine.RayEngine(world.list_path))
    assert ray.started == [(None, None)]
    assert_identical(world)


def test_ray_that_does_not_answer_or_gives_up_ends_the_run_with_a_sentence(world: World, ray: Ray) -> None:
    engine = ray_engine.RayEngine(world.list_path)
    ray.failure = ConnectionError("10.0.0.1")
    with pytest.raises(ClusterError, match="Ray could not be started"):
        world.gate_on(engine)
    ray.failure = ray.exceptions.WorkerCrashedError()
    with pytest.raises(ClusterError, match=r"Ray gave up on it after 4 attempts \(WorkerCrashedError\)"):
        world.gate_on(engine)
    assert ray.downs == 2
    assert not world.out.exists()


class Spark:
    """Stands in for a context of Spark: a job is run in the thread that asks for it, and what it adds is added."""

    _gateway: object = "of the run before"
    _jvm: object = "of the run before"

    def __init__(self, gateway: object, failure: Exception | None) -> None:
        self.gateway, self.failure = gateway, failure
        self.files: list[str] = []
        self.ended: SimpleNamespace | None = None
        self.cancelled = Event()

    def addFile(self, path: str) -> None:  # noqa: N802
        self.files.append(path)

    def accumulator(self, value: list[object], param: spark_engine._Gathered) -> object:
        self.ended = SimpleNamespace(value=value)

        def add(new: list[object]) -> None:
            self.ended.value = param.addInPlace(self.ended.value, param.zero([]) + new)

        self.ended.add = add
        return self.ended

    def parallelize(self, tasks: list[object], parts: int) -> object:
        assert len(tasks) == parts

        def foreach(task: Callable[[object], None]) -> None:
            if self.failure is not None:
                raise self.failure
            for each in tasks:
                if not self.cancelled.is_set():
                    task(each)

        return SimpleNamespace(foreach=foreach)

    def cancelAllJobs(self) -> None:  # noqa: N802
        self.cancelled.set()

    def stop(self) -> None:
        raise spark_engine.Py4JError("already gone")


@pytest.fixture
def spark(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """What a test can make fail, and what it can look at afterwards."""
    state = SimpleNamespace(failure=None, start_failure=None, settings={}, downs=0)

    def launch(conf: spark_engine.SparkConf, streams: dict[str, object]) -> object:
        state.settings = dict(conf.getAll())
        streams["stderr"].write(b"Spark's own words\n")  # type: ignore[attr-defined]
        if state.start_failure is not None:
            raise state.start_failure
        process = SimpleNamespace(stdin=SimpleNamespace(close=lambda: None), wait=lambda: None)
        return SimpleNamespace(shutdown=lambda: setattr(state, "downs", state.downs + 1), proc=process)

    def context(conf: object, gateway: object) -> Spark:
        state.context = Spark(gateway, state.failure)
        return state.context

    monkeypatch.delenv("MASTER", raising=False)
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setattr(spark_engine, "launch_gateway", launch)
    monkeypatch.setattr(spark_engine, "SparkContext", context)
    monkeypatch.setattr(spark_engine, "SparkFiles", SimpleNamespace(get=lambda name: str(world.root / name)))
    return state


def test_spark_is_started_here_on_the_loopback_address_without_its_pages(
    world: World, spark: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    world.gate(world.out, load_gate_files(EngineName.SPARK, world.list_path, world.keys))
    assert_identical(world)
    assert spark.settings["spark.master"] == "local[*,4]"
    assert spark.settings["spark.driver.bindAddress"] == spark.settings["spark.driver.host"] == "127.0.0.1"
    assert spark.settings["spark.ui.enabled"] == "false"
    assert spark.context.files == [str(world.list_path)]
    assert spark.downs == 1
    assert capfd.readouterr().err == ""


def test_spark_on_a_cluster_is_left_its_own_addresses(
    world: World, spark: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASTER", "spark://head:7077")
    world.gate_on(spark_engine.SparkEngine(world.list_path))
    assert spark.settings["spark.master"] == "spark://head:7077"
    assert "spark.driver.bindAddress" not in spark.settings


def test_spark_that_cannot_start_says_why_and_then_a_sentence(
    world: World, spark: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    spark.start_failure = PySparkRuntimeError(errorClass="JAVA_GATEWAY_EXITED", messageParameters={})
    with pytest.raises(ClusterError, match="Spark could not be started"):
        world.gate_on(spark_engine.SparkEngine(world.list_path))
    assert capfd.readouterr().err == "Spark's own words\n"


def test_spark_that_gives_up_ends_the_run_with_a_sentence(world: World, spark: SimpleNamespace) -> None:
    spark.failure = spark_engine.Py4JError("a traceback of a hundred lines")
    with pytest.raises(ClusterError, match="Spark gave up on a file"):
        world.gate_on(spark_engine.SparkEngine(world.list_path))
    assert spark.context.cancelled.is_set()
    assert not world.out.exists()


def test_an_error_ends_sparks_job_at_once(world: World, spark: SimpleNamespace) -> None:
    engine = spark_engine.SparkEngine(world.list_path)

    def stop(_done: int, _total: int | None) -> None:
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        world.gate(world.out, gate_files_on(engine, world.keys), progress=stop)
    assert spark.context.cancelled.is_set()
    assert not world.out.exists()


def test_the_embedded_engine_needs_neither(world: World) -> None:
    assert load_gate_files(EngineName.EMBEDDED, world.list_path, world.keys) is gate_in_threads


def test_an_engine_that_is_not_installed_is_named_with_what_to_install(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "demur.cluster.ray_engine", None)
    with pytest.raises(ClusterError, match="the engine ray is not installed") as caught:
        load_gate_files(EngineName.RAY, world.list_path, world.keys)
    assert caught.value.hint == 'run: pip install "demur[ray]"'
