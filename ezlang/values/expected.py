"""What a program asks for and hands out, read off its typed tree."""

from __future__ import annotations

from dataclasses import dataclass, field

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.source import Span
from ezlang.typed import tree
from ezlang.typed.walk import expressions, statements
from ezlang.types.types import Type


@dataclass(frozen=True, slots=True)
class Expected:
    """An input that a program asks of a party, and where it does."""

    name: str
    type: Type
    spans: tuple[Span, ...] = field(compare=False, repr=False)


def party_number(program: tree.Program, party: int | str) -> int:
    """Return the number of a party that is given by name or by number."""
    return party if isinstance(party, int) else program.parties.index(party)


def expected_inputs(program: tree.Program, party: int | str) -> tuple[Expected, ...]:
    """Return what a program may ask of a party: callees' inputs first, each in written order."""
    number = party_number(program, party)
    found: dict[str, tuple[Type, dict[Span, None]]] = {}
    for function in program.functions:
        for expression in expressions(function.body):
            if not isinstance(expression, tree.Input) or expression.party != number:
                continue
            type, spans = found.setdefault(expression.name, (expression.type, {}))
            if type != expression.type:
                raise CompilerBug(f"{expression.name} is asked for as {type} and {expression.type}")
            spans[expression.span] = None
    return tuple(Expected(name, type, tuple(spans)) for name, (type, spans) in found.items())


def output_types(program: tree.Program, party: int | str) -> dict[str, tuple[Type, ...]]:
    """Return the outputs that a party may be handed: name → the types that it may have."""
    number = party_number(program, party)
    found: dict[str, dict[Type, None]] = {}
    for function in program.functions:
        for statement in statements(function.body):
            if isinstance(statement, tree.Output) and statement.to in (None, number):
                found.setdefault(statement.name, {})[statement.value.type] = None
    return {name: tuple(types) for name, types in found.items()}
