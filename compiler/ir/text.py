"""The textual form of the IR, for readers and tests; docs/ir.md describes it, parse.py reads it.

    fn main() {
      %0.a = input[party=alice, name='wealth'] : int32 @alice
      %1 = relabel %0.a : int32 secret
      …
      yield
    }

Each line has one operation: its results, name, non-default attributes, operands, and the
result types. Its regions follow in braces, with their parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from enum import Enum
from typing import get_args

from ezlang.types.labels import Label
from ezlang.types.types import StructType, Type, element_of, shape_of

from . import tree as ir

_SHARED = frozenset(field.name for field in fields(ir.OperationNode)) - {
    "requested",
    "deep",
}


def operation_name(kind: type) -> str:
    """Return the name of a class of operations."""
    return re.sub(r"(?<=.)([A-Z])", r"_\1", kind.__name__).lower()


OPERATIONS: Mapping[str, type[ir.Operation]] = {
    operation_name(kind): kind for kind in get_args(ir.Operation)
}
"""The operations by their names."""


def print_program(program: ir.Program) -> str:
    """Return the text of a program."""
    printer = _Printer(program.everybody, _struct_names(program))
    parts = [f"party {', '.join(program.parties)}"]
    if program.clients:
        parts.append(f"clients {', '.join(program.clients)}")
    if program.ots != ir.OtKinds():
        parts.append(f"ots {program.ots.yao.value} {program.ots.shares.value}")
    if program.garbling is not ir.Garbling.HALF_GATES:
        parts.append(f"garbling {program.garbling.value}")
    if printer.structs:
        parts.append("\n".join(printer.struct(type) for type in printer.structs))
    parts += [printer.function(function) for function in program.functions]
    return "\n\n".join(parts) + "\n"


def print_operation(operation: ir.Operation, parties: tuple[str, ...]) -> str:
    """Return the text of an operation without its regions, as a single line."""
    return _Printer(parties, {}).head(operation)


def _struct_names(program: ir.Program) -> dict[StructType, str]:
    """Give unique names to the structs of inputs and outputs, nested structs first."""
    names: dict[StructType, str] = {}

    def see(type: Type) -> None:
        inner = element_of(type)
        if not isinstance(inner, StructType) or inner in names:
            return
        for field in inner.fields:
            see(field.type)
        used = sum(other.name == inner.name for other in names)
        names[inner] = f"{inner.name}~{used + 1}" if used else inner.name

    for function in program.functions:
        for operation in ir.walk(function.body):
            if isinstance(operation, ir.Input | ir.Output) and operation.whole is not None:
                see(operation.whole)
    return names


class _Printer:
    def __init__(self, parties: tuple[str, ...], structs: Mapping[StructType, str]) -> None:
        self.parties = parties
        self.structs = structs

    def struct(self, type: StructType) -> str:
        texts = []
        for field in type.fields:
            label = "" if field.label is None else f" {self.label(field.label)}"
            texts.append(f"{field.name}: {self.whole(field.type)}{label}")
        return f"struct {self.structs[type]} {{ {', '.join(texts)} }}"

    def function(self, function: ir.Function) -> str:
        under = "" if function.pc.is_public else f" under {function.pc.name(self.parties)}"
        opening = f"fn {function.name}({self.parameters(function.body)}){under} {{"
        return "\n".join([opening, *self.body(function.body, "  "), "}"])

    def whole(self, type: Type) -> str:
        element = element_of(type)
        name = self.structs.get(element) if isinstance(element, StructType) else None
        return f"{name or element}{''.join(f'[{n}]' for n in shape_of(type))}"

    def label(self, label: Label) -> str:
        return label.kind.value if label.owner is None else f"@{self.party(label.owner)}"

    def type(self, type: ir.TensorType) -> str:
        shape = "".join(f"[{n}]" for n in type.shape)
        sharing = "" if type.sharing is None else f" {type.sharing.value}"
        return f"{type.element}{shape} {self.label(type.label)}{sharing}"

    def party(self, number: int) -> str:
        return self.parties[number] if number < len(self.parties) else str(number)

    def value(self, value: ir.Value) -> str:
        """Return the text of a value. In its hint, characters invalid in names become `_`."""
        hint = re.sub(r"[^A-Za-z0-9_.]+", "_", value.hint)
        return f"%{value.id}.{hint}" if hint else f"%{value.id}"

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
            elif field.name == "clients":
                text = f"({' '.join(map(self.party, value))})"
            elif field.name in ("whole", "element"):
                text = self.whole(value)
            elif isinstance(value, Enum):
                text = str(value.value)
            elif isinstance(value, tuple):
                text = _sequence(value)
            else:
                text = repr(value)
            shown.append(f"{field.name}={text}")
        return f"[{', '.join(shown)}]" if shown else ""

    def head(self, operation: ir.Operation) -> str:
        text = f"{operation_name(type(operation))}{self.attributes(operation)}"
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


def _sequence(values: Sequence[object]) -> str:
    """Return numbers, flags, names or sequences of them in parentheses."""
    texts = []
    for value in values:
        if isinstance(value, tuple):
            texts.append(_sequence(value))
        else:
            texts.append(str(int(value)) if isinstance(value, bool) else str(value))
    return f"({' '.join(texts)})"
