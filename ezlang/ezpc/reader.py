"""Reading EzPC: the text to its syntax tree, by lark and `grammar/ezpc.lark`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.files import PACKAGE
from ezlang.source import Source, Span

from . import tree

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

_BASES = {"": "int32", "u": "uint32", "L": "int64", "uL": "uint64"}
_DEEPEST = 200


def read(source: Source) -> tree.Program:
    """Return the tree of an EzPC program. Raises EzError (EZ7001) where it can't be read."""
    from lark import UnexpectedInput

    text, comments = _without_comments(source)
    _check_depth(source, text)
    try:
        parsed = _parser().parse(text)
    except UnexpectedInput as error:
        at_end = getattr(getattr(error, "token", None), "type", None) == "$END"
        start = None if at_end else error.pos_in_stream
        raise _unread(source, len(text.rstrip()) if start is None else start) from None
    builder = _Builder(source)
    items = tuple(builder.build(child) for child in parsed.children if not isinstance(child, str))
    return tree.Program(items, comments)


@cache
def _parser() -> Lark:
    from lark import Lark

    grammar = (PACKAGE / "grammar" / "ezpc.lark").read_text(encoding="utf-8")
    return Lark(
        grammar, parser="lalr", start="program", maybe_placeholders=True, propagate_positions=True
    )


def _unread(source: Source, start: int) -> EzError:
    word = source.text[start : start + 20].split(maxsplit=1)
    message = f"EzPC has no `{word[0]}` here" if word else "the program ends too early"
    end = start + (len(word[0]) if word else 0)
    return EzError(Diagnostic(code="EZ7001", message=message, span=Span(source, start, end)))


def _without_comments(source: Source) -> tuple[str, tuple[tree.Comment, ...]]:
    """Return the text with spaces in place of its comments, which nest, and the comments."""
    text = source.text
    kept: list[str] = []
    comments: list[tree.Comment] = []
    at = 0
    while True:
        start = text.find("(*", at)
        if start < 0:
            kept.append(text[at:])
            return "".join(kept), tuple(comments)
        end = _end_of_comment(source, start)
        inside = text[start + 2 : end - 2]
        lines = tuple(line.strip(" \t\r*") for line in inside.strip().split("\n"))
        comments.append(tree.Comment(start, lines))
        kept.append(text[at:start])
        kept.append("".join("\n" if char == "\n" else " " for char in text[start:end]))
        at = end


def _end_of_comment(source: Source, start: int) -> int:
    text, depth, at = source.text, 1, start + 2
    while depth:
        opening, closing = text.find("(*", at), text.find("*)", at)
        if closing < 0:
            span = Span(source, start, start + 2)
            raise EzError(
                Diagnostic(code="EZ7001", message="this comment has no end `*)`", span=span)
            )
        if 0 <= opening < closing:
            depth, at = depth + 1, opening + 2
        else:
            depth, at = depth - 1, closing + 2
    return at


def _check_depth(source: Source, text: str) -> None:
    """Refuse a text whose brackets nest deeper than this package's own recursion goes."""
    depth = 0
    for at, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if depth > _DEEPEST:
            span = Span(source, at, at + 1)
            message = f"this is nested more than {_DEEPEST} deep"
            raise EzError(Diagnostic(code="EZ7001", message=message, span=span))


