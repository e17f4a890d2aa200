"""What is known of a program's values before a run: one analysis for each question.

Passes, protocols, code generation, the simulation and the cost model all depend on what is known
of values. Where two of them answered a question differently, a party would run another protocol
than the one whose cost was predicted. So each question has one analysis, and whoever asks it uses
that one. All answers follow from the program's text, which both parties compare before a run.

- *Which number are all elements of a value?* `Constants`. For constant folding, `simplify`,
  strided views, the model of sharings, and circuits.
- *Is a value another one once more, or one element repeated?* `Origins`. For circuits, for sharing
  by wire labels, and for where code generation keeps values.
- *By which numbers may the protocol of an operation on shares be chosen?* `known_operands`. For
  whoever runs, simulates or counts protocols.
- *How do operands come into a circuit on wire labels?* circuits/operands.py, by the first two. For
  code generation, the simulation, the cost model and the model of sharings.
- *Which affine form does a public scalar have?* passes/analyses/scalars.py. For vectorisation, the
  removal of checks, and the scheduler.
- *Between which numbers does a value lie?* `range` of each operation, by ir/intervals.py.
  scalars.py applies it on demand to public scalars, ranges.py to all values of a program at once.
- *Which secrets are values that somebody has in the clear?* passes/assign/known.py. For the choice
  of sharings.
- *Which public values decide what a run does?* cost/control.py. It computes them before the run,
  for the cost model, which follows control flow.

**Constants.** A value has a number if it is a constant with equal elements, or is made from a value
that has one by operations that only repeat, move or relabel elements. A secret or one party's own
value may have a number, too: the text says it all the same. Whoever needs a public value looks at
the label. `known_operands` does: a protocol takes secret operands as shares, whatever they are.

**Origins.** A value's origin is its root, and whether it is the root's one element repeated.
Reshaping and relabelling keep an origin; repeating a single element makes one, which further
repeating and reading keep. Values with equal origins and equal shapes have equal elements. A value
is *repeated* if it has elements, and all are one element of its root. A value without elements
never is: nothing is shared or sent for it.

Two rules depend on origins, and hold in all executors and in the cost model alike:

- An operand of a circuit that is the first operand once more takes no port of its own.
- The evaluator's value that is repeated is shared by wire labels once: an OT for each bit of one
  element, whose labels are then repeated. On arithmetic and boolean shares, all elements are sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import tree as ir

Numbers = tuple[int | None, ...]
"""For each operand of an operation, the number that all of its elements are, if that is known."""


@dataclass(slots=True)
class Constants:
    """Which values are constants, and which number they are, by the operations seen so far."""

    definitions: dict[int, ir.Constant] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)

    def see(self, operation: ir.Operation) -> None:
        """Take note of an operation."""
        match operation:
            case ir.Constant(data=data):
                self.definitions[operation.result.id] = operation
                if len(set(data)) == 1:
                    self.numbers[operation.result.id] = int(data[0])
            case ir.Relabel() | ir.Broadcast() | ir.Reshape() | ir.AffineRead():
                number = self.number(operation.operands[0])
                if number is not None:
                    self.numbers[operation.result.id] = number
            case _:
                pass

    def definition(self, value: ir.Value) -> ir.Constant | None:
        """Return the operation that makes a value, if it is a constant itself."""
        return self.definitions.get(value.id)

    def number(self, value: ir.Value) -> int | None:
        """Return the number that all elements of a value are, if it is known."""
        return self.numbers.get(value.id)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where elements come from: they are those of `root` in order, or one of them, `repeated`."""

    root: ir.Value
    repeated: bool = False


@dataclass(slots=True)
class Origins:
    """The origins of values, by the operations seen so far."""

    known: dict[int, Origin] = field(default_factory=dict)

    def see(self, operation: ir.Operation) -> None:
        """Take note of an operation."""
        match operation:
            case ir.Relabel() | ir.Reshape():
                found = self.of(operation.operands[0])
            case ir.Constant(data=data) if operation.result.type.shape and len(set(data)) == 1:
                found = Origin(operation.result, repeated=True)
            case ir.Broadcast(operands=(x,)) if x.type.size == 1:
                found = Origin(self.of(x).root, repeated=True)
            case ir.Broadcast() | ir.AffineRead() if self.is_repeated(operation.operands[0]):
                found = self.of(operation.operands[0])
            case _:
                return
        if operation.result.type.size:
            self.known[operation.result.id] = found

    def of(self, value: ir.Value) -> Origin:
        """Return the origin of a value, which may be the value itself."""
        return self.known.get(value.id) or Origin(value)

    def is_repeated(self, value: ir.Value) -> bool:
        """Return whether a value has elements, all of which are one element of its root."""
        return self.of(value).repeated


@dataclass(frozen=True, slots=True)
class Facts:
    """The constants and origins of one function."""

    constants: Constants = field(default_factory=Constants)
    origins: Origins = field(default_factory=Origins)


def facts_of(function: ir.Function) -> Facts:
    """Return the facts of a function."""
    facts = Facts()
    for operation in ir.walk(function.body):
        facts.constants.see(operation)
        facts.origins.see(operation)
    return facts


def known_operands(operation: ir.Operation, constants: Constants) -> Numbers:
    """Return which numbers the public operands of an operation are, where that is known."""
    return tuple(
        constants.number(value) if value.type.label.is_public else None
        for value in operation.operands
    )
