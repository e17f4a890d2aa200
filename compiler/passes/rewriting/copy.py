"""Copies of operations with fresh values, for inlining and vectorisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder


@dataclass(slots=True)
class Copier:
    """Emits copies of operations; `values` maps original values to their replacements."""

    build: Builder
    values: dict[int, ir.Value] = field(default_factory=dict)

    def current(self, values: Sequence[ir.Value]) -> tuple[ir.Value, ...]:
        """Return the replacements of values; values from outside are unchanged."""
        return tuple(self.values.get(value.id, value) for value in values)

    def fresh(self, values: Sequence[ir.Value]) -> tuple[ir.Value, ...]:
        """Create fresh values, and record them as replacements."""
        made = tuple(self.build.fresh(value.type, value.hint) for value in values)
        self.values.update((old.id, new) for old, new in zip(values, made, strict=True))
        return made

    def operation(self, operation: ir.Operation) -> None:
        """Emit a copy of an operation."""
        operands = self.current(operation.operands)
        regions = tuple(self.region(region) for region in operation.regions)
        results = self.fresh(operation.results)
        self.build.emit(replace(operation, operands=operands, regions=regions, results=results))

    def region(self, region: ir.Region) -> ir.Region:
        """Return a copy of a region."""
        parameters = self.fresh(region.parameters)
        with self.build.nested() as operations:
            for operation in region.operations:
                self.operation(operation)
        return ir.Region(
            parameters=parameters,
            operations=tuple(operations),
            yields=self.current(region.yields),
        )