class _Builder:
    """Makes nodes of lark's trees; the method of a rule has the rule's name."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def build(self, parsed: Tree[Token]) -> Any:
        """Return the node of a tree of lark's."""
        meta = parsed.meta
        start, end = getattr(meta, "start_pos", 0), getattr(meta, "end_pos", 0)
        method = getattr(self, f"_make_{parsed.data.strip('_')}")
        return method(Span(self._source, start, end), parsed.children)

    def _all(self, children: list[Any]) -> tuple[Any, ...]:
        return tuple(self.build(child) for child in children if child is not None)

    def _maybe(self, child: Any) -> Any:
        return None if child is None else self.build(child)

    def _make_function(self, span: Span, children: list[Any]) -> tree.Function:
        result, name, parameters, body = children
        return tree.Function(
            span=span,
            name=str(name),
            parameters=self._all(parameters.children),
            result=self.build(result),
            body=self.build(body),
        )

    def _make_external(self, span: Span, children: list[Any]) -> tree.External:
        return tree.External(span=span, name=str(children[1]))

    def _make_constant(self, span: Span, children: list[Any]) -> tree.Constant:
        base, *_, name, value = children
        return tree.Constant(span=span, base=str(base), name=str(name), value=self.build(value))

    def _make_nothing(self, span: Span, children: list[Any]) -> None:
        return None

    def _make_parameter(self, span: Span, children: list[Any]) -> tree.Parameter:
        return tree.Parameter(span=span, type=self.build(children[0]), name=str(children[1]))

    def _make_type(self, span: Span, children: list[Any]) -> tree.Type:
        base, *rest = children
        label = None
        if rest and getattr(rest[0], "type", None) == "LABEL":
            label = str(rest.pop(0))[-2:]
        return tree.Type(span=span, base=str(base), label=label, sizes=self._all(rest))

    def _make_block(self, span: Span, children: list[Any]) -> tree.Block:
        return tree.Block(span=span, statements=self._all(children))

    def _make_declaration(self, span: Span, children: list[Any]) -> tree.Declaration:
        kind, name, value = children
        return tree.Declaration(
            span=span, type=self.build(kind), name=str(name), value=self._maybe(value)
        )

    def _make_assignment(self, span: Span, children: list[Any]) -> tree.Assignment:
        return tree.Assignment(
            span=span, place=self.build(children[0]), value=self.build(children[1])
        )

    def _make_return(self, span: Span, children: list[Any]) -> tree.Return:
        return tree.Return(span=span, value=self._maybe(children[0]))

    def _make_input(self, span: Span, children: list[Any]) -> tree.Input:
        role, name, kind = children
        return tree.Input(span=span, role=str(role), name=str(name), type=self.build(kind))

    def _make_output(self, span: Span, children: list[Any]) -> tree.Output:
        return tree.Output(span=span, role=str(children[0]), value=self.build(children[1]))

    def _make_for(self, span: Span, children: list[Any]) -> tree.For:
        name, low, high, body = children
        return tree.For(
            span=span,
            name=str(name),
            low=self.build(low),
            high=self.build(high),
            body=self.build(body),
        )

    def _make_while(self, span: Span, children: list[Any]) -> tree.While:
        return tree.While(
            span=span, condition=self.build(children[0]), body=self.build(children[1])
        )

    def _make_if(self, span: Span, children: list[Any]) -> tree.If:
        condition, yes, *no = children
        other = no[0] if no else None
        return tree.If(
            span=span,
            condition=self.build(condition),
            yes=self._as_block(yes),
            no=None if other is None else self._as_block(other),
        )

    def _as_block(self, parsed: Tree[Token]) -> tree.Block:
        built = self.build(parsed)
        if isinstance(built, tree.Block):
            return built
        return tree.Block(span=built.span, statements=(built,))

    def _make_choice(self, span: Span, children: list[Any]) -> tree.Choice:
        condition, yes, no = (child for child in children if not _is_label(child))
        return tree.Choice(
            span=span,
            condition=self.build(condition),
            yes=self.build(yes),
            no=self.build(no),
        )

    def _make_binary(self, span: Span, children: list[Any]) -> tree.Binary:
        left, operator, *_, right = children
        return tree.Binary(
            span=span, operator=str(operator), left=self.build(left), right=self.build(right)
        )

    def _make_unary(self, span: Span, children: list[Any]) -> tree.Unary:
        return tree.Unary(span=span, operator=str(children[0]), operand=self.build(children[-1]))

    def _make_element(self, span: Span, children: list[Any]) -> tree.Element:
        return tree.Element(span=span, array=self.build(children[0]), index=self.build(children[1]))

    def _make_call(self, span: Span, children: list[Any]) -> tree.Call:
        return tree.Call(span=span, name=str(children[0]), arguments=self._all(children[1:]))

    def _make_variable(self, span: Span, children: list[Any]) -> tree.Variable:
        return tree.Variable(span=span, name=str(children[0]))

    def _make_number(self, span: Span, children: list[Any]) -> tree.Number:
        digits = str(children[-1])
        suffix = digits.lstrip("0123456789")
        value = int(digits.removesuffix(suffix)[:40])
        if children[0] == "-":
            value = -value
        return tree.Number(span=span, value=value, base=_BASES[suffix])

    def _make_decimal(self, span: Span, children: list[Any]) -> tree.Decimal:
        sign = "-" if children[0] == "-" else ""
        text = str(children[-1])
        return tree.Decimal(span=span, text=sign + text.replace(".e", ".0e").replace(".E", ".0e"))

    def _make_truth(self, span: Span, children: list[Any]) -> tree.Truth:
        return tree.Truth(span=span, value=children[0] == "true")


def _is_label(child: Any) -> bool:
    return getattr(child, "type", None) == "LABEL"
