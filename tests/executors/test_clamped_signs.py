"""What is selected by a sign and bounded: all executors, protocols and costs agree, by one
comparison."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.prepare import prepare
from tests.support.agreement import agree, checked
from tests.support.lowered import lowered

PROGRAM = """
party alice, bob{more};
fn main() {{
    secret {type}[12] x = input(alice, "x");
    secret {type}[12] y = input(bob, "y");
    secret {type}[12] z = x + y;
    output(all, {result}, "z");
}}
"""
RESULTS: dict[str, tuple[int, str, Callable[[int], int]]] = {
    "of both signs": (6, "min(z < 0 ? ~z : z, 63)", lambda z: min(~z if z < 0 else z, 63)),
    "the other way": (6, "min(63, z < 0 ? ~z : z)", lambda z: min(~z if z < 0 else z, 63)),
    "of what is negative": (4, "min(z < 0 ? ~z : 0, 15)", lambda z: min(~z if z < 0 else 0, 15)),
    "of what isn't negative": (8, "min(max(z, 0), 255)", lambda z: min(max(z, 0), 255)),
}
COMPARED = (ir.BinaryKind.LT, ir.BinaryKind.MIN, ir.BinaryKind.MAX)
TYPES = {"int64": 64, "int16": 16}


def of(type: str, result: str, more: str = "") -> str:
    return PROGRAM.format(type=type, result=result, more=more)


def numbers(bits: int) -> tuple[list[int], list[int]]:
    """What two parties give: sums at all bounds, and sums that wrap around."""
    high = (1 << (bits - 1)) - 1
    x = [high, -high - 1, 10, -10, 60, -60, 200, -200, 0, -1, high, 5]
    y = [0, 0, 5, -6, 3, -4, 55, 800, 0, 0, 1, -high - 1]
    return x, y


def wrapped(x: int, bits: int) -> int:
    return (x + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))


def found(text: str, protocol: ProtocolChoice = ProtocolChoice.ARITHMETIC) -> list[ir.SignAndFit]:
    """What tells signs and fits together."""
    program = prepare(lowered(text), protocol)
    return [one for one in ir.walk(program.main.body) if isinstance(one, ir.SignAndFit)]


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize("name", RESULTS)
def test_agreement(type: str, name: str) -> None:
    size, text, meaning = RESULTS[name]
    program, bits = of(type, text), TYPES[type]
    x, y = numbers(bits)
    result = agree(checked(program), {"alice": {"x": x}, "bob": {"y": y}})
    assert result.outputs is not None
    sums = [wrapped(a + b, bits) for a, b in zip(x, y, strict=True)]
    assert result.outputs["bob"]["z"] == [meaning(z) for z in sums]
    operations = list(ir.walk(prepare(lowered(program), ProtocolChoice.ARITHMETIC).main.body))
    assert [one.size for one in operations if isinstance(one, ir.SignAndFit)] == [size]
    kinds = [one.kind for one in operations if isinstance(one, ir.Binary)]
    assert not set(kinds) & set(COMPARED)


def test_of_narrow_numbers() -> None:
    """Ranges say what is bounded, and how many bits have to be compared."""
    text = """
party alice, bob;
fn main() {
    secret fixed<3, 12>[4] x = input(alice, "x");
    secret fixed<3, 12>[4] y = input(bob, "y");
    secret int64[4] z = raw(x + y);
    secret bool[4] negative = z < 0;
    secret int64[4] size = min(negative ? ~z : z, 8191);
    output(all, (size >> 4) + int64(negative), "z");
}
"""
    inputs = {"alice": {"x": [1.0, -1.0, 3.5, -4.0]}, "bob": {"y": [0.25, -1.0, 3.5, -4.0]}}
    result = agree(checked(text), inputs)
    assert result.outputs is not None
    assert result.outputs["bob"]["z"] == [320, 512, 511, 512]
    program = prepare(lowered(text), ProtocolChoice.ARITHMETIC)
    operations = list(ir.walk(program.main.body))
    (one,) = (one for one in operations if isinstance(one, ir.SignAndFit))
    assert (one.size, one.bits) == (13, 16)
    (shift,) = (
        one for one in operations if isinstance(one, ir.Binary) and one.kind is ir.BinaryKind.SHR
    )
    assert (shift.bits, shift.nonnegative) == (13, True)


@pytest.mark.parametrize(
    "result",
    [
        "min(z < 0 ? ~z : z, 64)",
        "min(z < 1 ? ~z : z, 63)",
        "min(z < 0 ? ~x : z, 63)",
        "max(z < 0 ? ~z : z, 63)",
        "min(z < 0 ? z : ~z, 63)",
        "min(z < 0 ? -z : z, 63)",
        "min(z, 63)",
    ],
)
def test_what_stays(result: str) -> None:
    assert not found(of("int64", result))


def test_one_size_a_number() -> None:
    """A number that is bounded twice has one of the bounds from the comparison of its sign."""
    text = of("int64", "min(z < 0 ? ~z : z, 63) + min(z < 0 ? ~z : z, 255)")
    assert [one.size for one in found(text)] == [6]


def test_among_three() -> None:
    """More than two parties have the sign and the bound apart."""
    text = of("int64", "min(z < 0 ? ~z : z, 63)", ", cleo")
    x, y = numbers(64)
    inputs = {"alice": {"x": x}, "bob": {"y": y}, "cleo": {}}
    result = agree(checked(text), inputs)
    assert result.outputs is not None
    assert not found(text, ProtocolChoice.AUTO)
