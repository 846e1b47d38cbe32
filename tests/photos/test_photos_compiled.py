"""Compiled code is kept on the disk as a help: a damaged or missing cache never stops a loop."""

import importlib.util
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from demur.photos.compiled import compiled

_modules = count()


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which compiled code is kept."""
    monkeypatch.setattr("numba.config.CACHE_DIR", str(tmp_path / "kept"))
    return tmp_path / "kept"


def load_loop(folder: Path, body: str) -> Callable[[int], int]:
    """Compile a function out of a source file with these contents, as a new process would."""
    path = folder / "loops.py"
    path.write_text(f"def loop(number):\n    return {body}\n")
    os.utime(path, (1e9, 1e9))  # as after an installation that gives all files one time
    spec = importlib.util.spec_from_file_location(f"photo_loops{next(_modules)}", path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    exec(compile(path.read_text(), str(path), "exec"), module.__dict__)  # no .pyc, which goes by time and size too
    loop: Callable[[int], int] = compiled(module.loop)
    return loop


def test_compiled_code_is_kept_but_never_runs_for_another_source(kept: Path, tmp_path: Path) -> None:
    assert load_loop(tmp_path, "number + 1")(1) == 2
    again = load_loop(tmp_path, "number + 1")
    assert again(1) == 2
    assert sum(again.stats.cache_hits.values()) == 1  # type: ignore[attr-defined]
    assert load_loop(tmp_path, "number + 2")(1) == 3


@pytest.mark.parametrize("pattern", ["*.nbi", "*.nbc"])
def test_kept_code_that_is_damaged_is_compiled_again(kept: Path, tmp_path: Path, pattern: str) -> None:
    assert load_loop(tmp_path, "number + 5")(1) == 6
    for file in kept.rglob(pattern):
        file.write_bytes(b"")
    assert load_loop(tmp_path, "number + 5")(1) == 6
