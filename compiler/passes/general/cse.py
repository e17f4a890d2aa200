"""Common subexpression elimination.

**Purpose.** Compute equal expressions once. **Keeps** semantics and labels: two operations are
merged only if their kinds, attributes, operands (as SSA values) and result types are equal, and the
first dominates the second. As values are immutable, assignments in between don't matter. A checked
operation is merged only with a checked one before it: if that one fails, the run ends there.
**Does not** touch operations with effects, calls, control flow, or writes to arrays: a write can
reuse the memory of an array only if nothing else reads the array later.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import field, fields
from functools import cache

from ezlang.records import dataclass

from ...ir import tree as ir
from ...ir.build import Builder
from ..description import optional
from ..rewriting.rewrite import Rule, rewrite

_SHARED = frozenset(field.name for field in fields(ir.OperationNode))


@optional("cse", "computes each common subexpression once")
def merge_common(program: ir.Program) -> ir.Program:
    """Merge equal computations of a program."""
    return rewrite(program, _Merge)


@dataclass(slots=True)
class _Merge(Rule):
    scopes: list[dict[Hashable, tuple[ir.Value, ...]]] = field(default_factory=list)

    def enter(self) -> None:
        self.scopes.append({})

    def leave(self) -> None:
        self.scopes.pop()

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not operation.traits.is_pure or operation.traits.overwrites:
            return None
        key = _key(operation)
        for scope in self.scopes:
            if key in scope:
                return scope[key]
        self.scopes[-1][key] = operation.results
        return None


def _key(operation: ir.Operation) -> Hashable:
    kind: type = type(operation)
    attributes = tuple([getattr(operation, name) for name in _attributes(kind)])
    operands = tuple([value.id for value in operation.operands])
    return kind, attributes, operands, operation.result.type


@cache
def _attributes(kind: type) -> tuple[str, ...]:
    """Return the names of the attributes that are specific to a class of operations."""
    return tuple(field.name for field in fields(kind) if field.name not in _SHARED)
