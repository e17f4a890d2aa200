"""Explicit sharing of owned values, once per value.

**Purpose.** After this pass, no operation mixes secret and owned operands. The owned operands of
such operations are shared by a preceding `Relabel`. Public operands of element-wise operations
stay, because circuits take them for free. A value is shared once for all its uses if one place
dominates them: if a value is defined before a loop, it is shared before the loop. Of an array that
repeats the elements of a smaller one, only that one is shared.
**Does not** move sharings out of branches, whose sides may never run, nor the sharings of public
values, which cost nothing.
"""

from __future__ import annotations

from dataclasses import field
from typing import assert_never

from ezlang.records import dataclass, replace
from ezlang.types.labels import SECRET

from ...ir import tree as ir
from ...ir.build import Builder
from ..description import required


@required("share", "makes sharing explicit, once for each value", before_sharings=True)
def share(program: ir.Program) -> ir.Program:
    """Make all sharings of owned values explicit."""
    functions = tuple(_function(function) for function in program.functions)
    return replace(program, functions=functions)


def _function(function: ir.Function) -> ir.Function:
    sharer = _Sharer(Builder(within=function.body))
    return replace(function, body=sharer.region(function.body, loops=False))


@dataclass(slots=True)
class _Scope:
    """A region being rebuilt: the values defined and the values shared in it."""

    operations: list[ir.Operation]
    loops: bool
    defined: set[int] = field(default_factory=set)
    shared: dict[int, ir.Value] = field(default_factory=dict)


@dataclass(slots=True)
class _Sharer:
    build: Builder
    scopes: list[_Scope] = field(default_factory=list)
    replaced: dict[int, ir.Value] = field(default_factory=dict)
    moves: dict[int, ir.AnyRead] = field(default_factory=dict)
    """The operations that make values by moving elements of others alone."""

    def region(self, region: ir.Region, *, loops: bool) -> ir.Region:
        """Rebuild a region; `loops` says whether it is the body of a loop."""
        with self.build.nested() as operations:
            scope = _Scope(operations, loops, {value.id for value in region.parameters})
            self.scopes.append(scope)
            for operation in region.operations:
                self.operation(operation)
                scope.defined.update(value.id for value in operation.results)
            self.scopes.pop()
        return replace(region, operations=tuple(operations), yields=self.current(region.yields))

    def current(self, values: tuple[ir.Value, ...]) -> tuple[ir.Value, ...]:
        """Return the current replacements of values."""
        return tuple(self.replaced.get(value.id, value) for value in values)

    def operation(self, operation: ir.Operation) -> None:
        """Rebuild an operation, preceded by the sharings that it needs."""
        operands = self.current(operation.operands)
        secret = any(value.type.label.is_secret for value in operation.results)
        with self.build.like(operation):
            match operation:
                case ir.Relabel() if secret and operands[0].type.label.is_owned:
                    self.replaced[operation.result.id] = self.shared(operands[0])
                    return
                case ir.Broadcast() | ir.Reshape() | ir.AffineRead() if len(operands) == 1:
                    self.moves[operation.result.id] = replace(operation, operands=operands)
                case ir.Write() if secret:
                    operands = (operands[0], self.secret(operands[1]), *operands[2:])
                case ir.Oblivious():
                    operands = tuple(map(self.secret, operands))
                case ir.Elementwise() if secret:
                    operands = tuple(
                        self.shared(v) if v.type.label.is_owned else v for v in operands
                    )
                case ir.Computation() | ir.Boundary() | ir.Call() | ir.Structured():
                    pass
                case _:
                    assert_never(operation)
        loops = isinstance(operation, ir.For | ir.While)
        regions = tuple(self.region(inner, loops=loops) for inner in operation.regions)
        self.build.emit(replace(operation, operands=operands, regions=regions))

    def secret(self, value: ir.Value) -> ir.Value:
        """Return a value as a secret, sharing it if necessary."""
        return (
            self.shared(value) if value.type.label.is_owned else self.build.relabel(value, SECRET)
        )

    def shared(self, value: ir.Value) -> ir.Value:
        """Return an owned value as a secret: reuse its sharing, or emit one outside of loops."""
        for scope in self.scopes:
            if value.id in scope.shared:
                return scope.shared[value.id]
        depth = len(self.scopes) - 1
        while depth and self.scopes[depth].loops and value.id not in self.scopes[depth].defined:
            depth -= 1
        outer, inner = self.scopes[: depth + 1], self.scopes[depth + 1 :]
        before, self.scopes = self.build.operations, outer
        self.build.operations = outer[-1].operations
        result = self._share_here(value)
        self.build.operations, self.scopes = before, outer + inner
        outer[-1].shared[value.id] = result
        outer[-1].defined.add(result.id)
        return result

    def _share_here(self, value: ir.Value) -> ir.Value:
        if self._source_size(value) >= value.type.size:
            return self.build.relabel(value, SECRET)
        move = self.moves[value.id]
        result = self.build.fresh(replace(value.type, label=SECRET), value.hint)
        source = self.shared(move.operands[0])
        self.build.emit(replace(move, operands=(source,), results=(result,)))
        return result

    def _source_size(self, value: ir.Value) -> int:
        """Return the least number of elements of all values that `value` is moved from."""
        size, label = value.type.size, value.type.label
        move = self.moves.get(value.id)
        while move is not None and move.operands[0].type.label == label:
            value = move.operands[0]
            size = min(size, value.type.size)
            move = self.moves.get(value.id)
        return size
