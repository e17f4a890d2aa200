"""Builds the nodes of expressions, labels and types, with one method for each rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from . import tree
from .lexer import Token, is_closed_string
from .maker import Child, Group, Maker
from .numbers import decimal_value, int_value


class ExpressionMaker(Maker):
    """Makes the nodes of expressions, labels and types."""

    # Labels and types

    def _make_public_label(self, children: list[Child]) -> tree.Node:
        return tree.PublicLabel(span=self._span(children))

    def _make_secret_label(self, children: list[Child]) -> tree.Node:
        return tree.SecretLabel(span=self._span(children))

    def _make_owned_label(self, children: list[Child]) -> tree.Node:
        return tree.OwnedLabel(span=self._span(children), party=self._name(children[1]))

    def _label_and_type(self, parts: Sequence[Child]) -> tuple[tree.Label | None, tree.TypeName]:
        label = cast(tree.Label, parts[0]) if len(parts) == 2 else None
        return label, cast(tree.TypeName, parts[-1])

    def _make_type(self, children: list[Child]) -> tree.Node:
        element = cast("tree.Name | tree.TypeName", children[0])
        sizes = tuple(cast(tree.Expr, cast(Group, c).items[0]) for c in children[1:])
        span = self._span(children)
        if isinstance(element, tree.TypeName):
            return replace(element, span=span, sizes=sizes)
        return tree.TypeName(span=span, name=element, sizes=sizes)

    def _make_type_size(self, children: list[Child]) -> tree.Node:
        return self._group("type_size", children)

    def _make_path(self, children: list[Child]) -> tree.Node:
        span = self._span(children)
        text = ".".join(name.text for name in self._names(children))
        return tree.Name(span=span, text=text)

    def _make_builtin(self, children: list[Child]) -> tree.Node:
        span, name = self._span(children), self._name(children[0])
        bits = cast("tuple[tree.Expr, ...]", cast(Group, children[1]).items) if children[1:] else ()
        return tree.TypeName(span=span, name=name, sizes=(), bits=bits)

    def _make_type_bits(self, children: list[Child]) -> tree.Node:
        return self._group("type_bits", children)

    # Expressions

    def _make_variable(self, children: list[Child]) -> tree.Node:
        name = self._name(children[0])
        return tree.Variable(span=name.span, name=name)

    def _make_spread(self, children: list[Child]) -> tree.Node:
        return tree.Spread(span=self._span(children), name=self._name(children[0]))

    def _make_int_literal(self, children: list[Child]) -> tree.Node:
        value = int_value(self._source, cast(Token, children[0]), self._diagnostics)
        return tree.IntLiteral(span=self._span(children), value=value)

    def _make_decimal_literal(self, children: list[Child]) -> tree.Node:
        value = decimal_value(self._source, cast(Token, children[0]), self._diagnostics)
        return tree.DecimalLiteral(span=self._span(children), value=value)

    def _make_bool_literal(self, children: list[Child]) -> tree.Node:
        value = cast(Token, children[0]).kind == "true"
        return tree.BoolLiteral(span=self._span(children), value=value)

    def _make_misplaced_string(self, children: list[Child]) -> tree.Node:
        span = self._span(children)
        if is_closed_string(span.text):
            self._report(
                "EZ0042",
                "A string is allowed only in `input`, `output` and `assert`",
                span,
                "Strings name inputs and outputs; there is no string type to compute with.",
            )
        return tree.BadExpr(span=span)

    def _make_array_literal(self, children: list[Child]) -> tree.Node:
        elements = tuple(cast("list[tree.Expr]", children[1:-1]))
        return tree.ArrayLiteral(span=self._span(children), elements=elements)

    def _make_parenthesised(self, children: list[Child]) -> tree.Node:
        return replace(cast(tree.Node, children[1]), span=self._span(children))

    def _make_struct_literal(self, children: list[Child]) -> tree.Node:
        written = cast(tree.Expr, children[0])
        type = as_type(written)
        if type is None or type.sizes:
            self._report(
                "EZ0020",
                "The name of a struct was expected before `{`",
                written.span,
                "A struct is written Point { x: 1, y: 2 }.",
            )
            return tree.BadExpr(span=self._span(children))
        fields = tuple(c for c in children if isinstance(c, tree.FieldValue))
        return tree.StructLiteral(span=self._span(children), name=type.name, fields=fields)

    def _make_field_value(self, children: list[Child]) -> tree.Node:
        name, value = self._name(children[0]), cast(tree.Expr, children[2])
        return tree.FieldValue(span=self._span(children), name=name, value=value)

    def _make_conditional(self, children: list[Child]) -> tree.Node:
        return tree.Conditional(
            span=self._span(children),
            condition=cast(tree.Expr, children[0]),
            then=cast(tree.Expr, children[2]),
            otherwise=cast(tree.Expr, children[4]),
        )

    def _make_binary(self, children: list[Child]) -> tree.Node:
        operator = cast(Token, children[1])
        return tree.Binary(
            span=self._span(children),
            operator=operator.kind,
            operator_span=self._token_span(operator),
            left=cast(tree.Expr, children[0]),
            right=cast(tree.Expr, children[2]),
        )

    def _make_unary(self, children: list[Child]) -> tree.Node:
        operator, operand = cast(Token, children[0]).kind, cast(tree.Expr, children[1])
        return tree.Unary(span=self._span(children), operator=operator, operand=operand)

    def _make_index(self, children: list[Child]) -> tree.Node:
        base, index = cast(tree.Expr, children[0]), cast(tree.Expr, children[2])
        return tree.Index(span=self._span(children), base=base, index=index)

    def _make_slice(self, children: list[Child]) -> tree.Node:
        parts: dict[str, tree.Expr] = {}
        before = ""
        for child in children[1:]:
            if isinstance(child, Token):
                before = child.kind
            else:
                parts[before] = cast(tree.Expr, child)
        return tree.Slice(
            span=self._span(children),
            base=cast(tree.Expr, children[0]),
            low=parts.get("["),
            high=parts.get(".."),
            step=parts.get(":"),
        )

    def _make_member(self, children: list[Child]) -> tree.Node:
        base, name = cast(tree.Expr, children[0]), self._name(children[2])
        return tree.Member(span=self._span(children), base=base, name=name)

    def _make_call(self, children: list[Child]) -> tree.Node:
        callee = cast(tree.Expr, children[0])
        if _as_path(callee) is None:
            if not isinstance(callee, tree.BadExpr):
                self._report(
                    "EZ0020",
                    "Only a function can be called, and functions are not values",
                    callee.span,
                    "Write the function's name before `(`, or an operator between the two.",
                )
            return tree.BadExpr(span=self._span(children))
        groups = {c.kind: c.items for c in children if isinstance(c, Group)}
        return tree.Call(
            span=self._span(children),
            callee=callee,
            sizes=cast("tuple[tree.Expr, ...]", groups.get("sizes", ())),
            arguments=cast("tuple[tree.Expr, ...]", groups.get("arguments", ())),
        )

    def _make_cast(self, children: list[Child]) -> tree.Node:
        type = cast(tree.TypeName, children[0])
        callee = tree.Variable(span=type.span, name=type.name)
        called = cast(tree.Call, self._make_call([callee, *children[1:]]))
        return replace(called, sizes=type.bits)

    def _make_sizes(self, children: list[Child]) -> tree.Node:
        return self._group("sizes", children)

    def _make_arguments(self, children: list[Child]) -> tree.Node:
        return self._group("arguments", children)

    def _make_input(self, children: list[Child]) -> tree.Node:
        giver = cast(Token, children[2])
        return tree.Input(
            span=self._span(children),
            party=None if giver.kind == "all" else self._name(giver),
            name=self._string(children[4]),
            turn=cast(tree.Expr, children[6]) if len(children) > 6 else None,
        )

    def _make_reveal(self, children: list[Child]) -> tree.Node:
        to = self._name(children[4]) if len(children) > 4 else None
        value = cast(tree.Expr, children[2])
        return tree.Reveal(span=self._span(children), value=value, to=to)


def _as_path(expr: tree.Expr) -> tree.Name | None:
    """Return `name` or `module.name` as one dotted name, or None for any other expression."""
    match expr:
        case tree.Variable(name=name):
            return name
        case tree.Member(base=tree.Variable(name=module), name=name, span=span):
            return tree.Name(span=span, text=f"{module.text}.{name.text}")
        case _:
            return None


def as_type(expr: tree.Expr) -> tree.TypeName | None:
    """Return the type that was read as an expression, as `Point[n]`, or None if there is none."""
    sizes: list[tree.Expr] = []
    base = expr
    while isinstance(base, tree.Index):
        sizes.append(base.index)
        base = base.base
    name = _as_path(base)
    if name is None:
        return None
    return tree.TypeName(span=expr.span, name=name, sizes=tuple(reversed(sizes)))
