"""Builds the nodes of statements, with one method for each rule."""

from __future__ import annotations

from typing import cast

from . import tree
from .expressions import ExpressionMaker, as_type
from .foreign import FOREIGN
from .lexer import Token
from .maker import Child


class StatementMaker(ExpressionMaker):
    """Makes the nodes of statements and blocks."""

    def _initial(self, children: list[Child]) -> tree.Expr | None:
        """Return the value of `… = value;`, or None for `…;`."""
        before_value = children[-3]
        if isinstance(before_value, Token) and before_value.kind == "=":
            return cast(tree.Expr, children[-2])
        return None

    def _make_block(self, children: list[Child]) -> tree.Node:
        statements = tuple(cast("list[tree.Statement]", children[1:-1]))
        return tree.Block(span=self._span(children), statements=statements)

    def _make_declare(self, children: list[Child]) -> tree.Node:
        return tree.Declare(
            span=self._span(children),
            label=cast(tree.Label, children[0]),
            type=cast(tree.TypeName, children[1]),
            name=self._name(children[2]),
            value=self._initial(children),
        )

    def _make_declare_builtin(self, children: list[Child]) -> tree.Node:
        at = next(i for i, c in enumerate(children) if isinstance(c, Token))
        type = cast(tree.TypeName, self._make_type(children[:at]))
        name, value = self._name(children[at]), self._initial(children)
        return tree.Declare(
            span=self._span(children), label=None, type=type, name=name, value=value
        )

    def _make_declare_struct(self, children: list[Child]) -> tree.Node:
        written = cast(tree.Expr, children[0])
        type = as_type(written)
        if type is None:
            if not isinstance(written, tree.BadExpr):
                self._report(
                    "EZ0020",
                    "An operator or `;` was expected between this expression and the name after it",
                    self._token_span(cast(Token, children[1])),
                    "A declaration begins with a type: int32 x = 1;",
                )
            return tree.BadStatement(span=self._span(children))
        name, value = self._name(children[1]), self._initial(children)
        return tree.Declare(
            span=self._span(children), label=None, type=type, name=name, value=value
        )

    def _make_let_value(self, children: list[Child]) -> tree.Node:
        name, value = self._name(children[1]), cast(tree.Expr, children[3])
        return tree.Let(span=self._span(children), name=name, value=value)

    def _make_attribute(self, children: list[Child]) -> tree.Node:
        name, value = self._name(children[2]), self._name(children[4])
        return tree.Attribute(span=self._span(children), name=name, value=value)

    def _make_attributed(self, children: list[Child]) -> tree.Node:
        return tree.Attributed(
            span=self._span(children),
            attribute=cast(tree.Attribute, children[0]),
            statement=cast(tree.Statement, children[1]),
        )

    def _make_assign(self, children: list[Child]) -> tree.Node:
        target, sign = cast(tree.Expr, children[0]), cast(Token, children[1])
        if not _is_place(target):
            self._report(
                "EZ0038",
                "This cannot be assigned to",
                target.span,
                "Assign to a variable, or to an element, slice or field of one.",
            )
            target = self.bad_expr(target.span.start, target.span.end)
        return tree.Assign(
            span=self._span(children),
            target=target,
            operator=sign.kind[:-1] or None,
            value=cast(tree.Expr, children[2]),
        )

    def _make_if_else(self, children: list[Child]) -> tree.Node:
        otherwise = cast("tree.If | tree.Block", children[4]) if len(children) > 3 else None
        if isinstance(otherwise, tree.If):
            otherwise = tree.Block(span=otherwise.span, statements=(otherwise,))
        return tree.If(
            span=self._span(children),
            condition=cast(tree.Expr, children[1]),
            then=cast(tree.Block, children[2]),
            otherwise=otherwise,
        )

    def _make_for_range(self, children: list[Child]) -> tree.Node:
        return tree.ForRange(
            span=self._span(children),
            variable=self._name(children[1]),
            low=cast(tree.Expr, children[3]),
            high=cast(tree.Expr, children[5]),
            body=cast(tree.Block, children[6]),
        )

    def _make_for_each(self, children: list[Child]) -> tree.Node:
        return tree.ForEach(
            span=self._span(children),
            variable=self._name(children[1]),
            iterable=cast(tree.Expr, children[3]),
            body=cast(tree.Block, children[4]),
        )

    def _make_while_loop(self, children: list[Child]) -> tree.Node:
        condition, body = cast(tree.Expr, children[1]), cast(tree.Block, children[2])
        return tree.While(span=self._span(children), condition=condition, body=body)

    def _make_return_value(self, children: list[Child]) -> tree.Node:
        value = cast(tree.Expr, children[1]) if len(children) == 3 else None
        return tree.Return(span=self._span(children), value=value)

    def _make_break_loop(self, children: list[Child]) -> tree.Node:
        return tree.Break(span=self._span(children))

    def _make_continue_loop(self, children: list[Child]) -> tree.Node:
        return tree.Continue(span=self._span(children))

    def _make_output_value(self, children: list[Child]) -> tree.Node:
        to = cast(Token, children[2])
        return tree.Output(
            span=self._span(children),
            to=None if to.kind == "all" else self._name(to),
            value=cast(tree.Expr, children[4]),
            name=self._string(children[6]),
            turn=cast(tree.Expr, children[8]) if len(children) > 9 else None,
        )

    def _make_assertion(self, children: list[Child]) -> tree.Node:
        message = self._string(children[4]) if len(children) > 5 else None
        condition = cast(tree.Expr, children[2])
        return tree.Assert(span=self._span(children), condition=condition, message=message)

    def _make_expr_statement(self, children: list[Child]) -> tree.Node:
        value = cast(tree.Expr, children[0])
        if isinstance(value, tree.Call | tree.Reveal | tree.Input):
            return tree.ExprStatement(span=self._span(children), value=value)
        if isinstance(value, tree.Unary) and value.span.text.startswith("--"):
            self._report(
                "EZ0033", "There is no operator `--`", value.span, "Write i -= 1; as a statement."
            )
        elif (word := _first_word(value)) in FOREIGN:
            self._report("EZ0035", f"`{word}` means nothing in Ez", value.span, FOREIGN[word])
        elif not isinstance(value, tree.BadExpr):
            compares = isinstance(value, tree.Binary) and value.operator == "=="
            self._report(
                "EZ0037",
                "This expression computes a value that is not used",
                value.span,
                "`==` compares; an assignment is written with `=`."
                if compares
                else "Assign it (x = …;), declare a name for it (let x = …;), or remove it.",
            )
        return tree.BadStatement(span=self._span(children))


def _first_word(expr: tree.Expr) -> str:
    """Return the name with which an expression begins, or nothing."""
    while isinstance(expr, tree.Binary):
        expr = expr.left
    return expr.name.text if isinstance(expr, tree.Variable) else ""


def _is_place(expr: tree.Expr) -> bool:
    """Return whether an expression is a variable or a part of one."""
    while isinstance(expr, tree.Index | tree.Slice | tree.Member):
        expr = expr.base
    return isinstance(expr, tree.Variable | tree.BadExpr)
