"""A parser for the textual form of the IR, the inverse of text.py.

The grammar is grammar/ir.lark. The textual form contains no positions in an Ez program; parsed
operations have their positions in the parsed text. The verifier, not the parser, checks the rules
of the IR.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from importlib.resources import files
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from lark import Lark, Token, Tree, UnexpectedInput, UnexpectedToken

from ezlang.source import Source, Span
from ezlang.types.labels import PUBLIC, SECRET, Label, owned
from ezlang.types.types import RING, SCALARS, Field, FixedType, StructType, Type, array_of

from . import tree as ir
from .text import OPERATIONS

Node = Tree[Token]

_KINDS = {"unary": ir.UnaryKind, "binary": ir.BinaryKind, "reduce": ir.BinaryKind}


class IrSyntaxError(Exception):
    """A syntax error in the textual form: `reason`, without a full stop, and its `span`."""

    def __init__(self, reason: str, span: Span) -> None:
        super().__init__(f"line {span.line}, column {span.column}: {reason}")
        self.reason = reason
        self.span = span


def parse_program(text: str, name: str = "<ir>") -> ir.Program:
    """Parse a program. Raises IrSyntaxError.

    `name` is the name of the text in messages about it.
    """
    source = Source(name, text)
    try:
        tree = _grammar().parse(text)
    except UnexpectedInput as error:
        raise _unexpected(source, error) from None
    return _Reader(source).program(tree)


def _unexpected(source: Source, error: UnexpectedInput) -> IrSyntaxError:
    ends = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    start = len(source.text) if ends or error.pos_in_stream is None else error.pos_in_stream
    found = re.match(r"[%@\w.~-]+|[^\s]", source.text[start:])
    if found is not None:
        reason = f"`{found[0]}` can't stand here"
    else:
        reason = "the text can't end here" if ends else "the line can't end here"
    end = start if found is None else start + found.end()
    return IrSyntaxError(reason, Span(source, start, end))


@cache
def _grammar() -> Lark:
    grammar = files("ezlang.grammar").joinpath("ir.lark").read_text(encoding="utf-8")
    return Lark(grammar, start="program", parser="lalr", maybe_placeholders=True)


class _Reader:
    """Converts the parse tree to nodes top-down: names are defined before they are used."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.parties: tuple[str, ...] = ()
        self.clients: tuple[str, ...] = ()
        self.types: dict[str, Type] = dict(SCALARS)
        self.values: dict[int, ir.Value] = {}

    @property
    def everybody(self) -> tuple[str, ...]:
        """All parties, by their numbers."""
        return self.parties + self.clients

    def wrong(self, part: Node | Token | None, reason: str) -> IrSyntaxError:
        """Return the error for a token that can't stand where it does."""
        return IrSyntaxError(reason, self.span(part))

    def span(self, part: Node | Token | None) -> Span:
        """Return the place of a token."""
        if not isinstance(part, Token) or part.start_pos is None or part.end_pos is None:
            return Span(self.source, 0, 0)
        return Span(self.source, part.start_pos, part.end_pos)

    def program(self, tree: Node) -> ir.Program:
        functions = []
        ots, garbling = ir.OtKinds(), ir.Garbling.HALF_GATES
        for part in _parts(tree):
            match part.data:
                case "parties":
                    self.parties = tuple(str(name) for name in part.children)
                case "clients":
                    self.clients = tuple(str(name) for name in part.children)
                case "ots":
                    yao, shares = map(self.ot_kind, part.children)
                    ots = ir.OtKinds(yao=yao, shares=shares)
                case "garbling":
                    garbling = self.garbling(part.children[0])
                case "struct":
                    self.struct(part)
                case _:
                    functions.append(self.function(part))
        return ir.Program(
            parties=self.parties,
            clients=self.clients,
            functions=tuple(functions),
            ots=ots,
            garbling=garbling,
        )

    def ot_kind(self, name: Node | Token | None) -> ir.OtKind:
        try:
            return ir.OtKind(str(name))
        except ValueError:
            raise self.wrong(name, f"there is no kind of OTs `{name}`") from None

    def garbling(self, name: Node | Token | None) -> ir.Garbling:
        try:
            return ir.Garbling(str(name))
        except ValueError:
            raise self.wrong(name, f"there is no garbling `{name}`") from None

    def struct(self, tree: Node) -> None:
        name, *found = tree.children
        made = []
        for field in found:
            if isinstance(field, Tree):
                own, type, label = field.children
                read = None if label is None else self.label(_tree(label))
                made.append(Field(str(own), self.type(_tree(type)), read))
        self.types[str(name)] = StructType(str(name), tuple(made))

    def function(self, tree: Node) -> ir.Function:
        self.values = {}
        name, parameters, pc, body = tree.children
        region = self.body(_tree(body), self.parameters(parameters))
        label = PUBLIC if pc is None else self.label(_tree(pc))
        return ir.Function(name=str(name), body=region, pc=label, span=self.span(name))

    # Regions and operations

    def parameters(self, tree: Node | Token | None) -> tuple[ir.Value, ...]:
        if tree is None:
            return ()
        pairs = [_parts(parameter, Token) for parameter in _parts(_tree(tree))]
        types = [self.tensor(_tree(p.children[1])) for p in _parts(_tree(tree))]
        return tuple(self.define(token, type) for (token,), type in zip(pairs, types, strict=True))

    def body(self, tree: Node, parameters: tuple[ir.Value, ...]) -> ir.Region:
        *operations, yields = tree.children
        return ir.Region(
            parameters=parameters,
            operations=tuple(self.operation(_tree(one)) for one in operations),
            yields=self.used(yields),
        )

    def operation(self, tree: Node) -> ir.Operation:
        results, name, attributes, operands, types, regions = tree.children
        kind = OPERATIONS.get(str(name))
        if kind is None:
            raise self.wrong(name, f"there is no operation `{name}`")
        read = self.used(operands)
        inner = tuple(map(self.region, _parts(_tree(regions)))) if regions is not None else ()
        tokens = _parts(_tree(results), Token) if results is not None else []
        made = [self.tensor(one) for one in _parts(_tree(types))] if types is not None else []
        if len(tokens) != len(made):
            raise self.wrong(name, "a type is needed for each result")
        defined = tuple(self.define(t, type) for t, type in zip(tokens, made, strict=True))
        given = self.attributes(kind, name, attributes)
        return kind(operands=read, results=defined, regions=inner, span=self.span(name), **given)

    def region(self, tree: Node) -> ir.Region:
        parameters, body = tree.children
        return self.body(_tree(body), self.parameters(parameters))

    def define(self, token: Token, type: ir.TensorType) -> ir.Value:
        number, _, hint = token[1:].partition(".")
        value = ir.Value(int(number), type, hint)
        self.values[value.id] = value
        return value

    def used(self, tree: Node | Token | None) -> tuple[ir.Value, ...]:
        if tree is None:
            return ()
        found = []
        for token in _parts(_tree(tree), Token):
            value = self.values.get(int(token[1:].partition(".")[0]))
            if value is None:
                raise self.wrong(token, f"{token} is not defined before")
            found.append(value)
        return tuple(found)

    # Attributes

    def attributes(
        self, kind: type[ir.Operation], name: Node | Token | None, tree: Node | Token | None
    ) -> dict[str, Any]:
        parts = _parts(_tree(tree)) if tree is not None else []
        items = {str(key): value for key, value in (part.children for part in parts)}
        shared = {field.name for field in fields(ir.OperationNode)} - {"requested", "deep"}
        own = [field for field in fields(kind) if field.name not in shared]
        unknown = items.keys() - {field.name for field in own}
        missing = [f.name for f in own if f.default is MISSING and f.name not in items]
        for wrong in (*sorted(unknown), *missing):
            says = "has no" if wrong in unknown else "needs"
            raise self.wrong(name, f"`{name}` {says} attribute `{wrong}`")
        types = _attribute_types(str(name))
        found = {}
        for key, item in items.items():
            try:
                found[key] = self.attribute(str(name), key, _tree(item))
            except (ValueError, TypeError, IndexError):
                raise self.wrong(name, f"`{name}` can't have this `{key}`") from None
            if not _has_type(found[key], types[key]):
                raise self.wrong(name, f"`{name}` can't have this `{key}`")
        return found

    def attribute(self, operation: str, key: str, item: Node) -> object:
        match key:
            case "kind":
                return _KINDS[operation](_word(item))
            case "requested":
                return ir.Sharing(_word(item))
            case "party" | "to":
                word = _word(item)
                return None if word == "all" else self.everybody.index(word)
            case "clients":
                return tuple(map(self.everybody.index, _plain(item)))
            case "whole" | "element":
                return self.type(item)
            case "checked" | "nonnegative" | "deep" | "inside" | "additive" | "last":
                return _word(item) == "True"
            case "dimensions" | "moved":
                return tuple(map(bool, _plain(item)))
            case _:
                return _plain(item)

    # Types

    def tensor(self, tree: Node) -> ir.TensorType:
        type, label, sharing = tree.children
        name, *sizes = _parts(_tree(type), Token)
        element = SCALARS.get(str(name))
        if element is None or element.representation != element:
            raise self.wrong(name, f"there are no tensors of `{name}`")
        shape = tuple(int(n) for n in sizes)
        kept = None if sharing is None else self.sharing(sharing)
        return ir.TensorType(element, shape, self.label(_tree(label)), kept)

    def sharing(self, token: Node | Token) -> ir.Sharing:
        try:
            return ir.Sharing(str(token))
        except ValueError:
            raise self.wrong(token, f"there is no sharing `{token}`") from None

    def type(self, tree: Node) -> Type:
        name, *sizes = _parts(tree, Token)
        element = self.types.get(str(name))
        if element is None:
            raise self.wrong(name, f"there is no type `{name}`")
        for written in _parts(tree):
            *whole, fraction = map(int, _parts(written, Token))
            element = FixedType(sum(whole) + fraction if whole else RING, fraction=fraction)
        return array_of(element, tuple(int(n) for n in sizes))

    def label(self, tree: Node) -> Label:
        word = _word(tree)
        labels = {"public": PUBLIC, "secret": SECRET}
        if tree.data == "owned":
            labels = {party: owned(number) for number, party in enumerate(self.everybody)}
        if word not in labels:
            raise self.wrong(tree.children[0], f"there is no label `{word}`")
        return labels[word]


def _parts(tree: Node, kind: type[Any] = Tree) -> list[Any]:
    return [child for child in tree.children if isinstance(child, kind)]


def _tree(part: Node | Token | None) -> Node:
    assert isinstance(part, Tree)
    return part


@cache
def _attribute_types(name: str) -> Mapping[str, Any]:
    """Return the annotations of an operation's attributes."""
    return get_type_hints(OPERATIONS[name])


def _has_type(value: object, type: Any) -> bool:
    """Return whether a value is of the type that an attribute is annotated with."""
    parts = get_args(type)
    if isinstance(type, UnionType):
        return any(_has_type(value, part) for part in parts)
    if get_origin(type) is tuple:
        return isinstance(value, tuple) and all(_has_type(one, parts[0]) for one in value)
    return isinstance(value, type)


def _word(item: Node) -> str:
    return str(item.children[0])


def _plain(item: Node) -> Any:
    """Return the number, string, name or sequence of an attribute."""
    match item.data:
        case "number":
            return int(_word(item))
        case "string":
            return ast.literal_eval(_word(item))
        case "sequence":
            return tuple(_plain(_tree(one)) for one in item.children)
        case _:
            return _word(item)
