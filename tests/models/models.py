"""Small models, made in the test, with seeded weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Array = np.ndarray[Any, Any]
OPSET = 21


@dataclass
class Draft:
    """A model that is being written: its nodes, weights and inputs."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: dict[str, Array] = field(default_factory=dict)
    inputs: dict[str, Sequence[int | str]] = field(default_factory=dict)
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))
    domains: Mapping[str, int] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)

    def input(self, name: str, *shape: int | str, type: int = TensorProto.FLOAT) -> str:
        """Add an input of the model."""
        self.inputs[name] = shape
        self.types[name] = type
        return name

    def weight(self, name: str, *shape: int) -> str:
        """Add weights, which keep the size of what they are multiplied by."""
        drawn = self.random.normal(size=shape) / np.sqrt(np.prod(shape[1:]))
        return self.given(name, drawn.astype(np.float32))

    def given(self, name: str, data: Any) -> str:
        """Add given numbers."""
        self.weights[name] = np.asarray(data)
        return name

    def node(
        self, op: str, *inputs: str, name: str = "", domain: str = "", results: int = 1, **more: Any
    ) -> str:
        """Add a node; return the name of its first result."""
        called = name or f"{op}_{len(self.nodes)}"
        outputs = [f"{called}_out{number or ''}" for number in range(results)]
        node = helper.make_node(op, inputs, outputs, name=called, domain=domain, **more)
        self.nodes.append(node)
        return outputs[0]

    def model(self, *outputs: str, opset: int = OPSET) -> onnx.ModelProto:
        """Return the model; what it computes is whatever the nodes say."""
        graph = helper.make_graph(
            self.nodes,
            "graph",
            [
                helper.make_tensor_value_info(name, self.types[name], shape)
                for name, shape in self.inputs.items()
            ],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in outputs],
            [numpy_helper.from_array(data, name) for name, data in self.weights.items()],
        )
        untyped = helper.make_model(
            graph,
            opset_imports=[
                helper.make_opsetid("", opset),
                *(helper.make_opsetid(*one) for one in self.domains.items()),
            ],
            ir_version=10,
        )
        return onnx.shape_inference.infer_shapes(untyped)

    def save(self, folder: Path, *outputs: str, opset: int = OPSET) -> Path:
        """Write the model into a file in a folder; return its path."""
        path = folder / "model.onnx"
        onnx.save(self.model(*outputs, opset=opset), path)
        return path


def mlp() -> Draft:
    """Two fully connected layers with a ReLU, named as PyTorch does."""
    draft = Draft()
    x = draft.input("x", "batch", 20)
    w1, b1 = draft.weight("fc1.weight", 16, 20), draft.weight("fc1.bias", 16)
    w2, b2 = draft.weight("fc2.weight", 4, 16), draft.weight("fc2.bias", 4)
    hidden = draft.node("Gemm", x, w1, b1, name="/fc1/Gemm", transB=1)
    positive = draft.node("Relu", hidden, name="/Relu")
    draft.node("Gemm", positive, w2, b2, name="/fc2/Gemm", transB=1)
    return draft


def cnn() -> Draft:
    """Two convolutions with pools, and a shape that is computed."""
    draft = Draft()
    x = draft.input("x", "batch", 1, 10, 10)
    w1, b1 = draft.weight("conv1.weight", 4, 1, 3, 3), draft.weight("conv1.bias", 4)
    w2 = draft.weight("conv2.weight", 8, 4, 2, 2)
    w3, b3 = draft.weight("fc.weight", 4, 32), draft.weight("fc.bias", 4)
    zero, rest = draft.given("zero", np.array([0])), draft.given("rest", np.array([-1]))
    y = draft.node("Relu", draft.node("Conv", x, w1, b1, name="/conv1/Conv", pads=[1, 1, 1, 1]))
    y = draft.node("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2])
    y = draft.node("Relu", draft.node("Conv", y, w2, name="/conv2/Conv"), name="/Relu_1")
    y = draft.node("AveragePool", y, kernel_shape=[2, 2], strides=[2, 2])
    first = draft.node("Gather", draft.node("Shape", y), zero, axis=0)
    y = draft.node("Reshape", y, draft.node("Concat", first, rest, axis=0), name="/Reshape")
    draft.node("Gemm", y, w3, b3, name="/fc/Gemm", transB=1)
    return draft
