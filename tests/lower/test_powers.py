"""Powers: the number of products, how deep they are, and that every exponent is right."""

from __future__ import annotations

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.typed.operators import products_of_power
from tests.support.lowered import operations, run


@pytest.mark.parametrize("exponent", range(1, 70))
def test_products_make_the_power(exponent: int) -> None:
    exponents, depths = [1], [0]
    for i, j in products_of_power(exponent):
        exponents.append(exponents[i] + exponents[j])
        depths.append(1 + max(depths[i], depths[j]))
    assert exponents[-1] == exponent
    assert len(exponents) - 1 == exponent.bit_length() - 1 + exponent.bit_count() - 1
    assert depths[-1] <= exponent.bit_length()


def test_an_operand_is_evaluated_once() -> None:
    text = """party alice, bob;
    fn told(int32 x) -> int32 { output(alice, x, "x"); return reveal(x); }
    fn main() {
        secret int32 x = input(alice, "x");
        output(all, told(x) ** 5 + 3 * x ** 0, "sum");
    }"""
    outputs = run(text, {"alice": {"x": -2}})
    assert outputs == {"alice": {"x": -2, "sum": -29}, "bob": {"sum": -29}}
    assert len(operations(text, ir.Call)) == 1
