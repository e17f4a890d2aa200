"""Builds the nodes of items, with one method for each rule of the grammar."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import cast

from ezlang.diagnostics.diagnostic import Diagnostics
from ezlang.source import Source, Span

from . import tree
from .lexer import Comment, Token
from .maker import Child, Group
from .statements import StatementMaker

TYPE_KINDS = frozenset({"type", "number", "integer"})
"""The words before the name of a type parameter."""


class Builder(StatementMaker):
    """Makes nodes; the parser calls `build` with the name of a rule and its parts.

    `bad_heads` are the starts of the names of functions whose heads had errors.
    """

    def __init__(self, source: Source, comments: list[Comment], diagnostics: Diagnostics) -> None:
        super().__init__(source, diagnostics)
        self.bad_heads: set[int] = set()
        self._docs = [c for c in comments if c.kind == "DOC_COMMENT"]
        self._doc_ends = [c.end for c in self._docs]
        self._makers: dict[str, Callable[[list[Child]], tree.Node]] = {}

    def build(self, rule: str, children: list[Child]) -> tree.Node:
        """Return the node of a rule (its name, or the alias after `->` in the grammar)."""
        maker = self._makers.get(rule)
        if maker is None:
            maker = self._makers[rule] = getattr(self, f"_make_{rule}")
        return maker(children)

    # Documentation

    def _doc(self, item: Span) -> str | None:
        """Return the text of the doc comments directly above an item."""
        return self._doc_above(bisect_left(self._doc_ends, item.start), item.start, 1)

    def _doc_above(self, index: int, start: int, newlines: int) -> str | None:
        """Return the doc comments before the `index`-th, `newlines` line breaks above `start`."""
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
        """Return the doc comments at the beginning of a file that are followed by a blank line."""
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

    def _make_compute_item(self, children: list[Child]) -> tree.Node:
        return tree.ComputeItem(span=self._span(children), names=self._names(children))

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
        attribute = children[0] if isinstance(children[0], tree.Attribute) else None
        if attribute is not None:
            children = children[1:]
        groups = {c.kind: c.items for c in children if isinstance(c, Group)}
        label, type = self._label_and_type(groups["result"]) if "result" in groups else (None, None)
        return tree.FunctionItem(
            span=span,
            name=self._name(children[1]),
            sizes=cast("tuple[tree.SizeParameter, ...]", groups.get("size_names", ())),
            parameters=cast("tuple[tree.Parameter, ...]", groups.get("parameters", ())),
            return_label=label,
            return_type=type,
            body=cast(tree.Block, children[-1]),
            doc=self._doc(span),
            attribute=attribute,
            head_read=cast(Token, children[1]).start not in self.bad_heads,
        )

    def _make_size_names(self, children: list[Child]) -> tree.Node:
        return self._group("size_names", children)

    def _make_size_name(self, children: list[Child]) -> tree.Node:
        name = self._name(children[0])
        if len(children) == 1 or cast(Token, children[1]).kind == "...":
            return tree.SizeParameter(span=name.span, text=name.text, is_shape=len(children) > 1)
        if name.text not in TYPE_KINDS:
            self._report(
                "EZ0020",
                f"`type`, `number` or `integer` was expected, but here is `{name.text}`",
                name.span,
                "Sizes have no type: fn f<n>(int32[n] x). `fn f<number t, n>(t[n] x)` is for "
                "elements of any type of numbers.",
            )
        type, kind = self._name(children[1]), name.text
        return tree.SizeParameter(span=type.span, text=type.text, is_shape=False, kind=kind)

    def _make_parameters(self, children: list[Child]) -> tree.Node:
        return self._group("parameters", children)

    def _make_parameter(self, children: list[Child]) -> tree.Node:
        label, type = self._label_and_type(children[:-1])
        name = self._name(children[-1])
        return tree.Parameter(span=self._span(children), label=label, type=type, name=name)

    def _make_result(self, children: list[Child]) -> tree.Node:
        return self._group("result", children)
