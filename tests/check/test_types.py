"""The types of expressions, and their explicit casts, broadcasts and relabellings."""

from __future__ import annotations

import pytest

from tests.check.check_help import checked, codes, program, shape, value_of, variable

_INPUTS = """
    secret int32 s = input(alice, "s");
    secret bool t = input(bob, "t");
    @alice int32 a = input(alice, "a");
    secret int8 b = input(bob, "b");
    secret uint8 u = input(bob, "u");
    secret int32[3] xs = input(alice, "xs");
    secret int16[2][3] m = input(alice, "m");
    public int32 p = 4;
    public bool q = true;
    Point o;
"""
_ITEMS = """
struct Point { int32 x; int64 y; }
param int32 n = 3;
const k = 4;
const int8 typed = 5;
const int32[3] primes = [2, 3, 5];
fn dot<z>(int32[z] x, int32[z] y) -> int32 { return sum(x * y); }
fn id(int64 x) -> int64 { return x; }
fn any<z...>(int16[z...] x) -> int16[z...] { return x; }
fn total<z...>(int16[z...] x) -> int32[elements(z...)] { int32[elements(z...)] y; return y; }
fn last<z..., k>(int16[z...][k] x) -> int16[z...] { int16[z...] y; return y; }
"""

VALUES = [
    # Numbers take the type asked for
    ("int8 v = 5;", "5:int8"),
    ("int8 v = -128;", "-128:int8"),
    ("uint8 v = 255 + 1 - 1;", "255:uint8"),
    ("let v = 5;", "5:int32"),
    ("let v = 3000000000;", "3000000000:int64"),
    ("let v = 0xf_f;", "255:int32"),
    ("int64 v = k * 1_000_000_000_000;", "4000000000000:int64"),
    ("let v = 7 / -2;", "-3:int32"),
    ("let v = -7 % 3;", "-1:int32"),
    ("let v = ~0;", "-1:int32"),
    ("let v = 1 << 40 >> 38;", "4:int32"),
    ("let v = k > 3;", "true:bool"),
    ("let v = len(m) * len(m[0]);", "6:int32"),
    ("let v = elements(m) + elements(s);", "7:int32"),
    ("let v = xs[p..p + elements(m) - 4];", "xs[p; 2]"),
    ("let v = any(m);", "any<[2][3]>[secret](m)"),
    ("let v = any(3);", "any<[]>[public](3:int16)"),
    ("let v = any::<3>([1, 2, 3]);", "any<[3]>[public]([1:int16, 2:int16, 3:int16])"),
    ("let v = any::<[2, n]>(m);", "any<[2][3]>[secret](m)"),
    ("let v = any::<[]>(b);", "any<[]>[secret](cast:int16(b))"),
    ("let v = total(m);", "total<[2][3]>[secret](m)"),
    ("let v = last(m);", "last<[2],3>[secret](m)"),
    ("let v = last(m[0]);", "last<[],3>[secret](m[0:int32])"),
    ("int32[2] v = [1, 2];", "[1:int32, 2:int32]"),
    ("let v = [1, 3000000000];", "[1:int64, 3000000000:int64]"),
    ("int8[2] v = [k, 2];", "[4:int8, 2:int8]"),
    ("uint8 v = uint8(300);", "44:uint8"),
    ("bool v = bool(2);", "true:bool"),
    ("int8 v = min(3, 4);", "3:int8"),
    ("let v = abs(-3);", "3:int32"),
    ("int8 v = len(m) + abs(-3);", "5:int8"),
    ("let v = n;", "3:int32"),
    ("int64 v = n;", "3:int64"),
    ("let v = primes;", "primes"),
    ("let v = primes[1];", "primes[1:int32]"),
    # Operands
    ("let v = s + 1;", "(s + 1:int32)"),
    ("let v = 1 + b;", "(1:int8 + b)"),
    ("let v = b + s;", "(cast:int32(b) + s)"),
    ("let v = u + int16(b);", "(cast:int16(u) + cast:int16(b))"),
    ("let v = xs + s;", "(xs + broadcast:int32[3](s))"),
    ("let v = b * xs;", "(broadcast:int32[3](cast:int32(b)) * xs)"),
    ("let v = m + xs;", "(cast:int32[2][3](m) + broadcast:int32[2][3](xs))"),
    ("let v = m[0..1] * xs;", "(cast:int32[1][3](m[0:int32; 1]) * broadcast:int32[1][3](xs))"),
    ("let v = reshape(xs, 3, 1) - m[0];",
     "(broadcast:int32[3][3](reshape:int32[3][1](xs))"
     " - broadcast:int32[3][3](cast:int32[3](m[0:int32])))"),
    ("int8[2][2] v = [[1], [2]] + [3, 4];",
     "(broadcast:int8[2][2]([[1:int8], [2:int8]]) + broadcast:int8[2][2]([3:int8, 4:int8]))"),
    ("let v = m >> [1, 2, 3];", "(m >> broadcast:int16[2][3]([1:int16, 2:int16, 3:int16]))"),
    ("let v = max(xs, m);", "(broadcast:int32[2][3](xs) max cast:int32[2][3](m))"),
    ("let v = xs > 0 ? m : 0;",
     "select(broadcast:bool[2][3]((xs > broadcast:int32[3](0:int32))), m,"
     " broadcast:int16[2][3](0:int16))"),
    ("let v = k > 3 ? xs : m;", "broadcast:int32[2][3](xs)"),
    ("let v = xs == [1, 2, 3];", "(xs == [1:int32, 2:int32, 3:int32])"),
    ("let v = s + input(bob, \"i\");", "(s + input(1, i):int32)"),
    ("let v = xs + input(bob, \"i\");", "(xs + input(1, i):int32[3])"),
    ("let v = int16(input(bob, \"i\"));", "input(1, i):int16"),
    ("let v = id(input(bob, \"i\"));", "id[@bob](input(1, i):int64)"),
    ("let v = s << b;", "(s << b)"),
    ("let v = xs >> 2;", "(xs >> broadcast:int32[3](2:int32))"),
    ("int64 v = 1 << s;", "(1:int64 << s)"),
    ("let v = max(b, s);", "(cast:int32(b) max s)"),
    ("let v = sum(m);", "sum(m)"),
    ("let v = abs(xs);", "abs(xs)"),
    ("let v = reshape(m, 3, n - 1);", "reshape:int16[3][2](m)"),
    ("let v = reshape(m, 2, 3);", "m"),
    ("let v = reshape(xs[0..1]);", "reshape:int32(xs[0:int32; 1])"),
    ("int8[1][1] v = reshape(5, 1, 1);", "reshape:int8[1][1](5:int8)"),
    ("let v = m + reshape([1, 2, 3, 4, 5, 6], 2, 3);",
     "(m + reshape:int16[2][3]([1:int16, 2:int16, 3:int16, 4:int16, 5:int16, 6:int16]))"),
    ("let v = count_ones(xs);", "count_ones(xs)"),
    ("let v = count_ones(b) + s;", "(cast:int32(count_ones(b)) + s)"),
    ("let v = count_ones(-1);", "count_ones(-1:int32)"),
    ("int64 v = count_ones(-1);", "count_ones(-1:int64)"),
    ("uint8[2] v = count_ones([1, 255]);", "count_ones([1:uint8, 255:uint8])"),
    ("let v = !t;", "(!t)"),
    ("let v = -xs;", "(-xs)"),
    ("let v = bool(s);", "cast:bool(s)"),
    ("let v = int64(m);", "cast:int64[2][3](m)"),
    ("let v = t & false;", "(t & false:bool)"),
    ("let v = t && q;", "(t && q)"),
    ("let v = q && t;", "(q &&? t)"),
    ("let v = q && xs > 0;",
     "(q ? ((xs > broadcast:int32[3](0:int32))) : secret(broadcast:bool[3](false:bool)))"
     .replace("((xs", "(xs").replace("))) :", ")) :")),
    ("let v = t ? 1 : s;", "select(t, 1:int32, s)"),
    ("let v = q ? 1 : s;", "(q ? secret(1:int32) : s)"),
    ("int8 v = t ? 1 : 2;", "select(t, 1:int8, 2:int8)"),
    ("let v = (t ? 1 : 2) + b;", "(select(t, 1:int8, 2:int8) + b)"),
    ("let v = t ? xs : 0;", "select(t, xs, broadcast:int32[3](0:int32))"),
    ("let v = xs > 0 ? xs : 0;",
     "select((xs > broadcast:int32[3](0:int32)), xs, broadcast:int32[3](0:int32))"),
    ("let v = k > 3 ? s : p;", "s"),
    ("let v = k > 4 && t;", "secret(false:bool)"),
    ("let v = k > 4 && [q, t];", "broadcast:bool[2](secret(false:bool))"),
    ("let v = k > 3 ? p : xs;", "broadcast:int32[3](secret(p))"),
    ("let v = k > 3 ? p : b;", "secret(p)"),
    ("let v = k > 3 ? b : p;", "cast:int32(b)"),
    ("let v = k > 3 && t;", "t"),
    # Parts
    ("let v = m[1][2];", "m[1:int32, 2:int32]"),
    ("let v = m[s];", "m[s]"),
    ("let v = xs[1..];", "xs[1:int32; 2]"),
    ("let v = xs[p..p + 2];", "xs[p; 2]"),
    ("let v = xs[2 * p - n..p + p - 1];", "xs[((2:int32 * p) - 3:int32); 2]"),
    ("let v = xs[.. : 2];", "xs[0:int32; 3 : 2]"),
    ("let v = xs[1.. : n - 4];", "xs[1:int32; 2 : -1]"),
    ("let v = xs[p..p + 2 : 2] + xs[0];",
     "(xs[p; 2 : 2] + broadcast:int32[1](xs[0:int32]))"),
    ("let v = m[0..1][0];", "m[0:int32; 1][0:int32]"),
    ("let v = o.y;", "o.y"),
    ("let v = Point { y: 1, x: s };", "Point{s, secret(1:int64)}"),
    ("let v = [s, p];", "[s, secret(p)]"),
    ("let v = [b, s];", "[cast:int32(b), s]"),
    # Flow
    ("secret int64 v = a;", "secret(cast:int64(a))"),
    ("secret int32 v = 3;", "secret(3:int32)"),
    ("secret int32[2] v = p;", "secret(broadcast:int32[2](p))"),
    ("secret Point v;", "zero:Point"),
    ("let v = reveal(s);", "reveal(s)"),
    ("let v = reveal(s, bob);", "reveal(s, 1)"),
    ("let v = reveal(p);", "p"),
    ("let v = reveal(a, alice);", "a"),
    ("let v = reveal(p, bob);", "@bob(p)"),
    ("let v = dot(xs, primes);", "dot<3>[secret,public](xs, primes)"),
    ("let v = dot([1, 2], [a, 4]);",
     "dot<2>[public,@alice]([1:int32, 2:int32], [a, @alice(4:int32)])"),
]  # fmt: skip


