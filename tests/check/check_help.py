"""Helpers of the checker's tests: checking a text, and reading its typed tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from ezlang.check import CheckResult, check
from ezlang.diagnostics.render import render_all
from ezlang.source import Source
from ezlang.typed import tree as typed

PARTIES = "party alice, bob, carol;\n"


def checked(body: str, items: str = "", **settings: int | bool) -> CheckResult:
    """Check a program with this body of `main`."""
    text = f"{PARTIES}{items}\nfn main() {{\n{body}\n}}\n"
    return check(Source("test.ez", text), settings=settings)


def program(body: str, items: str = "", **settings: int | bool) -> typed.Program:
    """Return the typed tree of a program that must be right."""
    result = checked(body, items, **settings)
    assert result.program is not None, render_all(result.diagnostics)
    return result.program


def codes(body: str, items: str = "", **settings: int | bool) -> list[str]:
    """Return the codes of a program's errors."""
    result = checked(body, items, **settings)
    assert (result.program is None) == bool(result.diagnostics)
    return [d.code for d in result.diagnostics]


def nodes(node: object) -> Iterator[typed.Node]:
    """Return a node and all nodes in it; variables and types are not gone into."""
    if isinstance(node, tuple):
        for item in node:
            yield from nodes(item)
    elif isinstance(node, typed.Node):
        yield node
        for field in fields(node):
            yield from nodes(getattr(node, field.name))


def variable(tree: typed.Program, name: str) -> typed.Variable:
    """Return the variable with a name, which only one has."""
    found = {n for n in nodes(tree.functions) if isinstance(n, typed.Variable) and n.name == name}
    assert len(found) == 1, found
    return found.pop()


def value_of(tree: typed.Program, name: str) -> typed.Expr:
    """Return what the variable with a name is declared with."""
    found = [
        n.value
        for n in nodes(tree.functions)
        if isinstance(n, typed.Declare) and n.variable.name == name
    ]
    assert len(found) == 1, found
    return found[0]


def shape(node: typed.Expr) -> str:
    """Return an expression as a line of text: every node with its type where that is new."""
    match node:
        case typed.Literal(value=value, type=type):
            return f"{str(value).lower()}:{type}"
        case typed.Zero(type=type):
            return f"zero:{type}"
        case typed.Read(variable=variable):
            return variable.name
        case typed.ArrayLiteral(elements=elements):
            return f"[{', '.join(map(shape, elements))}]"
        case typed.StructLiteral(type=type, values=values):
            return f"{type}{{{', '.join(map(shape, values))}}}"
        case typed.Unary(op=op, operand=operand):
            inner = shape(operand)
            return f"{op.value}({inner})" if op.is_function else f"({op.value}{inner})"
        case typed.Binary(op=op, left=left, right=right):
            return f"({shape(left)} {op.value} {shape(right)})"
        case typed.ShortCircuit(op=op, left=left, right=right):
            return f"({shape(left)} {op.value}? {shape(right)})"
        case typed.Conditional(condition=condition, then=then, otherwise=otherwise):
            return f"({shape(condition)} ? {shape(then)} : {shape(otherwise)})"
        case typed.Select(condition=condition, then=then, otherwise=otherwise):
            return f"select({shape(condition)}, {shape(then)}, {shape(otherwise)})"
        case typed.Index(base=base, indices=indices):
            return f"{shape(base)}[{', '.join(map(shape, indices))}]"
        case typed.Slice(base=base, start=start, length=length, step=step):
            every = "" if step == 1 else f" : {step}"
            return f"{shape(base)}[{shape(start)}; {length}{every}]"
        case typed.GetField(base=base, name=name):
            return f"{shape(base)}.{name}"
        case typed.Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(shape, arguments))})"
        case typed.Cast(type=type, operand=operand):
            return f"cast:{type}({shape(operand)})"
        case typed.Broadcast(type=type, operand=operand):
            return f"broadcast:{type}({shape(operand)})"
        case typed.Reshape(type=type, operand=operand):
            return f"reshape:{type}({shape(operand)})"
        case typed.Sum(operand=operand):
            return f"sum({shape(operand)})"
        case typed.Power(operand=operand, exponent=exponent):
            return f"({shape(operand)} ** {exponent})"
        case typed.SumOfProducts(left=left, right=right):
            return f"sum({shape(left)} * {shape(right)})"
        case typed.Reinterpret(type=type, operand=operand):
            return f"bits:{type}({shape(operand)})"
        case typed.Relabel(operand=operand, label=label):
            return f"{label.name(('alice', 'bob', 'carol'))}({shape(operand)})"
        case typed.Reveal(operand=operand, to=to):
            return f"reveal({shape(operand)}{'' if to is None else f', {to}'})"
        case typed.Random(below=below, type=type):
            return f"random:{type}({'' if below is None else shape(below)})"
        case typed.Input(party=party, name=name, type=type):
            return f"input({party}, {name}):{type}"
