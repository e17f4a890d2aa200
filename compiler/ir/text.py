"""The textual form of the IR, for people and tests.

    fn main() {
      %0.a = input[party=alice, name='wealth'] : int32 @alice
      %1 = relabel %0.a : int32 secret
      …
      yield
    }

One operation a line: results, name, attributes that aren't the default, operands, types of
the results; regions follow in braces, with their parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from enum import Enum

from . import tree as ir

_SHARED = frozenset(field.name for field in fields(ir.OperationNode))


def print_program(program: ir.Program) -> str:
    """Return the text of a program."""
    parts = [f"party {', '.join(program.parties)}"]
    parts += [print_function(function, program.parties) for function in program.functions]
    return "\n\n".join(parts) + "\n"


def print_function(function: ir.Function, parties: tuple[str, ...]) -> str:
    """Return the text of a function, without a newline at its end."""
    printer = _Printer(parties)
    under = "" if function.pc.is_public else f" under {function.pc.name(parties)}"
    opening = f"fn {function.name}({printer.parameters(function.body)}){under} {{"
    return "\n".join([opening, *printer.body(function.body, "  "), "}"])


def print_operation(operation: ir.Operation, parties: tuple[str, ...]) -> str:
    """Return the text of an operation without its regions, on one line."""
    return _Printer(parties).head(operation)


class _Printer:
    def __init__(self, parties: tuple[str, ...]) -> None:
        self.parties = parties

    def type(self, type: ir.TensorType) -> str:
        shape = "".join(f"[{n}]" for n in type.shape)
        owner = type.label.owner
        label = type.label.kind.value if owner is None else f"@{self.party(owner)}"
        return f"{type.element}{shape} {label}"

    def party(self, number: int) -> str:
        return self.parties[number] if number < len(self.parties) else str(number)

    def value(self, value: ir.Value) -> str:
        return f"%{value.id}.{value.hint}" if value.hint else f"%{value.id}"

    def values(self, values: tuple[ir.Value, ...]) -> str:
        return ", ".join(self.value(value) for value in values)

    def parameters(self, region: ir.Region) -> str:
        return ", ".join(f"{self.value(p)}: {self.type(p.type)}" for p in region.parameters)

    def attributes(self, operation: ir.Operation) -> str:
        shown = []
        for field in fields(operation):
            value = getattr(operation, field.name)
            if field.name in _SHARED or (field.default is not MISSING and value == field.default):
                continue
            if field.name in ("party", "to"):
                text = "all" if value is None else self.party(value)
            elif isinstance(value, Enum):
                text = str(value.value)
            elif isinstance(value, tuple):
                text = f"({' '.join(str(int(x) if x in (True, False) else x) for x in value)})"
            elif isinstance(value, str | bool | int):
                text = repr(value)
            else:
                text = str(value)
            shown.append(f"{field.name}={text}")
        return f"[{', '.join(shown)}]" if shown else ""

    def head(self, operation: ir.Operation) -> str:
        name = re.sub(r"(?<=.)([A-Z])", r"_\1", type(operation).__name__).lower()
        text = f"{name}{self.attributes(operation)}"
        if operation.operands:
            text += f" {self.values(operation.operands)}"
        if not operation.results:
            return text
        types = ", ".join(self.type(value.type) for value in operation.results)
        return f"{self.values(operation.results)} = {text} : {types}"

    def body(self, region: ir.Region, indent: str) -> Iterator[str]:
        for operation in region.operations:
            text = indent + self.head(operation)
            if not operation.regions:
                yield text
                continue
            for number, inner in enumerate(operation.regions):
                parameters = f" ({self.parameters(inner)}):" if inner.parameters else ""
                yield f"{text if number == 0 else indent + '} and'} {{{parameters}"
                yield from self.body(inner, indent + "  ")
            yield indent + "}"
        yield f"{indent}yield {self.values(region.yields)}".rstrip()
