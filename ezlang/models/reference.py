"""What the reference implementation of the package onnx lacks, or gets wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .graph import Array

if TYPE_CHECKING:
    import onnx
    from onnx.reference.op_run import OpRun

_SOFTMAX_OF_ONE: Final = 13
"""The opset from which a softmax is of a single dimension."""

_SOFTMAXES: Final = frozenset({"Softmax", "LogSoftmax", "Hardmax"})

_NORMALISATION_OF_TWO_MODES: Final = 14
"""The opset from which a batch normalisation says whether it is meant for training."""


def as_then(model: onnx.ModelProto) -> None:
    """Write operators of old versions so that the reference implementation means the same.

    It takes softmaxes of all dimensions from `axis` on, as they were before opset 13, for those of
    one dimension. Before opset 14, it mixes the statistics of a batch into those of the model.
    """
    from onnx import helper

    version = next((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), 0)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    for node in nodes:
        if node.op_type in _SOFTMAXES and version < _SOFTMAX_OF_ONE:
            model.graph.node.extend(_flat_softmax(node))
            continue
        if node.op_type == "BatchNormalization" and version < _NORMALISATION_OF_TWO_MODES:
            kept = [one for one in node.attribute if one.name != "momentum"]
            del node.attribute[:]
            node.attribute.extend([*kept, helper.make_attribute("momentum", 1.0)])
        model.graph.node.append(node)


def _flat_softmax(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """Return a softmax of rows that have all dimensions from `axis` on."""
    from onnx import helper

    (x,), (y,) = node.input, node.output
    axis = next((one.i for one in node.attribute if one.name == "axis"), 1)
    rows, scaled, shape = (f"{y}/{part}" for part in ("rows", "scaled", "shape"))
    return [
        helper.make_node("Flatten", [x], [rows], axis=axis),
        helper.make_node(node.op_type, [rows], [scaled], axis=-1),
        helper.make_node("Shape", [x], [shape]),
        helper.make_node("Reshape", [scaled, shape], [y]),
    ]


def corrections() -> list[type[OpRun]]:
    """Return operators in place of the reference implementation's own."""
    return [_rnn(), _conv_transpose()]


def _rnn() -> type[OpRun]:
    """Return recurrent layers with ReLUs too, which the reference doesn't know."""
    from onnx.reference.ops.op_rnn import RNN_14

    inherited: Any = RNN_14.choose_act

    def choose_act(self: Any, name: str, alpha: Any, beta: Any) -> Any:
        if name.lower() == "relu":
            return lambda x: np.maximum(x, 0)
        return inherited(self, name, alpha, beta)

    # It is found by its name and domain.
    return type("RNN", (RNN_14,), {"op_domain": "", "choose_act": choose_act})


def _conv_transpose() -> type[OpRun]:
    """Return transposed convolutions whose groups have their own filters and bias.

    The reference takes filters by the number of the result's channels, and the first bias for all.
    """
    from onnx.reference.ops.op_conv_transpose import ConvTranspose

    inherited: Any = ConvTranspose._run

    def run(self: Any, x: Array, w: Array, b: Array | None = None, **given: Any) -> tuple[Array]:
        groups = given.pop("group", None) or 1
        biases = [None] * groups if b is None else np.split(b, groups)
        parts = [
            inherited(self, *one, group=1, **given)[0]
            for one in zip(np.split(x, groups, 1), np.split(w, groups), biases, strict=True)
        ]
        return (np.concatenate(parts, axis=1),)

    return type("ConvTranspose", (ConvTranspose,), {"op_domain": "", "_run": run})
