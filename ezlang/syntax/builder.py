"""From what the parser reduces to nodes of the syntax tree: one method a rule of the grammar."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from ezlang.diagnostics.diagnostic import Diagnostic, Diagnostics
from ezlang.source import Source, Span

from . import tree
from .lexer import Comment, Token, int_value, is_closed_string, string_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(tree.Node):
    """A part of the grammar that is no node of the tree: `kind` is its rule's name."""

    kind: str
    items: tuple[tree.Node, ...]


Child = Token | tree.Node
"""What a rule is made of: its terminals and nodes, lists spliced in, commas of lists left out."""


class Builder:
    """Makes nodes; `build` is called by the parser with a rule's name and its parts."""

    def __init__(self, source: Source, comments: list[Comment], diagnostics: Diagnostics) -> None:
        self._source = source
        self._diagnostics = diagnostics
        self._docs = [c for c in comments if c.kind == "DOC_COMMENT"]
        self._doc_ends = [c.end for c in self._docs]
        self._makers: dict[str, Callable[[list[Child]], tree.Node]] = {}

    def build(self, rule: str, children: list[Child]) -> tree.Node:
        """Return the node of a rule (its name, or the alias after `->` in the grammar)."""
        maker = self._makers.get(rule)
        if maker is None:
            maker = self._makers[rule] = getattr(self, f"_make_{rule}")
        return maker(children)

    def bad_expr(self, start: int, end: int) -> tree.BadExpr:
        """Return the node for text that is no expression."""
        return tree.BadExpr(span=Span(self._source, start, end))

    def bad_statement(self, start: int, end: int) -> tree.BadStatement:
        """Return the node for text that is no statement."""
        return tree.BadStatement(span=Span(self._source, start, end))

    # Places

    def _span(self, children: Sequence[Child]) -> Span:
        first, last = children[0], children[-1]
        start = first.start if isinstance(first, Token) else first.span.start
        end = last.end if isinstance(last, Token) else last.span.end
        return Span(self._source, start, end)

    def _token_span(self, token: Token) -> Span:
        return Span(self._source, token.start, token.end)

    def _name(self, child: Child) -> tree.Name:
        token = cast(Token, child)
        text = self._source.text[token.start : token.end]
        return tree.Name(span=self._token_span(token), text=text)

    def _names(self, children: Sequence[Child]) -> tuple[tree.Name, ...]:
        return tuple(self._name(c) for c in children if isinstance(c, Token) and c.kind == "NAME")

    def _string(self, child: Child) -> tree.StringLiteral:
        token = cast(Token, child)
        value = string_value(self._source, token, self._diagnostics)
        return tree.StringLiteral(span=self._token_span(token), value=value)

    def _report(self, code: str, message: str, span: Span, help: str) -> None:
        self._diagnostics.add(Diagnostic(code=code, message=message, span=span, help=help))

    # Documentation

    def _doc(self, item: Span) -> str | None:
        """Return the text of the doc comments right above an item."""
        return self._doc_above(bisect_left(self._doc_ends, item.start), item.start, 1)

    def _doc_above(self, index: int, start: int, newlines: int) -> str | None:
        """Return the doc comments before the `index`-th, `newlines` line ends above `start`."""
        lines: list[str] = []
        while index > 0:
            comment = self._docs[index - 1]
            between = self._source.text[comment.end : start]
            if between.strip() or between.count("\n") != newlines:
                break
            lines.append(self._source.text[comment.start + 3 : comment.end].strip())
            index, start, newlines = index - 1, comment.start, 1
        return "\n".join(reversed(lines)) if lines else None

    def _module_doc(self) -> str | None:
        """Return the doc comments that begin a file and have a blank line below them."""
        text, index = self._source.text, 0
        lines: list[str] = []
        position = 0
        for comment in self._docs:
            between = text[position : comment.start]
            if between.strip() or (index and between.count("\n") != 1):
                break
            lines.append(text[comment.start + 3 : comment.end].strip())
            position, index = comment.end, index + 1
        rest = text[position:]
        blank = rest[: len(rest) - len(rest.lstrip())].count("\n") > 1
        return "\n".join(lines) if lines and blank else None

    # Items

    def _make_module(self, children: list[Child]) -> tree.Node:
        items = tuple(cast("list[tree.Item]", children))
        span = Span(self._source, 0, len(self._source.text))
        return tree.Module(span=span, items=items, doc=self._module_doc())

    def _make_party_item(self, children: list[Child]) -> tree.Node:
        return tree.PartyItem(span=self._span(children), names=self._names(children))

    def _make_import_item(self, children: list[Child]) -> tree.Node:
        return tree.ImportItem(span=self._span(children), name=self._name(children[1]))

    def _make_param_item(self, children: list[Child]) -> tree.Node:
        span = self._span(children)
        return tree.ParamItem(
            span=span,
            type=cast(tree.TypeName, children[1]),
            name=self._name(children[2]),
            value=self._initial(children),
            doc=self._doc(span),
        )

    def _make_const_item(self, children: list[Child]) -> tree.Node:
        span = self._span(children)
        return tree.ConstItem(
            span=span,
            type=cast(tree.TypeName, children[1]),
            name=self._name(children[2]),
            value=cast(tree.Expr, children[4]),
            doc=self._doc(span),
        )

    def _make_const_untyped(self, children: list[Child]) -> tree.Node:
        span = self._span(children)
        value = cast(tree.Expr, children[3])
        name = self._name(children[1])
        return tree.ConstItem(span=span, type=None, name=name, value=value, doc=self._doc(span))

    def _make_struct_item(self, children: list[Child]) -> tree.Node:
        span = self._span(children)
        fields = tuple(c for c in children if isinstance(c, tree.StructField))
        name = self._name(children[1])
        return tree.StructItem(span=span, name=name, fields=fields, doc=self._doc(span))

    def _make_struct_field(self, children: list[Child]) -> tree.Node:
        label, type = self._label_and_type(children[:-2])
        name = self._name(children[-2])
        return tree.StructField(span=self._span(children), label=label, type=type, name=name)

    def _make_function_item(self, children: list[Child]) -> tree.Node:
        span = self._span(children)
        groups = {c.kind: c.items for c in children if isinstance(c, Group)}
        label, type = self._label_and_type(groups["result"]) if "result" in groups else (None, None)
        return tree.FunctionItem(
            span=span,
            name=self._name(children[1]),
            sizes=cast("tuple[tree.Name, ...]", groups.get("size_names", ())),
            parameters=cast("tuple[tree.Parameter, ...]", groups.get("parameters", ())),
            return_label=label,
            return_type=type,
            body=cast(tree.Block, children[-1]),
            doc=self._doc(span),
        )

    def _make_size_names(self, children: list[Child]) -> tree.Node:
        return Group(span=self._span(children), kind="size_names", items=self._names(children))

    def _make_parameters(self, children: list[Child]) -> tree.Node:
        return self._group("parameters", children)

    def _make_parameter(self, children: list[Child]) -> tree.Node:
        label, type = self._label_and_type(children[:-1])
        name = self._name(children[-1])
        return tree.Parameter(span=self._span(children), label=label, type=type, name=name)

    def _make_result(self, children: list[Child]) -> tree.Node:
        return self._group("result", children)

    def _group(self, kind: str, children: list[Child]) -> Group:
        items = tuple(c for c in children if not isinstance(c, Token))
        return Group(span=self._span(children), kind=kind, items=items)

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
        name = cast(tree.Name, children[0])
        sizes = tuple(cast(tree.Expr, cast(Group, c).items[0]) for c in children[1:])
        return tree.TypeName(span=self._span(children), name=name, sizes=sizes)

    def _make_type_size(self, children: list[Child]) -> tree.Node:
        return self._group("type_size", children)

    def _make_path(self, children: list[Child]) -> tree.Node:
        span = self._span(children)
        text = ".".join(name.text for name in self._names(children))
        return tree.Name(span=span, text=text)

    def _make_builtin(self, children: list[Child]) -> tree.Node:
        return self._name(children[0])

    # Statements

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
        type = _as_type(written)
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

    def _make_output_value(self, children: list[Child]) -> tree.Node:
        to = cast(Token, children[2])
        return tree.Output(
            span=self._span(children),
            to=None if to.kind == "all" else self._name(to),
            value=cast(tree.Expr, children[4]),
            name=self._string(children[6]),
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
        elif not isinstance(value, tree.BadExpr):
            compares = isinstance(value, tree.Binary) and value.operator == "=="
            self._report(
                "EZ0037",
                "This expression computes a value and nothing is done with it",
                value.span,
                "`==` compares; an assignment is written with `=`."
                if compares
                else "Assign it (x = …;), declare a name for it (let x = …;), or remove it.",
            )
        return tree.BadStatement(span=self._span(children))

    # Expressions

    def _make_variable(self, children: list[Child]) -> tree.Node:
        name = self._name(children[0])
        return tree.Variable(span=name.span, name=name)

    def _make_int_literal(self, children: list[Child]) -> tree.Node:
        value = int_value(self._source, cast(Token, children[0]), self._diagnostics)
        return tree.IntLiteral(span=self._span(children), value=value)

    def _make_bool_literal(self, children: list[Child]) -> tree.Node:
        value = cast(Token, children[0]).kind == "true"
        return tree.BoolLiteral(span=self._span(children), value=value)

    def _make_misplaced_string(self, children: list[Child]) -> tree.Node:
        span = self._span(children)
        if is_closed_string(span.text):
            self._report(
                "EZ0042",
                "A string stands only in `input`, `output` and `assert`",
                span,
                "Strings name inputs and outputs; there is no type of strings to compute on.",
            )
        return tree.BadExpr(span=span)

    def _make_array_literal(self, children: list[Child]) -> tree.Node:
        elements = tuple(cast("list[tree.Expr]", children[1:-1]))
        return tree.ArrayLiteral(span=self._span(children), elements=elements)

    def _make_parenthesised(self, children: list[Child]) -> tree.Node:
        return replace(cast(tree.Node, children[1]), span=self._span(children))

    def _make_struct_literal(self, children: list[Child]) -> tree.Node:
        written = cast(tree.Expr, children[0])
        type = _as_type(written)
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
        low, high = children[2], children[-2]
        return tree.Slice(
            span=self._span(children),
            base=cast(tree.Expr, children[0]),
            low=None if isinstance(low, Token) else cast(tree.Expr, low),
            high=None if isinstance(high, Token) else cast(tree.Expr, high),
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
                    "Only a function can be called, and functions are no values",
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
        name = cast(tree.Name, children[0])
        return self._make_call([tree.Variable(span=name.span, name=name), *children[1:]])

    def _make_sizes(self, children: list[Child]) -> tree.Node:
        return self._group("sizes", children)

    def _make_arguments(self, children: list[Child]) -> tree.Node:
        return self._group("arguments", children)

    def _make_input(self, children: list[Child]) -> tree.Node:
        party, name = self._name(children[2]), self._string(children[4])
        return tree.Input(span=self._span(children), party=party, name=name)

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


def _as_type(expr: tree.Expr) -> tree.TypeName | None:
    """Return the type that was read as an expression, `Point[n]`, or None if it is none."""
    sizes: list[tree.Expr] = []
    base = expr
    while isinstance(base, tree.Index):
        sizes.append(base.index)
        base = base.base
    name = _as_path(base)
    if name is None:
        return None
    return tree.TypeName(span=expr.span, name=name, sizes=tuple(reversed(sizes)))


def _is_place(expr: tree.Expr) -> bool:
    """Tell whether an expression is a variable or a part of one."""
    while isinstance(expr, tree.Index | tree.Slice | tree.Member):
        expr = expr.base
    return isinstance(expr, tree.Variable | tree.BadExpr)
