"""An optional pass that fails costs speed, not the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.passes import PIPELINES, Pass, Transform, prepare, run_passes
from ezlang.compiler.passes.catalogue import passes_for
from ezlang.compiler.passes.general.dce import remove_dead
from ezlang.compiler.passes.general.simplify import simplify
from ezlang.compiler.passes.vectorise import loops
from ezlang.diagnostics.diagnostic import CompilerBug, EzError, PassSkipped
from ezlang.executors.native.executable import executable_of
from ezlang.executors.simulate import run_two
from ezlang.types.types import INT32
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs
from tests.support.agreement import asked_for, checked, clear, simulated_as_run
from tests.support.ir_drafts import Draft
from tests.support.lowered import lowered
from tests.support.threads import run_threads

OPTIONAL = [one.name for one in passes_for().values() if not one.is_required]

PROGRAM = """
party alice, bob;

fn larger(int32 x, int32 y) -> int32 { return x > y ? x : y; }

fn main() {
    secret int32[4] x = input(alice, "x");
    secret int32[4] y = input(bob, "y");
    secret uint8 k = input(alice, "k");
    secret int32[4] bins;
    int32 s = 0;
    for i in 0..4 {
        bins[k] += y[i];
        if x[i] > y[i] { s += x[i] * (2 + 3); }
        x[i] = min(x[i], y[i]) * larger(x[i], 7);
    }
    output(all, s, "s");
    output(all, bins, "bins");
    output(bob, x, "x");
}
"""
INPUTS: Inputs = {"alice": {"x": [5, -7, 9, 100], "k": 2}, "bob": {"y": [3, 3, -9, 2]}}


@pytest.fixture(autouse=True)
def as_users_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EZLANG_VERIFY")


def fail(program: ir.Program) -> ir.Program:
    raise CompilerBug("it was made to fail")


def break_rule(program: ir.Program) -> ir.Program:
    return replace(program, functions=(*program.functions, program.main))


def small() -> ir.Program:
    draft = Draft()
    x = draft.build.constant(INT32, (3,))
    draft.build.constant(INT32, (4,))
    draft.show(draft.build.binary(ir.BinaryKind.MUL, x, draft.build.constant(INT32, (1,))))
    return draft.program()


@pytest.mark.parametrize("transform", [fail, break_rule])
def test_it_is_left_out_with_a_warning(transform: Transform) -> None:
    wrong = Pass("wrong", "fails", transform, is_required=False)
    with pytest.warns(PassSkipped, match=r"The pass `wrong` .* failed") as caught:
        made = run_passes(small(), (simplify, wrong, remove_dead))
    assert made == run_passes(small(), (simplify, remove_dead))
    assert [one.message.name for one in caught] == ["wrong"]  # type: ignore[union-attr]


@pytest.mark.parametrize("transform", [fail, break_rule])
def test_a_required_pass_ends_the_run(transform: Transform) -> None:
    wrong = Pass("wrong", "fails", transform, is_required=True)
    for one in (wrong, transform):
        with pytest.raises(CompilerBug):
            run_passes(small(), (simplify, one, remove_dead))


def test_tests_see_every_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Pass("wrong", "fails", fail, is_required=False)
    with pytest.raises(CompilerBug, match="made to fail"):
        run_passes(small(), (wrong,), strict=True)
    monkeypatch.setenv("EZLANG_VERIFY", "1")
    with pytest.raises(CompilerBug, match="made to fail"):
        run_passes(small(), (wrong,))


@pytest.mark.parametrize("error", [EzError(), MemoryError()])
def test_what_is_no_mistake_of_the_pass_is_raised(error: Exception) -> None:
    def transform(program: ir.Program) -> ir.Program:
        raise error

    with pytest.raises(type(error)):
        run_passes(small(), (Pass("wrong", "fails", transform, is_required=False),))


def make_fail(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Make a pass fail wherever programs of two parties are prepared."""

    def failing(passes: Sequence[Transform]) -> list[Transform]:
        return [
            replace(one, transform=fail) if isinstance(one, Pass) and one.name == name else one
            for one in passes
        ]

    def all_passes(program: ir.Program, passes: Sequence[Transform]) -> ir.Program:
        return run_passes(program, failing(passes))

    monkeypatch.setattr(prepare, "run_passes", all_passes)


@pytest.mark.parametrize("protocol", ["auto", "boolean"])
@pytest.mark.parametrize("name", OPTIONAL)
def test_programs_run_without_it(monkeypatch: pytest.MonkeyPatch, name: str, protocol: str) -> None:
    program = checked(PROGRAM)
    inputs = check_inputs(program, asked_for(program, INPUTS))
    expected = clear(program, inputs)
    make_fail(monkeypatch, name)
    with pytest.warns(PassSkipped, match=f"`{name}`"):
        alice = executable_of(program, protocol)
    with pytest.warns(PassSkipped, match=f"`{name}`"):
        bob = executable_of(program, protocol)
    assert alice.fingerprint == bob.fingerprint
    assert run_two(alice.program, inputs, seed=1, record=False).outputs == expected
    assert run_threads(alice, inputs).outputs == expected


def test_any_number_of_parties_run_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "rewrite_function", fail)
    program = checked(PROGRAM.replace("alice, bob", "alice, bob, cem"))
    inputs = {**INPUTS, "cem": {}}
    with pytest.warns(PassSkipped, match="`vectorise`"):
        assert simulated_as_run(program, inputs) == clear(program, inputs)


def test_what_works_is_prepared_the_same() -> None:
    """Without verification after each pass, and without a warning."""
    program = lowered(PROGRAM)
    strict = run_passes(program, "shared", strict=True)
    assert print_program(run_passes(program, "shared")) == print_program(strict)
    assert all(isinstance(one, Pass) for passes in PIPELINES.values() for one in passes)
