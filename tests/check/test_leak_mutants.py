"""Programs that leak, in every way that the language has, each with a variant that does not.

Every leaking program must be rejected with a flow error (EZ3), and with nothing else; every
corrected one must be accepted, so that a checker that rejects everything also fails.
"""

# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ezlang.check import CheckResult, check
from ezlang.diagnostics.render import render_all
from ezlang.source import Source

_START = """party alice, bob;
{items}
fn main() {{
    secret int32 s = input(alice, "s");
    secret bool t = input(alice, "t");
    @alice int32 a = input(alice, "a");
    @bob int32 b = input(bob, "b");
    secret int32[4] xs = input(bob, "xs");
    @alice int32[4] own = input(alice, "own");
    {body}
}}
"""

_STATS = Source(
    "stats.ez",
    """
    fn twice(int32 x) -> int32 { return 2 * x; }
    fn told(public int32 x) -> int32 { return x; }
    fn shown(int32 x) -> int32 { return reveal(x); }
    struct Pair { int32 first; public int32 second; }
    """,
)


@dataclass(frozen=True)
class Mutant:
    """A leak and its mending: bodies of `main`, and what stands before it."""

    name: str
    code: str
    leak: str
    mended: str
    items: str = ""
    mended_items: str | None = None


_EFFECT = 'fn tell(int32 x) { output(all, x, "x"); }'
_TOUCH = 'fn touch() -> int32 { let x = int32(input(alice, "touch")); return 1; }'
_HOLDS = "fn holds(public int32 x) { assert(x >= 0); }"
_QUIET = "fn quiet(int32 x) -> int32 { return x + 1; }"
_POINT = "struct Point { int32 x; int32 y; }"
_OPEN = "struct Open { int32 x; public int32 id; }"
_KEYED = "struct Keyed { int32 x; @alice int32 key; }"
_NESTED = "struct Inner { public int32 p; int32 q; }\nstruct Outer { Inner inner; int32 r; }"