@pytest.mark.parametrize(("declaration", "expected"), VALUES, ids=[v[0] for v in VALUES])
def test_value_of_a_declaration(declaration: str, expected: str) -> None:
    assert shape(value_of(program(_INPUTS + declaration, _ITEMS), "v")) == expected


ERRORS = [
    ("int32 v = t;", "EZ2001"),
    ("int32 v = o;", "EZ2001"),
    ("int16 v = s;", "EZ2001"),
    ("uint32 v = b;", "EZ2001"),
    ("int8 v = u;", "EZ2001"),
    ("let v = s + t;", "EZ2002"),
    ("let v = b + u;", "EZ2002"),
    ("let v = o + o;", "EZ2003"),
    ("let v = t ? o : s;", "EZ2002"),
    ("let v = s ? 1 : 2;", "EZ2001"),
    ("let v = [s, t];", "EZ2002"),
    ("let v = [xs, 1];", "EZ2032"),
    ("let v = typed + 300;", "EZ2004"),
    ("let v = typed + 300000;", "EZ2004"),
    ("let v = -b + 200;", "EZ2004"),
    ("let v = id(t);", "EZ2001"),
    ("let v = dot(xs, [1, 2]);", "EZ2032"),
    ("let v = dot(xs, m);", "EZ2030"),
    ("let v = dot(s, s);", "EZ2040"),
    ("let v = last(b);", "EZ2040"),
    ("let v = any(m) + any(m[0][0..2]);", "EZ2031"),
    ("let v = [1, 2] + [1, 2, 3];", "EZ2031"),
    ("let v = [t, t] == m;", "EZ2002"),
    ("let v = [t, t] ? m : 0;", "EZ2031"),
    ("int32[3] v = xs > 0 ? [[1], [2]] : 0;", "EZ2032"),
    ("int32[3] v = reveal(reshape(xs, 3, 1)) > 0 ? [1, 2] : 0;", "EZ2032"),
    ("xs += m;", "EZ2030"),
    ("int32[1][3] v = xs;", "EZ2030"),
    ("let v = any::<4>(m);", "EZ2030"),
    ("let v = elements(id);", "EZ1014"),
    ("let v = elements(n...);", "EZ2045"),
    ("let v = any::<[2, p]>(m);", "EZ2038"),
    ("let v = dot::<[3]>(xs, xs);", "EZ2038"),
    ("let v = xs[t];", "EZ2011"),
    ("let v = reshape(m, 4);", "EZ2044"),
    ("let v = reshape([s, s], 3);", "EZ2044"),
    ("let v = reshape([1, 2], 3);", "EZ2044"),
    ('let v = reshape(input(bob, "i"), 3);', "EZ2006"),
    ("let v = reshape(xs, p);", "EZ2038"),
    ("let v = reshape();", "EZ2008"),
    ("let v = reshape::<3>(xs);", "EZ2008"),
    ("let v = xs << reshape([[1], [2], [33]], 3);", "EZ2037"),
    ("let v = reshape(dot, 3);", "EZ1014"),
    ("let v = reshape(o, 2);", "EZ2044"),
    ("int8 v = reshape([1, 2], 2);", "EZ2032"),
    ("let v = xs[3];", "EZ2033"),
    ("let v = xs[k - 1];", "EZ2033"),
    ("let v = m[0][3];", "EZ2033"),
    ("let v = m[0..3];", "EZ2034"),
    ("let v = m[.. : 0];", "EZ2034"),
    ("let v = m[.. : p];", "EZ2038"),
    ("let v = m[.. : s];", "EZ3017"),
    ("let v = m[.. : true];", "EZ2038"),
    ("xs[.. : 2] = [1, 2, 3];", "EZ2032"),
    ("let v = xs / (k - 4);", "EZ2036"),
    ("let v = b << k + k;", "EZ2037"),
    ("int32[k - 5] v;", "EZ2039"),
]


