"""Every typed tree that the checker makes keeps the rules of types and labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ezlang.check import check
from ezlang.source import Source
from ezlang.typed import tree as typed
from ezlang.types.labels import PUBLIC, Label, owned
from tests.check.test_leak_mutants import MUTANTS, Mutant, check_mutant
from tests.check.typed_rules import verify

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted(
    [
        *(ROOT / "tests" / "programs" / "good").glob("*.ez"),
        *(ROOT / "tests" / "programs" / "fails").glob("*.ez"),
        *(ROOT / "examples").glob("*/main.ez"),
    ]
)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_program(path: Path) -> None:
    program = check(Source(str(path), path.read_text(encoding="utf-8"))).program
    assert program is not None
    verify(program)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_mended_mutant(mutant: Mutant) -> None:
    items = mutant.items if mutant.mended_items is None else mutant.mended_items
    program = check_mutant(mutant.mended, items).program
    assert program is not None
    verify(program)


def _relabelled(program: typed.Program, name: str, label: Label) -> typed.Program:
    """Return a program in which a variable is declared with another label than its value."""

    def changed(statement: typed.Statement) -> typed.Statement:
        if isinstance(statement, typed.Declare) and statement.variable.name == name:
            return replace(statement, variable=replace(statement.variable, label=label))
        return statement

    main = program.main
    body = replace(main.body, statements=tuple([changed(s) for s in main.body.statements]))
    return replace(program, functions=(*program.functions[:-1], replace(main, body=body)))


@pytest.mark.parametrize("label", [PUBLIC, owned(0)])
def test_the_rules_reject_what_would_leak(label: Label) -> None:
    text = 'party alice, bob; fn main() { secret int32 s = input(alice, "s"); let x = s; }'
    program = check(Source("t.ez", text)).program
    assert program is not None
    verify(program)
    with pytest.raises(AssertionError):
        verify(_relabelled(program, "x", label))
