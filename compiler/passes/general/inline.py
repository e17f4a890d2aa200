"""Inlining.

**Purpose.** Replace calls of small functions by their bodies, so that later passes see all
operations of loops that call them. **Keeps** semantics, labels, and the locations of failures:
operations keep their spans. **Guarantees** that functions that are no longer called are removed,
and that the program grows by at most `GROWTH` operations. **Does not** inline functions of more
than `LIMIT` operations, counted after inlining their callees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ..description import optional
from ..rewriting.copy import Copier
from ..rewriting.rewrite import Rule, rewrite_function

LIMIT = 400
"""The maximum number of operations of an inlined function."""

GROWTH = 10_000
"""The maximum number of operations that inlining adds to a program."""


@optional("inline", "replaces calls of small functions by their bodies")
def inline(program: ir.Program) -> ir.Program:
    """Inline the small functions of a program."""
    known = _Callees()
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
class _Callees:
    """The functions so far, their sizes, and the number of operations that may still be added."""

    functions: dict[str, ir.Function] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    left: int = GROWTH

    def see(self, function: ir.Function) -> None:
        self.functions[function.name] = function
        self.sizes[function.name] = sum(1 for _ in ir.walk(function.body))


@dataclass(slots=True)
class _Inline(Rule):
    known: _Callees

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