@pytest.mark.parametrize(("statement", "code"), ERRORS, ids=[e[0] for e in ERRORS])
def test_error_of_a_statement(statement: str, code: str) -> None:
    assert codes(_INPUTS + statement, _ITEMS) == [code]


def test_one_mistake_is_one_error() -> None:
    body = """
        secret int32 a = input(alice, "a");
        let wrong = a + missing;
        int32 uses = wrong * 2 + f(wrong);
        uses += wrong;
        if wrong > 3 { uses = wrong[4].x; }
        for w in wrong { uses += w; }
        output(all, uses, "uses");
    """
    assert codes(body, "fn f(int32 x) -> int32 { return x; }") == ["EZ1001"]


def test_a_wrong_declaration_silences_its_uses() -> None:
    body = 'Missing x; x.y = 3; x[2] += 1; let z = x + 1; output(all, z, "z");'
    assert codes(body) == ["EZ1003"]


def test_a_wrong_head_silences_its_calls() -> None:
    items = "fn f(Missing x) -> Absent { return x; }"
    assert codes("let y = f(3) + 1;", items) == ["EZ1003", "EZ1003"]


def test_a_mistake_in_a_function_is_said_once_for_all_calls() -> None:
    items = "fn f<k>(int32[k] x) -> int32 { return x[0] + true; }"
    body = "let a = f([1]); let b = f([1, 2]); for p in parties { let c = f([a, b, 3]); }"
    assert codes(body, items) == ["EZ2002"]


