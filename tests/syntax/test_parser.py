"""The syntax trees of correct programs."""

from pathlib import Path

import pytest

from ezlang.syntax import tree
from tests.syntax.syntax_help import expression, parsed, shape, statement

ROOT = Path(__file__).parents[2]

EXPRESSIONS = {
    "a + b * c": "(a + (b * c))",
    "a - b - c": "((a - b) - c)",
    "a / b * c % d": "(((a / b) * c) % d)",
    "a << b + c": "(a << (b + c))",
    "a & b << c": "(a & (b << c))",
    "a ^ b & c": "(a ^ (b & c))",
    "a | b ^ c": "(a | (b ^ c))",
    "a & b == c": "((a & b) == c)",
    "a | b < c ^ d": "((a | b) < (c ^ d))",
    "a == b && c < d": "((a == b) && (c < d))",
    "a && b || c && d": "((a && b) || (c && d))",
    "a || b ? c : d": "((a || b) ? c : d)",
    "a ? b : c ? d : e": "(a ? b : (c ? d : e))",
    "a ? b ? c : d : e": "(a ? (b ? c : d) : e)",
    "-a * b": "((-a) * b)",
    "!a && ~b == c": "((!a) && ((~b) == c))",
    "- - a": "(-(-a))",
    "-a[i].x": "(-((a[i]).x))",
    "(a + b) * c": "((a + b) * c)",
    "(a < b) == (c < d)": "((a < b) == (c < d))",
    "a[i][j]": "((a[i])[j])",
    "a[0..k]": "(a[0..k])",
    "a[..]": "(a[..])",
    "a[i + 1..][..2]": "((a[(i + 1)..])[..2])",
    "f()": "(f())",
    "f(a, b)[i]": "((f(a, b))[i])",
    "stats.mean(x)": "((stats.mean)(x))",
    "f::<4, n + 1>(x)": "(f<4, (n + 1)>(x))",
    "f::<n>(g::<2>(x) > y)": "(f<n>(((g<2>(x)) > y)))",
    "a < b": "(a < b)",
    "f(a < b, c > (d))": "(f((a < b), (c > d)))",
    "int64(x) + uint8(y)": "((int64(x)) + (uint8(y)))",
    "[1, 2, 3,]": "[1, 2, 3]",
    "[[1], []]": "[[1], []]",
    "Point { x: 1, y: -a }": "Point{x: 1, y: (-a)}",
    "geo.Point { x: 1, }": "geo.Point{x: 1}",
    "Point { /* c: */ x // y:\n : 1 }": "Point{x: 1}",
    'input(alice, "a b")': "input(alice, 'a b')",
    "reveal(a + b)": "reveal((a + b), )",
    "reveal(a, bob)": "reveal(a, bob)",
    "len(parties)": "(len(parties))",
    "true != false": "(true != false)",
    "0x2A + 0b101 + 1_000 + 0": "(((42 + 5) + 1000) + 0)",
    "Min + int8x + ifx": "((Min + int8x) + ifx)",
}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions(text: str) -> None:
    assert shape(expression(text)) == EXPRESSIONS[text]


STATEMENTS = {
    "{ }": tree.Block,
    "int32 x = 1;": tree.Declare,
    "int32[n][m + 1] x;": tree.Declare,
    "secret bool x;": tree.Declare,
    "@alice Point[2] p = q;": tree.Declare,
    "Point p;": tree.Declare,
    "Point[n][2] p = q;": tree.Declare,
    "geo.Point[n] p = q;": tree.Declare,
    "public geo.Point p = q;": tree.Declare,
    "let x = 1;": tree.Let,
    "x = 1;": tree.Assign,
    "x[i].y[..2] <<= 1;": tree.Assign,
    "p.x = Point { x: 1 };": tree.Assign,
    "if a { }": tree.If,
    "if a { } else if b { } else { }": tree.If,
    "if p == Point { x: 1 } { }": tree.If,
    "if p { x = 1; }": tree.If,
    "if p { }": tree.If,
    "for i in 0..n { }": tree.ForRange,
    "for x in xs { }": tree.ForEach,
    "for x in xs[1..2] { }": tree.ForEach,
    "for p in parties { }": tree.ForEach,
    "while !done { }": tree.While,
    "return;": tree.Return,
    "break;": tree.Break,
    "continue;": tree.Continue,
    "return x;": tree.Return,
    'output(all, x, "x");': tree.Output,
    'output(p, x, "x");': tree.Output,
    "assert(x > 1);": tree.Assert,
    'assert(x > 1, "x is large");': tree.Assert,
    "f(x);": tree.ExprStatement,
    "stats.f(x);": tree.ExprStatement,
    "int8(x);": tree.ExprStatement,
    "reveal(x);": tree.ExprStatement,
}


