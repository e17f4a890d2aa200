"""Version chains of loop-carried arrays that are accessed only in parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass

from ...ir import tree as ir
from ..analyses.accesses import Reading, Writing


@dataclass(slots=True)
class Chain:
    """The versions of one array in a loop body, and all accesses to them."""

    versions: set[int]
    accesses: list[Reading | Writing] = field(default_factory=list)

    def follow(self, operations: Sequence[ir.Operation]) -> bool:
        """Follow the array through operations; False if it is used as a whole."""
        return all(self._operation(operation) for operation in operations)

    def _operation(self, operation: ir.Operation) -> bool:
        touched = [value.id in self.versions for value in operation.operands]
        match operation:
            case ir.For():
                return self._for(operation, touched)
            case ir.If():
                return self._if(operation)
            case ir.While():
                return self._while(operation, touched)
            case _:
                pass
        if not any(touched):
            return True
        if any(touched[1:]) or not isinstance(operation, Reading | Writing):
            return False
        self.accesses.append(operation)
        if isinstance(operation, Writing):
            self.versions.add(operation.result.id)
        return True

    def _for(self, operation: ir.For, touched: list[bool]) -> bool:
        (body,) = operation.regions
        slots = touched[2:]
        parameters = body.parameters[1:]
        self.versions.update(p.id for p, one in zip(parameters, slots, strict=True) if one)
        if any(touched[:2]) or not self.follow(body.operations):
            return False
        return self._results(operation.results, slots, [body])

    def _while(self, operation: ir.While, touched: list[bool]) -> bool:
        condition, body = operation.regions
        for region in operation.regions:
            pairs = zip(region.parameters, touched, strict=True)
            self.versions.update(parameter.id for parameter, one in pairs if one)
        if not all(self.follow(region.operations) for region in operation.regions):
            return False
        asks = condition.yields[0].id in self.versions
        return not asks and self._results(operation.results, touched, [body])

    def _if(self, operation: ir.If) -> bool:
        if not all(self.follow(region.operations) for region in operation.regions):
            return False
        first = operation.regions[0].yields
        slots = [value.id in self.versions for value in first]
        return self._results(operation.results, slots, operation.regions)

    def _results(
        self, results: Sequence[ir.Value], slots: Sequence[bool], regions: Sequence[ir.Region]
    ) -> bool:
        """Add the results at slots as versions; False unless exactly these slots yield versions."""
        for region in regions:
            found = [value.id in self.versions for value in region.yields]
            if found != list(slots):
                return False
        self.versions.update(r.id for r, one in zip(results, slots, strict=True) if one)
        return True


def chain_of(body: ir.Region, position: int) -> Chain | None:
    """Follow the loop-carried value at a position; None if it isn't accessed only in parts.

    Positions don't count the index, which is the first parameter of the body.
    """
    chain = Chain({body.parameters[1 + position].id})
    if not chain.follow(body.operations):
        return None
    found = [value.id in chain.versions for value in body.yields]
    if found != [number == position for number in range(len(body.yields))]:
        return None
    return chain
