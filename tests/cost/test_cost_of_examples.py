"""Every example has its predicted cost, under each protocol choice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ezlang import api
from ezlang.cli.cost_report import units_by_name
from ezlang.compiler.cost import summary
from ezlang.compiler.cost.ledger import Ledger
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.typed.tree import Program
from ezlang.values.data import Inputs
from tests.support.agreement import Result, agree_under
from tests.support.costed import predicted, prepared

ROOT = Path(__file__).parents[2] / "examples"
GOLDEN = Path(__file__).parent / "golden"
SLOW = (("sha-256", ProtocolChoice.ARITHMETIC),)
UNTIL_REVEALED = {"rising-bids"}
"""A revealed value ends their loops: the totals are those of the fewest turns."""

PROGRAMS = [
    path for path in sorted(ROOT.glob("*/*.ez")) if "fn main" in path.read_text(encoding="utf-8")
]


def inputs_of(path: Path, program: Program) -> Inputs:
    files = {name: path.parent / f"{name}.json" for name in program.parties}
    return {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}


def expected_of(path: Path) -> Result:
    return Result(outputs=json.loads((path.parent / "expected.json").read_text()))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_outputs_and_costs(path: Path, golden: Callable[[Path, str], None]) -> None:
    """Of all ways to run it, under each protocol choice; the totals are golden."""
    program = api.load(path)
    inputs, expected = inputs_of(path, program), expected_of(path)
    text = ""
    for protocol in ProtocolChoice:
        if protocol is ProtocolChoice.YAO and len(program.computing) > 2:
            continue
        if (path.parent.name, protocol) in SLOW:
            found = predicted(prepared(program, protocol))
        else:
            agreed = agree_under(protocol, program, inputs, expected)
            assert agreed is not None
            found = agreed.predicted
        assert found.is_exact is (path.parent.name not in UNTIL_REVEALED)
        text += totals(found.least, protocol)
    golden(GOLDEN / f"{path.parent.name}-{path.stem}.golden", text)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "protocol"), SLOW)
def test_slow_ones(name: str, protocol: ProtocolChoice) -> None:
    path = ROOT / name / "main.ez"
    program = api.load(path)
    assert agree_under(protocol, program, inputs_of(path, program), expected_of(path)) is not None


def totals(ledger: Ledger, protocol: ProtocolChoice) -> str:
    lines = [f"{protocol.value}:\n"]
    for name, one in (("total", summary.total(ledger)), *phases(ledger)):
        sent = tuple(count for _, count in sorted(one.bytes_sent.items()))
        lines.append(f"  {name}: {one.rounds} rounds, {sent} bytes\n")
    whole = summary.total(ledger)
    ots, made = (
        tuple(count for _, count in sorted(amounts.items()))
        for amounts in (whole.ots, whole.ots_made)
    )
    lines.append(f"  {whole.ands} ANDs, {ots} OTs, {made} made\n")
    lines += [f"  {count} {kind}\n" for kind, count in units_by_name(whole).items()]
    return "".join(lines)


def phases(ledger: Any) -> Iterator[tuple[str, summary.Cost]]:
    return ((phase.value, one) for phase, one in summary.by_phase(ledger).items())
