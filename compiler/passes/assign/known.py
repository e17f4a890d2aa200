"""Secrets that somebody knows all the same.

**Purpose.** A value declared `secret` may be a constant, or computed from one party's inputs alone.
This pass finds what is and uses it: operations on secrets take public operands as they are; what
isn't linear, and computed from what one party knows, is computed by that party in the clear, and
shared afterwards, or told directly; so is what only moves a value that nothing else uses. For
products, which are cheaper with such an operand, it says which value in the clear a secret is the
same as. **Keeps** meaning, labels, and who may know what: a party computes from its own values
alone. **Leaves** operations as they are where a program asks for a sharing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ezlang.types.labels import SECRET, meet_all

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind, UnaryKind
from ..description import optional
from ..rewriting.rewrite import Rule, rewrite_function, with_functions

Twins = Mapping[int, ir.Value]
"""By the ids of secrets, the values in the clear that they are the same as."""

_MOVES = (
    ir.Broadcast,
    ir.Reshape,
    ir.Extract,
    ir.ExtractSlice,
    ir.AffineRead,
    ir.Gather,
    ir.Stack,
)
_COMPUTES = (ir.Unary, ir.Binary, ir.Select, ir.Cast, ir.Bit, ir.Reduce, ir.MatrixProduct)
_LINEAR = frozenset({BinaryKind.ADD, BinaryKind.SUB, BinaryKind.XOR})


def use_known(program: ir.Program) -> tuple[ir.Program, Mapping[str, Twins]]:
    """Return the program with known operands taken as they are, and the twins of each function."""
    functions, twins = [], {}
    for function in program.functions:
        rule = _Known(_uses(function.body))
        functions.append(rewrite_function(function, rule))
        twins[function.name] = rule.twins
    return with_functions(program, functions), twins


@optional(
    "known",
    "computes in the clear what one party knows, and takes public operands as they are",
    before_sharings=True,
)
def forward_known(program: ir.Program) -> ir.Program:
    """Return the program with known operands taken as they are: `use_known` as a pass."""
    return use_known(program)[0]


@dataclass(slots=True)
class _Known(Rule):
    """`uses` counts where a value is used, by its id; `here` are secrets made in this region."""

    uses: Counter[int]
    twins: dict[int, ir.Value] = field(default_factory=dict)
    here: list[set[int]] = field(default_factory=list)

    def enter(self) -> None:
        self.here.append(set())

    def leave(self) -> None:
        self.here.pop()

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if isinstance(operation, ir.Reveal):
            return self._told(build, operation)
        if len(operation.results) != 1 or not operation.result.type.label.is_secret:
            return None
        if isinstance(operation, ir.Relabel):
            self.twins[operation.result.id] = operation.operands[0]
            self.here[-1].add(operation.result.id)
            return None
        if not isinstance(operation, _MOVES + _COMPUTES):
            return None
        return self._known(build, operation) or self._forwarded(build, operation)

    def _told(self, build: Builder, operation: ir.Reveal) -> Sequence[ir.Value] | None:
        """Tell what somebody knows directly, or not at all to who knows it."""
        twin = self.twins.get(operation.operands[0].id)
        label = operation.result.type.label
        if twin is None:
            return None
        if twin.type.label.flows_to(label):
            return (build.relabel(twin, label),)
        build.emit(replace(operation, operands=(twin,)))
        return operation.results

    def _known(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        """Compute what somebody knows in the clear: instead, or besides where that is linear."""
        operands = tuple(self.twins.get(value.id, value) for value in operation.operands)
        label = meet_all([value.type.label for value in operands])
        if label.is_secret or operation.forced is not None:
            return None
        if isinstance(operation, ir.Stack):
            operands = tuple(build.relabel(value, label) for value in operands)
        result = build.fresh(replace(operation.result.type, label=label), operation.result.hint)
        instead = label.is_public or not _is_linear(operation) or self._is_all(operation)
        twin = replace(operation, operands=operands, results=(result,))
        if not instead:
            build.emit(operation)
            if isinstance(twin, ir.Extract | ir.ExtractSlice):
                twin = replace(twin, checked=False)
        build.emit(twin)
        secret = build.relabel(result, SECRET) if instead else operation.result
        self.twins[secret.id] = result
        self.uses[secret.id] = self.uses[operation.result.id]
        self.here[-1].add(secret.id)
        return (secret,)

    def _is_all(self, operation: ir.Operation) -> bool:
        """Tell whether an operation moves a value that nothing else uses, and doesn't repeat it.

        Then only what it gives is shared. What may fail has to fail at both parties.
        """
        moves = isinstance(operation, _MOVES) and not isinstance(operation, ir.Stack)
        if not moves or getattr(operation, "checked", False):
            return False
        base = operation.operands[0]
        once = base.id in self.here[-1] and self.uses[base.id] == 1
        return once and operation.result.type.size <= base.type.size

    def _forwarded(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        """Take operands that everybody knows as they are; shared owned ones of matrix products."""
        operands = list(operation.operands)
        if isinstance(operation, ir.MatrixProduct):
            for place, value in enumerate(operands):
                if value.type.label.is_owned:
                    operands[place] = build.relabel(value, SECRET)
                    self.twins[operands[place].id] = value
        elif not isinstance(operation, ir.Binary | ir.Select):
            return None
        for place, value in enumerate(operands):
            twin = self.twins.get(value.id)
            rest = operands[:place] + operands[place + 1 :]
            hidden = any(other.type.label.is_secret for other in rest)
            if twin is not None and twin.type.label.is_public and hidden:
                operands[place] = twin
        if tuple(operands) == operation.operands:
            return None
        build.emit(replace(operation, operands=tuple(operands)))
        return operation.results


def _uses(body: ir.Region) -> Counter[int]:
    """Count the uses of values in a region and those inside."""
    found = Counter(value.id for value in body.yields)
    for operation in ir.walk(body):
        found.update(value.id for value in operation.operands)
        found.update(value.id for region in operation.regions for value in region.yields)
    return found


def _is_linear(operation: ir.Operation) -> bool:
    """Tell whether an operation is local on one of the sharings of secrets at least."""
    match operation:
        case ir.Unary():
            return operation.kind is not UnaryKind.ABS
        case ir.Binary() | ir.Reduce():
            return operation.kind in _LINEAR
        case ir.Select() | ir.Cast() | ir.Bit() | ir.MatrixProduct():
            return False
        case _:
            return True
