"""Calls with secret arguments that a party knows.

**Purpose.** Functions that are too large to be inlined compute in the clear what a party knows of
their arguments. A call whose secret arguments have cleartext values becomes a call of a copy of
the function. The copy takes these values, too, and returns the cleartext values of the results
that it knows. **Keeps** meaning, labels and confidentiality, as forward_clear.py does.
**Guarantees** one copy for each function and each set of arguments that the same parties know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from ezlang.records import dataclass, replace
from ezlang.types.labels import SECRET, Label

from ...ir import tree as ir
from ...ir.build import Builder
from ..general.dce import remove_dead
from ..rewriting.rewrite import count_uses

ClearLabels = tuple[Label | None, ...]
"""The labels of the cleartext values of a function's parameters, where there are any."""

Forward = Callable[
    [ir.Function, Mapping[int, ir.Value]], tuple[ir.Function, Mapping[int, ir.Value]]
]
"""Rewrites a function, given the cleartext values of parameters; also returns all of them."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A function that also takes the cleartext values of `known`, as its last parameters.

    `clear` are the positions of the results that it returns in the clear.
    """

    function: ir.Function
    known: ClearLabels
    clear: frozenset[int]


@dataclass(slots=True)
class KnownCalls:
    """The functions of a program, and the copies made so far, callees first."""

    parties: tuple[str, ...]
    functions: Mapping[str, ir.Function]
    forward: Forward
    copies: dict[tuple[str, ClearLabels], Copy] = field(default_factory=dict)

    def call(
        self, build: Builder, operation: ir.Call, twins: Mapping[int, ir.Value]
    ) -> list[tuple[ir.Value, ir.Value | None]] | None:
        """Emit a call of a copy; None if no party knows an argument.

        Returns each result, with its cleartext value if it is known.
        """
        secret = [value.type.label.is_secret for value in operation.operands]
        given = [
            twins.get(value.id) if hidden else None
            for value, hidden in zip(operation.operands, secret, strict=True)
        ]
        if not any(given):
            return None
        known = tuple(None if value is None else value.type.label for value in given)
        copy = self._copy(operation.function, known)
        results = tuple(build.fresh(value.type) for value in copy.function.body.yields)
        build.emit(
            replace(
                operation,
                function=copy.function.name,
                operands=(*operation.operands, *(value for value in given if value is not None)),
                results=results,
            )
        )
        return [
            (build.relabel(value, SECRET), value) if number in copy.clear else (value, None)
            for number, value in enumerate(results)
        ]

    def added(self, program: ir.Program) -> ir.Program:
        """Return the program with the copies, without parameters that they don't use."""
        names = {copy.function.name for copy in self.copies.values()}
        copies = tuple(copy.function for copy in self.copies.values())
        whole = replace(program, functions=(*copies, *program.functions))
        kept: dict[str, list[int]] = {}
        functions: list[ir.Function] = []
        for function in _called(whole):
            shortened = replace(function, body=_shortened(function.body, kept))
            trial = replace(program, functions=(*functions, shortened))
            made = remove_dead(trial).main
            if made.name in names:
                uses, parameters = count_uses(made.body), made.body.parameters
                kept[made.name] = [n for n, one in enumerate(parameters) if uses[one.id]]
                parameters = tuple(parameters[n] for n in kept[made.name])
                made = replace(made, body=replace(made.body, parameters=parameters))
            functions.append(made)
        return replace(program, functions=tuple(functions))

    def _copy(self, name: str, known: ClearLabels) -> Copy:
        if (name, known) not in self.copies:
            self.copies[name, known] = self._made(self.functions[name], known)
        return self.copies[name, known]

    def _made(self, function: ir.Function, known: ClearLabels) -> Copy:
        body = function.body
        build = Builder(within=body)
        twins = {
            value.id: build.fresh(replace(value.type, label=label), value.hint)
            for value, label in zip(body.parameters, known, strict=True)
            if label is not None
        }
        body = replace(body, parameters=(*body.parameters, *twins.values()))
        made, found = self.forward(replace(function, body=body), twins)
        names = ["_" if label is None else label.name(self.parties) for label in known]
        yields = [found.get(value.id) if value.type.label.is_secret else None
                  for value in made.body.yields]  # fmt: skip
        body = replace(
            made.body,
            yields=tuple(
                value if clear is None else clear
                for value, clear in zip(made.body.yields, yields, strict=True)
            ),
        )
        clear = frozenset(number for number, value in enumerate(yields) if value is not None)
        named = replace(made, name=f"{function.name}[{','.join(names)}]", body=body)
        return Copy(named, known, clear)


def _called(program: ir.Program) -> list[ir.Function]:
    """Return the functions that are called, callees first."""
    functions = {function.name: function for function in program.functions}
    found: dict[str, ir.Function] = {}

    def visit(function: ir.Function) -> None:
        for operation in ir.walk(function.body):
            if isinstance(operation, ir.Call) and operation.function not in found:
                visit(functions[operation.function])
        found[function.name] = function

    visit(program.main)
    return list(found.values())


def _shortened(region: ir.Region, kept: Mapping[str, Sequence[int]]) -> ir.Region:
    """Return a region with calls that pass only the parameters that are left."""
    operations = []
    for operation in region.operations:
        if isinstance(operation, ir.Call) and operation.function in kept:
            left = tuple(operation.operands[n] for n in kept[operation.function])
            operation = replace(operation, operands=left)
        elif operation.regions:
            regions = tuple(_shortened(inner, kept) for inner in operation.regions)
            operation = replace(operation, regions=regions)
        operations.append(operation)
    return replace(region, operations=tuple(operations))
