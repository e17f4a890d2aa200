"""Static facts about the values of a program: constants and origins.

Passes, protocols, code generation, the simulation and the cost model all depend on static facts
about values. If two of them derived different facts, a party would run a protocol other than the
one whose cost was predicted. Therefore each question has exactly one analysis, which all of them
use. All facts follow from the program text, which both parties compare before a run.

- *Are all elements of a value the same known number?* `Constants`. Used by constant folding,
  `simplify`, strided views, the model of sharings, and circuits.
- *Is a value a copy of another one, or a repeated element?* `Origins`. Used for circuits, for
  sharing by wire labels, and for storage allocation in code generation.
- *On which numbers may the choice of a protocol on shares depend?* `constant_operands`. Used
  wherever protocols are run, simulated or counted.
- *How do operands enter a circuit on wire labels?* circuits/operands.py, based on the first two.
  Used by code generation, the simulation, the cost model and the model of sharings.
- *Which affine form does a public scalar have?* passes/analyses/scalars.py. Used by vectorisation,
  the removal of checks, and the scheduler.
- *In which interval does a value lie?* ir/intervals.py has the arithmetic.
  scalars.py applies it on demand to public scalars, ranges.py to all values of a program at once.
- *Which secrets does some party have in the clear?* passes/assign/forward_clear.py. Used for the
  choice of sharings.
- *Which public values determine control flow?* cost/control.py. It computes them before the run
  for the cost model, which follows control flow.

**Constants.** A value has a number if it is a constant with equal elements, or if it is derived
from such a value by operations that only repeat, move or relabel elements. Secret and owned values
may have a number, too, because the program text reveals it. Code that needs a public value has to
check the label. `constant_operands` does: a protocol takes secret operands as shares, even if their
values are known.

**Origins.** The origin of a value is its root, with a flag that says whether the value is a single
element of the root, repeated. Reshaping and relabelling preserve an origin. Repeating a single
element creates an origin, which further repeating and reading preserve. Values with equal origins
and equal shapes have equal elements. A value is *repeated* if it has elements, and all of them are
the same element of its root. A value without elements is never repeated: nothing is shared or sent
for it.

Two rules depend on origins. All executors and the cost model follow them:

- An operand of a circuit that is a copy of the first operand takes no input port of its own.
- A repeated value of the evaluator is shared by wire labels once: there is an OT for each bit of
  one element, whose labels are then repeated. On arithmetic and boolean shares, all elements are
  sent.
"""

from __future__ import annotations

from dataclasses import field

from ezlang.records import dataclass

from . import tree as ir

ConstantOperands = tuple[int | None, ...]
"""For each operand of an operation, the number that all its elements equal, if it is known."""


@dataclass(slots=True)
class Constants:
    """The constants among the values of the operations seen so far, and their numbers."""

    definitions: dict[int, ir.Constant] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)

    def see(self, operation: ir.Operation) -> None:
        """Record the facts about the result of an operation."""
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
        """Return the definition of a value, if it is a Constant operation."""
        return self.definitions.get(value.id)

    def number(self, value: ir.Value) -> int | None:
        """Return the number that all elements of a value equal, if it is known."""
        return self.numbers.get(value.id)


@dataclass(frozen=True, slots=True)
class Origin:
    """The source of elements: all elements of `root` in order, or one of them, `repeated`."""

    root: ir.Value
    repeated: bool = False


@dataclass(slots=True)
class Origins:
    """The origins of the values of the operations seen so far."""

    known: dict[int, Origin] = field(default_factory=dict)

    def see(self, operation: ir.Operation) -> None:
        """Record the facts about the result of an operation."""
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
        """Return whether a value has elements, and all are the same element of its root."""
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


def constant_operands(operation: ir.Operation, constants: Constants) -> ConstantOperands:
    """Return the numbers that the public operands of an operation equal, if they are known."""
    return tuple(
        constants.number(value) if value.type.label.is_public else None
        for value in operation.operands
    )
