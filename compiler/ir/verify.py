"""The verifier, which checks that a program satisfies the rules of the IR.

It checks that each value is defined once, before its uses, and in a region that encloses them;
that each operation has the operands, results, regions and types that its docstring requires; and
that operations run by one party alone neither communicate, nor fail, nor compute values that the
party may not know. It implements the rules independently, and shares no code with the builder.
"""

from __future__ import annotations

from dataclasses import field

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass
from ezlang.source import NO_SPAN, Span
from ezlang.types.labels import Label

from . import tree as ir
from .errors import RuleError
from .sharings import check_sharings
from .text import print_operation


class BrokenRule(CompilerBug):
    """A program that breaks a rule of the IR: `reason` says which, and `span` where."""

    def __init__(self, reason: str, span: Span = NO_SPAN, text: str = "") -> None:
        super().__init__(f"{text}: {reason}" if text else reason)
        self.reason = reason
        self.span = span


def verify(program: ir.Program) -> None:
    """Raise BrokenRule, naming the function and the operation, if the program breaks a rule."""
    known: dict[str, ir.Function] = {}
    for function in program.functions:
        if function.name in known:
            reason = f"there are two functions called {function.name}"
            raise BrokenRule(reason, function.span)
        _Verifier(program, known, function).run()
        known[function.name] = function
    if not program.functions or program.main.body.parameters or program.main.body.yields:
        span = program.functions[-1].span if program.functions else NO_SPAN
        raise BrokenRule("the last function must be main, without parameters and results", span)


@dataclass(slots=True)
class _Verifier:
    program: ir.Program
    known: dict[str, ir.Function]
    function: ir.Function
    seen: set[int] = field(default_factory=set)
    place: Span = NO_SPAN

    def run(self) -> None:
        self.place = self.function.span
        self.region(self.function.body, {}, self.function.pc)

    def broken(self, reason: str, text: str = "") -> BrokenRule:
        """Return the error for the operation at hand, or for the function's parameters."""
        where = f"{self.function.name}: `{text}`" if text else self.function.name
        return BrokenRule(reason, self.place, where)

    def region(self, region: ir.Region, outer: dict[int, ir.Value], pc: Label) -> None:
        scope = dict(outer)
        self.define(region.parameters, scope, "a region's parameters", pc)
        for operation in region.operations:
            self.place = operation.span
            try:
                self.operation(operation, scope, pc)
            except RuleError as violation:
                text = print_operation(operation, self.program.everybody)
                raise self.broken(str(violation), text) from None
        for value in region.yields:
            if scope.get(value.id) is not value and scope.get(value.id) != value:
                raise self.broken(f"%{value.id} is yielded but not defined")

    def operation(self, operation: ir.Operation, scope: dict[int, ir.Value], pc: Label) -> None:
        for value in operation.operands:
            definition = scope.get(value.id)
            if definition is None:
                raise RuleError(f"%{value.id} is used before or outside of its definition")
            if definition.type != value.type:
                raise RuleError(f"%{value.id} is used with another type than it was defined with")
        check_sharings(operation)
        around = ir.Surroundings(self.program.everybody, self.known, len(self.program.clients))
        operation.check(around)
        inner = pc
        if isinstance(operation, ir.Structured):
            for value in operation.deciding:
                inner = inner.meet(value.type.label)
        if isinstance(operation, ir.Computation):
            self.without_clients(operation)
        if pc.is_owned:
            self.alone(operation, pc)
        for region in operation.regions:
            self.region(region, scope, inner)
        self.place = operation.span
        self.define(operation.results, scope, "the results", pc)
        if inner.is_owned and inner != pc:
            for value in operation.results:
                if value.type.label != inner:
                    raise RuleError(f"%{value.id} is known to others than the one who runs this")

    def without_clients(self, operation: ir.AnyComputation) -> None:
        """Check that the parties that compute don't need what a client knows."""
        if operation.result.type.sharing is None:
            return
        for value in operation.operands:
            owner = value.type.label.owner
            if owner is not None and owner >= len(self.program.parties):
                raise RuleError("a client has no part in a protocol")

    def alone(self, operation: ir.Operation, pc: Label) -> None:
        """Check an operation that one party runs alone."""
        if operation.traits.effects & ~ir.Effect.HANGS:
            raise RuleError("one party alone cannot do this")
        if operation.failure is not None:
            raise RuleError("what one party runs alone cannot fail")
        if isinstance(operation, ir.Call) and self.known[operation.function].pc != pc:
            raise RuleError(f"{operation.function} is not made for one party alone")

    def define(
        self, values: tuple[ir.Value, ...], scope: dict[int, ir.Value], what: str, pc: Label
    ) -> None:
        for value in values:
            if value.id in self.seen:
                raise self.broken(f"%{value.id} is defined twice")
            if pc.owner is not None and not value.type.label.readable_by(pc.owner):
                raise self.broken(f"{what}: %{value.id} is not known to who computes it")
            self.seen.add(value.id)
            scope[value.id] = value
