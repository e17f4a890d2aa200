"""Inlining.

**Purpose.** Put small functions in the place of their calls, so that a loop that calls them is seen
as a whole. **Keeps** meaning, labels, and the places of failures: operations keep their spans.
**Guarantees** that functions that are no longer called are gone, and that the program has at most
`GROWTH` operations more than before. **Does not** inline functions of more than `LIMIT` operations,
counted after what they call was inlined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ..description import optional
from ..rewriting.copy import Copier
from ..rewriting.rewrite import Rule, rewrite_function

LIMIT = 400
"""The most operations of a function that is inlined."""

GROWTH = 10_000
"""The most operations that inlining adds to a program."""


@optional("inline", "replaces calls of small functions by their bodies")
def inline(program: ir.Program) -> ir.Program:
    """Return the program with small functions inlined."""
    known = _Known()
    functions = []
    for function in program.functions:
        rewritten = rewrite_function(function, _Inline(known))
        known.see(rewritten)
        functions.append(rewritten)
    called = {program.main.name}
    for function in reversed(functions):
        if function.name in called:
            calls = (o for o in ir.walk(function.body) if isinstance(o, ir.Call))
            called.update(call.function for call in calls)
    return replace(program, functions=tuple(f for f in functions if f.name in called))


@dataclass(slots=True)
class _Known:
    """The functions so far, their sizes, and how many operations may still be added."""

    functions: dict[str, ir.Function] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    left: int = GROWTH

    def see(self, function: ir.Function) -> None:
        self.functions[function.name] = function
        self.sizes[function.name] = sum(1 for _ in ir.walk(function.body))


@dataclass(slots=True)
class _Inline(Rule):
    known: _Known

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, ir.Call):
            return None
        size = self.known.sizes[operation.function]
        if size > min(LIMIT, self.known.left):
            return None
        self.known.left -= size
        body = self.known.functions[operation.function].body
        pairs = zip(body.parameters, operation.operands, strict=True)
        copier = Copier(build, {parameter.id: value for parameter, value in pairs})
        for inner in body.operations:
            copier.operation(inner)
        return copier.current(body.yields)
