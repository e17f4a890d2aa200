"""Write DenseNet-121 with seeded weights, and synthetic images with a shadow or without one.

`python make.py` writes `model.onnx`, which is the vendor's, and `test.npz`, the hospital's images
and labels; `python make.py --small` does the same with a small network of the same kind. It needs
the package onnx alone (`pip install 'ezlang[onnx]'`), and then takes some minutes; with
onnxruntime, some seconds.

Nothing is trained but the last layer, which is fitted to what the others, drawn at random, say of
other synthetic images. So the network tells something of the images, and it costs what a trained
one costs.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

try:
    from onnxruntime import InferenceSession as Session
except ImportError:
    from onnx.reference import ReferenceEvaluator as Session

HERE = Path(__file__).parent
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Size:
    """Layers of each block, the channels that each adds and the first has; what images are like."""

    layers: tuple[int, ...]
    growth: int
    first: int
    pixels: int
    shadow: float
    fitted: int
    tested: int = 32


DENSENET121 = Size(layers=(6, 12, 24, 16), growth=32, first=64, pixels=224, shadow=0.15, fitted=64)
SMALL = Size(layers=(2, 2), growth=8, first=16, pixels=32, shadow=0.4, fitted=128)


@dataclass
class Network:
    """A graph that is being written, with weights after He's initialisation [HZRS15]."""

    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: dict[str, Array] = field(default_factory=dict)

    def node(self, op: str, name: str, *inputs: str, **attributes: Any) -> str:
        """Add a node, whose result has its name."""
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def weight(self, name: str, array: Array) -> str:
        """Add weights."""
        self.weights[name] = array.astype(np.float32)
        return name

    def conv(self, name: str, x: str, *shape: int, stride: int = 1) -> str:
        """Add a convolution without a bias; `shape` is that of its filters."""
        drawn = self.random.normal(size=shape) * np.sqrt(2 / np.prod(shape[1:]))
        filters = self.weight(f"{name}.weight", drawn)
        pads = [shape[2] // 2] * 4
        return self.node("Conv", name, x, filters, strides=[stride] * 2, pads=pads)

    def norm_relu(self, name: str, x: str, count: int) -> str:
        """Add a batch normalisation that nearly keeps what it gets, with a ReLU."""
        draw = self.random
        given = {
            "weight": draw.normal(1, 0.1, count),
            "bias": draw.normal(0, 0.1, count),
            "mean": draw.normal(0, 0.1, count),
            "var": draw.uniform(0.5, 1.5, count),
        }
        names = [self.weight(f"{name}.{key}", array) for key, array in given.items()]
        return self.node("Relu", f"{name}.relu", self.node("BatchNormalization", name, x, *names))

    def model(self, result: str, shape: list[int], pixels: int) -> onnx.ModelProto:
        """Return the model that gives a result."""
        image = helper.make_tensor_value_info(
            "image", TensorProto.FLOAT, ["batch", 3, pixels, pixels]
        )
        output = helper.make_tensor_value_info(result, TensorProto.FLOAT, ["batch", *shape])
        given = [numpy_helper.from_array(array, name) for name, array in self.weights.items()]
        graph = helper.make_graph(self.nodes, "densenet", [image], [output], given)
        opsets = [helper.make_opsetid("", 17)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def features(net: Network, size: Size) -> int:
    """Add all layers but the last; return how many numbers `features` has [HLMW17]."""
    channels = size.first
    x = net.conv("conv0", "image", channels, 3, 7, 7, stride=2)
    x = net.norm_relu("norm0", x, channels)
    x = net.node("MaxPool", "pool0", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for block, layers in enumerate(size.layers, 1):
        for layer in range(1, layers + 1):
            name, wide = f"block{block}.layer{layer}", 4 * size.growth
            y = net.conv(
                f"{name}.conv1", net.norm_relu(f"{name}.norm1", x, channels), wide, channels, 1, 1
            )
            y = net.norm_relu(f"{name}.norm2", y, wide)
            y = net.conv(f"{name}.conv2", y, size.growth, wide, 3, 3)
            x = net.node("Concat", f"{name}.concat", x, y, axis=1)
            channels += size.growth
        if block < len(size.layers):
            name, half = f"transition{block}", channels // 2
            y = net.norm_relu(f"{name}.norm", x, channels)
            y = net.conv(f"{name}.conv", y, half, channels, 1, 1)
            x = net.node("AveragePool", f"{name}.pool", y, kernel_shape=[2, 2], strides=[2, 2])
            channels = half
    x = net.node("GlobalAveragePool", "pool1", net.norm_relu("norm1", x, channels))
    net.node("Flatten", "features", x)
    return channels


def images(random: np.random.Generator, count: int, size: Size) -> tuple[Array, Array]:
    """Return images of ribs, half of them with a shadow, and labels: 1 with a shadow."""
    pixels = size.pixels
    labels = random.permutation(np.arange(count) % 2)
    down, across = np.mgrid[0 : 1 : 1j * pixels, 0 : 1 : 1j * pixels]
    pictures = []
    for label in labels:
        ribs = 0.15 * np.sin(2 * np.pi * (random.uniform(6, 9) * down + random.random()))
        y, x, radius = *random.uniform(0.25, 0.75, 2), random.uniform(0.08, 0.14)
        shadow = size.shadow * np.exp(-((down - y) ** 2 + (across - x) ** 2) / (2 * radius**2))
        noise = random.normal(0, 0.05, (pixels, pixels))
        pictures.append(0.4 + random.normal(0, 0.03) + ribs + label * shadow + noise)
    bytes_of = np.rint(np.clip(pictures, 0, 1) * 255) / 255
    return np.repeat(bytes_of[:, None].astype(np.float32), 3, axis=1), labels.astype(np.int32)


def run(model: onnx.ModelProto, given: Array) -> Array:
    """Return what a model says of images, some at a time."""
    session = Session(model.SerializeToString())
    parts = [given[at : at + 8] for at in range(0, len(given), 8)]
    return np.concatenate([session.run(None, {"image": part})[0] for part in parts])


def fit(found: Array, labels: Array) -> tuple[Array, Array]:
    """Return weights and biases of two scores, by ridge regression on standardised features."""
    mean, spread = found.mean(axis=0), found.std(axis=0) + 1e-3
    rows = (found - mean) / spread
    matrix = rows @ rows.T + len(rows) * np.eye(len(rows))
    weights = rows.T @ np.linalg.solve(matrix, 2.0 * labels - 1) / spread
    return np.stack([-weights, weights]), np.array([mean @ weights, -mean @ weights])


def main() -> None:
    """Write model.onnx and test.npz."""
    size = SMALL if sys.argv[1:] == ["--small"] else DENSENET121
    net = Network()
    count = features(net, size)
    random = np.random.default_rng(1)
    seen, labels = images(random, size.fitted, size)
    weights, biases = fit(run(net.model("features", [count], size.pixels), seen), labels)
    names = net.weight("classifier.weight", weights), net.weight("classifier.bias", biases)
    net.node("Gemm", "scores", "features", *names, transB=1)
    model = net.model("scores", [2], size.pixels)
    tested, answers = images(random, size.tested, size)
    right = (run(model, tested).argmax(axis=1) == answers).mean()
    print(f"Accuracy in float, on {size.tested} images: {right:.4f}")
    onnx.save(model, HERE / "model.onnx")
    np.savez_compressed(HERE / "test.npz", image=tested, labels=answers)


if __name__ == "__main__":
    main()
