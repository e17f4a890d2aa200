"""Products that a party computes alone, by a kernel where they are large."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ezlang.compiler.codegen.locality import by_kernel
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.build import Builder
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.executors.native.executable import executable_of
from ezlang.types.labels import PUBLIC, SECRET, Label, owned
from ezlang.types.types import INT16, INT64, ScalarType
from tests.support.agreement import agree, checked


def product(
    label: Label, shape: tuple[int, ...], sharing: ir.Sharing | None = None, k: int = 16
) -> ir.Operation:
    """A product of numbers with a label and public ones."""
    *items, m, n = shape
    build = Builder()
    x = build.fresh(ir.TensorType(INT64, (*items, m, k), label, sharing))
    y = build.fresh(ir.TensorType(INT64, (*items, k, n), PUBLIC))
    build.matrix_product(x, y)
    return build.operations[0]


def test_what_a_kernel_computes() -> None:
    assert by_kernel(product(PUBLIC, (16, 16)))
    assert by_kernel(product(owned(0), (2, 8, 16)))
    assert by_kernel(product(SECRET, (16, 16), ir.Sharing.ARITHMETIC))
    assert not by_kernel(product(SECRET, (16, 16), ir.Sharing.BOOLEAN))
    assert not by_kernel(product(PUBLIC, (16, 3), k=1000))
    assert not by_kernel(product(PUBLIC, (16, 15)))
    assert not by_kernel(product(PUBLIC, (16, 1000), k=0))


def numbers(shape: tuple[int, ...], draw: random.Random, element: ScalarType) -> Any:
    if not shape:
        return draw.randint(element.low, element.high)
    return [numbers(shape[1:], draw, element) for _ in range(shape[0])]


PROGRAMS = {
    "of one party": 'secret {e}[20][30] y = input(alice, "y");',
    "with public numbers": "{e}[20][30] y; for i in 0..20 {{ for j in 0..30 {{"
    " y[i][j] = {e}(i * j) - 7; }} }}",
}
"""The second factors."""


@pytest.mark.parametrize("element", [INT16, INT64], ids=str)
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str, element: ScalarType) -> None:
    text = f"""
    party alice, bob;
    fn main() {{
        secret {element}[2][9][20] x = input(alice, "x");
        {PROGRAMS[name].format(e=element)}
        secret {element}[2][9][30] z;
        for b in 0..2 {{ for i in 0..9 {{ for j in 0..30 {{ for k in 0..20 {{
            z[b][i][j] += x[b][i][k] * y[k][j];
        }} }} }} }}
        output(bob, z, "z");
    }}
    """
    draw = random.Random(5)
    alice = {"x": numbers((2, 9, 20), draw, element)}
    if name == "of one party":
        alice["y"] = numbers((20, 30), draw, element)
    program = checked(text)
    code = executable_of(program, "arithmetic").program
    found = [one for one in ir.walk(code.main.body) if by_kernel(one)]
    assert bool(found) == (name == "of one party")
    agree(program, {"alice": alice, "bob": {}}, [ProtocolChoice.ARITHMETIC])
