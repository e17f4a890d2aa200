"""Every program passes the verifier after each pass, under every protocol choice."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from ezlang.check import check
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.groups import groups
from ezlang.compiler.ir.sharings import is_interactive
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.lower import lower
from ezlang.compiler.passes.assign import Policy, assign
from ezlang.compiler.passes.prepare import after_assignment, before_assignment
from ezlang.source import Source
from tests.support.generator import Generated, programs

ROOT = Path(__file__).parents[2]
PARAM = re.compile(r"^//! param (\S+) (.*)$", re.MULTILINE)
FILES = sorted((ROOT / "tests/programs/good").glob("*.ez")) + sorted(
    (ROOT / "examples").glob("*/main.ez")
)


def policies_hold(text: str, params: dict[str, int], name: str = "main.ez") -> None:
    program = check(Source(name, text), settings=params).program
    if program is None or len(program.parties) != 2:
        return
    ready = before_assignment(lower(program))
    for policy in Policy:
        made = after_assignment(assign(ready, policy))
        for function in made.functions:
            no_reduction_is_left(function.body)
            together(function.body)


def no_reduction_is_left(region: ir.Region) -> None:
    for operation in ir.walk(region):
        if isinstance(operation, ir.Reduce | ir.MatrixProduct):
            assert operation.result.type.sharing not in (ir.Sharing.YAO,)
            assert not (is_interactive(operation) and isinstance(operation, ir.Reduce))


def together(region: ir.Region) -> None:
    """Groups that follow one another depend on one another, or they would be one."""
    previous: tuple[ir.Operation, ...] = ()
    for group in groups(region.operations):
        if len(previous) > 1 and len(group) > 1:
            made = {value.id for operation in previous for value in operation.results}
            used = {value.id for operation in group for value in operation.operands}
            kinds = {type(operation) for operation in (*previous, *group)}
            assert made & used or ir.Convert in kinds
        previous = group
    for operation in region.operations:
        for inner in operation.regions:
            together(inner)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_programs_pass_the_verifier(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    policies_hold(text, {name: json.loads(rest) for name, rest in PARAM.findall(text)}, str(path))


@given(programs())
@settings(max_examples=12)
def test_generated_programs_pass_the_verifier(generated: Generated) -> None:
    policies_hold(generated.text, {})


def test_both_parties_come_to_the_same() -> None:
    text = (ROOT / "examples/second-price-auction/main.ez").read_text(encoding="utf-8")
    texts = set()
    for _ in range(2):
        program = check(Source("main.ez", text), settings={}).program
        assert program is not None
        ready = before_assignment(lower(program))
        texts.add(print_program(after_assignment(assign(ready, Policy.AUTO))))
    assert len(texts) == 1
