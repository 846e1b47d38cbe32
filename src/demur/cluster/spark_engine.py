"""Attempts as tasks of Spark: on the cluster that MASTER names, or in processes of this machine.

The sealed list goes to each executor once, as a file of the job. Attempts come back through an accumulator, which
Spark brings to the driver task by task, so that progress is seen, and an error ends the run at once.
"""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark import Accumulator, AccumulatorParam, SparkConf, SparkContext, SparkFiles
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway

from demur.cluster.errors import ClusterError
from demur.cluster.job import Attempt, Job
from demur.cluster.worker import attempt
from demur.gate.source import InputFile

_MASTER: Final = "MASTER"
_HERE: Final = "local[*,4]"
"""All cores of this machine, and four attempts at a file, as on a cluster."""

_LOOPBACK: Final = "127.0.0.1"
_LOOK_EVERY_SECONDS: Final = 0.1


class SparkEngine:
    """Runs attempts in Spark's Python workers."""

    def __init__(self, list_path: Path) -> None:
        self._list_path = list_path.absolute()

    def run(self, job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        """Yield an attempt at each file; see `demur.cluster.driver.Engine`."""
        with _context() as context, ThreadPoolExecutor(1) as apart:
            context.addFile(str(self._list_path))
            ended: Accumulator[list[Attempt]] = context.accumulator([], _Gathered())
            tasks = context.parallelize(list(enumerate(files)), len(files))
            running = apart.submit(tasks.foreach, partial(_attempt, job, self._list_path.name, ended))
            try:
                yield from _gathered(ended, running)
            finally:
                context.cancelAllJobs()
                wait([running])


class _Gathered(AccumulatorParam[list[Attempt]]):
    """Adds what tasks bring to what is there. Spark adds what a task brings once, when it has come to its end."""

    def zero(self, value: list[Attempt]) -> list[Attempt]:  # noqa: ARG002  (Spark's protocol)
        return []

    def addInPlace(self, value1: list[Attempt], value2: list[Attempt]) -> list[Attempt]:  # noqa: N802
        value1.extend(value2)
        return value1


def _attempt(job: Job, list_name: str, ended: Accumulator[list[Attempt]], task: tuple[int, InputFile]) -> None:
    """Run in a worker."""
    ended.add([attempt(job, *task, lambda: Path(SparkFiles.get(list_name)).read_bytes())])


def _gathered(ended: Accumulator[list[Attempt]], running: Future[None]) -> Iterator[Attempt]:
    told = 0
    while told < len(ended.value) or not running.done():
        new = ended.value[told:]
        yield from new
        told += len(new)
        wait([running], timeout=_LOOK_EVERY_SECONDS)
    try:
        running.result()
    except (Py4JError, PySparkException) as error:
        raise ClusterError(
            "Spark gave up on a file: its worker died at each attempt",
            hint="see the executors' logs: a worker that is killed often had too little memory",
        ) from error


@contextmanager
def _context() -> Iterator[SparkContext]:
    """Start Spark's driver, with its log out of sight unless it fails; take it down at the end."""
    with TemporaryFile() as log:
        try:
            gateway = launch_gateway(_configuration(), {"stdout": log, "stderr": log})  # type: ignore[no-untyped-call]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # Spark loads its test tools, which warn of a pandas
                context = SparkContext(conf=_configuration(), gateway=gateway)
        except (OSError, Py4JError, PySparkException) as error:
            _show(log)
            raise ClusterError("Spark could not be started: its own words stand above") from error
        try:
            yield context
        finally:
            with suppress(Py4JError):
                context.stop()
            gateway.shutdown()
            gateway.proc.stdin.close()  # at which Spark's process ends
            gateway.proc.wait()
            SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001  (else a second run would ask the first's)


def _configuration() -> SparkConf:
    master = os.environ.get(_MASTER, _HERE)
    settings = {"spark.master": master, "spark.app.name": "demur gate", "spark.ui.enabled": "false"}
    if master.startswith("local"):
        settings |= {"spark.driver.host": _LOOPBACK, "spark.driver.bindAddress": _LOOPBACK}
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return SparkConf(loadDefaults=False).setAll(list(settings.items()))


def _show(log: IO[bytes]) -> None:
    log.seek(0)
    sys.stderr.write(log.read().decode(errors="replace"))
