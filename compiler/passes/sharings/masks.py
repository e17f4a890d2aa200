"""Masks of what a party knows, for products in loops.

**Purpose.** A product with a factor that one party knows opens that factor with a dealer, behind a
mask. In a loop the same factor, such as the weights of a network that is run on several images,
would be opened in each iteration. This pass relabels it once before the loop, with a number by
which all its products share one mask (`protocols/arithmetic/owned.py`). By oblivious transfers,
that takes no messages. What only moves a known value is done before the loop, too. **Keeps**
semantics, labels and sharings. **Guarantees** that each mask is made once in a run: in `main`,
outside of all branches and loops. **Does not** touch called functions, nor factors that loops
compute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass, replace
from ezlang.types.labels import SECRET

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.sharings import A
from ..description import optional
from ..rewriting.rewrite import with_functions, with_operations


@optional("masks", "masks what a party knows once for the products of all iterations of loops")
def mask_factors(program: ir.Program) -> ir.Program:
    """Mask the known factors of products in the loops of `main`."""
    main = program.main
    masks = _Masks(Builder(within=main.body))
    body = masks.top(main.body)
    made = main if body is main.body else replace(main, body=body)
    return with_functions(program, [*program.functions[:-1], made])


@dataclass(slots=True)
class _Masks:
    """`outside` are values made in `main` outside of regions, `moves` what makes others in loops.

    `hoisted` are known values that are made before the loops, and `masked` their masked shares,
    with their numbers, both by the ids of values in the original program.
    """

    build: Builder
    outside: set[int] = field(default_factory=set)
    moves: dict[int, ir.AnyRead] = field(default_factory=dict)
    hoisted: dict[int, ir.Value] = field(default_factory=dict)
    masked: dict[int, tuple[int, ir.Value]] = field(default_factory=dict)

    def top(self, region: ir.Region) -> ir.Region:
        """Rewrite the body of `main`."""
        self.outside.update(value.id for value in region.parameters)
        with self.build.nested() as operations:
            for operation in region.operations:
                self.build.emit(self.operation(operation, looped=False))
                self.outside.update(value.id for value in operation.results)
        return with_operations(region, operations, region.yields)

    def operation(self, operation: ir.Operation, *, looped: bool) -> ir.Operation:
        """Return an operation with masked factors; what they need is emitted before."""
        if looped and isinstance(operation, ir.AnyRead):
            self.moves[operation.result.id] = operation
        if looped and isinstance(operation, ir.MatrixProduct | ir.Convolution):
            return self.product(operation)
        inside = looped or isinstance(operation, ir.For | ir.While)
        regions = tuple(self.region(one, looped=inside) for one in operation.regions)
        same = all(one is old for one, old in zip(regions, operation.regions, strict=True))
        return operation if same else replace(operation, regions=regions)

    def region(self, region: ir.Region, *, looped: bool) -> ir.Region:
        """Rewrite a region inside of an operation."""
        operations = [self.operation(one, looped=looped) for one in region.operations]
        return with_operations(region, operations, region.yields)

    def product(self, operation: ir.AnyProduct) -> ir.Operation:
        """Return a product with its known factor masked, if that is the same in all iterations."""
        known = operation.known
        if known is None or operation.mask is not None or operation.result.type.sharing is not A:
            return operation
        factor = self.before(operation.operands[known])
        if factor is None:
            return operation
        number, share = self.mask(factor, operation)
        operands = list(operation.operands)
        operands[known] = factor
        return replace(operation, mask=number, operands=(*operands, share))

    def before(self, value: ir.Value) -> ir.Value | None:
        """Return a known value as it is before the loops; None if loops compute it."""
        if value.id in self.outside:
            return value
        found = self.hoisted.get(value.id)
        move = self.moves.get(value.id)
        if found is not None or move is None or move.failure is not None:
            return found
        operands = [self.before(one) for one in move.operands]
        if None in operands:
            return None
        self.hoisted[value.id] = made = self.build.fresh(value.type, value.hint)
        given: Sequence[ir.Value] = [one for one in operands if one is not None]
        self.build.emit(replace(move, operands=tuple(given), results=(made,)))
        return made

    def mask(self, factor: ir.Value, product: ir.Operation) -> tuple[int, ir.Value]:
        """Return the number of a factor's mask, and the masked shares."""
        found = self.masked.get(factor.id)
        if found is None:
            share = self.build.fresh(replace(factor.type, label=SECRET, sharing=A), factor.hint)
            number = len(self.masked)
            with self.build.like(product):
                relabel = ir.Relabel(
                    mask=number, operands=(factor,), results=(share,), span=product.span
                )
                self.build.emit(relabel)
            found = self.masked[factor.id] = (number, share)
        return found
