"""Recognition of reductions among loop-carried values.

The recognised forms are any number of statements `s += x`, also under a condition; products and
bitwise operations; minimum and maximum, written as `min(s, x)` or as `if x < s { s = x; }`; and
flags that are set or cleared. All are associative and commutative, even with wrap-around, so the
order of iterations is irrelevant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass
from ezlang.types.types import BOOL

from ...ir import evaluate
from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..analyses.scalars import Scalars

_LESS = {BinaryKind.LT, BinaryKind.LE}
_GREATER = {BinaryKind.GT, BinaryKind.GE}


@dataclass(frozen=True, slots=True)
class Contribution:
    """A value combined by one operation of an iteration, under `guards`: (condition, is true).

    If `value` is None, a flag is set (by OR) or cleared (by AND). A negative value is subtracted.
    """

    value: ir.Value | None
    negative: bool = False
    guards: tuple[tuple[ir.Value, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Reduction:
    """The kind of a reduction, and the contributions of an iteration, as values of the body.

    `requested` is the sharing that the program requests, if any.
    """

    kind: BinaryKind
    added: tuple[ir.Value, ...]
    subtracted: tuple[ir.Value, ...] = ()
    requested: ir.Sharing | None = None


@dataclass(slots=True)
class Search:
    """Traces a loop-carried value back from its final to its initial version in the body."""

    scalars: Scalars
    definitions: dict[int, ir.Operation]
    depends: set[int]
    kinds: set[BinaryKind] = field(default_factory=set)
    path: list[ir.Operation] = field(default_factory=list)
    versions: set[int] = field(default_factory=set)
    known: dict[int, list[Contribution] | None] = field(default_factory=dict)

    def between(self, start: ir.Value, end: ir.Value) -> list[Contribution] | None:
        """Return the contributions that turn version `start` into version `end`."""
        if start == end:
            self.versions.add(start.id)
            return []
        if end.id not in self.known:
            self.known[end.id] = self._made(start, end)
        return self.known[end.id]

    def _made(self, start: ir.Value, end: ir.Value) -> list[Contribution] | None:
        operation = self.definitions.get(end.id)
        found: list[Contribution] | None = None
        match operation:
            case ir.Binary(operands=(x, y)) if operation.kind.traits.reduction:
                if self._free(y):
                    found = self._step(start, x, operation.kind, Contribution(y))
                elif self._free(x):
                    found = self._step(start, y, operation.kind, Contribution(x))
            case ir.Binary(kind=BinaryKind.SUB, operands=(x, y)) if self._free(y):
                found = self._step(start, x, BinaryKind.ADD, Contribution(y, negative=True))
            case ir.Select():
                found = self._select(start, operation)
            case _:
                pass
        if found is not None and operation is not None:
            self.versions.add(end.id)
            self.path.append(operation)
        return found

    def _free(self, value: ir.Value) -> bool:
        return value.id not in self.depends

    def _step(
        self, start: ir.Value, version: ir.Value, kind: BinaryKind, one: Contribution
    ) -> list[Contribution] | None:
        before = self.between(start, version)
        if before is None:
            return None
        self.kinds.add(kind)
        return [*before, one]

    def _select(self, start: ir.Value, operation: ir.Select) -> list[Contribution] | None:
        condition, then, otherwise = operation.operands
        if not self._free(condition):
            return self._extreme(start, operation)
        for flag, kept, chosen in ((then, otherwise, True), (otherwise, then, False)):
            if self._free(flag) and not self._free(kept):
                return self._flag(start, condition, flag, kept, chosen)
        then, otherwise = (
            self._settled(side, condition, holds)
            for side, holds in ((then, True), (otherwise, False))
        )
        first, second = self.between(start, then), self.between(start, otherwise)
        if first is None or second is None:
            return None
        same = 0
        while same < min(len(first), len(second)) and first[same] == second[same]:
            same += 1
        found = first[:same]
        for side, chosen in ((first, True), (second, False)):
            guarded = [(one, (*one.guards, (condition, chosen))) for one in side[same:]]
            found += [Contribution(one.value, one.negative, guards) for one, guards in guarded]
        return found

    def _settled(self, value: ir.Value, condition: ir.Value, holds: bool) -> ir.Value:
        """Return a value with its selects resolved for a condition, given whether it `holds`.

        `if c { a[i] = x; } else { a[i] = y; }` selects twice.
        """
        mine = self._plain(condition)
        while isinstance(one := self.definitions.get(value.id), ir.Select):
            other = self._plain(one.operands[0])
            if other[0] != mine[0]:
                break
            self.path.append(one)
            value = one.operands[1 if holds == (other[1] == mine[1]) else 2]
        return value

    def _plain(self, condition: ir.Value) -> tuple[ir.Value, bool]:
        """Return a condition stripped of its negation, and whether it had none."""
        definition = self.definitions.get(condition.id)
        if isinstance(definition, ir.Unary) and definition.kind is ir.UnaryKind.NOT:
            return definition.operands[0], False
        return condition, True

    def _flag(
        self, start: ir.Value, condition: ir.Value, flag: ir.Value, kept: ir.Value, chosen: bool
    ) -> list[Contribution] | None:
        """Match `if c { found = true; }` as `found |= c`; with false it is `found &= !c`."""
        definition = self.scalars.definitions.get(flag.id)
        if flag.type.element != BOOL or flag.type.shape:
            return None
        if isinstance(definition, ir.Relabel):
            definition = self.scalars.definitions.get(definition.operands[0].id)
        if not isinstance(definition, ir.Constant):
            return None
        kind = BinaryKind.OR if definition.data[0] else BinaryKind.AND
        return self._step(start, kept, kind, Contribution(None, guards=((condition, chosen),)))

    def _extreme(self, start: ir.Value, operation: ir.Select) -> list[Contribution] | None:
        """Match `x < s ? x : s` and its variants as `min` or `max`."""
        condition, then, otherwise = operation.operands
        comparison = self.definitions.get(condition.id)
        if not isinstance(comparison, ir.Binary) or comparison.kind not in _LESS | _GREATER:
            return None
        if comparison.operands not in ((then, otherwise), (otherwise, then)):
            return None
        first_if_true = comparison.operands == (then, otherwise)
        smallest = (comparison.kind in _LESS) == first_if_true
        new, version = (then, otherwise) if self._free(then) else (otherwise, then)
        if not self._free(new) or self._free(version):
            return None
        kind = BinaryKind.MIN if smallest else BinaryKind.MAX
        self.path.append(comparison)
        return self._step(start, version, kind, Contribution(new))


def reduction_of(
    build: Builder,
    scalars: Scalars,
    operations: list[ir.Operation],
    start: ir.Value,
    end: ir.Value,
    others: set[int],
) -> Reduction | None:
    """Return the reduction that turns `start` into `end`; None if there is none.

    Its operations are removed from the body's `operations`, and operations that apply the guards
    of contributions are appended. `others` are the ids of the other values that the body must
    provide.
    """
    definitions = {r.id: operation for operation in operations for r in operation.results}
    search = Search(scalars, definitions, dependents(operations, start))
    found = search.between(start, end)
    if found is None or len(search.kinds) != 1:
        return None
    path = {r.id for o in search.path for r in o.results}
    private = search.versions | path
    if private & others:
        return None
    outside = [o for o in operations if path.isdisjoint(r.id for r in o.results)]
    if any(private & uses(operation) for operation in outside):
        return None
    (kind,) = search.kinds
    operations[:] = outside
    made: dict[bool, list[ir.Value]] = {True: [], False: []}
    requested = next((one.requested for one in search.path if one.requested), None)
    with build.nested() as more, build.requesting(requested):
        for one in found:
            made[one.negative].append(_unguarded(build, kind, one))
    operations += more
    return Reduction(kind, tuple(made[False]), tuple(made[True]), requested)


def combined(build: Builder, kind: BinaryKind, found: Sequence[Contribution]) -> ir.Value:
    """Emit the combination of all contributions of an iteration."""
    total: ir.Value | None = None
    for one in found:
        value = _unguarded(build, kind, one)
        if one.negative:
            value = build.unary(ir.UnaryKind.NEG, value)
        total = value if total is None else build.binary(kind, total, value)
    if total is None:
        raise CompilerBug("nothing is contributed")
    return total


def uses(operation: ir.Operation) -> set[int]:
    """Return the ids of the values that an operation uses, its regions included."""
    found = {value.id for value in operation.operands}
    for region in operation.regions:
        found.update(value.id for value in region.yields)
        for inner in region.operations:
            found |= uses(inner)
    return found


def dependents(operations: Sequence[ir.Operation], start: ir.Value) -> set[int]:
    """Return the ids of a value and of all values that operations compute from it."""
    found = {start.id}
    for operation in operations:
        if found & uses(operation):
            found.update(value.id for value in operation.results)
    return found


def _unguarded(build: Builder, kind: BinaryKind, one: Contribution) -> ir.Value:
    """Emit a contribution that is the identity element where a guard doesn't hold."""
    guards: list[ir.Value] = []
    for condition, chosen in one.guards:
        holds = condition if chosen else build.negated(condition)
        if guards and guards[-1].type.shape == holds.type.shape:
            guards[-1] = build.binary(BinaryKind.AND, guards[-1], holds)
        else:
            guards.append(holds)
    if one.value is None:
        (guard,) = guards
        return guard if kind is BinaryKind.OR else build.negated(guard)
    value = one.value
    neutral = evaluate.identity(kind, value.type.element)
    for guard in guards:
        rest = build.constant(value.type.element, (neutral,), value.type.shape)
        value = build.select(guard, value, rest)
    return value
