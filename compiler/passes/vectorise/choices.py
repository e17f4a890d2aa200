"""Argmin and argmax reductions with any number of associated values.

In `if d < best { best = d; nearest = i; }`, with any number of variables, an iteration replaces the
best one so far or leaves it unchanged. This operation is associative, ties included, as long as
iterations stay in order. So a tournament among neighbours finds the best in ⌈log₂ n⌉ rounds.
"""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.orders import EXCHANGED, NEGATED
from ...ir.tree import BinaryKind
from ..rewriting.parts import items_of, joined
from .reductions import dependents, uses


@dataclass(frozen=True, slots=True)
class Choice:
    """The values that an iteration offers, the key first, and their loop-carried positions.

    The iteration is chosen if the comparison `kind` of its key with the best key so far is true.
    """

    kind: BinaryKind
    offered: tuple[ir.Value, ...]
    positions: tuple[int, ...]

    def best(self, build: Builder, items: Sequence[ir.Value]) -> list[ir.Value]:
        """Emit the best item among the rows of tensors, as tensors of one row."""
        found = list(items)
        while (size := found[0].type.shape[0]) > 1:
            half = size // 2
            first: list[ir.Value] = []
            second: list[ir.Value] = []
            for one in found:
                rest = one.type.shape[1:]
                pairs = build.reshape(items_of(build, one, 0, 2 * half), (half, 2, *rest))
                for number, side in enumerate((first, second)):
                    side.append(build.extract(pairs, (build.index(number),), (False, True)))
            better = self.better(build, first, second)
            if size > 2 * half:
                last = [items_of(build, one, 2 * half, size) for one in found]
                pairs_and_last = zip(better, last, strict=True)
                better = [joined(build, one, other) for one, other in pairs_and_last]
            found = better
        return found

    def better(
        self, build: Builder, first: Sequence[ir.Value], second: Sequence[ir.Value]
    ) -> list[ir.Value]:
        """Emit the better of two items for each row; the second comes from a later iteration."""
        condition = build.binary(self.kind, second[0], first[0])
        rank = len(condition.type.shape)
        return [
            build.select(build.spread(condition, one.type.shape[rank:]), other, one)
            for one, other in zip(first, second, strict=True)
        ]


def choice_of(
    operations: list[ir.Operation],
    starts: Sequence[ir.Value],
    ends: Sequence[ir.Value],
    left: Sequence[int],
    others: set[int],
) -> Choice | None:
    """Find a choice among the loop-carried values at the positions `left`.

    If there is one, its operations are removed from the body's. `others` are the ids of values that
    the body must provide in addition to the final values at these positions.
    """
    definitions = {r.id: operation for operation in operations for r in operation.results}
    for position in left:
        select = definitions.get(ends[position].id)
        if not isinstance(select, ir.Select) or select.result.type.shape:
            continue
        found = _led_by(operations, definitions, starts, ends, left, position, select)
        if found is None:
            continue
        choice, inside = found
        private = {r.id for operation in inside for r in operation.results}
        private |= {starts[one].id for one in choice.positions}
        outside = [one for one in operations if not any(one is other for other in inside)]
        given = {ends[one].id for one in left if one not in choice.positions}
        if private & (others | given) or any(private & uses(one) for one in outside):
            continue
        operations[:] = outside
        return choice
    return None


def _led_by(
    operations: list[ir.Operation],
    definitions: dict[int, ir.Operation],
    starts: Sequence[ir.Value],
    ends: Sequence[ir.Value],
    left: Sequence[int],
    position: int,
    select: ir.Select,
) -> tuple[Choice, list[ir.Operation]] | None:
    """Return a choice whose key is the value at a position, and its operations."""
    comparison = definitions.get(select.operands[0].id)
    if not isinstance(comparison, ir.Binary) or comparison.kind not in EXCHANGED:
        return None
    start = starts[position]
    side = _side(select, start)
    if side is None:
        return None
    offered, chosen = side
    kind = comparison.kind
    if comparison.operands == (start, offered):
        kind = EXCHANGED[kind]
    elif comparison.operands != (offered, start):
        return None
    members = [(position, offered)]
    inside: list[ir.Operation] = [comparison, select]
    for other in left:
        one = definitions.get(ends[other].id)
        if other == position or not isinstance(one, ir.Select):
            continue
        given = _side(one, starts[other])
        if one.operands[0] == select.operands[0] and given is not None and given[1] == chosen:
            members.append((other, given[0]))
            inside.append(one)
    for member, _ in members:
        depends = dependents(operations, starts[member])
        if any(value.id in depends for _, value in members):
            return None
    if len(members) == 1:
        return None
    choice = Choice(
        kind if chosen else NEGATED[kind],
        tuple(value for _, value in members),
        tuple(member for member, _ in members),
    )
    return choice, inside


def _side(select: ir.Select, start: ir.Value) -> tuple[ir.Value, bool] | None:
    """Return the operand that is selected instead of `start`, and for which condition value."""
    _, then, otherwise = select.operands
    if otherwise == start and then != start:
        return then, True
    if then == start and otherwise != start:
        return otherwise, False
    return None
