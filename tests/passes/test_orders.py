"""Passes preserve the meaning of programs: each alone, none, and all in random orders."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import NAMES, run_passes
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.catalogue import passes_for
from ezlang.executors.native.executable import Executable
from ezlang.executors.simulate import run_two
from ezlang.typed.tree import Program
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs, Outputs
from ezlang.values.draws import seeded
from tests.support.agreement import SEED, asked_for, checked, clear, result_of
from tests.support.generator import Generated, programs
from tests.support.profiles import PROGRAMS
from tests.support.threads import run_threads

FREE = (*NAMES, "checks", "known", "pairs", "signs", "late_shifts")
"""Passes that may come in any order, or not at all, before sharings are assigned."""

LATE = ("simplify", "cse", "dce", "narrow", "swap", "clamps", "cuts")
"""Passes that may come after it."""

ORDERS = st.lists(st.sampled_from(sorted(FREE)), max_size=8)
LATE_ORDERS = st.lists(st.sampled_from(sorted(LATE)), max_size=3)


def prepared(
    program: Program, order: list[str], late: list[str], protocol: ProtocolChoice
) -> ir.Program:
    """Run passes in an order, and those between that programs can't do without."""
    passes = passes_for(protocol)
    names = [*order, "oblivious", "share", "assign", "expand", *late, "schedule"]
    return run_passes(lower(program), [passes[name] for name in names])


def native(compiled: ir.Program, program: Program, inputs: Inputs) -> Outputs:
    return run_threads(Executable(compiled), check_inputs(program, inputs)).outputs


def simulated(compiled: ir.Program, program: Program, inputs: Inputs) -> Outputs:
    return run_two(compiled, check_inputs(program, inputs), seed=None, record=False).outputs


@pytest.mark.parametrize("protocol", ProtocolChoice)
def test_products_of_a_bit_and_a_number_become_selections_late(protocol: ProtocolChoice) -> None:
    program = checked(
        "party alice, bob;\nfn main() {\n"
        '    secret bool b = input(alice, "b");\n    secret bool c = input(bob, "c");\n'
        '    @bob uint16 m = input(bob, "m");\n    public uint16 n = reveal(m);\n'
        '    output(all, uint16(b && c) * n, "p");\n}\n'
    )
    inputs: Inputs = {"alice": {"b": True}, "bob": {"c": True, "m": 7}}
    compiled = prepared(program, [], ["simplify"], protocol)
    selections = [one for one in ir.walk(compiled.main.body) if isinstance(one, ir.Select)]
    # The number is public; the selection is shared as the product was.
    assert [one.operands[1].type.label.is_secret for one in selections] == [False]
    assert selections[0].result.type.sharing is not None
    assert simulated(compiled, program, inputs)["bob"] == {"p": 7}


@given(programs(), ORDERS, LATE_ORDERS, st.sampled_from(ProtocolChoice))
@settings(PROGRAMS, max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_any_order(
    generated: Generated, order: list[str], late: list[str], protocol: ProtocolChoice
) -> None:
    program = checked(generated.text)
    inputs = asked_for(program, generated.inputs)
    compiled = prepared(program, order, late, protocol)
    with seeded(SEED):
        expected = result_of(clear, program, inputs)
        for run in (simulated, native):
            found = result_of(partial(run, compiled), program, inputs)
            assert found == expected, (run.__name__, order, late, protocol)


@pytest.mark.parametrize("name", ["none", *sorted(FREE)])
def test_each_alone(name: str) -> None:
    program = checked(PROGRAM)
    inputs = {"alice": {"x": [5, -7, 9, 100], "k": 2}, "bob": {"y": [3, 3, -9, 2], "on": True}}
    order = [] if name == "none" else [name]
    expected = result_of(clear, program, inputs)
    # Native code takes long to compile: one protocol choice for each pass.
    natively = list(ProtocolChoice)[["none", *sorted(FREE)].index(name) % len(ProtocolChoice)]
    for protocol in ProtocolChoice:
        compiled = prepared(program, order, [], protocol)
        for run in (simulated, native) if protocol is natively else (simulated,):
            assert result_of(partial(run, compiled), program, inputs) == expected, (run, protocol)


PROGRAM = """
party alice, bob;

fn mixed<n>(int32[n] x, int32[n] y, bool on) -> int32 {
    int32 s = 0;
    for i in 0..n {
        if on && x[i] > y[i] {
            s += x[i] * y[i];
        } else {
            s = max(s, x[i] / 3);
        }
    }
    return s;
}

fn main() {
    secret int32[4] x = input(alice, "x");
    secret int32[4] y = input(bob, "y");
    secret uint8 k = input(alice, "k");
    secret bool on = input(bob, "on");
    secret int32[4] bins;
    for i in 0..4 {
        bins[uint8(x[i]) & 3] += y[i] * 2;
    }
    x[k] = 77;
    output(all, mixed(x, y, on), "mixed");
    output(all, bins, "bins");
    output(bob, x[k] % 10 + x[0], "read");
    if reveal(x[1] < y[1]) {
        output(alice, sum(x * y), "dot");
    }
}
"""
