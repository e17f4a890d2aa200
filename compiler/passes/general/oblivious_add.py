"""Additions at secret indices as additions of arrays.

**Purpose.** Replace `h[i] += x`, which reads at a secret index, adds, and writes back, by the
addition of an array that is x at the index and zero elsewhere. That saves the read; in a loop, `h`
becomes a sum, whose iterations may run in parallel. `-=`, `^=` and `|=` are treated alike.
**Keeps** semantics and labels: if the index is out of range, `h` is unchanged either way.
**Does not** touch reads that have other uses, since they would be executed anyway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..description import optional
from ..rewriting.rewrite import Rule, count_uses, rewrite_function, with_functions

_KINDS = {BinaryKind.ADD, BinaryKind.SUB, BinaryKind.XOR, BinaryKind.OR}


@optional("counting", "turns `h[i] += x` at a secret `i` into the sum of two arrays")
def add_at_indices(program: ir.Program) -> ir.Program:
    """Replace additions at secret indices by additions of arrays."""
    functions = []
    for function in program.functions:
        functions.append(rewrite_function(function, _Add(count_uses(function.body))))
    return with_functions(program, functions)


@dataclass(slots=True)
class _Add(Rule):
    used: Counter[int]
    definitions: dict[int, ir.Operation] = field(default_factory=dict)

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        for result in operation.results:
            self.definitions[result.id] = operation
        if not isinstance(operation, ir.ObliviousWrite):
            return None
        base, index, value, *guard = operation.operands
        sum = self.definitions.get(value.id)
        if not isinstance(sum, ir.Binary) or sum.kind not in _KINDS or self.used[value.id] > 1:
            return None
        item, added = self._sides(sum, base, index)
        if item is None or self.used[item.id] > 1:
            return None
        zeros = build.zeros(base.type)
        part = build.oblivious_write(zeros, index, added, *guard)
        return (build.binary(sum.kind, base, part),)

    def _sides(
        self, sum: ir.Binary, base: ir.Value, index: ir.Value
    ) -> tuple[ir.Value | None, ir.Value]:
        """Return the operand that is the old item, if there is one, and the other operand."""
        left, right = sum.operands
        sides = [(left, right)] if sum.kind is BinaryKind.SUB else [(left, right), (right, left)]
        for item, added in sides:
            read = self.definitions.get(item.id)
            if isinstance(read, ir.ObliviousRead) and read.operands == (base, index):
                return item, added
        return None, right