MUTANTS = [
    # Declarations and assignments
    Mutant("declaration", "EZ3001", "public int32 x = s;", "secret int32 x = s;"),
    Mutant("declaration of an input", "EZ3001",
           'public int32 x = input(alice, "x");', '@alice int32 x = input(alice, "x");'),
    Mutant("declaration without a label", "EZ3014",
           'int32 x = input(alice, "x");', 'secret int32 x = input(alice, "x");'),
    Mutant("declaration of another's", "EZ3001", "@bob int32 x = a;", "@alice int32 x = a;"),
    Mutant("secret to an owner", "EZ3001", "@alice int32 x = s;", "@alice int32 x = reveal(s, alice);"),
    Mutant("what two know together", "EZ3001", "@alice int32 x = a + b;", "secret int32 x = a + b;"),
    Mutant("assignment", "EZ3001", "public int32 x; x = s;", "int32 x; x = s;"),
    Mutant("assignment to another's", "EZ3001", "@bob int32 x; x = a;", "@alice int32 x; x = a;"),
    Mutant("compound assignment", "EZ3001", "public int32 x = 1; x += s;", "int32 x = 1; x += s;"),
    Mutant("compound shift", "EZ3001", "public int32 x = 1; x <<= s;", "int32 x = 1; x <<= s;"),
    Mutant("a chain of variables", "EZ3001",
           "int32 x = s; int32 y = x; public int32 z = y;", "int32 x = s; int32 y = x; int32 z = y;"),
    Mutant("a variable that falls later", "EZ3001",
           "int32 x = 0; public int32 y = x; x = s;", "int32 x = 0; int32 y = x; x = s;"),
    Mutant("a variable that falls in a loop", "EZ3001",
           "int32 x = 0; public int32 y = 0; for i in 0..3 { y = x; x = s; }",
           "int32 x = 0; int32 y = 0; for i in 0..3 { y = x; x = s; }"),
    Mutant("a chain that falls backwards in a loop", "EZ3001",
           "int32 x; int32 y; int32 z; public int32 w; for i in 0..9 { w = z; z = y; y = x; x = s; }",
           "int32 x; int32 y; int32 z; int32 w; for i in 0..9 { w = z; z = y; y = x; x = s; }"),
    Mutant("let", "EZ3001", "let x = s + 1; public int32 y = x;", "let x = s + 1; int32 y = x;"),
    Mutant("cast", "EZ3001", "public int64 x = int64(s);", "secret int64 x = int64(s);"),
    Mutant("widening", "EZ3001", "public int64 x = s;", "secret int64 x = s;"),
    Mutant("broadcast", "EZ3001", "public int32[3] x = s;", "secret int32[3] x = s;"),
    # Operators
    Mutant("comparison", "EZ3001", "public bool x = s > 3;", "public bool x = reveal(s > 3);"),
    Mutant("multiplication by zero", "EZ3001", "public int32 x = 0 * s;", "int32 x = 0 * s;"),
    Mutant("exclusive or with itself", "EZ3001", "public int32 x = s ^ s;", "int32 x = s ^ s;"),
    Mutant("negation", "EZ3001", "public int32 x = -s;", "int32 x = -s;"),
    Mutant("min", "EZ3001", "public int32 x = min(s, 3);", "int32 x = min(s, 3);"),
    Mutant("abs", "EZ3001", "public int32 x = abs(s);", "int32 x = abs(s);"),
    Mutant("sum", "EZ3001", "public int32 x = sum(xs);", "int32 x = sum(xs);"),
    Mutant("shift amount", "EZ3001", "public int32 x = 1 << s;", "int32 x = 1 << s;"),
    Mutant("and, right side", "EZ3001", "public bool x = true && t;", "bool x = true && t;"),
    Mutant("and, left side", "EZ3001", "public bool x = t && false;", "bool x = t && false;"),
    Mutant("or over a public bool", "EZ3001",
           "public int32 p = 3; public bool x = p > 2 || t;", "public int32 p = 3; bool x = p > 2 || t;"),
    Mutant("choice by a secret", "EZ3001", "public int32 x = t ? 1 : 2;", "int32 x = t ? 1 : 2;"),
    Mutant("choice of a secret", "EZ3001",
           "public bool p = reveal(t); public int32 x = p ? s : 1;",
           "public bool p = reveal(t); int32 x = p ? s : 1;"),
    Mutant("choice by an owner", "EZ3001", "@bob int32 x = a > 0 ? 1 : 2;", "@alice int32 x = a > 0 ? 1 : 2;"),
    Mutant("reveal in a chosen side", "EZ3008",
           "int32 x = t ? reveal(s) : 0;", "int32 r = reveal(s); int32 x = t ? r : 0;"),
    Mutant("reveal in the right side of and", "EZ3008",
           "bool x = t && reveal(s > 0);", "bool r = reveal(s > 0); bool x = t && r;"),
    Mutant("call with a reveal in a chosen side", "EZ3009",
           "int32 x = t ? stats.shown(s) : 0;", "int32 x = t ? stats.twice(s) : 0;", "import stats;"),
    # Arrays
    Mutant("array element", "EZ3001", "public int32[3] x; x[1] = s;", "int32[3] x; x[1] = s;"),
    Mutant("array literal", "EZ3001", "public int32[2] x = [1, s];", "int32[2] x = [1, s];"),
    Mutant("element of a row", "EZ3001",
           "public int32[2][2] x; x[1][0] = s;", "int32[2][2] x; x[1][0] = s;"),
    Mutant("slice read", "EZ3001", "public int32[2] x = xs[1..3];", "int32[2] x = xs[1..3];"),
    Mutant("slice written", "EZ3001", "public int32[4] x; x[1..3] = xs[0..2];", "int32[4] x; x[1..3] = xs[0..2];"),
    Mutant("slice from a secret start", "EZ3001",
           "public int32[4] p = 1; public int32[2] x = p[s..s + 2];",
           "public int32[4] p = 1; int32[2] x = p[s..s + 2];"),
    Mutant("slice written at a secret start", "EZ3006",
           "public int32[4] p = 1; p[s..s + 2] = 0;", "int32[4] p = 1; p[s..s + 2] = 0;"),
    Mutant("index read", "EZ3001",
           "public int32[3] p = [5, 6, 7]; public int32 x = p[s];",
           "public int32[3] p = [5, 6, 7]; int32 x = p[s];"),
    Mutant("index of an owner", "EZ3001",
           "public int32[3] p = [5, 6, 7]; @bob int32 x = p[a];",
           "public int32[3] p = [5, 6, 7]; @alice int32 x = p[a];"),
    Mutant("index written", "EZ3006", "public int32[3] p; p[s] = 1;", "int32[3] p; p[s] = 1;"),
    Mutant("index written by another", "EZ3006", "@alice int32[3] p; p[b] = 1;", "@alice int32[3] p; p[a] = 1;"),
    Mutant("second index written", "EZ3006",
           "public int32[3][3] p; p[1][s] = 1;", "int32[3][3] p; p[1][s] = 1;"),
    Mutant("compound at a secret index", "EZ3001",
           "public int32[3] p; p[s] += 1;", "int32[3] p; p[s] += 1;"),
    Mutant("for each", "EZ3001",
           "public int32 x = 0; for v in xs { x += v; }", "int32 x = 0; for v in xs { x += v; }"),
    Mutant("for each, the copy", "EZ3001",
           "public int32 x = 0; for v in own { v = v + 1; x = v; }",
           "int32 x = 0; for v in own { v = v + 1; x = v; }"),
    Mutant("array size", "EZ3017", "int32[s] x;", "int32[3] x; x[s] = 1;"),
    Mutant("explicit size", "EZ3017", "let x = zeros::<a>();", "let x = zeros::<3>();",
           "fn zeros<k>() -> int32 { int32[k] z; return sum(z); }"),
    Mutant("slice length", "EZ3017", "int32 x = sum(xs[0..s]);",
           "int32 x = 0; for i in 0..4 { if i < s { x += xs[i]; } }"),
    # Loops
    Mutant("loop bound", "EZ3007", "for i in 0..s { }", "for i in 0..10 { if i < s { } }"),
    Mutant("lower loop bound", "EZ3007", "for i in s..9 { }", "for i in 0..9 { }"),
    Mutant("while", "EZ3007", "while s > 0 { s -= 1; }", "while reveal(s > 0) { s -= 1; }"),
    Mutant("while that falls", "EZ3007",
           "int32 n = 5; while n > 0 { n -= 1; if t { n = 0; } }",
           "int32 n = 5; while n > 0 { n -= 1; if reveal(t) { n = 0; } }"),
    Mutant("loop variable of an owner", "EZ3012",
           "@bob int32 x; for i in 0..a { x = 1; }", "@alice int32 x; for i in 0..a { x = i; }"),
    Mutant("loop count of an owner", "EZ3005",
           "public int32 n = 0; for i in 0..a { n += 1; }", "int32 n = 0; for i in 0..a { n += 1; }"),
    Mutant("while count of an owner", "EZ3005",
           "public int32 n = 0; @alice int32 k = a; while k > 0 { k -= 1; n = n + 1; }",
           "int32 n = 0; @alice int32 k = a; while k > 0 { k -= 1; n = n + 1; }"),
    Mutant("while of an owner, reveal in the condition", "EZ3008",
           "public int32 p = 1; while a > reveal(p) { a -= 1; }",
           "public int32 p = 1; let q = reveal(p); while a > q { a -= 1; }"),
    Mutant("while of an owner, input in the condition", "EZ3008",
           'while a > int32(input(alice, "k")) { a -= 1; }',
           '@alice int32 k = input(alice, "k"); while a > k { a -= 1; }'),
    Mutant("while of an owner, secret argument in the condition", "EZ3011",
           "while a > one(s) { a -= 1; }", "while a > one(a) { a -= 1; }",
           "fn one(int32 x) -> public int32 { return 1; }"),
    Mutant("while of an owner, assert called in the condition", "EZ3009",
           "while a > one(1) { a -= 1; }", "let x = one(1); while a > x { a -= 1; }",
           "fn one(int32 x) -> int32 { assert(true); return x; }"),
    # Branches on a secret
    Mutant("branch", "EZ3005", "public int32 x = 0; if t { x = 1; }", "int32 x = 0; if t { x = 1; }"),
    Mutant("else branch", "EZ3005",
           "public int32 x = 0; if t { } else { x = 1; }", "int32 x = 0; if t { } else { x = 1; }"),
    Mutant("else if", "EZ3005",
           "public int32 x = 0; if s > 1 { } else if true { x = 1; }",
           "int32 x = 0; if s > 1 { } else if true { x = 1; }"),
    Mutant("nested branch", "EZ3005",
           "public int32 x = 0; public bool p = reveal(t); if t { if p { x = 1; } }",
           "int32 x = 0; public bool p = reveal(t); if t { if p { x = 1; } }"),
    Mutant("loop in a branch", "EZ3005",
           "public int32 x = 0; if t { for i in 0..2 { x += 1; } }",
           "int32 x = 0; if t { for i in 0..2 { x += 1; } }"),
    Mutant("branch in a loop", "EZ3005",
           "public int32 x = 0; for i in 0..2 { if xs[i] > 0 { x = i; } }",
           "int32 x = 0; for i in 0..2 { if xs[i] > 0 { x = i; } }"),
    Mutant("owned variable in a secret branch", "EZ3005",
           "@alice int32 x = 0; if t { x = 1; }", "int32 x = 0; if t { x = 1; }"),
    Mutant("flag of a branch", "EZ3001",
           "bool flag = false; if t { flag = true; } public bool x = flag;",
           "bool flag = false; if t { flag = true; } public bool x = reveal(flag);"),
    Mutant("flag of two branches", "EZ3005",
           "bool f = false; public bool g = true; if t { f = true; } if f { g = false; }",
           "bool f = false; bool g = true; if t { f = true; } if f { g = false; }"),
    Mutant("array element in a branch", "EZ3005",
           "public int32[2] x; if t { x[0] = 1; }", "int32[2] x; if t { x[0] = 1; }"),
    Mutant("slice in a branch", "EZ3005",
           "public int32[4] x; if t { x[0..2] = 1; }", "int32[4] x; if t { x[0..2] = 1; }"),
    Mutant("output in a branch", "EZ3008",
           'if t { output(all, 1, "x"); }', 'output(all, t ? 1 : 0, "x");'),
    Mutant("reveal in a branch", "EZ3008",
           "if t { let x = reveal(s); }", "let r = reveal(s); if t { let x = r; }"),
    Mutant("input in a branch", "EZ3008",
           'if t { @bob int32 x = input(bob, "x"); }', '@bob int32 x = input(bob, "x"); if t { let y = x; }'),
    Mutant("assert in a branch", "EZ3008", "if t { assert(true); }", "if t { } assert(true);"),
    Mutant("reveal in a nested public branch", "EZ3008",
           "public bool p = reveal(t); if t { if p { let x = reveal(s); } }",
           "public bool p = reveal(t); if p { if p { let x = reveal(s); } }"),
    Mutant("assert on a secret", "EZ3013", "assert(s > 0);", "assert(reveal(s > 0));"),
    Mutant("assert on an owner's", "EZ3013", "assert(a > 0);", "assert(reveal(a > 0));"),
    Mutant("early return", "EZ3010", "if t { return; }", "if reveal(t) { return; }"),
    Mutant("early return of a value", "EZ3010", "let x = f(s);", "let x = f(s);",
           "fn f(int32 x) -> int32 { if x > 0 { return 1; } return 2; }",
           "fn f(int32 x) -> int32 { return x > 0 ? 1 : 2; }"),
    Mutant("early return in a loop", "EZ3010", "let x = f(xs);", "let x = f(xs);",
           "fn f(int32[4] x) -> int32 { for i in 0..4 { if x[i] == 0 { return i; } } return -1; }",
           "fn f(int32[4] x) -> int32 { int32 r = -1; for i in 0..4 { if x[i] == 0 { r = i; } } return r; }"),
    Mutant("return in an owner's branch", "EZ3010", "if a > 0 { return; }", "if reveal(a > 0) { return; }"),
    # Branches on what a party owns
    Mutant("owner's branch", "EZ3005", "public int32 x = 0; if a > 0 { x = 1; }", "int32 x = 0; if a > 0 { x = 1; }"),
    Mutant("owner's branch, another's variable", "EZ3012",
           "@bob int32 x = 0; if a > 0 { x = 1; }", "@alice int32 x = 0; if a > 0 { x = 1; }"),
    Mutant("owner's branch, secret variable", "EZ3012",
           "secret int32 x = 0; if a > 0 { x = 1; }",
           "secret int32 x = 0; secret bool c = a > 0; if c { x = 1; }"),
    Mutant("owner's branch, secret value", "EZ3011",
           "if a > 0 { let x = s; }", "secret bool c = a > 0; if c { let x = s; }"),
    Mutant("owner's branch, another's value", "EZ3011",
           "if a > 0 { let x = b; }", "if a > 0 { let x = a; }"),
    Mutant("owner's branch, output", "EZ3008",
           'if a > 0 { output(alice, a, "a"); }', 'output(alice, a > 0 ? a : 0, "a");'),
    Mutant("owner's branch, reveal", "EZ3008",
           "if a > 0 { let x = reveal(a); }", "let x = reveal(a > 0 ? a : 0);"),
    Mutant("owner's branch, sharing", "EZ3011",
           "if a > 0 { secret int32 x = a; }", "secret int32 x = a > 0 ? a : 0;"),
    Mutant("owner's branch in another's", "EZ3011",
           "if a > 0 { if b > 0 { } }", "secret bool c = a > 0; if c { if b > 0 { } }"),
    Mutant("secret branch in an owner's", "EZ3011",
           "if a > 0 { if t { } }", "secret bool c = a > 0; if c { if t { } }"),
    Mutant("owner's branch in a secret one", "EZ3005",
           "@alice int32 x; if t { if a > 0 { x = 1; } }",
           "if t { @alice int32 x = 0; if a > 0 { x = 1; } }"),
    Mutant("call in an owner's branch", "EZ3011",
           "if a > 0 { let x = f(); }", "if a > 0 { let x = f(); }",
           "fn f() -> int32 { secret int32 x = 1; return 2; }", "fn f() -> int32 { int32 x = 1; return x; }"),
    Mutant("call with a secret result in an owner's branch", "EZ3011",
           "if a > 0 { let x = f(1); }", "if a > 0 { let x = f(1); }",
           "fn f(int32 x) -> secret int32 { return x; }", "fn f(int32 x) -> int32 { return x; }"),
    # Functions
    Mutant("argument", "EZ3002", "f(s);", "f(reveal(s));", "fn f(public int32 x) { }"),
    Mutant("argument of another", "EZ3002", "f(a);", "f(b);", "fn f(@bob int32 x) { }"),
    Mutant("return", "EZ3003", "let x = f(s);", "let x = f(s);",
           "fn f(int32 x) -> public int32 { return x; }", "fn f(int32 x) -> int32 { return x; }"),
    Mutant("inferred return", "EZ3001", "public int32 x = quiet(s);", "int32 x = quiet(s);", _QUIET),
    Mutant("return of one of two", "EZ3001",
           "public int32 x = f(s, 1);", "int32 x = f(s, 1);",
           "fn f(int32 x, public int32 p) -> int32 { if p > 0 { return 0; } return x; }"),
    Mutant("nested call", "EZ3001", "public int32 x = quiet(quiet(s));", "int32 x = quiet(quiet(s));", _QUIET),
    Mutant("call through a call", "EZ3001", "public int32 x = g(s);", "int32 x = g(s);",
           _QUIET + " fn g(int32 x) -> int32 { int32 y = quiet(x); return y; }"),
    Mutant("label-generic body", "EZ3001", "f(s);", "f(3);", "fn f(int32 x) { public int32 y = x; }"),
    Mutant("label-generic body, two arguments", "EZ3001", "f(a, b);", "f(a, a);",
           "fn f(int32 x, int32 y) { @alice int32 z = x + y; }"),
    Mutant("parameter as a variable", "EZ3001", "public int32 x = f(1, s);", "int32 x = f(1, s);",
           "fn f(int32 x, int32 y) -> int32 { x = y; return x; }"),
    Mutant("output in a called function", "EZ3009", "if t { tell(1); }", "tell(t ? 1 : 0);", _EFFECT),
    Mutant("input in a called function", "EZ3009",
           "if t { let x = touch(); }", "let x = touch(); if t { }", _TOUCH),
    Mutant("assert in a called function", "EZ3009", "if t { holds(1); }", "holds(1);", _HOLDS),
    Mutant("output two calls down", "EZ3009", "if t { g(1); }", "g(1);",
           _EFFECT + " fn g(int32 x) { tell(x); }"),
    Mutant("output in a call in an owner's branch", "EZ3009", "if a > 0 { tell(1); }", "tell(1);", _EFFECT),
    Mutant("module function", "EZ3001",
           "public int32 x = stats.twice(s);", "int32 x = stats.twice(s);", "import stats;"),
    Mutant("module function, argument", "EZ3002",
           "let x = stats.told(s);", "let x = stats.told(3);", "import stats;"),
    Mutant("module function in a branch", "EZ3009",
           "if t { let x = stats.shown(1); }", "let x = stats.shown(1);", "import stats;"),
    # Structs
    Mutant("struct value", "EZ3001",
           "public Point p = Point { x: s, y: 1 };", "Point p = Point { x: s, y: 1 };", _POINT),
    Mutant("struct field", "EZ3001",
           "public Point p; p.x = s;", "Point p; p.x = s;", _POINT),
    Mutant("struct field read", "EZ3001",
           "Point p; p.x = s; public int32 x = p.y;", "Point p; p.x = s; int32 x = p.y;", _POINT),
    Mutant("labelled field", "EZ3004",
           "let p = Open { x: s, id: s };", "let p = Open { x: s, id: 1 };", _OPEN),
    Mutant("labelled field assigned", "EZ3001", "Open p; p.id = s;", "Open p; p.x = s;", _OPEN),
    Mutant("labelled field in a branch", "EZ3005",
           "Open p; if t { p.id = 1; }", "Open p; if t { p.x = 1; }", _OPEN),
    Mutant("struct with a labelled field in a branch", "EZ3015",
           "Open p; Open q; if t { p = q; }", "Open p; Open q; if t { p.x = q.x; }", _OPEN),
    Mutant("choice of structs with a labelled field", "EZ3015",
           "Open p; Open q; let r = t ? p : q;", "Open p; Open q; let r = t ? p.x : q.x;", _OPEN),
    Mutant("index into structs with a labelled field", "EZ3015",
           "Open[3] ps; let r = ps[s];", "Open[3] ps; let r = ps[2];", _OPEN),
    Mutant("labelled field at a secret index", "EZ3015",
           "Open[3] ps; let r = ps[s].id;", "Open[3] ps; let r = ps[1].id;", _OPEN),
    Mutant("labelled field written at a secret index", "EZ3006",
           "Open[3] ps; ps[s].id = 1;", "Open[3] ps; ps[s].x = 1;", _OPEN),
    Mutant("key of another", "EZ3004",
           "let k = Keyed { x: 1, key: b };", "let k = Keyed { x: 1, key: a };", _KEYED),
    Mutant("key read by another", "EZ3001",
           "Keyed k; @bob int32 x = k.key;", "Keyed k; @alice int32 x = k.key;", _KEYED),
    Mutant("key chosen by another", "EZ3015",
           "Keyed p; Keyed q; let r = b > 0 ? p : q;", "Keyed p; Keyed q; let r = a > 0 ? p : q;", _KEYED),
    Mutant("key in an output", "EZ3016",
           'Keyed k; output(bob, k, "k");', 'Keyed k; output(alice, k, "k");', _KEYED),
    Mutant("key in an input", "EZ3016",
           'secret Keyed k = input(bob, "k");', 'secret Keyed k = input(alice, "k");', _KEYED),
    Mutant("nested struct", "EZ3001",
           "Outer o; o.inner.p = s;", "Outer o; o.inner.q = s;", _NESTED),
    Mutant("nested struct in a branch", "EZ3015",
           "Outer o; Inner i; if t { o.inner = i; }", "Outer o; Inner i; if t { o.inner.q = i.q; }", _NESTED),
    Mutant("array of nested structs", "EZ3006",
           "Outer[2] os; os[s].inner.p = 1;", "Outer[2] os; os[s].inner.q = 1;", _NESTED),
    # Loops over the parties
    Mutant("party loop", "EZ3001",
           'for p in parties { @alice int32 x = input(p, "x"); }',
           'for p in parties { @p int32 x = input(p, "x"); }'),
    Mutant("sum over the parties", "EZ3001",
           'public int32 x; for p in parties { x += input(p, "x"); }',
           'int32 x; for p in parties { x += input(p, "x"); }'),
    Mutant("reveal to each party", "EZ3001",
           "for p in parties { @alice int32 x = reveal(s, p); }", "for p in parties { @p int32 x = reveal(s, p); }"),
    Mutant("reveal to one is not to all", "EZ3001",
           "public int32 x = reveal(s, alice);", "@alice int32 x = reveal(s, alice);"),
]  # fmt: skip


def check_mutant(body: str, items: str) -> CheckResult:
    """Check a body of `main` behind these items."""
    source = Source("leak.ez", _START.format(body=body, items=items))
    return check(source, load_module=lambda name, importer: _STATS if name == "stats" else None)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_leaking_program_is_rejected_with_a_flow_error(mutant: Mutant) -> None:
    result = check_mutant(mutant.leak, mutant.items)
    assert [d.code for d in result.diagnostics] == [mutant.code], render_all(result.diagnostics)
    assert result.program is None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_mended_program_is_accepted(mutant: Mutant) -> None:
    items = mutant.items if mutant.mended_items is None else mutant.mended_items
    result = check_mutant(mutant.mended, items)
    assert result.program is not None, render_all(result.diagnostics)


def test_every_flow_rule_has_a_mutant() -> None:
    assert {m.code for m in MUTANTS} == {f"EZ30{n:02}" for n in range(1, 18)}
    assert len({m.name for m in MUTANTS}) == len(MUTANTS) >= 60
