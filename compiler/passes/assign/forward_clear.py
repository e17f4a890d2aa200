"""Computation in the clear of secrets that a party knows.

**Purpose.** A value declared `secret` may be a constant, or computed from one party's inputs alone.
This pass finds such values. Operations on secrets use public operands without sharing them. A
nonlinear operation on values that one party knows is computed by that party in the clear; its
result is then shared, or revealed directly. The same applies to an operation that only moves
elements of a value without other uses. Products are cheaper with a known operand, so the pass also
maps each known secret to its cleartext value. **Keeps** meaning, labels, and confidentiality: a
party computes from its own values alone. **Leaves** operations unchanged if the program requests a
sharing for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field

from ezlang.records import dataclass, replace
from ezlang.types.labels import SECRET, meet_all

from ...ir import tree as ir
from ...ir.build import Builder
from ..description import optional
from ..rewriting.rewrite import Rule, count_uses, rewrite_function, with_functions
from .known_calls import KnownCalls

Twins = Mapping[int, ir.Value]
"""Cleartext values equal to secrets, by the ids of the secrets."""


def use_known(program: ir.Program) -> tuple[ir.Program, Mapping[str, Twins]]:
    """Return the program with known operands in the clear, and the twins of each function.

    What a client knows is no twin: only parties that compute can use what they know in a protocol.
    """
    functions, twins = [], {}
    computing = len(program.parties)
    for function in program.functions:
        rule = _Forward(count_uses(function.body))
        functions.append(rewrite_function(function, rule))
        twins[function.name] = {
            id: twin
            for id, twin in rule.twins.items()
            if twin.type.label.owner is None or twin.type.label.owner < computing
        }
    return with_functions(program, functions), twins


@optional(
    "known",
    "computes in the clear what one party knows, and takes public operands as they are",
    before_sharings=True,
)
def forward_known(program: ir.Program) -> ir.Program:
    """Return the program with known operands in the clear, in called functions, too."""

    def forward(
        function: ir.Function, known: Mapping[int, ir.Value]
    ) -> tuple[ir.Function, Mapping[int, ir.Value]]:
        rule = _Forward(count_uses(function.body), dict(known), calls=calls)
        return rewrite_function(function, rule), rule.twins

    calls = KnownCalls(
        program.everybody, {function.name: function for function in program.functions}, forward
    )
    made = with_functions(program, [forward(one, {})[0] for one in program.functions])
    return calls.added(made) if calls.copies else made


@dataclass(slots=True)
class _Forward(Rule):
    """`uses` counts the uses of values, by id; `here` are known secrets made in each region."""

    uses: Counter[int]
    twins: dict[int, ir.Value] = field(default_factory=dict)
    here: list[set[int]] = field(default_factory=list)
    calls: KnownCalls | None = None

    def enter(self) -> None:
        self.here.append(set())

    def leave(self) -> None:
        self.here.pop()

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if isinstance(operation, ir.Reveal):
            return self._told(build, operation)
        if isinstance(operation, ir.Call):
            return self._called(build, operation)
        if len(operation.results) != 1 or not operation.result.type.label.is_secret:
            return None
        if isinstance(operation, ir.Relabel):
            self.twins[operation.result.id] = operation.operands[0]
            self.here[-1].add(operation.result.id)
            return None
        if isinstance(operation, ir.Lookup):
            return self._looked_up(build, operation)
        computes = isinstance(operation, ir.Elementwise | ir.Reduce | ir.Product)
        if not computes and not isinstance(operation, ir.Move):
            return None
        return self._known(build, operation) or self._forwarded(build, operation)

    def _called(self, build: Builder, operation: ir.Call) -> Sequence[ir.Value] | None:
        """Call a function with what a party knows of its arguments."""
        found = None if self.calls is None else self.calls.call(build, operation, self.twins)
        if found is None:
            return None
        for value, twin in found:
            if twin is not None:
                self.twins[value.id] = twin
                self.here[-1].add(value.id)
        return [value for value, _ in found]

    def _told(self, build: Builder, operation: ir.Reveal) -> Sequence[ir.Value] | None:
        """Reveal a known value from its cleartext; only relabel it if the receivers know it."""
        twin = self.twins.get(operation.operands[0].id)
        label = operation.result.type.label
        if twin is None:
            return None
        if twin.type.label.flows_to(label):
            return (build.relabel(twin, label),)
        build.emit(replace(operation, operands=(twin,)))
        return operation.results

    def _known(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        """Compute a known value in the clear: instead of on shares or, if linear, in addition."""
        operands = tuple(self.twins.get(value.id, value) for value in operation.operands)
        label = meet_all([value.type.label for value in operands])
        if label.is_secret or operation.requested is not None:
            return None
        if isinstance(operation, ir.Stack | ir.Write):
            count = 2 if isinstance(operation, ir.Write) else len(operands)
            made = tuple(build.relabel(value, label) for value in operands[:count])
            operands = made + operands[count:]
        result = build.fresh(replace(operation.result.type, label=label), operation.result.hint)
        instead = label.is_public or not _is_linear(operation) or self._is_all(operation)
        twin = replace(operation, operands=operands, results=(result,))
        if not instead:
            build.emit(operation)
            if isinstance(twin, ir.Checkable):
                twin = replace(twin, checked=False)
        build.emit(twin)
        secret = build.relabel(result, SECRET) if instead else operation.result
        self.twins[secret.id] = result
        self.uses[secret.id] = self.uses[operation.result.id]
        self.here[-1].add(secret.id)
        return (secret,)

    def _looked_up(self, build: Builder, operation: ir.Lookup) -> Sequence[ir.Value] | None:
        """Read a table in the clear at indices that a party knows."""
        table, indices = operation.operands
        twin = self.twins.get(indices.id)
        if twin is None or operation.requested is not None:
            return None
        flat = build.reshape(twin, (twin.type.size,))
        shape = (twin.type.size, *table.type.shape[1:])
        made = build.fresh(replace(table.type, shape=shape, label=flat.type.label))
        build.emit(ir.Gather(operands=(table, flat), results=(made,), span=build.span))
        found = build.reshape(made, operation.result.type.shape)
        secret = build.relabel(found, SECRET)
        self.twins[secret.id] = found
        self.uses[secret.id] = self.uses[operation.result.id]
        self.here[-1].add(secret.id)
        return (secret,)

    def _is_all(self, operation: ir.Operation) -> bool:
        """Return whether an operation moves a value without other uses, and doesn't repeat it.

        Then only its result is shared. An operation that may fail must do so at both parties, so it
        doesn't count.
        """
        if not isinstance(operation, ir.Read) or operation.failure is not None:
            return False
        base = operation.operands[0]
        once = base.id in self.here[-1] and self.uses[base.id] == 1
        return once and operation.result.type.size <= base.type.size

    def _forwarded(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        """Use public operands in the clear, and share owned operands of products."""
        operands = list(operation.operands)
        if isinstance(operation, ir.Product):
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


def _is_linear(operation: ir.Operation) -> bool:
    """Return whether an operation is local in at least one of the sharings of secrets."""
    match operation:
        case ir.Unary() | ir.Binary() | ir.Reduce():
            return operation.kind.traits.is_linear
        case ir.Move():
            return True
        case _:
            return False
