"""The models are those of the release, are run on one thread, and nothing is fetched from anywhere."""

import importlib.metadata
import os
import socket
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from face_world import astronaut, encoded

from demur.faces import models
from demur.faces.errors import FaceModelError
from demur.faces.finding import find_faces

ROOT = Path(__file__).parents[2]
DATA = resources.files("demur.faces").joinpath("data")


def test_the_files_are_the_two_models_their_licences_and_their_source() -> None:
    assert sorted(file.name for file in DATA.iterdir()) == [
        "LICENSE-detector.txt",
        "LICENSE-embedder.txt",
        "SOURCE.md",
        "detector.onnx",
        "embedder.onnx",
    ]


def test_the_predictor_of_68_points_is_never_loaded_shipped_or_depended_on() -> None:
    for file in (ROOT / "src").rglob("*"):
        assert "landmark" not in file.name, "its training photos may not be used commercially"
        assert "predictor" not in file.name
    code = "".join(file.read_text() for file in [*(ROOT / "src").rglob("*.py"), *(ROOT / "scripts").glob("*.py")])
    assert "shape_predictor" not in code
    assert "face_landmark" not in code
    wanted = " ".join(importlib.metadata.requires("demur") or []) + (ROOT / "pyproject.toml").read_text()
    for name in ("dlib", "face-recognition", "face_recognition"):
        assert name not in wanted


def test_the_embedder_answers_with_no_point_of_a_face() -> None:
    (embeddings,) = models.load_model("embedder.onnx").run(np.zeros((2, 3, 150, 150), np.float32))
    assert embeddings.shape == (2, 128)


@pytest.mark.parametrize("name", models.MODEL_SHA256)
@pytest.mark.parametrize("fault", ["one bit is another", "the end is missing", "it is empty", "the file is missing"])
def test_a_model_that_is_not_the_released_one_is_not_run(
    name: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = DATA.joinpath(name).read_bytes()
    changed = {
        "one bit is another": raw[:-1] + bytes([raw[-1] ^ 1]),
        "the end is missing": raw[:-1],
        "it is empty": b"",
        "the file is missing": None,
    }[fault]
    (tmp_path / "data").mkdir()
    if changed is not None:
        (tmp_path / "data" / name).write_bytes(changed)
    monkeypatch.setattr(models.resources, "files", lambda _: tmp_path)
    with pytest.raises(FaceModelError, match=name) as caught:
        models.load_model.__wrapped__(name)
    assert caught.value.hint == "install demur[faces] anew"


def test_no_face_needs_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*anything: object, **more: object) -> None:
        raise AssertionError("a connection was tried")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse, raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    models.load_model.cache_clear()
    assert len(find_faces(encoded(astronaut()))) == 1


def test_the_runtime_is_one_that_sends_nothing_to_its_maker() -> None:
    """From 1.29 on it reports to its maker on Linux too, unless it is told not to before it is loaded."""
    assert tuple(map(int, onnxruntime.__version__.split(".")[:2])) < (1, 29)
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
    library = Path(onnxruntime.__file__).parent / "capi"
    for file in library.glob("*.so*"):
        assert b"getaddrinfo" not in file.read_bytes(), "it can look up names of hosts"


def test_no_socket_is_opened_by_the_process_that_finds_a_face(tmp_path: Path) -> None:
    """What compiled code opens, a replaced function of Python does not see: audit hooks and descriptors do."""
    photo = tmp_path / "photo.png"
    photo.write_bytes(encoded(astronaut()))
    program = """
import os, sys
from pathlib import Path
sys.addaudithook(lambda event, arguments: event.startswith("socket.") and os._exit(3))
from demur.faces.finding import find_faces
before = len(os.listdir("/proc/self/task"))
assert len(find_faces(Path(sys.argv[1]).read_bytes())) == 1
for each in Path("/proc/self/fd").iterdir():
    assert not each.is_symlink() or not os.readlink(each).startswith("socket:")
print("more threads:", len(os.listdir("/proc/self/task")) - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(photo)],
        capture_output=True,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "more threads: 0\n"
