"""Who signs, and how a log comes to be."""

from collections.abc import Callable
from pathlib import Path

import pytest
from failing_disk import numbered

from demur.core.note import Signer
from demur.ledger.log import Log


@pytest.fixture
def signer() -> Signer:
    return Signer("lumen.example/log", b"\x11" * 32)


@pytest.fixture
def stranger() -> Signer:
    """Somebody who uses the log's name with a key of their own."""
    return Signer("lumen.example/log", b"\x66" * 32)


@pytest.fixture
def make_log(tmp_path: Path, signer: Signer) -> Callable[..., Path]:
    """Make a log by appends of these sizes, in a new folder of this name."""

    def make(*sizes: int, name: str = "log") -> Path:
        folder = tmp_path / name
        with Log(folder, signer) as log:
            for size in sizes:
                start = log.reader.checkpoint().tree_size
                assert log.append(numbered(start, start + size)) == start
        return folder

    return make
