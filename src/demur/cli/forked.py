"""The same work in several processes that share what was made ready before: sockets above all.

One process of Python uses one core, so each is given one of its own: threads that hand the interpreter's lock from core
to core use a fifth more processor time. The processes are forked, so each begins ready, and shares the memory of what
was loaded. They end with the one that started them, however it ends, since they hold its port.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from types import FrameType

_STOP_SECONDS = 10
_START_AGAIN_SECONDS = 1.0
_NICENESS = 5
"""The worker and the database go first: what was confirmed is mailed and published before more is taken in."""

_fork = multiprocessing.get_context("fork")


def run_on_each_core(work: Callable[[], None]) -> None:
    """Do the same in one process for each core until this one is asked to stop; one that ends before is started again.

    Args:
        work: does not return by itself. It must end in good order on SystemExit, which SIGTERM raises.
    """
    signal.signal(signal.SIGTERM, _raise_exit)
    cores = sorted(os.sched_getaffinity(0))
    processes = [_start(work, core) for core in cores]
    try:
        while True:
            wait([process.sentinel for process in processes])
            time.sleep(_START_AGAIN_SECONDS)  # what fails at once must not fill a core, nor the log
            processes = [
                process if process.is_alive() else _start(work, core)
                for process, core in zip(processes, cores, strict=True)
            ]
    except (SystemExit, KeyboardInterrupt):
        pass
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(_STOP_SECONDS)
            process.kill()


def _start(work: Callable[[], None], core: int) -> ForkProcess:
    process = _fork.Process(target=_run, args=(work, core))
    process.start()
    return process


def _run(work: Callable[[], None], core: int) -> None:
    os.sched_setaffinity(0, {core})
    os.nice(_NICENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _raise_exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
