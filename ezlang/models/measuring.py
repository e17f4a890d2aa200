"""Runs a model on samples, in float and as a program in the clear."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ezlang.records import dataclass
from ezlang.types.types import LARGEST_FRACTION

from .graph import Array, Graph, Node, Value
from .masks import LEAST
from .problems import refusal
from .reference import as_then, corrections
from .steepness import Steep, steep

if TYPE_CHECKING:
    import onnx

    from ezlang.executors.headroom import Headroom
    from ezlang.typed.tree import Program

Sample = Mapping[str, Array]
"""Input → numbers, as the model takes them."""

CLEAR_WORK: Final = 3_000_000
"""The most products and other operations that runs in the clear may take: some ten seconds."""

BITS: Final = 63
"""The bits of a number without its sign."""

FINER: Final = 4
"""How many more fraction bits the weights of linear layers have, if there is room.

More don't pay: the rounding of activations then decides (docs/models.md has figures).
"""

NORM_BITS: Final = 55
"""The bits of a sum of squares that the library's normalisations have room for, for 2 f of them."""

_NORMS: Final = frozenset(
    {"LayerNormalization", "RMSNormalization", "InstanceNormalization", "Normalizer"}
)

RECURRENT: Final = frozenset({"RNN", "GRU", "LSTM"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatRun:
    """What the float model gives for a sample, and the largest number of all that it computes.

    `squares` bounds the sums of squares of the rows that normalisations take. `steep`: nodes that
    need many fraction bits.
    """

    outputs: dict[str, Array]
    largest: float
    squares: float = 0.0
    steep: tuple[Steep, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearRun:
    """What the program gives in the clear, and how close its numbers come to overflow."""

    outputs: dict[str, Array]
    headroom: list[Headroom]

    @property
    def spare(self) -> int:
        """How many bits the operation that comes closest has left; negative after an overflow."""
        return min((one.spare for one in self.headroom), default=BITS)


def samples_of(graph: Graph, path: Path | None) -> list[Sample]:
    """Return samples of a model's inputs: from an .npz file, or a normal one from a fixed seed.

    An array in the file has the shape of the input, or holds several after each other. Raises
    EzError (exit code 2) for a file that doesn't fit.
    """
    if path is None:
        return [_drawn(graph)]
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, AttributeError) as error:
        raise refusal(f"{path} is not a NumPy archive (.npz) of samples: {error}") from None
    found: list[dict[str, Array]] = []
    for value in graph.inputs:
        if value.name not in arrays:
            raise refusal(f"{path} has no array `{value.name}`, which is an input of the model")
        array = arrays[value.name]
        if array.shape == value.shape:
            array = array[np.newaxis]
        elif value.shape and array.shape[1:] == value.shape[1:] and not len(array) % value.shape[0]:
            array = array.reshape(-1, *value.shape)
        else:
            raise refusal(
                f"`{value.name}` in {path} has the shape {array.shape}, and the input {value.shape}"
            )
        if value.is_float and not np.isfinite(array.astype(np.float64)).all():
            raise refusal(f"`{value.name}` in {path} has numbers that aren't finite")
        found = found or [{} for _ in array]
        if len(found) != len(array) or not found:
            raise refusal(f"the arrays in {path} hold different numbers of samples, or none")
        for one, item in zip(found, array, strict=True):
            one[value.name] = item.astype(value.dtype)
    return list(found)


def _drawn(graph: Graph) -> Sample:
    random = np.random.default_rng(0)
    return {
        value.name: (
            random.normal(size=value.shape)
            if value.is_float
            else random.integers(0, 2, size=value.shape)
        ).astype(value.dtype)
        for value in graph.inputs
    }


def float_run(model: onnx.ModelProto, graph: Graph, sample: Sample) -> FloatRun:
    """Run the float model, by the reference implementation of the package onnx."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    names = list(graph.outputs)
    inner = [
        value.name
        for node in graph.nodes
        for value in node.outputs
        if value is not None and value.name not in names and value.name
    ]
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    present = {name for node in model.graph.node for name in node.output}
    inner = [name for name in inner if name in present]
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in inner)
    as_then(watched)
    _give_masks(watched, graph)
    with np.errstate(all="ignore"):
        evaluator = ReferenceEvaluator(watched, new_ops=corrections())
        results = evaluator.run(None, dict(sample))
    found = dict(zip([*names, *inner], map(np.asarray, results), strict=True))
    sizes = {
        name: float(np.abs(array.astype(np.float64)).max(initial=0.0))
        for name, array in {**sample, **found}.items()
        if array.dtype.kind == "f"
    }
    return FloatRun(
        outputs={name: found[name] for name in names},
        largest=max([*sizes.values(), *(_seen(node, sizes) for node in graph.nodes)], default=0.0),
        squares=max((_squares(node, sizes) for node in graph.nodes), default=0.0),
        steep=tuple(filter(None, (steep(node, {**sample, **found}) for node in graph.nodes))),
    )


def _give_masks(model: onnx.ModelProto, graph: Graph) -> None:
    """Give a model the masks of its graph in place of its own, which are infinite or huge."""
    from onnx import numpy_helper

    masks = {
        value.name: value
        for node in graph.nodes
        for value in node.inputs
        if value is not None
        and value.is_float
        and value.data is not None
        and value.data.min(initial=0) == LEAST
    }
    others = [one for one in model.graph.initializer if one.name not in masks]
    nodes = [node for node in model.graph.node if not masks.keys() & {*node.output}]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(others)
    model.graph.initializer.extend(
        numpy_helper.from_array(np.asarray(one.data, one.dtype), name)
        for name, one in masks.items()
    )


def _seen(node: Node, sizes: Mapping[str, float]) -> float:
    """Bound what the gates of a recurrent layer see, which no result shows."""
    if node.op not in RECURRENT or node.domain:
        return 0.0
    x, weights, recurrent, bias, _, hidden, cell, holes = (*node.inputs, *[None] * 7)[:8]
    assert x is not None
    # States of gates are between -1 and 1 after the first step; those of ReLUs are results.
    state = max(1.0, _size(hidden, sizes), *(_size(one, sizes) for one in node.outputs))
    # Each step adds at most 1 to a cell.
    cells = _size(cell, sizes) + max(x.shape[:2])
    return (
        _size(x, sizes) * _row_size(weights, sizes)
        + state * _row_size(recurrent, sizes)
        + 2 * _size(bias, sizes)
        + cells * max(1.0, _size(holes, sizes))
    )


def _size(value: Value | None, sizes: Mapping[str, float]) -> float:
    """Return the largest size of a value's numbers, as far as it is known."""
    if value is None or value.data is None:
        return 0.0 if value is None else sizes.get(value.name, 0.0)
    return float(np.abs(value.data).max(initial=0.0))


def _row_size(value: Value | None, sizes: Mapping[str, float]) -> float:
    """Return the most that the sizes of the numbers of a row add up to."""
    if value is None or value.data is None:
        return 0.0 if value is None else _size(value, sizes) * value.shape[-1]
    return float(np.abs(value.data).sum(axis=-1).max(initial=0.0))


def _squares(node: Node, sizes: Mapping[str, float]) -> float:
    """Return the most that the squares of a row of a normalisation add up to."""
    x = node.inputs[0] if node.inputs else None
    if x is None or node.op not in _NORMS or x.name not in sizes:
        return 0.0
    axis = 2 if node.op == "InstanceNormalization" else node.attributes.get("axis", -1)
    return sizes[x.name] ** 2 * math.prod(x.shape[axis:])


def clear_run(program: Program, inputs: Mapping[str, Mapping[str, Any]]) -> ClearRun:
    """Run a program in the clear. `inputs`: party → name → data."""
    from ezlang.executors.clear import run_clear
    from ezlang.executors.headroom import Watch

    watch = Watch()
    outcome = run_clear(program, {party: dict(own) for party, own in inputs.items()}, watch)
    outputs = {
        name: np.asarray(data) for own in outcome.outputs.values() for name, data in own.items()
    }
    return ClearRun(outputs=outputs, headroom=watch.results())


def fitting_fraction(runs: Sequence[FloatRun]) -> int:
    """Return how many fraction bits the numbers of runs leave room for, with a bit to spare.

    The exact product of two numbers has twice as many fraction bits.
    """
    largest = max((run.largest for run in runs), default=0.0)
    squares = max((run.squares for run in runs), default=0.0)
    products = (BITS - 1 - math.ceil(math.log2(largest + 1))) // 2
    return min(products, (NORM_BITS - math.ceil(math.log2(squares + 1))) // 2)


def fitting_finer(room: int, fraction: int) -> int:
    """Return how many more fraction bits the weights of linear layers may have: at most `FINER`.

    `room`: how many fraction bits there is room for. A product has those of both factors.
    """
    return max(0, min(FINER, 2 * (room - fraction), LARGEST_FRACTION - fraction))


def difference(found: Mapping[str, Array], expected: Mapping[str, Array], fraction: int) -> float:
    """Return the largest difference of outputs, in units of the last place."""
    largest = 0.0
    for name, array in expected.items():
        apart = np.abs(found[name].astype(np.float64) - array.astype(np.float64))
        largest = max(largest, float(apart.max(initial=0.0)) * 2.0**fraction)
    return largest


def work_of(graph: Graph) -> int:
    """Return roughly how many operations a run of a graph takes, or somewhat more."""
    total = 0
    for node in graph.nodes:
        size = int(np.prod(node.out.shape))
        second = node.inputs[1] if len(node.inputs) > 1 else None
        if second is not None and node.op in RECURRENT and node.inputs[0] is not None:
            steps = int(np.prod(node.inputs[0].shape[:2]))
            gates = int(np.prod(second.shape[:2]))
            total += steps * gates * (second.shape[2] + gates)
        elif second is None or node.op not in ("Conv", "Gemm", "MatMul", "ConvTranspose"):
            total += size
        elif node.op == "Conv":
            total += size * int(np.prod(second.shape[1:]))
        else:
            total += size * (node.inputs[0].shape if node.inputs[0] else (1,))[-1]
    return total