def test_constant_branches_check_types_but_not_ranges() -> None:
    items = """
    fn at<k>(int32[k] x) -> int32 {
        if k > 3 { return x[3]; }
        if k == 0 { return 0; } else { return x[0]; }
    }
    """
    assert codes("let a = at([1]); let b = at([1, 2, 3, 4, 5]);", items) == []
    assert codes("int32[0] none; let a = at(none);", items) == []
    assert codes("if len([1]) > 1 { int32 x = true; }") == ["EZ2001"]


def test_code_after_a_return_of_this_instance_is_not_run() -> None:
    items = """
    fn at<k>(int32[k] x) -> int32 {
        if k < 4 { return 0; }
        return x[3];
    }
    """
    tree = program("let a = at([1, 2]);", items)
    assert len(tree.function("at<2>[public]").body.statements) == 1


def test_functions_that_nothing_calls_are_checked() -> None:
    items = """
    fn wrong(int32 x) -> bool { return x; }
    fn right<k, j>(int32[k] x, int32[j] y) -> int32 { return x[7] + y[k - 20]; }
    fn leaks(int32 x, secret int32 y) { public int32 z = x; z = y; }
    """
    assert codes("", items) == ["EZ2001", "EZ3001"]


def test_labels_in_the_output_of_a_variable() -> None:
    tree = program('int32 x; secret int32 s = input(alice, "s"); for i in 0..3 { x += s; }')
    assert variable(tree, "x").label.is_secret


