"""Circuits on shares are shallow or small, whichever is cheaper on a network."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ezlang import api
from ezlang.compiler.cost.profiles import LOOPBACK, WAN, Profile
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.parse import parse_program
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.passes.assign import Policy
from ezlang.compiler.passes.sharings.circuit_depth import choose_circuits
from ezlang.executors.native.executable import executable_of
from ezlang.source import Source
from ezlang.typed.tree import Program
from tests.cost.costed import costs_of, native, predicted, prepared, simulated

TEXT = """
party alice, bob;

param int32 n = 200;

fn main() {
    @alice int64[n] a = input(alice, "a");
    @bob int64[n] b = input(bob, "b");
    secret int64[n] c = a + b;
    secret bool[n] less = c < a;
    output(alice, less, "less");
}
"""
SLOW = replace(LOOPBACK, name="slow line", rtt=1e-6, bandwidth=1e6)


def checked(n: int) -> Program:
    result = api.check(Source("main.ez", TEXT), settings={"n": n})
    assert result.program is not None
    return result.program


def deep(program: ir.Program) -> int:
    return sum(one.deep for f in program.functions for one in ir.walk(f.body))


@pytest.mark.parametrize("policy", [Policy.BOOLEAN, Policy.ARITHMETIC])
def test_all_counts_agree_on_deep_circuits(policy: Policy) -> None:
    program = checked(200)
    code = choose_circuits(prepared(program, policy), SLOW)
    assert (deep(code) > 0) == (policy is Policy.BOOLEAN)
    inputs = {"alice": {"a": list(range(200))}, "bob": {"b": list(range(1, 201))}}
    costs, _, _ = native(program, code, inputs)
    assert costs == simulated(program, code, inputs)
    assert costs == costs_of(predicted(code).least)
    assert parse_program(print_program(code)) == code


@pytest.mark.parametrize(
    ("profile", "count", "expected"),
    [(WAN, 200, False), (WAN, 100_000, True), (LOOPBACK, 20_000, True), (SLOW, 100, False)],
)
def test_network_and_size_decide(profile: Profile, count: int, expected: bool) -> None:
    code = executable_of(checked(count), Policy.BOOLEAN.value, profile).program
    assert (deep(code) > 0) == expected