@pytest.mark.parametrize("text", STATEMENTS)
def test_statements(text: str) -> None:
    assert type(statement(text)) is STATEMENTS[text]


def test_declarations_of_structs_have_types() -> None:
    found = statement("geo.Point[n][2] p = q;")
    assert isinstance(found, tree.Declare)
    assert found.type.name.text == "geo.Point"
    assert [shape(size) for size in found.type.sizes] == ["n", "2"]
    assert found.type.span.text == "geo.Point[n][2]"
    assert found.name.text == "p"
    assert found.label is None


def test_else_if_is_an_if_alone_in_a_block() -> None:
    found = statement("if a { } else if b { } else { }")
    assert isinstance(found, tree.If)
    assert found.otherwise is not None
    (inner,) = found.otherwise.statements
    assert isinstance(inner, tree.If)
    assert inner.otherwise is not None
    assert inner.otherwise.statements == ()


def test_compound_assignment_names_the_operator() -> None:
    for operator in ("+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^"):
        found = statement(f"x {operator}= 1;")
        assert isinstance(found, tree.Assign)
        assert found.operator == operator


def test_output_to_all_has_no_receiver() -> None:
    found = statement('output(all, x, "a \\"b\\" \\\\ \\n\\t");')
    assert isinstance(found, tree.Output)
    assert found.to is None
    assert found.name.value == 'a "b" \\ \n\t'


def test_items() -> None:
    module = parsed(
        "party alice, bob; import stats; param int32 n = 30; param bool b; const k = 4;\n"
        "const int32[2] ps = [2, 3]; compute bob, alice;\n"
        "struct P { int32 x; @alice bool[2] y; secret P2 z; }\n"
        "fn f<k, l>(int64[k] x, secret P[l] y) -> @bob int64[k] { }  fn g() { } fn h() -> P { }"
    )
    assert [type(i).__name__ for i in module.items] == [
        *("PartyItem", "ImportItem", "ParamItem", "ParamItem", "ConstItem"),
        *("ConstItem", "ComputeItem", "StructItem", "FunctionItem", "FunctionItem", "FunctionItem"),
    ]
    f, g, h = module.items[-3:]
    assert isinstance(f, tree.FunctionItem)
    assert isinstance(g, tree.FunctionItem)
    assert isinstance(h, tree.FunctionItem)
    assert [name.text for name in f.sizes] == ["k", "l"]
    assert [p.name.text for p in f.parameters] == ["x", "y"]
    assert isinstance(f.parameters[1].label, tree.SecretLabel)
    assert isinstance(f.return_label, tree.OwnedLabel)
    assert f.return_type is not None
    assert (g.return_label, g.return_type) == (None, None)
    assert h.return_label is None
    assert h.return_type is not None
    compute, struct = module.items[6:8]
    assert isinstance(compute, tree.ComputeItem)
    assert [name.text for name in compute.names] == ["bob", "alice"]
    assert isinstance(struct, tree.StructItem)
    assert [(f.name.text, f.type.name.text) for f in struct.fields] == [
        *(("x", "int32"), ("y", "bool"), ("z", "P2")),
    ]


def test_doc_comments() -> None:
    module = parsed(
        "/// About the file.\n/// More.\n\n"
        "// plain\n/// How many.\n///\n///   There are.\nparam int32 n;\n"
        "/// far away\n\nconst a = 1;\n"
        "//// a line\nstruct P { /// no\n int32 x; }\n"
        "/// f\nfn f() { /// nothing\n }\n"
    )
    assert module.doc == "About the file.\nMore."
    docs = [getattr(item, "doc", None) for item in module.items]
    assert docs == ["How many.\n\nThere are.", None, None, "f"]


def test_a_doc_comment_right_above_the_first_item_is_not_the_files() -> None:
    module = parsed("/// About n.\nparam int32 n;\n")
    assert module.doc is None
    assert isinstance(module.items[0], tree.ParamItem)
    assert module.items[0].doc == "About n."


def test_spans() -> None:
    found = expression("(a + b) * f(c)[1]")
    assert isinstance(found, tree.Binary)
    assert found.span.text == "(a + b) * f(c)[1]"
    assert found.left.span.text == "(a + b)"
    assert found.right.span.text == "f(c)[1]"
    assert found.operator_span.text == "*"


def test_spans_do_not_count_in_equality() -> None:
    assert parsed("fn f() { x = a + b; }") == parsed("\n\nfn f( ) {\nx=(a+b);/* c */}")


def test_empty_files() -> None:
    for text in ("", "\n", "// nothing", "\ufeff"[1:]):
        assert parsed(text).items == ()


def test_every_program_of_the_repository_parses() -> None:
    paths = [p for folder in ("examples", "stdlib") for p in (ROOT / folder).rglob("*.ez")]
    for path in paths:
        parsed(path.read_text(encoding="utf-8"))
