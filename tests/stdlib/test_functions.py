"""Functions of fixed-point numbers: their errors, their tables, and agreement of all executors."""

from __future__ import annotations

from fractions import Fraction
from math import exp, log
from random import Random

import pytest

from benchmarks.functions import (
    MEASURED,
    TABLES,
    TABLES_WRITTEN,
    Measured,
    error_of,
    evaluated,
    text_of,
)
from ezlang import api
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.diagnostics.diagnostic import EzError
from ezlang.values.data import Inputs
from tests.support.agreement import agree, checked

SHARED = (ProtocolChoice.ARITHMETIC, ProtocolChoice.AUTO)
PROGRAM = """
party alice, bob;
import functions;
fn main() {{
    secret fixed<{f}>[6] x = input(alice, "x");
    secret fixed<{f}>[6] y = input(bob, "y");
    output(all, functions.{name}(x + y), "z");
}}
"""


def test_tables_are_those_that_the_command_writes() -> None:
    assert TABLES.read_text(encoding="utf-8") == text_of(TABLES_WRITTEN)


@pytest.mark.parametrize("f", [5, 12, 16, 17, 20])
@pytest.mark.parametrize("measured", MEASURED, ids=lambda one: one.name)
def test_errors_are_below_an_ulp(measured: Measured, f: int) -> None:
    f = min(f, measured.most_bits)
    low, high = measured.domain(f)
    numbers = range(low, high, max((high - low) // 5000, 1))
    for n, y in zip(numbers, evaluated(measured.name, f, numbers), strict=True):
        assert error_of(measured, n / (1 << f), y) * (1 << f) <= 0.75, n


@pytest.mark.parametrize(
    ("name", "most", "end", "zero"),
    [
        ("sigmoid", 1, 1, 0.5),
        ("tanh", 1, 1, 0),
        ("exp_nonpositive", 1, 1, 1),
        ("exp", 47, 16 / log(2), 1),
    ],
)
def test_the_largest_numbers(name: str, most: float, end: float, zero: float) -> None:
    """Hold e^x against powers of two, up to a part in a hundred."""
    ends = [-(1 << 63), 1 - (1 << 63), (1 << 63) - 1, -16 << 16, 16 << 16, 0]
    text = f"""
    party alice, bob;
    import functions;
    fn main() {{
        secret int64[6] x = input(alice, "x");
        output(all, functions.{name}(from_raw::<16>(x)), "z");
    }}
    """
    outputs = api.run_clear(checked(text), {"alice": {"x": ends}, "bob": {}}).outputs
    low, next, high, minus, plus, middle = outputs["alice"]["z"]
    least = -1 if name == "tanh" else 0
    assert (low, next, minus, middle) == (least, least, least, zero)
    for found, power in ((high, most), (plus, end)):
        assert found == (1 if power == 1 else pytest.approx(2**power, rel=0.01))


@pytest.mark.parametrize("f", [16, 20])
@pytest.mark.parametrize("measured", MEASURED, ids=lambda one: one.name)
def test_executors_agree(measured: Measured, f: int) -> None:
    program = checked(PROGRAM.format(f=min(f, measured.most_bits), name=measured.name))
    inputs = {"alice": {"x": [0, 1, -1, 7.25, -20, 300]}, "bob": {"y": [0, 0.5, -2, -9, 3, 0]}}
    assert agree(program, inputs, SHARED).outputs is not None


def test_they_take_arrays_of_any_shape() -> None:
    program = checked("""
    party alice, bob;
    import functions;
    fn main() {
        secret fixed<12>[2][3] x = input(alice, "x");
        secret fixed<12>[2][3] y = input(bob, "y");
        output(all, functions.sigmoid(x + y), "z");
        output(all, functions.exp(x[1] + y[1]), "row");
        output(all, functions.clip(x[0][1] + y[0][1], -1.0, 1.0), "one");
        output(all, reshape(functions.sigmoid(reshape(x + y, 6)), 2, 3), "flat");
    }
    """)
    inputs = {"alice": {"x": [[0, 1, -1], [7.25, -2, 3]]}, "bob": {"y": [[1, 0.5, -2], [0, 0, 1]]}}
    outputs = agree(program, inputs, SHARED).outputs
    assert outputs is not None
    assert outputs["bob"]["z"] == outputs["bob"]["flat"]
    assert outputs["bob"]["one"] == 1
    assert outputs["bob"]["row"][1] == pytest.approx(exp(-2), abs=1 / 4096)


def test_too_many_fraction_bits_are_refused() -> None:
    with pytest.raises(EzError):
        api.checked(api.check_text(PROGRAM.format(f=21, name="sigmoid")))
    with pytest.raises(EzError):
        api.checked(api.check_text(PROGRAM.format(f=19, name="silu")))


@pytest.mark.parametrize("f", [5, 12, 16, 20])
def test_quotients(f: int) -> None:
    """Their errors grow with |x y|, far below those of a product with the reciprocal."""
    draw = Random(1)
    size = 2.0 ** min(57 - 2 * f, 37 - f)
    x = [round(draw.choice([-1, 1]) * size ** draw.random() * (1 << f)) for _ in range(400)]
    y = [round(draw.choice([-1, 1]) * 2 ** draw.uniform(-4, 6) * (1 << f)) for _ in range(400)]
    text = f"""
    party alice, bob;
    import functions;
    fn main() {{
        @alice int64[400] x = input(alice, "x");
        @alice int64[400] y = input(alice, "y");
        let quotient = functions.divide(from_raw::<{f}>(x), from_raw::<{f}>(y));
        output(alice, raw(quotient), "z");
    }}
    """
    inputs: Inputs = {"alice": {"x": x, "y": y}, "bob": {}}
    found = api.run_clear(checked(text), inputs).outputs["alice"]["z"]
    for above, below, z in zip(x, y, found, strict=True):
        exact = Fraction(above, below) * (1 << f)
        assert abs(z - exact) <= 0.7 + abs(above * below) / 4 ** (f + 1) / (1 << f)
