"""The two models, as they lie in this package: read, checked against the SHA-256 of the release, run on one thread.

Nothing is ever downloaded, and nothing sent: onnxruntime's reports to its maker are switched off before it is loaded,
and no version that this package asks for has them. `data/SOURCE.md` says where the weights come from and under which
licences, and `scripts/face_models.py` makes the files from there. dlib's predictor of 68 points, which other programs
align faces with, is neither here nor read: it was made from photos that may not be used commercially.
"""

import hashlib
import os
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
import numpy.typing as npt

from demur.faces.errors import FaceModelError

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # is read when onnxruntime is loaded
import onnxruntime

Floats = npt.NDArray[np.float32]

MODEL_SHA256: Final = {
    "detector.onnx": "1859da2254b46cef3b27f386b617b176f23ab0e5075e591985a501b99703904b",
    "embedder.onnx": "f4fe8b754fd35c98a3af518f672ec5be2f2ffbcc3f64559ba4128ccc83e945d0",
}

_ONLY_ERRORS: Final = 3
"""Of onnxruntime's levels of logging."""


class Model:
    """A network, ready to be run; may be used by several threads at once."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name

    def run(self, values: Floats) -> list[Floats]:
        """Return what the network makes of the values. The same values give the same on one machine, always."""
        outputs: list[Floats] = self._session.run(None, {self._input: values})
        return outputs


@cache
def load_model(name: str) -> Model:
    """Return a model of this package, read once in a process.

    Raises:
        FaceModelError: the file is missing, or is not the released one.

    The embedder takes a tenth of a second and 25 MB.
    """
    raw = _checked_file(name)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = _ONLY_ERRORS
    return Model(onnxruntime.InferenceSession(raw, options, providers=["CPUExecutionProvider"]))


def _checked_file(name: str) -> bytes:
    try:
        raw = resources.files("demur.faces").joinpath("data", name).read_bytes()
    except OSError as error:
        raise FaceModelError(
            f"the model {name} cannot be read; no face was looked for", hint="install demur[faces] anew"
        ) from error
    if hashlib.sha256(raw).hexdigest() != MODEL_SHA256[name]:
        raise FaceModelError(
            f"the model {name} is not the one that was released; it was not run", hint="install demur[faces] anew"
        )
    return raw
