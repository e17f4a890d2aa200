"""Functions of fixed-point numbers: their errors, their tables, and agreement of all executors."""

from __future__ import annotations

import pytest

from benchmarks.functions import MEASURED, TABLES, TABLES_WRITTEN, Measured, evaluated, text_of
from ezlang import api
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.diagnostics.diagnostic import EzError
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
    low, high = (round(end * (1 << f)) for end in (measured.low, measured.high))
    numbers = range(low, high, max((high - low) // 5000, 1))
    for n, y in zip(numbers, evaluated(measured.name, f, numbers), strict=True):
        error = abs(y - measured.function(n / (1 << f))) * (1 << f)
        assert error <= 0.75, n


@pytest.mark.parametrize("measured", MEASURED, ids=lambda one: one.name)
def test_the_largest_numbers(measured: Measured) -> None:
    zero = {"sigmoid": 0.5, "exp_nonpositive": 1}[measured.name]
    ends = [-(1 << 63), 1 - (1 << 63), (1 << 63) - 1, -16 << 16, 16 << 16, 0]
    text = f"""
    party alice, bob;
    import functions;
    fn main() {{
        secret int64[6] x = input(alice, "x");
        output(all, functions.{measured.name}(from_raw::<16>(x)), "z");
    }}
    """
    outputs = api.run_clear(checked(text), {"alice": {"x": ends}, "bob": {}}).outputs
    assert outputs["alice"]["z"] == [0, 0, 1, 0, 1, zero]


@pytest.mark.parametrize("f", [16, 20])
@pytest.mark.parametrize("measured", MEASURED, ids=lambda one: one.name)
def test_executors_agree(measured: Measured, f: int) -> None:
    program = checked(PROGRAM.format(f=f, name=measured.name))
    inputs = {"alice": {"x": [0, 1, -1, 7.25, -20, 300]}, "bob": {"y": [0, 0.5, -2, -9, 3, 0]}}
    assert agree(program, inputs, SHARED).outputs is not None


def test_too_many_fraction_bits_are_refused() -> None:
    with pytest.raises(EzError):
        api.checked(api.check_text(PROGRAM.format(f=21, name="sigmoid")))
