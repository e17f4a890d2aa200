"""Two simulated parties get the right results, with the rounds and bytes of native code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ezlang.compiler.passes.assign import Policy
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.clear import run_clear
from ezlang.typed.tree import Program
from tests.executors.simulate.assigned import (
    FIXED,
    assigned,
    costs_of,
    loaded,
    native_costs,
    simulated,
)
from tests.support.agreement import checked
from tests.support.programs import FILES, head

ROOT = Path(__file__).resolve().parents[3]

EXAMPLES = [
    path for path in sorted((ROOT / "examples").glob("*/main.ez")) if len(loaded(path).parties) == 2
]
MIXED = [p for p in EXAMPLES if p.parent.name in ("contact-proximity", "linear-predictor")]
CASES = [
    (path, policy)
    for path in EXAMPLES
    for policy in FIXED
    if path.parent.name != "sha-256" or policy is not Policy.ARITHMETIC  # takes too long
]
CASES += [(path, Policy.AUTO) for path in MIXED]


def name_of(value: Any) -> str:
    return value.parent.name if isinstance(value, Path) else value.value


def assert_agreement(
    program: Program, inputs: Any, policy: Policy, *, with_native: bool = True
) -> None:
    compiled = assigned(program, policy)
    outcome = simulated(compiled, inputs)
    assert outcome.outputs == run_clear(program, inputs).outputs
    if with_native:
        assert costs_of(outcome) == native_costs(compiled, inputs)


@pytest.mark.parametrize(("path", "policy"), CASES, ids=name_of)
def test_examples(path: Path, policy: Policy) -> None:
    program = loaded(path)
    inputs = {p: json.loads((path.parent / f"{p}.json").read_text()) for p in program.parties}
    assert_agreement(program, inputs, policy)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden_programs(path: Path) -> None:
    text, params, inputs, expected = head(path)
    program = checked(text, params)
    if len(program.parties) != 2:
        return
    # Native code takes long to compile: one policy for each program.
    native = FIXED[FILES.index(path) % len(FIXED)]
    for policy in FIXED:
        if expected.failure is None:
            assert_agreement(program, inputs, policy, with_native=policy is native)
            continue
        with pytest.raises(EzError) as caught:
            simulated(assigned(program, policy), inputs)
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.span is not None
        assert (diagnostic.code, diagnostic.span.line) == expected.failure
