"""Lowering of `break` and `continue`: what costs nothing more than an `if`."""

from __future__ import annotations

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.types.types import BOOL
from tests.support.lowered import compiled, lowered, operations, run

_HEAD = """party alice, bob;
fn main() {
    secret int32[8] x = input(alice, "x");
    secret int32[8] y = input(bob, "y");
    public int32 n = reveal(y[0]);
    secret int32 sum;
"""
_TAIL = 'output(all, sum, "sum"); }'
_INPUTS = {"alice": {"x": list(range(8))}, "bob": {"y": [5, 4, 3, 2, 1, 0, -1, -2]}}

_CONTINUED = "if i % 3 == 1 { continue; } sum += x[i] * y[i];"
_GUARDED = "if i % 3 == 1 { } else { sum += x[i] * y[i]; }"


def _kinds(program: ir.Program) -> list[type[ir.Operation]]:
    return [type(operation) for operation in ir.walk(program.main.body)]


def test_a_continue_is_an_if_around_the_rest() -> None:
    texts = [f"{_HEAD} for i in 0..8 {{ {body} }} {_TAIL}" for body in (_CONTINUED, _GUARDED)]
    first, second = (_kinds(lowered(text)) for text in texts)
    assert first == second
    compact = [_kinds(compiled(text)[1]["vectorised"]) for text in texts]
    assert compact[0] == compact[1]


@pytest.mark.parametrize("loop", ["for i in 0..8", "for i in 0..n", "for e in x"])
def test_a_break_of_a_for_carries_one_flag(loop: str) -> None:
    text = f"{_HEAD} {loop} {{ sum += 1; if n + sum_of(n) > 3 {{ break; }} }} {_TAIL}"
    text += "fn sum_of(public int32 n) -> int32 { return n; }"
    (found,) = operations(text, ir.While)
    flags = [value for value in found.carried if value.type.element == BOOL]
    assert len(flags) == 1
    assert all(value.type.label.is_public for value in flags)
    assert run(text, _INPUTS)["alice"] == {"sum": 1}


def test_a_continue_before_the_end_of_an_inner_block_sets_a_flag_of_its_turn() -> None:
    body = "if i > 2 { if i == n { continue; } sum += 1; } sum += x[i] * y[i];"
    text = f"{_HEAD} for i in 0..8 {{ {body} }} {_TAIL}"
    (loop,) = operations(text, ir.For)
    assert len(loop.carried) == 1
    assert run(text, _INPUTS)["bob"] == {"sum": 0 + 4 + 6 + 6 + 4 - 6 - 14 + 4}
