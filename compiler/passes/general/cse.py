"""Common subexpressions.

**Purpose.** Compute the same thing once. **Keeps** meaning and labels: two operations are the same
only if kind, attributes, operands (as SSA values) and result types are, and the first dominates
the second. As values never change, an assignment in between cannot matter. A checked operation is
merged only with a checked one before it: had it failed, the run would have ended there.
**Does not** touch operations with effects, calls, control flow, or what writes into an array,
whose memory is reused best where nothing else reads the old one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, fields
from functools import cache

from ...ir import tree as ir
from ...ir.build import Builder
from ..description import optional
from ..rewriting.rewrite import Rule, rewrite

_MERGED = (
    ir.Constant,
    ir.Iota,
    ir.Unary,
    ir.Binary,
    ir.Select,
    ir.Cast,
    ir.Bit,
    ir.Broadcast,
    ir.Reshape,
    ir.Extract,
    ir.ExtractSlice,
    ir.AffineRead,
    ir.Gather,
    ir.Positions,
    ir.Separate,
    ir.ObliviousRead,
    ir.Stack,
    ir.Reduce,
    ir.MatrixProduct,
    ir.Relabel,
    ir.Convert,
)

_SHARED = frozenset(field.name for field in fields(ir.OperationNode))


@optional("cse", "computes each common subexpression once")
def merge_common(program: ir.Program) -> ir.Program:
    """Return the program with equal computations merged."""
    return rewrite(program, _Merge)


@dataclass(slots=True)
class _Merge(Rule):
    scopes: list[dict[Hashable, tuple[ir.Value, ...]]] = field(default_factory=list)

    def enter(self) -> None:
        self.scopes.append({})

    def leave(self) -> None:
        self.scopes.pop()

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, _MERGED):
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
    """Return the names of what operations of a kind have by themselves."""
    return tuple(field.name for field in fields(kind) if field.name not in _SHARED)
