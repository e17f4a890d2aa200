"""SqueezeNet 1.1, ResNet-50 and DenseNet-121 as Ez programs, with random weights.

The programs are what a person would write with the library's `tensors`, a line for each layer.
Batch normalisation is part of the weights: folded into the convolution before it, or, before a
ReLU, as `norm_relu` with its factors in the next weights. Weights follow He's initialisation, so
that activations keep their size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

FRACTION: Final = 12
PIXELS: Final = 224

Array = np.ndarray[Any, Any]


@dataclass(slots=True)
class Network:
    """A program that is being written, for `batch` images at once, with its weights by name."""

    batch: int = 1
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    given: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    weights: dict[str, Array] = field(default_factory=dict)
    channels: dict[str, int] = field(default_factory=lambda: {"x": 3})

    def weight(self, name: str, array: Array) -> str:
        """Declare weights of the vendor; return their name."""
        whole = max(int(np.ceil(np.log2(np.abs(array).max() + 2.0**-FRACTION))) + 1, 1)
        sizes = "".join(f"[{n}]" for n in array.shape)
        type = "bool" if array.dtype == bool else f"fixed<{whole + 1}, {FRACTION}>"
        self.given.append(f'secret {type}{sizes} {name} = input(vendor, "{name}");')
        self.weights[name] = array
        return name

    def layer(self, name: str, channels: int, text: str) -> str:
        """Add a line that computes a layer; return its name."""
        self.lines.append(f"let {name} = {text};")
        self.channels[name] = channels
        return name

    def conv(
        self, name: str, x: str, channels: int, size: int, *, stride: int = 1, gain: float = 2.0
    ) -> str:
        """Add a convolution with its bias, padded so that stride 1 keeps the size."""
        shape = (channels, self.channels[x], size, size)
        drawn = self.random.normal(size=shape) * np.sqrt(gain / np.prod(shape[1:]))
        filters = self.weight(f"{name}_w", drawn)
        bias = self.weight(f"{name}_b", self.random.normal(size=channels) * 0.05)
        source = f"tensors.pad::<{size // 2}>({x})" if size > 1 else x
        convolved = f"tensors.conv2d::<{stride}>({source}, {filters})"
        return self.layer(name, channels, f"tensors.add_channels({convolved}, {bias})")

    def relu(self, x: str) -> str:
        """Add a ReLU."""
        return self.layer(f"{x}_r", self.channels[x], f"max({x}, 0)")

    def norm_relu(self, name: str, x: str) -> str:
        """Add a batch normalisation with its ReLU."""
        count = self.channels[x]
        offset = self.weight(f"{name}_o", self.random.normal(size=count) * 0.1)
        flipped = self.weight(f"{name}_f", self.random.random(count) < 0.1)
        return self.layer(name, count, f"tensors.norm_relu({x}, {offset}, {flipped})")

    def pool(self, name: str, x: str, kind: str, size: int, stride: int, pad: int = 0) -> str:
        """Add a pooling layer of kind `max` or `average`."""
        source = f"tensors.pad::<{pad}>({x})" if pad else x
        text = f"tensors.{kind}_pool::<{size}, {stride}>({source})"
        return self.layer(name, self.channels[x], text)

    def concat(self, name: str, x: str, y: str) -> str:
        """Add the channels of two layers."""
        channels = self.channels[x] + self.channels[y]
        return self.layer(name, channels, f"tensors.concat({x}, {y})")

    def classify(self, x: str, classes: int = 1000) -> None:
        """Add the mean of each channel and a fully connected layer; output its result."""
        shape = (classes, self.channels[x])
        matrix = self.weight("fc_w", self.random.normal(size=shape) / np.sqrt(shape[1]))
        bias = self.weight("fc_b", self.random.normal(size=classes) * 0.05)
        mean = self.layer("mean", shape[1], f"tensors.global_average({x})")
        self.layer("logits", classes, f"tensors.linear({mean}, {matrix}) + {bias}")
        self.lines.append('output(hospital, logits, "logits");')

    @property
    def text(self) -> str:
        """The program."""
        image = f"fixed<2, {FRACTION}>[{self.batch}][3][{PIXELS}][{PIXELS}]"
        body = [*self.given, f'secret {image} x = input(hospital, "x");', "", *self.lines]
        inside = "".join(f"    {line}\n" if line else "\n" for line in body)
        return f"party vendor, hospital;\n\nimport tensors;\n\nfn main() {{\n{inside}}}\n"


def squeezenet(batch: int = 1) -> Network:
    """SqueezeNet 1.1: eight fire modules, which squeeze channels and expand them."""
    net = Network(batch)
    x = net.relu(net.conv("conv1", "x", 64, 3, stride=2))
    x = net.pool("pool1", x, "max", 3, 2)
    for number, (squeeze, expand) in enumerate(
        [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)], 2
    ):
        if number in (4, 6):
            x = net.pool(f"pool{number - 1}", x, "max", 3, 2)
        x = net.relu(net.conv(f"fire{number}_squeeze", x, squeeze, 1))
        one = net.relu(net.conv(f"fire{number}_expand1", x, expand, 1))
        three = net.relu(net.conv(f"fire{number}_expand3", x, expand, 3))
        x = net.concat(f"fire{number}", one, three)
    net.classify(x)
    return net


def resnet50(batch: int = 1) -> Network:
    """ResNet-50: sixteen bottlenecks of three convolutions with a shortcut."""
    net = Network(batch)
    x = net.relu(net.conv("conv1", "x", 64, 7, stride=2))
    x = net.pool("pool1", x, "max", 3, 2, pad=1)
    for stage, (blocks, width) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)], 2):
        for block in range(1, blocks + 1):
            name, first = f"block{stage}_{block}", block == 1
            stride = 2 if first and stage > 2 else 1
            y = net.relu(net.conv(f"{name}_a", x, width, 1))
            y = net.relu(net.conv(f"{name}_b", y, width, 3, stride=stride))
            y = net.conv(f"{name}_c", y, 4 * width, 1, gain=0.2)
            short = net.conv(f"{name}_s", x, 4 * width, 1, stride=stride, gain=1) if first else x
            x = net.relu(net.layer(name, 4 * width, f"{y} + {short}"))
    net.classify(x)
    return net


def densenet121(batch: int = 1) -> Network:
    """DenseNet-121: four blocks, in which each layer sees the channels of all earlier ones."""
    net = Network(batch)
    x = net.relu(net.conv("conv1", "x", 64, 7, stride=2))
    x = net.pool("pool1", x, "max", 3, 2, pad=1)
    for block, layers in enumerate([6, 12, 24, 16], 1):
        for layer in range(1, layers + 1):
            name = f"layer{block}_{layer}"
            y = net.relu(net.conv(f"{name}_a", net.norm_relu(f"{name}_n", x), 128, 1))
            x = net.concat(f"{name}_x", x, net.conv(f"{name}_b", y, 32, 3))
        if block < 4:
            half = net.channels[x] // 2
            x = net.conv(f"next{block}", net.norm_relu(f"next{block}_n", x), half, 1)
            x = net.pool(f"next{block}_p", x, "average", 2, 2)
    net.classify(net.norm_relu("last", x))
    return net


NETWORKS: Final[dict[str, Callable[[int], Network]]] = {
    "SqueezeNet": squeezenet,
    "ResNet-50": resnet50,
    "DenseNet-121": densenet121,
}
