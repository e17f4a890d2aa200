"""What the checker finds out about each place of a program, for editors.

A `Watch` is given to a check, which fills it. It holds also for programs with errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.typed import tree as typed
from ezlang.types.labels import Label
from ezlang.types.types import Type

from .context import Body, Instance
from .provenance import Traced, Why
from .untyped import Typed, Value


@dataclass(frozen=True, slots=True)
class Fact:
    """The type and the label of an expression or a variable in one instance of its function.

    `label` is None where nothing determines it: in a function without labels that nothing calls.
    """

    type: Type
    label: Label | None
    why: Why | None = None


@dataclass(slots=True, eq=False)
class Watch:
    """The facts about the file that is checked, each by the instance in which it holds.

    `expressions` has them by the place of the expression, and `variables` by that of the name in
    the declaration.
    """

    parties: tuple[str, ...] = ()
    expressions: dict[Span, dict[int, Fact]] = field(default_factory=dict)
    variables: dict[Span, dict[int, Fact]] = field(default_factory=dict)
    _kept: list[object] = field(default_factory=list)
    _numbers: dict[int, int] = field(default_factory=dict)

    def saw(self, body: Body, value: Value) -> None:
        """Record an expression; those of a later pass over an instance replace the earlier ones."""
        if not isinstance(value, Typed) or not body.module.is_program:
            return
        signature = body.signature
        if body.quiet_sizes and signature is not None and signature.sizes:
            return  # its sizes are made up
        uncalled = signature is not None and body.called == signature.function.node.name.span
        alone = uncalled and bool(signature and signature.labels)
        number = self._number(body.labels)
        self._add(number, value.node, value.why, alone=alone)

    def _number(self, labels: dict[int, Traced]) -> int:
        """Return a number for the instance that has these labels, the same in all its passes."""
        if id(labels) not in self._numbers:
            self._kept.append(labels)
            self._numbers[id(labels)] = len(self._kept)
        return self._numbers[id(labels)]

    def _add(self, number: int, node: typed.Expr, why: Why | None, *, alone: bool) -> None:
        label = None if alone and node.label.is_public else node.label
        self.expressions.setdefault(node.span, {})[number] = Fact(node.type, label, why)
        inner = node
        while isinstance(inner, typed.Index | typed.Slice | typed.GetField):
            inner = inner.base
        if isinstance(inner, typed.Read):
            of = inner.variable
            known = None if alone and of.label.is_public else of.label
            self.variables.setdefault(of.span, {})[number] = Fact(of.type, known, why)

    def finish(self, instances: Iterable[Instance]) -> None:
        """Record the variables that are declared and never read."""
        for instance in instances:
            own = instance.function.module.is_program
            if instance.node is None or instance.name.endswith("?") or not own:
                continue
            for one in _declared(instance.node.body):
                if one.span not in self.variables:
                    self.variables[one.span] = {0: Fact(one.type, one.label)}


def _declared(statement: typed.Statement) -> Iterator[typed.Variable]:
    match statement:
        case typed.Block(statements=inner):
            for one in inner:
                yield from _declared(one)
        case typed.Declare(variable=variable):
            yield variable
        case typed.If(then=then, otherwise=otherwise):
            yield from _declared(then)
            yield from _declared(otherwise)
        case typed.For(variable=variable, body=body):
            yield variable
            yield from _declared(body)
        case typed.While(body=body):
            yield from _declared(body)
        case _:
            pass