def test_settings_become_params() -> None:
    tree = program("let v = n;", "param int32 n = 30; param bool b = false;", n=64)
    assert tree.params == (("n", 64), ("b", False))
    assert shape(value_of(tree, "v")) == "64:int32"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"n": 1 << 31}, "EZ1041"),
        ({"n": True}, "EZ1041"),
        ({"b": 1}, "EZ1041"),
        ({"m": 1}, "EZ1042"),
    ],
)
def test_wrong_settings(settings: dict[str, int | bool], code: str) -> None:
    assert codes("", "param int32 n = 30; param bool b = false;", **settings) == [code]


def test_a_module_has_no_program_and_no_errors() -> None:
    from ezlang.check import check
    from ezlang.source import Source

    result = check(Source("m.ez", "fn f(int32 x) -> int32 { return x; }"))
    assert (result.program, result.diagnostics) == (None, ())


def test_an_empty_file_is_a_module() -> None:
    from ezlang.check import check
    from ezlang.source import Source

    result = check(Source("m.ez", ""))
    assert (result.program, result.diagnostics) == (None, ())


def test_syntax_errors_do_not_bring_unknown_names_along() -> None:
    items = "fn f(int32 x -> int32 { return x; }"
    found = {d.code for d in checked("let y = f(3); let z = y + true;", items).diagnostics}
    assert all(c.startswith("EZ0") or c == "EZ2002" for c in found)
    assert found


def test_sources_are_all_files() -> None:
    from ezlang.check import check
    from ezlang.source import Source

    modules = {
        "one": Source("one.ez", "import two; fn f() -> int32 { return two.g(); }"),
        "two": Source("two.ez", "const c = 3; fn g() -> int32 { return c; }"),
    }
    source = Source(
        "main.ez", 'import one; import two; party a; fn main() { output(a, one.f(), "f"); }'
    )
    result = check(source, load_module=lambda name, importer: modules.get(name))
    assert [s.name for s in result.sources] == ["two.ez", "one.ez", "main.ez"]
    assert result.program is not None
    assert [f.name for f in result.program.functions] == ["two.g", "one.f", "main"]
