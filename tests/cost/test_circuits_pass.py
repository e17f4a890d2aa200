"""Circuits on shares are shallow or small, whichever is cheaper on the network."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from ezlang import api
from ezlang.compiler.cost.profiles import LAN, LOOPBACK, WAN, Profile
from ezlang.compiler.cost.summary import total
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.parse import parse_program
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.sharings.circuit_depth import choose_circuits
from ezlang.compiler.passes.sharings.ot_kinds import choose_ots
from ezlang.executors.native.executable import executable_of
from ezlang.typed.tree import Program
from tests.support.costed import costs_of, native, predicted, prepared, simulated

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
COMPARED = """
party alice, bob;

param int64 n = 20000;

fn main() {
    secret int32[n] x = input(alice, "x");
    secret int32[n] y = input(bob, "y");
    secret bool[n] small;
    for i in 0..n {
        small[i] = (x[i] ^ y[i]) < 100;
    }
    output(all, small, "small");
}
"""
SLOW = replace(LOOPBACK, name="slow line", rtt=1e-6, bandwidth=1e6)


def checked(n: int, text: str = TEXT) -> Program:
    return api.checked(api.check_text(text, settings={"n": n}))


def deep(program: ir.Program) -> int:
    return sum(one.deep for f in program.functions for one in ir.walk(f.body))


@pytest.mark.parametrize("protocol", [ProtocolChoice.BOOLEAN, ProtocolChoice.ARITHMETIC])
def test_all_counts_agree_on_deep_circuits(protocol: ProtocolChoice) -> None:
    program = checked(200)
    code = choose_circuits(prepared(program, protocol), SLOW)
    assert (deep(code) > 0) == (protocol is ProtocolChoice.BOOLEAN)
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
    code = executable_of(checked(count), ProtocolChoice.BOOLEAN.value, profile).program
    assert (deep(code) > 0) == expected


@pytest.mark.parametrize(("profile", "rounds"), [(LOOPBACK, 14), (LAN, 14), (WAN, 16)])
def test_a_comparison_with_a_constant(profile: Profile, rounds: int) -> None:
    """A shallow circuit has few ANDs where an operand is a constant, so it is chosen."""
    program = checked(20_000, COMPARED)
    code = executable_of(program, ProtocolChoice.BOOLEAN.value, profile).program
    assert deep(code) == 0
    assert predicted(code).least.rounds == rounds
    inputs = {"alice": {"x": [3] * 20_000}, "bob": {"y": [3, 100] * 10_000}}
    costs, _, _ = native(program, code, inputs)
    assert costs == simulated(program, code, inputs) == costs_of(predicted(code).least)


KINDS = ("add", "sub", "eq", "lt", "gt", "min", "max")
OPERATION = """party alice, bob

fn main() {{
  %0.x = input[party=alice, name='x'] : int32[{n}] @alice
  %1.x = relabel %0.x : int32[{n}] secret boolean
  %2 = {operand}
  %3 = binary[kind={kind}] %1.x, %2 : {element}[{n}] secret boolean
  %4 = reveal %3 : {element}[{n}] public
  output[to=all, name='y'] %4
  yield
}}
"""


@pytest.mark.parametrize("profile", [LOOPBACK, LAN, WAN], ids=lambda profile: profile.name)
@pytest.mark.parametrize("constant", [1, 100, -1])
def test_the_ledger_agrees(constant: int, profile: Profile) -> None:
    """The circuit that is chosen is the faster one by the ledger of the whole program."""
    for kind, n in product(KINDS, (200, 5000, 100_000)):
        operand = f"constant[data=({constant})] : int32[{n}] public"
        chosen, others = chosen_and_others(kind, n, operand, profile)
        assert chosen == min(others), (kind, n)


@pytest.mark.parametrize("profile", [LOOPBACK, LAN, WAN], ids=lambda profile: profile.name)
@pytest.mark.parametrize("n", [200, 500, 1000, 2000, 4000])
def test_the_ledger_agrees_on_products(n: int, profile: Profile) -> None:
    """The more takes of OTs there are, the more rounds take the batches."""
    operand = f"binary[kind=xor] %1.x, %1.x : int32[{n}] secret boolean"
    chosen, others = chosen_and_others("mul", n, operand, profile)
    assert chosen == min(others)


def chosen_and_others(
    kind: str, n: int, operand: str, profile: Profile
) -> tuple[float, tuple[float, ...]]:
    """The seconds of an operation with the chosen circuits, and with either ones."""
    element = "bool" if kind in ("eq", "lt", "gt") else "int32"
    text = OPERATION.format(n=n, operand=operand, kind=kind, element=element)
    shallow, small = (
        parse_program(one)
        for one in (text, text.replace(f"[kind={kind}", f"[deep=True, kind={kind}"))
    )
    seconds = tuple(
        total(predicted(choose_ots(code, profile)).least).seconds(profile)
        for code in (shallow, small)
    )
    return seconds[deep(choose_circuits(shallow, profile)) > 0], seconds
