"""The same work in several processes that share what was made ready before: sockets above all.

One process of Python uses one core. The processes are forked, so each begins ready, and shares the memory of what was
loaded. They end with the one that started them, however it ends, since they hold its port.
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
_fork = multiprocessing.get_context("fork")


def run_forked(count: int, work: Callable[[], None]) -> None:
    """Do the same in several processes until this one is asked to stop; one that ends before is started again.

    Args:
        count: how many processes.
        work: does not return by itself. It must end in good order on SystemExit, which SIGTERM raises.
    """
    signal.signal(signal.SIGTERM, _raise_exit)
    processes = [_start(work) for _ in range(count)]
    try:
        while True:
            wait([process.sentinel for process in processes])
            time.sleep(_START_AGAIN_SECONDS)  # what fails at once must not fill a core, nor the log
            processes = [process if process.is_alive() else _start(work) for process in processes]
    except (SystemExit, KeyboardInterrupt):
        pass
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(_STOP_SECONDS)
            process.kill()


def _start(work: Callable[[], None]) -> ForkProcess:
    process = _fork.Process(target=_run, args=(work,))
    process.start()
    return process


def _run(work: Callable[[], None]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _raise_exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
