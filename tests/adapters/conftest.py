"""A folder with keys, a list and a lake; no adapter's test changes it."""

from pathlib import Path

import pytest
from adapter_world import build, forget_opened_gates, gate_of

from demur.adapters.batch_gate import BatchGate


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("adapters"))


@pytest.fixture
def gate(folder: Path, monkeypatch: pytest.MonkeyPatch) -> BatchGate:
    """Ada's gate, in a process that has opened no other."""
    forget_opened_gates(monkeypatch)
    return gate_of(folder)
