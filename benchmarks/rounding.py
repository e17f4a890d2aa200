"""What the errors of large networks come from: float models that round one kind of numbers alone.

A network of the package onnx, with seeded weights, is computed in double precision, as the importer
leaves it, once without rounding and once for each kind of numbers that fixed point rounds. What is
printed is the largest difference of the logits, in units of the last place of 16 fraction bits.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from ezlang.models.folder import graph_of
from ezlang.models.graph import Graph, Node, Value
from ezlang.models.measuring import FINER
from ezlang.models.reading import read_model
from ezlang.models.rewriting import AFFINE, NORM_RELU

from .judged import float_outputs
from .light import SAMPLES, UNIT
from .seeded import IMAGES, Array, calibrated, images, light

LINEAR = ("Conv", "Gemm")
Rounding = Mapping[str, int]
"""Fraction bits, by the kind of number: `inputs`, `weights`, `offsets` or `results`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line options."""
    parser.add_argument(
        "names", nargs="*", default=["squeezenet", "densenet121", "resnet50"], help="networks"
    )
    parser.add_argument("--images", type=int, default=3)
    parser.add_argument("--fraction-bits", type=int, default=16)
    parser.add_argument("--finer", type=int, default=FINER, help="more fraction bits of weights")


def run(arguments: argparse.Namespace) -> None:
    """Print a row for each network."""
    f = arguments.fraction_bits
    kinds: dict[str, Rounding] = {
        "inputs": {"inputs": f},
        "weights": {"weights": f + arguments.finer},
        "offsets": {"offsets": f},
        "results": {"results": f},
    }
    kinds["all"] = {kind: bits for one in kinds.values() for kind, bits in one.items()}
    print(f"| network | onnxruntime | {' | '.join(kinds)} | by thirds of the layers |")
    print(f"|---|{'---|' * (len(kinds) + 2)}")
    for name in arguments.names:
        print(_row(name, images(arguments.images)[:, 0], kinds), flush=True)


def _row(name: str, shown: Array, kinds: Mapping[str, Rounding]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.onnx"
        onnx.save(calibrated(light(name), images(SAMPLES, seed=1)[:, 0]), path)
        graph = graph_of(read_model(path, {IMAGES: len(shown)}))
        (input,) = (value.name for value in graph.inputs)
        (theirs,) = float_outputs(path, {input: shown}).values()
    exact = Network(graph).run(shown)
    found = [theirs, *(Network(graph, rounding).run(shown) for rounding in kinds.values())]
    count = len(graph.nodes)
    thirds = (range(count * part // 3, count * (part + 1) // 3) for part in range(3))
    parts = [Network(graph, kinds["results"], places).run(shown) for places in thirds]
    apart = [f"{np.abs(one - exact).max() / UNIT:.1f}" for one in (*found, *parts)]
    return f"| {name} | {' | '.join(apart[: len(found)])} | {', '.join(apart[len(found) :])} |"


@dataclass(frozen=True, slots=True)
class Network:
    """A graph that is computed in double precision. `places`: the layers that round results."""

    graph: Graph
    rounding: Rounding = field(default_factory=dict)
    places: range | None = None

    def run(self, shown: Array) -> Array:
        """Return the output for images."""
        values = {self.graph.inputs[0].name: self._rounded(shown.astype(np.float64), "inputs")}
        last = {one.name: n for n, node in enumerate(self.graph.nodes) for one in _given(node)}
        (output,) = self.graph.outputs.values()
        for place, node in enumerate(self.graph.nodes):
            operands = [self._operand(node, at, values) for at in range(len(node.inputs))]
            result = KINDS[node.op](node, *operands)
            if node.op in ROUNDED and (self.places is None or place in self.places):
                result = self._rounded(result, "results")
            values[node.out.name] = result
            for one in _given(node):
                if last[one.name] == place and one.name != output.name:
                    values.pop(one.name, None)
        return values[output.name]

    def _operand(self, node: Node, at: int, values: Mapping[str, Array]) -> Array | None:
        value = node.inputs[at]
        if value is None or value.data is None or not value.is_float:
            return None if value is None else values.get(value.name, value.data)
        kind = "weights" if node.op in LINEAR and at == 1 else "offsets"
        return self._rounded(value.data.astype(np.float64), kind)

    def _rounded(self, x: Array, kind: str) -> Array:
        bits = self.rounding.get(kind)
        return x if bits is None else np.floor(x * 2.0**bits + 0.5) / 2.0**bits


def _given(node: Node) -> list[Value]:
    return [value for value in node.inputs if value is not None]


def _windows(node: Node, x: Array, size: tuple[int, ...], fill: float) -> Array:
    """Return windows [images][channels][height][width][rows][columns] of an image."""
    top, left, bottom, right = node.attributes.get("pads", [0] * 4)
    stride = node.attributes.get("strides", [1, 1])
    sides = ((0, 0), (0, 0), (top, bottom), (left, right))
    padded = np.pad(x, sides, constant_values=fill)
    found = np.lib.stride_tricks.sliding_window_view(padded, size, (2, 3))
    return found[:, :, :: stride[0], :: stride[1]]


def _conv(node: Node, x: Array, filters: Array, bias: Array | None = None) -> Array:
    groups = node.attributes.get("group", 1)
    parts = []
    for own, given in zip(np.split(filters, groups), np.split(x, groups, 1), strict=True):
        windows = _windows(node, given, filters.shape[2:], 0.0)
        parts.append(np.stack([np.tensordot(own, one, ((1, 2, 3), (0, 3, 4))) for one in windows]))
    return _moved(np.concatenate(parts, 1), bias)


def _moved(x: Array, offset: Array | None) -> Array:
    return x if offset is None else x + offset.reshape(1, -1, 1, 1)


def _gemm(_: Node, x: Array, weights: Array, bias: Array) -> Array:
    return np.asarray(x @ weights.T + bias)


def _pool(largest: bool) -> Callable[..., Array]:
    def pool(node: Node, x: Array) -> Array:
        windows = _windows(node, x, tuple(node.attributes["kernel_shape"]), -np.inf * largest)
        return np.asarray(windows.max((4, 5)) if largest else windows.mean((4, 5)))

    return pool


def _norm_relu(_: Node, x: Array, offset: Array, flipped: Array) -> Array:
    sign = np.where(flipped, -1.0, 1.0).reshape(1, -1, 1, 1)
    return np.asarray(sign * np.maximum(sign * _moved(x, offset), 0))


KINDS: dict[str, Callable[..., Any]] = {
    "Conv": _conv,
    "Gemm": _gemm,
    NORM_RELU: _norm_relu,
    AFFINE: lambda _, x, factor, offset: _moved(x * factor.reshape(1, -1, 1, 1), offset),
    "Relu": lambda _, x: np.maximum(x, 0),
    "Add": lambda _, x, y: x + y,
    "Sum": lambda _, *given: sum(given),
    "Concat": lambda node, *given: np.concatenate(given, node.attributes["axis"]),
    "MaxPool": _pool(True),
    "AveragePool": _pool(False),
    "GlobalAveragePool": lambda node, x: x.mean((2, 3)).reshape(node.out.shape),
    "Flatten": lambda node, x: x.reshape(node.out.shape),
    "Reshape": lambda node, x, _: x.reshape(node.out.shape),
    "Dropout": lambda _, x, *__: x,
}
ROUNDED = (*LINEAR, AFFINE, "AveragePool", "GlobalAveragePool")
