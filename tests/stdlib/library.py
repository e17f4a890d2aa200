"""The source of the standard library: functions and the examples in their comments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ezlang.diagnostics.diagnostic import Diagnostics
from ezlang.source import Source
from ezlang.syntax import tree
from ezlang.syntax.parser import parse

FOLDER = Path(__file__).parents[2] / "stdlib"
MODULES = tuple(sorted(path.stem for path in FOLDER.glob("*.ez")))
MARK = "Example: "


@dataclass(frozen=True)
class Example:
    """An expression that holds, in the comment of `function`."""

    function: tree.FunctionItem
    text: str


def parsed(text: str, name: str = "text.ez") -> tree.Module:
    """Return the tree of a text without syntax errors."""
    diagnostics = Diagnostics()
    module = parse(Source(name, text), diagnostics)
    assert not diagnostics, diagnostics.sorted
    return module


def functions(module: str) -> list[tree.FunctionItem]:
    """Return the functions of a module of the library."""
    items = parsed((FOLDER / f"{module}.ez").read_text(encoding="utf-8"), f"{module}.ez").items
    return [item for item in items if isinstance(item, tree.FunctionItem)]


def examples(function: tree.FunctionItem) -> list[Example]:
    """Return the examples in a function's comment: one on each line after `Example: `."""
    lines = (function.doc or "").splitlines()
    return [
        Example(function, line.strip().removeprefix(MARK))
        for line in lines
        if line.strip().startswith(MARK)
    ]


def program(module: str, found: list[Example], *, secret: bool) -> str:
    """Return a program that outputs whether each example holds.

    With `secret`, literal arguments of the functions are secret variables.
    """
    lines: list[str] = []
    for number, example in enumerate(found):
        text = example.text
        if secret:
            declared, text = _hidden(example, number)
            lines += declared
        lines.append(f'output(all, {text}, "{number}");')
    body = "\n    ".join(lines)
    return f"import {module};\nparty alice, bob;\n\nfn main() {{\n    {body}\n}}\n"


def _hidden(example: Example, number: int) -> tuple[list[str], str]:
    """Put literal arguments into secret variables; return their declarations and the rest."""
    prefix = "fn main() { x = "
    item = parsed(f"{prefix}{example.text}; }}").items[0]
    assert isinstance(item, tree.FunctionItem)
    statement = item.body.statements[0]
    assert isinstance(statement, tree.Assign)
    call = _call(statement.value)
    declared, text = [], example.text
    pairs = list(zip(example.function.parameters, call.arguments, strict=True))
    for place, (parameter, argument) in reversed(list(enumerate(pairs))):
        shape = _shape(argument)
        if shape is None or isinstance(parameter.label, tree.PublicLabel):
            continue
        name = f"hidden{number}_{place}"
        sizes = "".join(f"[{size}]" for size in shape)
        element = parameter.type.name.text
        if any(one.text == element and one.kind is not None for one in example.function.sizes):
            element = _element(argument)
        declared.append(f"secret {element}{sizes} {name} = {argument.span.text};")
        start, end = argument.span.start - len(prefix), argument.span.end - len(prefix)
        text = text[:start] + name + text[end:]
    return declared, text


def _element(literal: tree.Expr) -> str:
    """Return the type of the elements of a literal whose context gives it none."""
    while isinstance(literal, tree.ArrayLiteral | tree.Unary):
        match literal:
            case tree.ArrayLiteral(elements=elements):
                literal = elements[0]
            case tree.Unary(operand=operand):
                literal = operand
    return {tree.DecimalLiteral: "fixed", tree.BoolLiteral: "bool"}.get(type(literal), "int64")


def _call(expr: tree.Expr) -> tree.Call:
    while not isinstance(expr, tree.Call):
        assert isinstance(expr, tree.Binary | tree.Index | tree.Slice | tree.Member)
        expr = expr.left if isinstance(expr, tree.Binary) else expr.base
    return expr


def _shape(literal: tree.Expr) -> tuple[int, ...] | None:
    match literal:
        case tree.ArrayLiteral(elements=elements):
            inner = _shape(elements[0])
            return None if inner is None else (len(elements), *inner)
        case tree.Unary(operand=operand):
            return _shape(operand)
        case tree.IntLiteral() | tree.DecimalLiteral() | tree.BoolLiteral():
            return ()
        case _:
            return None
