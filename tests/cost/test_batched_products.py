"""Batches of matrix products are found, are correct, and cost the same in any order."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import run_passes
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.executors.simulate import run_two
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs
from tests.support.agreement import agree_under, checked, clear, result_of, simulated
from tests.support.costed import (
    costs_of,
    costs_of_simulation,
    native,
    predicted,
    prepared,
)

Shape = tuple[int, ...]

BATCHES: dict[str, tuple[Shape, Shape, Shape, dict[str, int], str]] = {
    "matrices": (
        *((3, 4, 2), (3, 2, 5), (3, 4, 5)),
        {"b": 3, "i": 4, "j": 5, "k": 2},
        "z[b][i][j] += x[b][i][k] * y[b][k][j];",
    ),
    "scores of attention": (
        *((2, 3, 4), (2, 5, 4), (2, 3, 5)),
        {"h": 2, "i": 3, "j": 5, "k": 4},
        "z[h][i][j] += x[h][i][k] * y[h][j][k];",
    ),
    "a convolution of each channel": (
        *((2, 5, 5), (2, 2, 2), (2, 4, 4)),
        {"c": 2, "i": 4, "j": 4, "u": 2, "v": 2},
        "z[c][i][j] += x[c][i + u][j + v] * y[c][u][v];",
    ),
    "matrices and vectors": (
        *((3, 4, 5), (3, 5), (3, 4)),
        {"b": 3, "i": 4, "k": 5},
        "z[b][i] += x[b][i][k] * y[b][k];",
    ),
    "outer products": (
        *((3, 4), (3, 5), (3, 4, 5)),
        {"b": 3, "i": 4, "j": 5},
        "z[b][i][j] = x[b][i] * y[b][j];",
    ),
    "a batch of two dimensions": (
        *((2, 3, 2, 4), (2, 3, 4), (2, 3, 2)),
        {"a": 2, "b": 3, "i": 2, "k": 4},
        "z[a][b][i] += x[a][b][i][k] * y[a][b][k];",
    ),
}
"""Shapes of x, y and z; loops, outermost first; what is done in them."""


def text(name: str, order: Sequence[str]) -> str:
    *shapes, sizes, body = BATCHES[name]
    x, y, z = ("int32" + "".join(f"[{size}]" for size in shape) for shape in shapes)
    heads = " ".join(f"for {index} in 0..{sizes[index]} {{" for index in order)
    return f"""party alice, bob;
    fn main() {{
        secret {x} x = input(alice, "x");
        secret {y} y = input(bob, "y");
        secret {z} z;
        {heads} {body} {"}" * len(order)}
        output(all, z, "z");
    }}
    """


def numbers(shape: Shape, draw: random.Random) -> Any:
    if not shape:
        return draw.randint(-(2**31), 2**31 - 1)
    return [numbers(shape[1:], draw) for _ in range(shape[0])]


def given(name: str) -> Inputs:
    draw = random.Random(3)
    x, y = BATCHES[name][:2]
    return {"alice": {"x": numbers(x, draw)}, "bob": {"y": numbers(y, draw)}}


def orders(name: str) -> list[list[str]]:
    """As it stands, inside out, and with the innermost loop outermost."""
    loops = list(BATCHES[name][3])
    return [loops, loops[::-1], [loops[-1], *loops[:-1]]]


@pytest.mark.parametrize("name", BATCHES)
def test_one_product_for_all(name: str) -> None:
    for order in orders(name):
        compiled = run_passes(lower(checked(text(name, order))), "vectorised")
        found = list(ir.walk(compiled.main.body))
        (product,) = (one for one in found if isinstance(one, ir.Product))
        if name == "a convolution of each channel":
            assert isinstance(product, ir.Convolution)
            assert product.groups == 2
        else:
            assert len(product.result.type.shape) == 3
        assert not any(isinstance(one, ir.For | ir.Binary) for one in found)


@pytest.mark.parametrize("name", BATCHES)
def test_any_number_of_parties_agrees(name: str) -> None:
    program, inputs = checked(text(name, orders(name)[0])), given(name)
    assert result_of(simulated, program, inputs) == result_of(clear, program, inputs)


@pytest.mark.parametrize("name", BATCHES)
@pytest.mark.parametrize("protocol", list(ProtocolChoice))
def test_executors_agree_and_costs_are_the_same_in_any_order(
    name: str, protocol: ProtocolChoice
) -> None:
    """Native code runs one order: in the others, prediction and simulation stand for it."""
    inputs = given(name)
    first, *others = orders(name)
    program = checked(text(name, first))
    expected = result_of(clear, program, inputs)
    agreed = agree_under(protocol, program, inputs, expected)
    assert agreed is not None
    outcome = agreed.simulated
    for order in others:
        program = checked(text(name, order))
        code = prepared(program, protocol)
        again = run_two(code, check_inputs(program, inputs), record=False)
        assert again.outputs == outcome.outputs
        assert costs_of_simulation(again) == costs_of_simulation(outcome)
        assert costs_of(predicted(code).least) == costs_of_simulation(outcome)


def test_a_batch_takes_the_ots_of_its_products() -> None:
    """An OT for each bit of the 4 × 2 matrices, in one direction, since both sides are known."""
    program = checked(text("matrices", ["b", "i", "j", "k"]))
    code = prepared(program, ProtocolChoice.ARITHMETIC)
    assert native(program, code, given("matrices"))[2] == 3 * 4 * 2 * 32
