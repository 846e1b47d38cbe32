"""Attempts as tasks of Ray: on the cluster that RAY_ADDRESS names, or in processes of this machine.

The sealed list goes into Ray's object store, which brings it once to each machine.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from itertools import islice
from pathlib import Path
from typing import Any, Final

from demur.cluster.errors import ClusterError
from demur.cluster.job import Attempt, Job
from demur.cluster.worker import attempt
from demur.gate.source import InputFile

_ADDRESS: Final = "RAY_ADDRESS"
_IS_HERE: Final = _ADDRESS not in os.environ
if _IS_HERE:  # Ray reads these when it is imported
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # on every system: listen on the loopback address alone
import ray  # noqa: E402
import ray.exceptions  # noqa: E402

_UNDER_WAY: Final = 1 << 12
"""So many tasks are handed to Ray at a time: more than a large cluster has cores."""

_LOOK_EVERY_SECONDS: Final = 0.1

_RETRIES: Final = 3
"""How often a file is tried again when its worker or machine dies."""


class RayEngine:
    """Runs attempts in Ray's workers."""

    def __init__(self, list_path: Path) -> None:
        self._list_path = list_path

    def run(self, job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        """Yield one attempt at each file; see `demur.cluster.driver.Engine`."""
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):  # where Ray tells of each dead worker
            try:
                _start()
                yield from self._attempts(job, files)
            finally:
                ray.shutdown()

    def _attempts(self, job: Job, files: Sequence[InputFile]) -> Iterator[Attempt]:
        # In a list, a reference is not followed for each task: a worker fetches the list at its first one.
        shared = [ray.put(self._list_path.read_bytes())]
        remote, in_common = ray.remote(max_retries=_RETRIES)(_attempt), ray.put(job)
        waiting: dict[Any, InputFile] = {}
        to_do = iter(enumerate(files))
        while True:
            for index, file in islice(to_do, _UNDER_WAY - len(waiting)):
                waiting[remote.remote(in_common, index, file, shared)] = file
            if not waiting:
                return
            ended, _ = ray.wait(list(waiting), num_returns=len(waiting), timeout=_LOOK_EVERY_SECONDS)
            for task in ended:
                yield _result(task, waiting.pop(task))


def _start() -> None:
    """Connect to the cluster that RAY_ADDRESS names, or start workers on this machine, one for each core."""
    address, dashboard = ("local", False) if _IS_HERE else (None, None)
    try:
        ray.init(address, include_dashboard=dashboard, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError) as error:
        raise ClusterError(
            "Ray could not be started" if _IS_HERE else "no Ray cluster answers at RAY_ADDRESS",
            hint='see "ray status", and the logs in /tmp/ray/session_latest/logs',
        ) from error


def _attempt(job: Job, index: int, file: InputFile, shared: Sequence[Any]) -> Attempt:
    """Run in a worker."""
    return attempt(job, index, file, lambda: ray.get(shared[0]))


def _result(task: Any, file: InputFile) -> Attempt:
    try:
        found: Attempt = ray.get(task)
    except ray.exceptions.RayError as error:
        raise ClusterError(
            f"{file.name} could not be gated: Ray gave up on it after {_RETRIES + 1} attempts ({type(error).__name__})",
            hint="see Ray's logs: a worker that is killed often had too little memory",
        ) from error
    return found
