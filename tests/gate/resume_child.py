"""Runs that die at given instants: one process forks for each, so that all of them are ready in seconds.

    python resume_child.py LAKE PLACE MODE RUNS

Kills each of RUNS runs at an instant of its own, spread over all there are: before or after something is written,
synced, renamed, linked or made. Run 7 leaves what it has done in PLACE/7. One file at a time, so that instants are the
same every time.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from gate_world import GATE_SIGNER, batch_of, list_of, mapping, row

from demur.core.gate_manifest import GateMode
from demur.gate.decision import decide
from demur.gate.output import HashingStream
from demur.gate.run import GateRequest, run_gate

_WATCHED = [*((os, name) for name in ("fsync", "rename", "link", "mkdir", "rmdir", "unlink")), (HashingStream, "write")]


def main(lake: str, place: str, mode: str, runs: str) -> None:
    """Let runs die."""
    decide(batch_of(row()), mapping(), list_of("lumen:ada"))  # compiled once, before all forks
    pytest.MonkeyPatch().setattr("demur.gate.embedded_engine._FILES_AT_A_TIME", 1)
    instants = _live(Path(lake), Path(place, "whole"), GateMode(mode))
    for number, instant in enumerate(sorted(Random(mode).sample(range(instants), int(runs)))):
        _die(Path(lake), Path(place, str(number)), GateMode(mode), instant)


def _die(lake: Path, place: Path, mode: GateMode, instant: int) -> None:
    """Let one run die."""
    child = os.fork()
    if not child:
        _live(lake, place, mode, instant)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


def _live(lake: Path, place: Path, mode: GateMode, instant: int = -1) -> int:
    """Run to the end, or to an instant; return how many instants there are."""
    place.mkdir(parents=True)
    seen = -1

    def pass_instant() -> None:
        nonlocal seen
        seen += 1
        if seen == instant:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in _WATCHED:
            patch.setattr(owner, name, _between(getattr(owner, name), pass_instant))
        request = GateRequest(lake, mapping(), place / "out", mode=mode)
        run_gate(request, list_of("lumen:ada"), GATE_SIGNER, lambda _done, _total: pass_instant())
    return seen + 1


def _between(call: Callable[..., Any], pass_instant: Callable[[], None]) -> Callable[..., Any]:
    def watched(*arguments: Any, **options: Any) -> Any:
        pass_instant()
        done = call(*arguments, **options)
        pass_instant()
        return done

    return watched


main(*sys.argv[1:])
