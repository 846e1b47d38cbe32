"""Compiled code is kept on the disk as a help: a full, read-only or damaged disk never stops or misleads a gate."""

import importlib.util
import os
import resource
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from demur.compiled import compiled

_modules = count()
_all_loops: list[Callable[[int], int]] = []
"""Numba imports the module of a loop that was forgotten meanwhile, and these modules nobody can import."""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which compiled code is kept."""
    monkeypatch.setattr("numba.config.CACHE_DIR", str(tmp_path / "kept"))
    return tmp_path / "kept"


def load_loop(folder: Path, body: str) -> Callable[[int], int]:
    """Compile a function out of a source file with these contents, as a new process would."""
    path = folder / "loops.py"
    path.write_text(f"def loop(number):\n    return {body}\n")
    os.utime(path, (1e9, 1e9))  # as after an installation that gives all files one time, or with a clock set back
    spec = importlib.util.spec_from_file_location(f"loops{next(_modules)}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    exec(compile(path.read_text(), str(path), "exec"), module.__dict__)  # no .pyc, which goes by time and size too
    loop: Callable[[int], int] = compiled(module.loop)
    _all_loops.append(loop)
    return loop


def hits(loop: Callable[[int], int]) -> int:
    return sum(loop.stats.cache_hits.values())  # type: ignore[attr-defined]


def test_compiled_code_is_kept_for_the_next_process(kept: Path, tmp_path: Path) -> None:
    assert load_loop(tmp_path, "number + 1")(1) == 2
    again = load_loop(tmp_path, "number + 1")
    assert again(1) == 2
    assert hits(again) == 1


def test_code_of_an_older_version_never_runs_though_time_and_size_of_its_source_are_the_same(
    kept: Path, tmp_path: Path
) -> None:
    assert load_loop(tmp_path, "number + 1")(1) == 2
    changed = load_loop(tmp_path, "number + 2")
    assert changed(1) == 3
    assert hits(changed) == 0


def test_code_never_runs_on_what_it_called_in_an_older_version_of_another_file(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "called.py").write_text("first\n")
    assert load_loop(tmp_path, "number + 1")(1) == 2
    (tmp_path / "called.py").write_text("other\n")
    changed = load_loop(tmp_path, "number + 1")
    assert changed(1) == 2
    assert hits(changed) == 0


def test_a_full_disk_does_not_stop_a_loop(kept: Path, tmp_path: Path) -> None:
    loop = load_loop(tmp_path, "number + 3")
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
    try:
        assert loop(1) == 4
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert not list(kept.rglob("*.nbc"))


def test_a_folder_that_went_away_or_cannot_be_made_does_not_stop_a_loop(kept: Path, tmp_path: Path) -> None:
    loop = load_loop(tmp_path, "number + 4")
    shutil.rmtree(kept)
    kept.touch()
    assert loop(1) == 5


@pytest.mark.parametrize("pattern", ["*.nbi", "*.nbc"])
def test_kept_code_that_is_cut_off_or_damaged_is_compiled_again(kept: Path, tmp_path: Path, pattern: str) -> None:
    assert load_loop(tmp_path, "number + 5")(1) == 6
    for raw in (b"", b"\0" * 100, next(kept.rglob(pattern)).read_bytes()[:-1]):
        for file in kept.rglob(pattern):
            file.write_bytes(raw)
        assert load_loop(tmp_path, "number + 5")(1) == 6


def test_a_function_without_a_source_file_is_compiled_all_the_same() -> None:
    made: dict[str, Callable[[int], int]] = {}
    exec("def loop(number): return number + 6", made)
    assert compiled(made["loop"])(1) == 7
