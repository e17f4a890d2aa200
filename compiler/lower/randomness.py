"""Random numbers that no party knows: sums of what all parties draw.

Every party draws uniform numbers. Their sum modulo the number of possible values is uniform and
independent of the draws of all parties but one, whichever that is. So it is, as long as one party
draws uniformly, what the draws of all others leave open.
"""

from __future__ import annotations

from ezlang.typed import tree as typed
from ezlang.typed.failures import RANDOM_BELOW
from ezlang.types.labels import SECRET, owned
from ezlang.types.types import INT64, element_of, scalar, shape_of

from ..ir import tree as ir
from ..ir.build import Builder
from ..ir.tree import BinaryKind


def random(build: Builder, expr: typed.Random, bound: ir.Value | None) -> ir.Value:
    """Emit a random value; `bound` is the lowered bound, if there is one."""
    type = ir.TensorType(scalar(element_of(expr.type)), shape_of(expr.type), SECRET)
    last: tuple[ir.Value, ...] = ()
    if bound is not None:
        if not isinstance(expr.below, typed.Literal):
            _assert_positive(build, bound)
        last = (build.cast(bound, INT64),)
    total: ir.Value | None = None
    for party in range(expr.parties):
        drawn = build.fresh(ir.TensorType(type.element, type.shape, owned(party)), "random")
        build.emit(ir.Draw(party=party, operands=last, results=(drawn,), span=build.span))
        shared = build.relabel(drawn, SECRET)
        total = shared if total is None else _sum(build, total, shared, bound)
    assert total is not None, "a program has a party"
    return total


def _sum(build: Builder, x: ir.Value, y: ir.Value, bound: ir.Value | None) -> ir.Value:
    """Emit the sum of two draws modulo the number of values."""
    if bound is None:
        kind = BinaryKind.XOR if x.type.element.is_logical else BinaryKind.ADD
        return build.binary(kind, x, y)
    # x + y may be more than the type has; n - x is not.
    left = build.binary(BinaryKind.SUB, build.broadcast(bound, x.type.shape), x)
    wraps = build.binary(BinaryKind.GE, y, left)
    whole, rest = build.binary(BinaryKind.ADD, x, y), build.binary(BinaryKind.SUB, y, left)
    return build.select(wraps, rest, whole)


def _assert_positive(build: Builder, bound: ir.Value) -> None:
    one = build.constant(bound.type.element, (1,))
    holds = build.binary(BinaryKind.GE, bound, one)
    build.emit(ir.Assert(message=RANDOM_BELOW, operands=(holds,), span=build.span))
