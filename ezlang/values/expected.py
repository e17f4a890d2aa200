"""The inputs that a program asks for, and its outputs, collected from its typed tree."""

from __future__ import annotations

from dataclasses import field

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.typed import tree
from ezlang.typed.walk import expressions, statements
from ezlang.types.types import Type

from .names import party_number


@dataclass(frozen=True, slots=True)
class Expected:
    """An input that a program asks a party for, and where it does so."""

    name: str
    type: Type
    spans: tuple[Span, ...] = field(compare=False, repr=False)


def expected_inputs(program: tree.Program, party: int | str) -> tuple[Expected, ...]:
    """Return the inputs that a program may ask a party for: callees' first, in source order."""
    number = party_number(program.parties, party)
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


def output_types(program: tree.Program, party: int | str) -> dict[str, Type | None]:
    """Return the types of a party's outputs: name → type, None if places of a name disagree."""
    number = party_number(program.parties, party)
    found: dict[str, Type | None] = {}
    for function in program.functions:
        for statement in statements(function.body):
            if isinstance(statement, tree.Output) and statement.to in (number, None):
                type = statement.value.type
                same = found.setdefault(statement.name, type) == type
                found[statement.name] = type if same else None
    return found
