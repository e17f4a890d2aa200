"""Every example of two parties has its predicted cost, under each protocol choice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ezlang import api
from ezlang.cli.cost_report import units_by_name
from ezlang.compiler.cost import summary
from ezlang.compiler.passes.assign import Policy
from ezlang.typed.tree import Program
from ezlang.values.data import Inputs
from tests.cost.costed import costs_of, native, predicted, prepared, simulated, used

ROOT = Path(__file__).parents[2] / "examples"
GOLDEN = Path(__file__).parent / "golden"
OF_MORE_PARTIES = {"average-salary"}
SLOW = {("sha-256", Policy.BOOLEAN), ("sha-256", Policy.ARITHMETIC)}
PROGRAMS = [
    path
    for path in sorted(ROOT.glob("*/*.ez"))
    if path.parent.name not in OF_MORE_PARTIES and "fn main" in path.read_text(encoding="utf-8")
]


def inputs_of(path: Path, program: Program) -> Inputs:
    files = {name: path.parent / f"{name}.json" for name in program.parties}
    return {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}


def cases() -> Iterator[Any]:
    for path in PROGRAMS:
        for policy in Policy:
            slow = (path.parent.name, policy) in SLOW
            name = f"{path.parent.name}-{path.stem}-{policy.value}"
            yield pytest.param(path, policy, id=name, marks=[pytest.mark.slow] if slow else [])


@pytest.mark.parametrize(("path", "policy"), list(cases()))
def test_it_is_exact(path: Path, policy: Policy) -> None:
    program = api.load(path)
    inputs, code = inputs_of(path, program), prepared(program, policy)
    found = predicted(code)
    assert found.is_exact
    costs, ands, ots = native(program, code, inputs)
    assert costs_of(found.least) == costs
    assert used(found.least) == (ands, ots)
    assert simulated(program, code, inputs) == costs


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_totals(path: Path, golden: Callable[[Path, str], None]) -> None:
    program = api.load(path)
    text = "".join(totals(program, policy) for policy in Policy)
    golden(GOLDEN / f"{path.parent.name}-{path.stem}.golden", text)


def totals(program: Program, policy: Policy) -> str:
    ledger = predicted(prepared(program, policy)).least
    lines = [f"{policy.value}:\n"]
    for name, one in (("total", summary.total(ledger)), *phases(ledger)):
        sent = tuple(one.bytes_sent.values())
        lines.append(f"  {name}: {one.rounds} rounds, {sent} bytes\n")
    whole = summary.total(ledger)
    ots, made = tuple(whole.ots.values()), tuple(whole.ots_made.values())
    lines.append(f"  {whole.ands} ANDs, {ots} OTs, {made} made\n")
    lines += [f"  {count} {kind}\n" for kind, count in units_by_name(whole).items()]
    return "".join(lines)


def phases(ledger: Any) -> Iterator[tuple[str, summary.Sum]]:
    return ((phase.value, one) for phase, one in summary.by_phase(ledger).items())
