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
    """An input that a program asks a party for, and where it does so.

    `turned`: it asks for a value of the type in each turn. `shared`: all give the same value.
    """

    name: str
    type: Type
    turned: bool
    shared: bool
    spans: tuple[Span, ...] = field(compare=False, repr=False)


def expected_inputs(program: tree.Program, party: int | str) -> tuple[Expected, ...]:
    """Return the inputs that a program may ask a party for: callees' first, in source order."""
    number = party_number(program.parties, party)
    found: dict[str, tuple[tree.Input, dict[Span, None]]] = {}
    for function in program.functions:
        for expression in expressions(function.body):
            if not isinstance(expression, tree.Input) or expression.party not in (number, None):
                continue
            first, spans = found.setdefault(expression.name, (expression, {}))
            if first.type != expression.type:
                types = f"{first.type} and {expression.type}"
                raise CompilerBug(f"{expression.name} is asked for as {types}")
            spans[expression.span] = None
    return tuple(
        Expected(name, one.type, one.turn is not None, one.party is None, tuple(spans))
        for name, (one, spans) in found.items()
    )


def output_types(program: tree.Program, party: int | str) -> dict[str, Type | None]:
    """Return the types of a party's outputs: name → type.

    It is None if places of a name disagree, and for lists of turns, whose length isn't known.
    """
    number = party_number(program.parties, party)
    found: dict[str, Type | None] = {}
    for function in program.functions:
        for statement in statements(function.body):
            if isinstance(statement, tree.Output) and statement.to in (number, None):
                type = statement.value.type
                same = found.setdefault(statement.name, type) == type
                found[statement.name] = type if same and statement.turn is None else None
    return found
