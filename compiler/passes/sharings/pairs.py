"""Merging of comparisons and selections of the same two values.

**Purpose.** Compare two secrets only once: `min(x, y)` and `max(x, y)` become selections by one
comparison, and `x >= y` is the negation of `x < y`. Of the two sides of a swap, one is selected and
the other one follows without AND gates: max(x, y) is x ⊕ y ⊕ min(x, y) on bits, as in the X blocks
of [KS08], and x + y − min(x, y) on arithmetic shares. This halves the ANDs of sorting.
**Keeps** semantics, labels, and the sharings requested with `#[protocol]`.
**Before → after.** `compare_once` runs before sharings are chosen, `choose_once` afterwards.
**Does not** merge across branches: values computed on one side aren't available on the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind, Sharing, UnaryKind
from ..description import optional
from ..rewriting.rewrite import Rule, rewrite, rewrite_function, with_functions

_ENDS = (BinaryKind.MIN, BinaryKind.MAX)
_OPPOSITE = {BinaryKind.GE: BinaryKind.LT, BinaryKind.LE: BinaryKind.GT}
_TOLD = (*_ENDS, *_OPPOSITE, *_OPPOSITE.values())

_Pair = tuple[int, int]


@optional("pairs", "makes min, max and comparisons of the same two values from one comparison")
def compare_once(program: ir.Program) -> ir.Program:
    """Merge the comparisons of the same two values, including those of `min` and `max`."""
    functions = []
    for function in program.functions:
        asked = Counter(map(_pair, filter(_compares, ir.walk(function.body))))
        often = {pair for pair, count in asked.items() if count > 1}
        functions.append(rewrite_function(function, _Compare(often)) if often else function)
    return with_functions(program, functions)


def _compares(operation: ir.Operation) -> bool:
    return (
        isinstance(operation, ir.Binary)
        and operation.kind in _TOLD
        and operation.requested is None
        and all(value.type.label.is_secret for value in operation.operands)
    )


def _pair(operation: ir.Operation) -> _Pair:
    first, second = sorted(value.id for value in operation.operands)
    return first, second


@dataclass(slots=True)
class _Compare(Rule):
    """`less` has the available comparisons x < y, by x and y, for each enclosing region."""

    often: set[_Pair]
    less: list[dict[_Pair, ir.Value]] = field(default_factory=list)

    def enter(self) -> None:
        self.less.append({})

    def leave(self) -> None:
        self.less.pop()

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, ir.Binary) or not _compares(operation):
            return None
        if _pair(operation) not in self.often:
            return None
        x, y = operation.operands
        kind = operation.kind
        if kind in _ENDS:
            if self._found(x, y) is None and self._found(y, x) is not None:
                x, y = y, x
            less = self._compared(build, x, y)
            sides = (x, y) if kind is BinaryKind.MIN else (y, x)
            return (build.select(less, *sides),)
        plain = _OPPOSITE.get(kind, kind)
        less = self._compared(build, *((x, y) if plain is BinaryKind.LT else (y, x)))
        return (less if plain is kind else build.unary(UnaryKind.NOT, less),)

    def _found(self, x: ir.Value, y: ir.Value) -> ir.Value | None:
        return next((one[x.id, y.id] for one in self.less if (x.id, y.id) in one), None)

    def _compared(self, build: Builder, x: ir.Value, y: ir.Value) -> ir.Value:
        """Return x < y, and emit it if it isn't available."""
        found = self._found(x, y)
        if found is None:
            found = self.less[-1][x.id, y.id] = build.binary(BinaryKind.LT, x, y)
        return found


@optional("swap", "selects one side of a swap, and derives the other from it")
def choose_once(program: ir.Program) -> ir.Program:
    """Use one selection for both sides of a swap."""
    return rewrite(program, _Swap)


@dataclass(slots=True)
class _Swap(Rule):
    """`chosen` has the available selections, by condition and sides, for each enclosing region."""

    chosen: list[dict[tuple[int, int, int], ir.Value]] = field(default_factory=list)

    def enter(self) -> None:
        self.chosen.append({})

    def leave(self) -> None:
        self.chosen.pop()

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, ir.Select):
            return None
        condition, x, y = operation.operands
        type = operation.result.type
        if condition.type.label.is_public or type.sharing is None or not x.type == y.type == type:
            return None
        other = (condition.id, y.id, x.id)
        for scope in self.chosen:
            if other in scope:
                return (_rest(build, x, y, scope[other]),)
        self.chosen[-1][condition.id, x.id, y.id] = operation.result
        return None


def _rest(build: Builder, x: ir.Value, y: ir.Value, taken: ir.Value) -> ir.Value:
    """Emit the one of x and y that isn't `taken`."""
    if taken.type.sharing is Sharing.ARITHMETIC:
        both = build.binary(BinaryKind.ADD, x, y)
        return build.binary(BinaryKind.SUB, both, taken)
    both = build.binary(BinaryKind.XOR, x, y)
    return build.binary(BinaryKind.XOR, both, taken)
