"""Liveness of values: the interference that decides which values may share memory.

Memory is assigned as in out-of-SSA translation by coalescing [BDR09]. Initially every root value
has a slot of its own, and control flow and updates copy between them. Then slots are merged if no
two values in them interfere. Two values interfere if one is defined while the other is live. Sets
of values are bit masks.

At a loop's back edge and exits, a branch's end and a function's end, values are copied *in
parallel*: all sources are read before any target is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import assert_never

from ezlang.records import dataclass

from ..ir import tree as ir
from ..ir.groups import Group, groups, leaves_yao
from ..ir.sharings import is_interactive
from .aliases import Aliases

LOOP_WEIGHT = 8
"""The assumed number of iterations of a loop, which gives copies their weights."""


@dataclass(frozen=True, slots=True)
class CallShape:
    """What a caller must know of a function's parameters and results (positions).

    `changed` are parameters whose memory the function writes, each with the position of the result
    that it then holds, or None if it holds no result.
    """

    changed: dict[int, int | None]


@dataclass(frozen=True, slots=True)
class Affinity:
    """Two values that need no copy between them if they share memory."""

    weight: int
    first: int
    second: int


@dataclass(slots=True)
class Liveness:
    """Interference and affinities among the roots in memory of one function.

    `order` numbers them. The masks `interference` have, for each, the roots that may not share its
    memory, and `conflicts` those that may share all of it or none; both are symmetric. `outs`
    represent the function's results, `extra` the copies of arguments that a call overwrites, by (id
    of the operation, position). `read_only` are inputs and tables, which have memory of their own;
    `parallels` are the parallel copies.
    """

    aliases: Aliases
    calls: dict[str, CallShape]
    order: list[ir.Value] = field(default_factory=list)
    interference: list[int] = field(default_factory=list)
    conflicts: list[int] = field(default_factory=list)
    affinities: list[Affinity] = field(default_factory=list)
    outs: list[ir.Value] = field(default_factory=list)
    extra: dict[tuple[int, int], ir.Value] = field(default_factory=dict)
    parallels: list[list[tuple[int, int]]] = field(default_factory=list)
    read_only: set[int] = field(default_factory=set)
    _number: dict[int, int | None] = field(default_factory=dict)
    _inner: dict[int, int] = field(default_factory=dict)
    _next_id: int = -1

    def analyse(self, function: ir.Function) -> None:
        """Analyse a function."""
        body = function.body
        self.read_only = {
            operation.result.id
            for operation in ir.walk(body)
            if _has_memory(operation) or is_table(operation)
        }
        for value in body.yields:
            self.outs.append(self._fresh(value.type))
        self._parallel(zip(self.outs, body.yields, strict=True), 1)
        self._region(body, 0, 1)
        self._define(self.outs, 0)

    # Numbers and masks

    def number(self, value: ir.Value) -> int | None:
        """Return the number of the root behind `value`, or None if it isn't in our memory."""
        if value.id in self._number:
            return self._number[value.id]
        number, root = None, self.aliases.of(value).root
        if root.id != value.id:
            number = self.number(root)
        elif root.id not in self.read_only and self.aliases.representation(root).in_memory:
            number = len(self.order)
            self.order.append(root)
            self.interference.append(0)
            self.conflicts.append(0)
        self._number[value.id] = number
        return number

    def _fresh(self, type: ir.TensorType) -> ir.Value:
        value = ir.Value(self._next_id, type)
        self._next_id -= 1
        return value

    def _mask(self, values: Iterable[ir.Value]) -> int:
        mask = 0
        for value in values:
            number = self.number(value)
            if number is not None:
                mask |= 1 << number
        return mask

    def _define(self, values: Iterable[ir.Value], live: int) -> None:
        """Record that `values` are defined together while `live` are live."""
        mask = self._mask(values)
        for number in bits(mask):
            self._interfere(number, (live | mask) & ~(1 << number))

    def _interfere(self, number: int, others: int) -> None:
        new, mine = others & ~self.interference[number], 1 << number
        self.interference[number] |= new
        for other in bits(new):
            self.interference[other] |= mine

    def _conflict(self, first: Iterable[ir.Value], second: Iterable[ir.Value]) -> None:
        """Record that one of each may share memory entirely or not at all."""
        masks = self._mask(first), self._mask(second)
        for mine, others in (masks, reversed(masks)):
            for number in bits(mine):
                self.conflicts[number] |= others

    def _parallel(self, pairs: Iterable[tuple[ir.Value, ir.Value]], weight: int) -> None:
        """Record a parallel copy of (target, source) pairs."""
        listed = list(pairs)
        numbers = [(self.number(target), self.number(source)) for target, source in listed]
        self.parallels.append([(t, s) for t, s in numbers if t is not None and s is not None])
        self._conflict([target for target, _ in listed], [source for _, source in listed])
        for target, source in listed:
            self._affine(target, source, weight)

    def _affine(self, target: ir.Value, source: ir.Value, weight: int) -> None:
        a, b = self.number(target), self.number(source)
        if a is None or b is None or a == b or self.aliases.of(source).repeated:
            return
        cost = max(target.type.size * target.type.width, 1)
        self.affinities.append(Affinity(cost * weight, a, b))

    # The backward walk. Each method returns what is live before.

    def _region(self, region: ir.Region, live: int, weight: int) -> int:
        """Walk a region after which `live`, and the values that it yields, are live."""
        live |= self._mask(region.yields)
        for group in reversed(groups(region.operations)):
            if is_interactive(group[0]) or leaves_yao(group[0]):
                self._early(group)
            for operation in reversed(group):
                if self.aliases.view.runs(operation):
                    live = self._operation(operation, live, weight)
        self._define(region.parameters, live)
        return live | self._mask(region.parameters)

    def _early(self, group: Group) -> None:
        """Separate results that are written before all operands of a group have been read.

        Conversions and openings write early: a party may be told something before it tells. Results
        of all other operations of a group are written in order after the group has run.
        """
        early = [
            one.result
            for one in group
            if leaves_yao(one) or (isinstance(one, ir.Convert) and touches_yao(one))
        ]
        operands = [value for operation in group for value in operation.operands]
        self._define(early, self._mask(operands))

    def _operation(self, operation: ir.Operation, live: int, weight: int) -> int:
        match operation:
            case ir.If():
                return self._if(operation, live, weight)
            case ir.For():
                return self._for(operation, live, weight)
            case ir.While():
                return self._while(operation, live, weight)
            case ir.Call():
                return self._call(operation, live, weight)
            case ir.Computation() | ir.Boundary():
                return self._plain(operation, live, weight)
            case _:
                assert_never(operation)

    def _plain(self, operation: ir.Operation, live: int, weight: int) -> int:
        results = [r for r in operation.results if self.aliases.of(r).root.id == r.id]
        operands = self._mask(operation.operands)
        self._define(results, live)
        for result in results:
            shared = self._may_share(operation, result)
            # An operand is read while the result is written, unless they may share memory.
            self._define([result], operands & ~self._mask(shared))
            self._conflict([result], operation.operands)
            for value in shared:
                self._affine(result, value, weight)
        return (live & ~self._mask(results)) | operands

    def _may_share(self, operation: ir.Operation, result: ir.Value) -> list[ir.Value]:
        """Return the operands in whose memory the result may be made if they die here."""
        if operation.traits.overwrites:
            base, *others = operation.operands
            alone = self.number(base) not in {self.number(value) for value in others}
            return [base] if alone else []
        if isinstance(operation, ir.Elementwise):
            return [v for v in operation.operands if self._is_like(v, result)]
        return []

    def _is_like(self, operand: ir.Value, result: ir.Value) -> bool:
        """Return whether the operand and the result have the same layout in memory."""
        return (
            not self.aliases.of(operand).repeated
            and self.aliases.representation(operand) is self.aliases.representation(result)
            and operand.type.size == result.type.size
            and operand.type.width == result.type.width
        )

    def _if(self, operation: ir.If, live: int, weight: int) -> int:
        self._define(operation.results, live)
        after = live & ~self._mask(operation.results)
        before = self._mask(operation.operands)
        for region in operation.regions:
            self._parallel(zip(operation.results, region.yields, strict=True), weight)
            before |= self._region(region, after, weight)
        return before

    def _for(self, operation: ir.For, live: int, weight: int) -> int:
        (body,) = operation.regions
        carried = body.parameters[1:]
        initial = operation.operands[2:]
        inner = weight * LOOP_WEIGHT
        self._define(operation.results, live)
        after = live & ~self._mask(operation.results)
        self._parallel(zip(operation.results, carried, strict=True), weight)
        self._parallel(zip(carried, body.yields, strict=True), inner)
        self._parallel(zip(carried, initial, strict=True), weight)
        through = after | self._used_inside(operation)
        self._region(body, through, inner)
        return through | self._mask(operation.operands)

    def _while(self, operation: ir.While, live: int, weight: int) -> int:
        condition, body = operation.regions
        inner = weight * LOOP_WEIGHT
        self._define(operation.results, live)
        after = live & ~self._mask(operation.results)
        self._parallel(zip(operation.results, condition.parameters, strict=True), weight)
        self._parallel(zip(body.parameters, condition.parameters, strict=True), inner)
        self._parallel(zip(condition.parameters, body.yields, strict=True), inner)
        self._parallel(zip(condition.parameters, operation.operands, strict=True), weight)
        through = after | self._used_inside(operation)
        self._region(body, through, inner)
        self._region(condition, through | self._mask(condition.parameters), inner)
        return through | self._mask(operation.operands)

    def _call(self, operation: ir.Call, live: int, weight: int) -> int:
        changed = self.calls[operation.function].changed
        results = list(operation.results)
        for position, result in changed.items():
            if result is None:
                spoiled = self._fresh(operation.operands[position].type)
                self.extra[operation.number, position] = spoiled
                results.append(spoiled)
        self._define(results, live)
        numbers = [self.number(value) for value in operation.operands]
        self._conflict(results, operation.operands)
        for target in results:
            own = self._position_of(operation, target)
            others = [v for i, v in enumerate(operation.operands) if i != own]
            self._define([target], self._mask(others))
            if own is not None and numbers.count(numbers[own]) == 1:
                self._affine(target, operation.operands[own], weight)
        return (live & ~self._mask(results)) | self._mask(operation.operands)

    def _position_of(self, operation: ir.Call, target: ir.Value) -> int | None:
        """Return the position of the argument in whose memory a result is made."""
        for position, number in self.calls[operation.function].changed.items():
            if number is None:
                if self.extra[operation.number, position] is target:
                    return position
            elif operation.results[number] is target:
                return position
        return None

    def _used_inside(self, operation: ir.Operation) -> int:
        """Return the values from outside that the regions of an operation use."""
        known = self._inner.get(operation.number)
        if known is None:
            used = own = 0
            for region in operation.regions:
                used |= self._mask(region.yields)
                own |= self._mask(region.parameters)
                for inner in region.operations:
                    if self.aliases.view.runs(inner):
                        used |= self._mask(inner.operands) | self._used_inside(inner)
                        own |= self._mask(r for r in inner.results if self._is_root(r))
            self._inner[operation.number] = known = used & ~own
        return known

    def _is_root(self, value: ir.Value) -> bool:
        return self.aliases.of(value).root.id == value.id


def touches_yao(operation: ir.Convert) -> bool:
    """Return whether an operation converts from or to Yao's sharing."""
    return ir.Sharing.YAO in (operation.operands[0].type.sharing, operation.result.type.sharing)


def is_table(operation: ir.Operation) -> bool:
    """Return whether an operation is an array constant that is embedded unchanged."""
    return isinstance(operation, ir.Constant) and len(operation.data) > 1


def bits(mask: int) -> Iterable[int]:
    """Yield the positions of the bits that are set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _has_memory(operation: ir.Operation) -> bool:
    """Return whether an operation's result is an input that stays where the host has it."""
    return isinstance(operation, ir.Input) and not isinstance(operation, ir.TurnInput)
