"""Convolutions, pooling and moves of the library against their definitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ezlang import api
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import run_passes
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.typed.tree import Program
from tests.stdlib.layer_references import convolution, rounded, transposed, windows
from tests.support.agreement import agree

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]
FRACTIONS = {"x": 8, "y": 12}


def program_of(call: str, *shapes: Shape) -> Program:
    """A program that computes a call of x, and of y if there is a second shape."""
    declared = "".join(
        f"secret fixed<{FRACTIONS[name]}>{''.join(f'[{n}]' for n in shape)} {name} = "
        f'input({party}, "{name}");'
        for shape, name, party in zip(shapes, "xy", ("alice", "bob"), strict=False)
    )
    modules = "".join(f"import {name};" for name in ("convolutions", "moves", "pooling"))
    text = f'party alice, bob; {modules} fn main() {{ {declared} output(all, {call}, "z"); }}'
    return api.checked(api.check_text(text))


def inputs_of(*arrays: Array) -> dict[str, dict[str, Any]]:
    given = zip(("alice", "bob"), "xy", arrays, strict=False)
    return {"alice": {}, "bob": {}} | {
        party: {name: (array / (1 << FRACTIONS[name])).tolist()} for party, name, array in given
    }


def numbers(shape: Shape, seed: int) -> Array:
    """Numbers of a few bits after the binary point."""
    return np.random.default_rng(seed).integers(-900, 900, shape)


def clear(program: Program, *arrays: Array) -> Array:
    outputs = api.run_clear(program, inputs_of(*arrays)).outputs
    return np.round(np.array(outputs["alice"]["z"], float) * (1 << FRACTIONS["x"])).astype(np.int64)


def compiled(program: Program) -> list[ir.Operation]:
    return list(ir.walk(run_passes(lower(program), "shared").main.body))


def loops(one: ir.Operation) -> bool:
    """Whether an operation is a loop that carries secrets."""
    secret = any(value.type.label.is_secret for value in one.results)
    return isinstance(one, ir.For | ir.While) and secret


def assert_moves(operations: list[ir.Operation]) -> None:
    """Nothing is computed on secrets."""
    for one in operations:
        computes = isinstance(one, ir.Elementwise | ir.Reduce | ir.Product)
        assert not (computes and any(v.type.label.is_secret for v in one.results))


def sums(product: Array) -> Array:
    """Round sums of products, which have the fraction bits of x, by those of y."""
    return rounded(product, 1 << FRACTIONS["y"])


CONVOLUTIONS: dict[str, tuple[str, Shape, Shape, Callable[[Array, Array], Array]]] = {
    "rows": (
        *("convolutions.rows::<2, 3, 1>(x, y)", (2, 3, 13), (4, 3, 3)),
        lambda x, y: convolution(x, y, [2], [3]),
    ),
    "rows of groups": (
        *("convolutions.rows::<1, 1, 2>(x, y)", (1, 4, 7), (6, 2, 3)),
        lambda x, y: convolution(x, y, [1], [1], 2),
    ),
    "images": (
        *("convolutions.images::<2, 1, 1, 2, 1>(x, y)", (2, 3, 7, 8), (4, 3, 3, 2)),
        lambda x, y: convolution(x, y, [2, 1], [1, 2]),
    ),
    "strides, dilations and groups": (
        *("convolutions.images::<2, 2, 2, 2, 3>(x, y)", (1, 6, 8, 9), (3, 2, 3, 3)),
        lambda x, y: convolution(x, y, [2, 2], [2, 2], 3),
    ),
    "each channel": (
        *("convolutions.images::<1, 1, 1, 1, 4>(x, y)", (2, 4, 5, 5), (8, 1, 3, 2)),
        lambda x, y: convolution(x, y, [1, 1], [1, 1], 4),
    ),
    "padded on each side": (
        "convolutions.images::<2, 2, 1, 1, 1>(moves.pad_images::<0, 1, 2, 1>(x), y)",
        *((1, 2, 5, 6), (3, 2, 3, 3)),
        lambda x, y: convolution(np.pad(x, [(0, 0), (0, 0), (0, 2), (1, 1)]), y, [2, 2], [1, 1]),
    ),
    "volumes": (
        *("convolutions.volumes::<2, 1, 2, 1, 2, 1, 1>(x, y)", (2, 2, 5, 6, 5), (3, 2, 2, 2, 3)),
        lambda x, y: convolution(x, y, [2, 1, 2], [1, 2, 1]),
    ),
    "volumes of groups": (
        *("convolutions.volumes::<1, 1, 1, 2, 1, 1, 2>(x, y)", (1, 4, 4, 3, 4), (4, 2, 2, 2, 2)),
        lambda x, y: convolution(x, y, [1, 1, 1], [2, 1, 1], 2),
    ),
    "transposed": (
        "convolutions.transposed_images::<2, 2, 0, 0, 0, 0, 1>(x, y)",
        *((2, 3, 4, 3), (3, 4, 2, 4)),
        lambda x, y: transposed(x, y, [2, 2]),
    ),
    "transposed and cut": (
        "convolutions.transposed_images::<2, 3, 1, 0, 1, 2, 2>(x, y)",
        *((1, 4, 4, 3), (4, 3, 3, 5)),
        lambda x, y: transposed(x, y, [2, 3], 2)[:, :, 1:-1, :-2],
    ),
    "transposed without a stride": (
        "convolutions.transposed_images::<1, 1, 1, 1, 1, 1, 1>(x, y)",
        *((1, 2, 5, 4), (2, 2, 3, 3)),
        lambda x, y: transposed(x, y, [1, 1])[:, :, 1:-1, 1:-1],
    ),
    "transposed rows": (
        "convolutions.transposed_rows::<3, 1, 0, 1>(x, y)",
        *((1, 2, 4), (2, 3, 4)),
        lambda x, y: transposed(x, y, [3])[:, :, 1:],
    ),
}
"""Calls, the shapes of x and y, and the exact sums."""


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(name: str) -> None:
    call, x_shape, y_shape, reference = CONVOLUTIONS[name]
    program = program_of(call, x_shape, y_shape)
    found = compiled(program)
    assert [type(one) for one in found if isinstance(one, ir.Product)] == [ir.Convolution]
    assert not any(isinstance(one, ir.For) for one in found)
    x, y = numbers(x_shape, 1), numbers(y_shape, 2)
    assert np.array_equal(clear(program, x, y), sums(reference(x, y)))


@pytest.mark.parametrize("name", ["volumes of groups", "transposed and cut"])
def test_convolutions_in_all_executors(name: str) -> None:
    call, x_shape, y_shape, _ = CONVOLUTIONS[name]
    arrays = numbers(x_shape, 1), numbers(y_shape, 2)
    choices = [ProtocolChoice.AUTO]
    assert agree(program_of(call, x_shape, y_shape), inputs_of(*arrays), choices).outputs


def mean(x: Array) -> Array:
    return rounded(x.sum(-1), x.shape[-1])


def largest(x: Array) -> Array:
    return np.asarray(x.max(-1))


PADS = [(1, 0), (1, 1), (0, 1)]
SIZES, STRIDES = [3, 2, 2], [2, 1, 2]


def padded_mean(x: Array) -> Array:
    rank = x.ndim - 2
    wide = np.pad(x, [(0, 0), (0, 0), *PADS[:rank]])
    return windows(wide, SIZES[:rank], STRIDES[:rank], [(0, 0)] * rank, mean)


def pooled(x: Array, combine: Callable[[Array], Array]) -> Array:
    rank = x.ndim - 2
    return windows(x, SIZES[:rank], STRIDES[:rank], PADS[:rank], combine)


POOLS: dict[str, Callable[[Array], Array]] = {
    "max": lambda x: pooled(x, largest),
    "average": padded_mean,
    "average_inside": lambda x: pooled(x, mean),
}
ARGUMENTS = {
    1: ("3, 2, 1, 0", (2, 3, 8)),
    2: ("3, 2, 2, 1, 1, 1, 0, 1", (2, 2, 6, 5)),
    3: ("3, 2, 2, 2, 1, 2, 1, 1, 0, 0, 1, 1", (1, 2, 5, 4, 5)),
}
"""Sizes, strides and paddings in the order of the library, and the shape, for each rank."""


@pytest.mark.parametrize("rank", ARGUMENTS)
@pytest.mark.parametrize("name", POOLS)
def test_pooling(name: str, rank: int) -> None:
    sizes, shape = ARGUMENTS[rank]
    program = program_of(f"pooling.{name}{rank}d::<{sizes}>(x)", shape)
    x = numbers(shape, 3)
    assert np.array_equal(clear(program, x), POOLS[name](x))
    assert not any(map(loops, compiled(program)))


def test_pooling_in_all_executors() -> None:
    x = numbers((1, 2, 4, 5), 5)
    for name in POOLS:
        program = program_of(f"pooling.{name}2d::<3, 2, 2, 2, 1, 1, 0, 0>(x)", x.shape)
        assert agree(program, inputs_of(x), [ProtocolChoice.AUTO]).outputs


def test_windows_of_images_take_few_comparisons() -> None:
    program = program_of("pooling.max2d::<3, 3, 2, 2, 0, 0, 0, 0>(x)", (1, 1, 9, 9))
    found = compiled(program)
    most = [one for one in found if isinstance(one, ir.Binary) and one.kind is ir.BinaryKind.MAX]
    reduced = [one for one in found if isinstance(one, ir.Reduce)]
    spent = [one.result.type.size for one in most]
    spent += [one.operands[0].type.size - one.result.type.size for one in reduced]
    # Two comparisons for each of 4 × 9 numbers, and then of 4 × 4; 8 × 16 at once.
    assert sum(spent) == 2 * 36 + 2 * 16


@pytest.mark.parametrize(
    ("call", "shape", "reference"),
    [
        ("mean(x)", (2, 3, 5), lambda x: rounded(x.sum(-1), 5)),
        ("mean(x)", (6,), lambda x: rounded(x.sum(-1), 6)),
        ("global_average(x)", (2, 3, 2, 4), lambda x: rounded(x.sum((2, 3)), 8)),
        ("global_max(x)", (2, 3, 2, 2, 3), lambda x: x.max((2, 3, 4))),
        (
            "variance(x)",
            (2, 2, 7),
            lambda x: rounded(
                rounded(((x - rounded(x.sum(-1), 7)[..., None]) ** 2).sum(-1), 1 << 8), 7
            ),
        ),
    ],
)
def test_whole_axes(call: str, shape: Shape, reference: Callable[[Array], Array]) -> None:
    x = numbers(shape, 6)
    assert np.array_equal(clear(program_of(f"pooling.{call}", shape), x), reference(x))


MOVES: dict[str, tuple[str, Callable[[Array], Array]]] = {
    "part": ("part::<[2, 3], 1, 4>(x)", lambda x: x[:, :, 1:4]),
    "part of the first": ("part::<[], 1, 2>(x)", lambda x: x[1:2]),
    "every": ("every::<[2, 3], 1, 4, 2>(x)", lambda x: x[:, :, 1:4:2]),
    "every of the last": ("every::<[2, 3, 4], 0, 5, 3>(x)", lambda x: x[..., ::3]),
    "reversed": ("reversed::<[2]>(x)", lambda x: x[:, ::-1]),
    "pad": (
        "pad::<[2, 3], 2, 1>(x, 0.5)",
        lambda x: np.pad(
            x, [(0, 0), (0, 0), (2, 1), (0, 0)], constant_values=1 << (FRACTIONS["x"] - 1)
        ),
    ),
    "pad_images": (
        "pad_images::<1, 2, 3, 0>(x)",
        lambda x: np.pad(x, [(0, 0), (0, 0), (1, 3), (2, 0)]),
    ),
    "channels last": ("swap::<[2], [3], [4, 5]>(x)", lambda x: x.transpose(0, 2, 3, 1)),
    "transpose": ("swap::<[], [2, 3], [4, 5]>(x)", lambda x: x.transpose(2, 3, 0, 1)),
    "gather": ("gather::<[2, 3]>(x, [3, 0, 0, 2, 1])", lambda x: x[:, :, [3, 0, 0, 2, 1]]),
    "tile": ("tile::<[2, 3], 3>(x)", lambda x: np.tile(x, (1, 1, 3, 1))),
    "concat": (
        "concat::<[2]>(x, moves.part::<[2], 1, 3>(x))",
        lambda x: np.concatenate([x, x[:, 1:3]], 1),
    ),
    "bordered": (
        "part::<[], 0, 2>(pooling.bordered::<[2, 3, 4], 2, 1>(x))",
        lambda x: np.pad(x, [(0, 0)] * 3 + [(2, 1)], mode="edge"),
    ),
}


@pytest.mark.parametrize("name", MOVES)
def test_moves(name: str) -> None:
    call, reference = MOVES[name]
    shape = (2, 3, 4, 5)
    program = program_of(f"moves.{call}", shape)
    x = numbers(shape, 4)
    assert np.array_equal(clear(program, x), reference(x))
    assert_moves(compiled(program))
    # Places may be out of range, so that items are gathered one after the other.
    assert any(map(loops, compiled(program))) == (name == "gather")


def test_moves_in_all_executors() -> None:
    x = numbers((2, 3, 4, 5), 4)
    call = "moves.tile::<[3], 2>(moves.swap::<[], [2], [3]>(moves.reversed::<[2, 3, 4]>(x)))"
    agreed = agree(program_of(call, x.shape), inputs_of(x), [ProtocolChoice.AUTO]).outputs
    assert agreed is not None
    expected = np.tile(x[..., ::-1].transpose(1, 0, 2, 3), (1, 2, 1, 1))
    assert np.array_equal(np.array(agreed["bob"]["z"]) * (1 << FRACTIONS["x"]), expected)
