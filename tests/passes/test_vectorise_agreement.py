"""Vectorised programs keep their meaning: generated ones, golden ones, the examples."""

import json
import random
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ezlang import api
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import run_passes
from ezlang.compiler.passes.vectorise import vectorise
from ezlang.executors.clear import run_clear
from ezlang.executors.simulate import run_simulated
from ezlang.typed.tree import Program
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs, Outputs
from tests.passes.loop_programs import LoopGenerator
from tests.passes.vectorised_runs import agrees, in_pipeline, native, simulated
from tests.support.lowered import checked


@pytest.mark.parametrize("budget", [5_000, 1 << 30])
@pytest.mark.parametrize("start", range(0, 60, 10))
def test_generated_loops_simulated(start: int, budget: int) -> None:
    for seed in range(start, start + 10):
        text, inputs = LoopGenerator(random.Random(seed)).program()
        agrees(text, inputs, partial(simulated, inputs, budget))


@pytest.mark.parametrize("start", range(0, 20, 5))
def test_generated_loops_native(start: int) -> None:
    for seed in range(1000 + start, 1005 + start):
        text, inputs = LoopGenerator(random.Random(seed)).program()
        agrees(text, inputs, partial(native, inputs))


NAMED = ("vectorised", "shared", "boolean", "wide")


@pytest.mark.parametrize("start", range(300, 400, 25))
def test_generated_loops_in_named_pipelines(start: int) -> None:
    for seed in range(start, start + 25):
        agrees_in_named_pipelines(seed)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 3000, 100))
def test_many_generated_loops(start: int) -> None:
    for seed in range(start, start + 100):
        agrees_in_named_pipelines(seed)


def agrees_in_named_pipelines(seed: int) -> None:
    text, inputs = LoopGenerator(random.Random(seed)).program()
    for name in NAMED:
        agrees(text, inputs, partial(in_pipeline, inputs, name))


def run_compiled(compiled: ir.Program, inputs: Inputs, _: Program) -> Outputs:
    return run_simulated(compiled, inputs, record=False).outputs


def test_the_pass_alone_and_twice() -> None:
    """It needs no other pass before it, and leaves its own results alone."""
    for seed in range(20):
        text, inputs = LoopGenerator(random.Random(seed)).program()
        program = checked(text)
        once = run_passes(lower(program), (vectorise,))
        twice = run_passes(once, (vectorise,))
        for compiled in (once, twice):
            agrees(
                text,
                inputs,
                partial(run_compiled, compiled, inputs),
            )


ROOT = Path(__file__).parents[2]
GOLDEN = sorted([*ROOT.glob("tests/programs/good/*.ez"), *ROOT.glob("tests/programs/fails/*.ez")])


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_programs(path: Path) -> None:
    text = path.read_text()
    settings: dict[str, Any] = {}
    inputs: dict[str, Any] = {}
    for kind, name, rest in re.findall(r"^//! (param|input) (\S+) (.*)$", text, re.MULTILINE):
        (settings if kind == "param" else inputs)[name] = json.loads(rest)
    program = api.checked(api.check_text(text, settings=settings))
    inputs = {party: inputs.get(party, {}) for party in program.parties}
    for budget in (5_000, 1 << 30):
        agrees(text, inputs, partial(simulated, inputs, budget), settings)


EXAMPLES = sorted(ROOT.glob("examples/*/main.ez"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_examples(path: Path) -> None:
    program = api.load(path)
    inputs = {p: json.loads((path.parent / f"{p}.json").read_text()) for p in program.parties}
    inputs = check_inputs(program, inputs)
    expected = run_clear(program, inputs).outputs
    assert simulated(inputs, 1 << 30, program) == expected
    if len(program.parties) == 2:
        assert native(inputs, program) == expected
