"""Rounded ReLUs: all executors, protocols and costs agree, and one comparison does both."""

from __future__ import annotations

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.prepare import prepare
from ezlang.values.data import Inputs
from tests.support.agreement import agree, checked
from tests.support.lowered import lowered

WHOLE = """
party alice, bob;
fn main() {
    secret int64[8] x = input(alice, "x");
    secret int64[8] y = input(bob, "y");
    output(all, max((x + y) >> 12, 0), "z");
}
"""
LAYER = """
party alice, bob;
fn main() {
    secret fixed<2, 12>[3][4] w = input(alice, "w");
    secret fixed<2, 12>[3] b = input(alice, "b");
    secret fixed<2, 12>[4] x = input(bob, "x");
    secret fixed<12>[3] z;
    for i in 0..3 {
        z[i] = max(sum(w[i] * x) + b[i], 0.0);
    }
    output(all, z, "z");
}
"""
WRAPPING = """
party alice, bob;
fn main() {
    secret int16[8] x = input(alice, "x");
    secret int16[8] y = input(bob, "y");
    output(all, max(((x + y) >> 3) + y, 0), "z");
}
"""


def joined(text: str) -> list[ir.RectifiedShift]:
    """The ReLUs that are joined with a shift."""
    program = prepare(lowered(text), ProtocolChoice.ARITHMETIC)
    return [one for one in ir.walk(program.main.body) if isinstance(one, ir.RectifiedShift)]


def test_of_all_numbers() -> None:
    """The sum wraps around for some."""
    high = (1 << 63) - 1
    x = [high, high, -high - 1, 4095, -1, 5000, -5000, 0]
    y = [0, 4096, -4096, 1, 1, 3, -3, 0]
    result = agree(checked(WHOLE), {"alice": {"x": x}, "bob": {"y": y}})
    assert result.outputs is not None
    wanted = [high >> 12, 0, (high - 4095) >> 12, 1, 0, 1, 0, 0]
    assert result.outputs["bob"]["z"] == wanted
    (one,) = joined(WHOLE)
    assert (one.shift, one.bits) == (12, 0)


def test_of_a_layer() -> None:
    """The bias is added before the rounding, which moves behind the ReLU."""
    w = [[0.25, -1.0, 0.5, 1.5], [-1.0, -1.0, -1.0, -1.0], [0.0003, 0.0, 0.0, 0.0]]
    inputs: Inputs = {
        "alice": {"w": w, "b": [-0.125, 1.0, -0.00025]},
        "bob": {"x": [1.0, 0.5, -1.5, 1.75]},
    }
    result = agree(checked(LAYER), inputs)
    assert result.outputs is not None
    (one,) = joined(LAYER)
    assert one.shift == 12
    assert 0 < one.bits < 40


@pytest.mark.parametrize("protocol", [ProtocolChoice.ARITHMETIC, ProtocolChoice.AUTO])
def test_sums_that_wrap_around(protocol: ProtocolChoice) -> None:
    """Ranges don't prove that they don't: the shift stays where it is."""
    x = [32767, -32768, 100, -100, 0, 32767, 8, -9]
    y = [32767, -32768, 32767, -32768, 0, 1, -1, 1]
    result = agree(checked(WRAPPING), {"alice": {"x": x}, "bob": {"y": y}}, (protocol,))
    assert result.outputs is not None
    assert not joined(WRAPPING)
