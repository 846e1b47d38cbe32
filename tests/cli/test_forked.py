"""Several processes that do the same: they end together, and each is started again when it alone ends."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.slow
SCRIPT = """
import os, threading
from demur.cli import forked

forked._START_AGAIN_SECONDS = 0.0

def say(words):
    os.write(1, f"{words}\\n".encode())

def work():
    try:
        say(os.getpid())
        threading.Event().wait()
    except SystemExit:
        say("ended in good order")

cores = (sorted(os.sched_getaffinity(0)) * 2)[:2]
os.sched_getaffinity = lambda _: cores
forked.run_on_each_core(work)
say("all ended")
"""


@pytest.fixture
def parent() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, bufsize=0) as process:
        yield process
        process.kill()


def say(process: "subprocess.Popen[bytes]") -> str:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], 30)[0], "nothing was said"
    return process.stdout.readline().decode().strip()


def wait_until_gone(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    with os.fdopen(descriptor) as watched:
        assert select.select([watched], [], [], 30)[0], "the process is still there"


def test_all_end_in_good_order_when_the_first_is_asked_to(parent: "subprocess.Popen[bytes]") -> None:
    children = [int(say(parent)), int(say(parent))]
    parent.send_signal(signal.SIGTERM)
    assert sorted(say(parent) for _ in range(3)) == ["all ended", "ended in good order", "ended in good order"]
    assert parent.wait(30) == 0
    for child in children:
        wait_until_gone(child)


def test_each_keeps_to_a_core_and_one_that_is_started_again_to_the_same(parent: "subprocess.Popen[bytes]") -> None:
    children = [int(say(parent)), int(say(parent))]
    [first], [second] = (os.sched_getaffinity(child) for child in children)
    assert {first, second} == set(sorted(os.sched_getaffinity(0))[:2])
    os.kill(children[0], signal.SIGKILL)
    assert os.sched_getaffinity(int(say(parent))) == {first}


def test_one_that_is_killed_is_started_again(parent: "subprocess.Popen[bytes]") -> None:
    first, second = int(say(parent)), int(say(parent))
    os.kill(first, signal.SIGKILL)
    assert int(say(parent)) not in {first, second}
    os.kill(second, 0)


def test_none_outlives_the_first_though_it_is_killed(parent: "subprocess.Popen[bytes]") -> None:
    children = [int(say(parent)), int(say(parent))]
    parent.kill()
    for child in children:
        wait_until_gone(child)
