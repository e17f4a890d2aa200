"""Makes every sharing explicit, and does each once.

Purpose: after this pass no operation mixes secret operands with owned ones. Where one did, the
owned operand is shared by a `Relabel` before; public operands of element-wise operations stay, as
circuits take them for free. A value is shared once for all its uses where one place comes
before them all: sharing in a loop what was there before the loop is done before the loop. An array
that repeats one value shares that value.

Non-goals: sharing is not moved out of branches, whose sides may never run; nor are public
values' sharings moved, which cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ezlang.types.labels import SECRET

from ...ir import tree as ir
from ...ir.build import Builder, highest_id
from ..description import required

_ELEMENTWISE = (ir.Unary, ir.Binary, ir.Select, ir.Cast, ir.Bit)


@required("share", "makes sharing explicit, once for each value", before_sharings=True)
def share(program: ir.Program) -> ir.Program:
    """Return the program with all sharings explicit."""
    functions = tuple(_function(function) for function in program.functions)
    return replace(program, functions=functions)


def _function(function: ir.Function) -> ir.Function:
    sharer = _Sharer(Builder(next_id=highest_id(function.body) + 1))
    return replace(function, body=sharer.region(function.body, loops=False))


@dataclass(slots=True)
class _Scope:
    """A region being rebuilt: what it defines, and what has been shared in it."""

    operations: list[ir.Operation]
    loops: bool
    defined: set[int] = field(default_factory=set)
    shared: dict[int, ir.Value] = field(default_factory=dict)


@dataclass(slots=True)
class _Sharer:
    build: Builder
    scopes: list[_Scope] = field(default_factory=list)
    replaced: dict[int, ir.Value] = field(default_factory=dict)
    broadcasts: dict[int, ir.Value] = field(default_factory=dict)

    def region(self, region: ir.Region, *, loops: bool) -> ir.Region:
        """Rebuild a region; `loops` says whether it may run many times."""
        with self.build.nested() as operations:
            scope = _Scope(operations, loops, {value.id for value in region.parameters})
            self.scopes.append(scope)
            for operation in region.operations:
                self.operation(operation)
                scope.defined.update(value.id for value in operation.results)
            self.scopes.pop()
        return replace(region, operations=tuple(operations), yields=self.current(region.yields))

    def current(self, values: tuple[ir.Value, ...]) -> tuple[ir.Value, ...]:
        """Return what stands for values now."""
        return tuple(self.replaced.get(value.id, value) for value in values)

    def operation(self, operation: ir.Operation) -> None:
        """Rebuild an operation, with sharings before it."""
        operands = self.current(operation.operands)
        secret = any(value.type.label.is_secret for value in operation.results)
        with self.build.like(operation):
            match operation:
                case ir.Relabel() if secret and operands[0].type.label.is_owned:
                    self.replaced[operation.result.id] = self.shared(operands[0])
                    return
                case ir.Broadcast():
                    self.broadcasts[operation.result.id] = operands[0]
                case ir.Insert() | ir.InsertSlice() | ir.AffineWrite() | ir.Scatter() if secret:
                    operands = (operands[0], self.secret(operands[1]), *operands[2:])
                case ir.ObliviousWrite() | ir.ObliviousRead():
                    operands = tuple(map(self.secret, operands))
                case _ if secret and isinstance(operation, _ELEMENTWISE):
                    operands = tuple(
                        self.shared(v) if v.type.label.is_owned else v for v in operands
                    )
                case _:
                    pass
        loops = isinstance(operation, ir.For | ir.While)
        regions = tuple(self.region(inner, loops=loops) for inner in operation.regions)
        self.build.emit(replace(operation, operands=operands, regions=regions))

    def secret(self, value: ir.Value) -> ir.Value:
        """Return a value as a secret, shared if it isn't one."""
        return (
            self.shared(value) if value.type.label.is_owned else self.build.relabel(value, SECRET)
        )

    def shared(self, value: ir.Value) -> ir.Value:
        """Return an owned value as a secret: shared before, or shared now, as far out as pays."""
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
        source = self.broadcasts.get(value.id)
        if source is None or source.type.label != value.type.label:
            return self.build.relabel(value, SECRET)
        rank = len(value.type.shape) - len(source.type.shape)
        return self.build.broadcast(self.shared(source), value.type.shape[:rank])
