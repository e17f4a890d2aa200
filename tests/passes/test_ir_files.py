"""What each pass makes of small programs: `ir/PASS/CASE.ir` has the IR before it, and after it.

A file begins with a comment that says what it shows. A line `// options: protocol=boolean` gives
the pass options, as `ezlang ir --protocol` does; numbers are the pass's own. What comes after the
marker is written by `pytest --update-golden`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ezlang.compiler.cost.profiles import profile_of
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.load import load_program
from ezlang.compiler.ir.parse import parse_program
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.passes import Transform, run_passes
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.catalogue import passes_for
from ezlang.compiler.passes.general.oblivious import expand_oblivious
from ezlang.compiler.passes.general.outline import outline
from ezlang.compiler.passes.vectorise import vectorise
from ezlang.diagnostics.diagnostic import EzError
from ezlang.types.types import IntType, array_of
from ezlang.values.data import Data, Inputs, unflatten
from tests.support.plain_walk import run_plain

FOLDER = Path(__file__).parent / "ir"
CASES = sorted(FOLDER.glob("*/*.ir"))
MARKER = re.compile(r"^// -+ after \w+ -+\n", re.MULTILINE)
LEAST = 3
"""How many cases a pass has at least."""


def chosen(name: str, text: str) -> Transform:
    """Return the pass of some name, with the options that the head of a file gives."""
    line = re.search(r"^// options: (.*)$", text, re.MULTILINE)
    options = dict(one.split("=") for one in line[1].split()) if line else {}
    protocol = ProtocolChoice(options.pop("protocol", "auto"))
    profile = profile_of(options.pop("network", "lan"))
    if not options:
        return passes_for(protocol, profile)[name]
    numbers = {key: int(value) for key, value in options.items()}
    taking: dict[str, Any] = {
        "vectorise": vectorise,
        "outline": outline,
        "oblivious": expand_oblivious,
    }
    given: Transform = taking[name].given(**numbers)
    return given


def inputs_for(program: ir.Program, seed: int) -> Inputs:
    """Return inputs: small numbers, or any that their types have."""
    draw = random.Random(seed)
    given: dict[str, dict[str, Data]] = {party: {} for party in program.everybody}
    for one in ir.walk(program.main.body):
        if isinstance(one, ir.Input):
            type = one.result.type
            low, high = 0, 1
            if isinstance(type.element, IntType):
                low, high = type.element.low, type.element.high
                if draw.random() < 0.7:
                    low, high = max(low, -3), min(high, 7)
            numbers = [draw.randint(low, high) for _ in range(type.size)]
            whole = array_of(type.element, type.shape)
            given[program.everybody[one.party or 0]][one.name] = unflatten(whole, {(): numbers})
    return given


def result_of(program: ir.Program, inputs: Inputs) -> object:
    """Return what a run puts out, or with what it fails."""
    try:
        return run_plain(program, inputs)
    except EzError as error:
        return [(one.code, one.message) for one in error.diagnostics]


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case(path: Path, golden: Callable[[Path, str], None]) -> None:
    name = path.parent.name
    text = MARKER.split(path.read_text())[0]
    before = load_program(text, str(path))
    after = run_passes(before, (chosen(name, text),))
    printed = print_program(after)
    golden(path, f"{text}// {'-' * 8} after {name} {'-' * 8}\n{printed}")
    assert print_program(parse_program(printed)) == printed
    for seed in range(5):
        inputs = inputs_for(before, seed)
        assert result_of(after, inputs) == result_of(before, inputs)


def test_every_pass_has_cases() -> None:
    counts = {name: len(list((FOLDER / name).glob("*.ir"))) for name in passes_for()}
    assert min(counts.values()) >= LEAST, counts
    assert {path.parent.name for path in CASES} == counts.keys()
