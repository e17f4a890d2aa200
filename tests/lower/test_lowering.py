"""Lowering: the IR has the meaning of the program, and the expected form."""

from typing import Any

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.types.labels import PUBLIC, SECRET, owned
from tests.support.lowered import lowered, operations, run

PARTIES = "party alice, bob;\n"


def test_structs_are_taken_apart() -> None:
    text = (
        PARTIES
        + """
    struct Point { int32 x; int32[2] y; }
    struct Pair { Point a; bool b; }
    fn swapped(Pair p) -> Pair { p.a.y[1] = p.a.x; return p; }
    fn main() {
        secret Pair[2] pairs = input(alice, "pairs");
        pairs[1].a.y[0] = 7;
        pairs[0] = swapped(pairs[0]);
        Point p = pairs[1].a;
        output(all, pairs, "pairs");
        output(bob, p, "p");
        output(alice, pairs[0].a.y[1], "y");
    }
    """
    )
    pairs: list[Any] = [{"a": {"x": i, "y": [2, 3]}, "b": i > 1} for i in (1, 2)]
    outputs = run(text, {"alice": {"pairs": pairs}})
    pairs[1]["a"]["y"][0] = 7
    pairs[0]["a"]["y"][1] = 1
    assert outputs == {
        "alice": {"pairs": pairs, "y": 1},
        "bob": {"pairs": pairs, "p": {"x": 2, "y": [7, 3]}},
    }
    inputs = operations(text, ir.Input)
    assert [(i.path, i.result.type.shape) for i in inputs] == [
        (("a", "x"), (2,)),
        (("a", "y"), (2, 2)),
        (("b",), (2,)),
    ]


def test_arrays_of_structs_are_selected_by_arrays_of_bools() -> None:
    text = (
        PARTIES
        + """
    struct S { int32 x; int32[2][1] y; }
    fn main() {
        secret bool[2] c = input(alice, "c");
        secret S[2] a = input(alice, "a");
        secret S[2] b = input(bob, "b");
        output(all, c ? a : b, "o");
    }
    """
    )
    a, b = ([{"x": n + i, "y": [[n], [i]]} for i in (1, 2)] for n in (10, 20))
    outputs = run(text, {"alice": {"c": [False, True], "a": a}, "bob": {"b": b}})
    assert outputs["bob"] == {"o": [b[0], a[1]]}


def test_a_field_is_read_alone() -> None:
    text = (
        PARTIES
        + """
    struct P { int32 x; int32[9] y; }
    fn main() {
        secret P[3] ps = input(alice, "ps");
        output(all, ps[1].y[2], "v");
    }
    """
    )
    (extract,) = operations(text, ir.Extract)
    assert extract.operands[0].type.shape == (3, 9)
    assert extract.dimensions == (True, True)


def test_loops_carry_what_they_assign_and_nothing_else() -> None:
    text = (
        PARTIES
        + """
    struct P { int32 x; int32 y; }
    fn main() {
        int32 a = 1;
        int32 b = 2;
        secret P p;
        for i in 0..3 {
            int32 t = b;
            a += t * i;
            p.y = a;
        }
        output(all, a, "a");
        output(all, p, "p");
    }
    """
    )
    (loop,) = operations(text, ir.For)
    assert [value.type.label for value in loop.results] == [PUBLIC, SECRET]
    assert run(text)["bob"] == {"a": 7, "p": {"x": 0, "y": 7}}


def test_secret_branches_write_elements_and_select_the_rest() -> None:
    text = (
        PARTIES
        + """
    fn main() {
        secret bool c = input(alice, "c");
        secret int32[100] a;
        secret int32 n = 0;
        if c {
            a[3] = 5;
            n = a[3] + 1;
        } else {
            a[3] = 6;
            a[4] = a[3];
        }
        output(all, a[3], "a3");
        output(all, a[4], "a4");
        output(all, n, "n");
    }
    """
    )
    selects = operations(text, ir.Select)
    assert [select.result.type.shape for select in selects] == [()] * 4
    assert run(text, {"alice": {"c": True}})["bob"] == {"a3": 5, "a4": 0, "n": 6}
    assert run(text, {"alice": {"c": False}})["bob"] == {"a3": 6, "a4": 6, "n": 0}


def test_old_parts_are_read_before_arrays_are_written() -> None:
    text = (
        PARTIES
        + """
    fn main() {
        secret bool c = input(alice, "c");
        secret int32[10] a;
        for i in 0..10 { if c { a[i] = i; } }
        output(all, a, "a");
    }
    """
    )
    (loop,) = operations(text, ir.For)
    body = loop.regions[0]
    array = body.parameters[1]
    uses = [o for o in body.operations if array in o.operands]
    assert [type(o) for o in uses] == [ir.Extract, ir.Insert]


@pytest.mark.parametrize("c", [False, True])
@pytest.mark.parametrize("d", [False, True])
def test_nested_secret_branches(c: bool, d: bool) -> None:
    text = (
        PARTIES
        + """
    fn main() {
        secret bool c = input(alice, "c");
        secret bool d = input(bob, "d");
        secret uint8 k = input(bob, "k");
        secret int32[4] a = [1, 2, 3, 4];
        secret int32[2][3] g;
        secret int32 n = 0;
        if c {
            secret int32[4] mine = a;
            if d {
                a[0] = 10;
                a[k] = a[0] + 1;
                mine[1] = 50;
                g[1][k - 1] = 9;
            } else {
                a = [7, 7, 7, 7];
                a[1] = n;
                for i in 0..2 { n += a[i]; g[i] = [i, i, i]; }
            }
            a[3] = mine[1];
        } else if d {
            a[1..3] = [0, 0];
            n = 99;
        }
        output(all, a, "a");
        output(all, g, "g");
        output(all, n, "n");
    }
    """
    )
    outputs = run(text, {"alice": {"c": c}, "bob": {"d": d, "k": 2}})["alice"]
    expected = {
        (True, True): ([10, 2, 11, 50], [[0, 0, 0], [0, 9, 0]], 0),
        (True, False): ([7, 0, 7, 2], [[0, 0, 0], [1, 1, 1]], 7),
        (False, True): ([1, 0, 0, 4], [[0] * 3] * 2, 99),
        (False, False): ([1, 2, 3, 4], [[0] * 3] * 2, 0),
    }
    assert (outputs["a"], outputs["g"], outputs["n"]) == expected[c, d]


def test_one_guard_for_nested_branches() -> None:
    text = (
        PARTIES
        + """
    fn main() {
        secret bool c = input(alice, "c");
        secret bool d = input(bob, "d");
        secret int32[4] a;
        if c { if d { a[0] = 1; a[1] = 2; a[2] = 3; } }
        output(all, a, "a");
    }
    """
    )
    kinds = [operation.kind for operation in operations(text, ir.Binary)]
    assert kinds.count(ir.BinaryKind.AND) == 1


def test_indices_of_every_label() -> None:
    text = (
        PARTIES
        + """
    fn main() {
        secret int32[3][4] s = input(alice, "s");
        @alice int32[3][4] own = input(alice, "s");
        @alice uint8 i = input(alice, "i");
        @bob int32 j = input(bob, "j");
        secret int16 k = input(bob, "k");
        int32[3] t = [10, 20, 30];
        output(all, s[1][k], "s1k");
        output(all, s[k][2], "sk2");
        output(all, s[i][j], "sij");
        output(alice, own[i][1], "own");
        output(all, own[i][j], "ownij");
        output(all, t[k], "tk");
        output(alice, t[i], "ti");
        s[k][j] = 1;
        s[1][k] = 2;
        s[k][3] = 3;
        s[i] = [5, 5, 5, 5];
        own[i][2] = 0;
        output(all, s, "s");
        output(alice, own, "after");
    }
    """
    )
    s = [[10 * r + c for c in range(4)] for r in range(3)]
    for i in (0, 2, 3, 200):
        for j in (-1, 0, 3, 4):
            run(text, {"alice": {"s": s, "i": i}, "bob": {"j": j, "k": 1}})
    run(text, {"alice": {"s": s, "i": 1}, "bob": {"j": 2, "k": -1}})
    reads = operations(text, ir.ObliviousRead)
    shapes = [read.operands[0].type.shape for read in reads]
    assert shapes[:3] == [(4,), (3,), (3, 4)]  # rows and columns first, where indices are known


def test_slices_of_every_label() -> None:
    text = (
        PARTIES
        + """
    fn main() {
        secret int32[6] s = input(alice, "s");
        @alice int32[6] own = input(alice, "s");
        @alice uint8 i = input(alice, "i");
        secret int8 k = input(bob, "k");
        secret uint64 u = input(bob, "u");
        output(all, s[1..4], "public");
        output(alice, own[i..i + 3], "own");
        output(all, s[k..k + 3], "signed");
        output(all, s[u..u + 3], "unsigned");
        s[k..k + 2] = [100, 200];
        s[2..4] = [300, 400];
        s[u..u + 2] = [500, 600];
        own[i..i + 1] = [7];
        output(all, s, "s");
        output(alice, own, "after");
    }
    """
    )
    for i, k, u in [(0, -1, 0), (4, 4, 5), (200, 127, 2**64 - 1), (5, -128, 3), (1, 5, 2**63)]:
        run(text, {"alice": {"s": [1, 2, 3, 4, 5, 6], "i": i}, "bob": {"k": k, "u": u}})


def test_owned_control_flow() -> None:
    text = (
        PARTIES
        + """
    struct P { int32 x; int32 y; }
    fn collatz(int32 n) -> int32 {
        int32 steps = 0;
        while n != 1 {
            if n % 2 == 0 { n = n / 2; } else { n = 3 * n + 1; }
            steps += 1;
        }
        return steps;
    }
    fn main() {
        @alice int32 n = input(alice, "n");
        @alice int32[4] found;
        @alice P p;
        secret int32 s = n;
        if n > 3 {
            for i in 0..n { found[i] = n / (i - 2); }
            p.y = collatz(n);
        } else {
            p.x = -1;
        }
        output(alice, found, "found");
        output(alice, p, "p");
        output(all, s, "s");
    }
    """
    )
    assert run(text, {"alice": {"n": 6}})["alice"]["p"] == {"x": 0, "y": 8}
    assert run(text, {"alice": {"n": 2}})["alice"]["p"] == {"x": -1, "y": 0}
    branches = operations(text, ir.If)
    assert {value.type.label for branch in branches for value in branch.results} == {owned(0)}
    assert not any(getattr(o, "checked", False) for b in branches for r in b.regions
                   for o in ir.walk(r))  # fmt: skip


EARLY = """
fn find(int32[5] xs, int32 wanted) -> int32 {
    for i in 0..5 {
        if xs[i] == wanted { return i; }
        if xs[i] < 0 {
            while true {
                wanted -= 1;
                if wanted < 10 { return -wanted; }
            }
        }
    }
    return -1;
}
fn sign(int32 x) -> int32 {
    if x > 0 { return 1; }
    if x < 0 { return -1; } else { x = 7; }
    return x - 7;
}
fn both(int32 x) -> int32 {
    int32 y = 1;
    if x > 0 {
        if x > 10 { return 100; }
        y = 2;
    }
    y += x;
    return y;
}
"""


def test_early_returns() -> None:
    text = (
        PARTIES
        + EARLY
        + """
    fn main() {
        int32[5] xs = [4, 8, 15, -16, 23];
        output(all, [find(xs, 8), find(xs, 42), find(xs, 4), find(xs, 3)], "find");
        output(all, [sign(5), sign(-5), sign(0)], "sign");
        output(all, [both(11), both(5), both(-5)], "both");
    }
    """
    )
    assert run(text)["bob"] == {
        "find": [1, -9, 0, -2],
        "sign": [1, -1, 0],
        "both": [100, 7, -4],
    }
    assert not operations(text, ir.While, "sign")
    assert not any(o.result.type.element.width == 1 for o in operations(text, ir.Constant, "sign")
                   if hasattr(o.result.type.element, "width"))  # fmt: skip


def test_secret_results_of_early_returns() -> None:
    text = (
        PARTIES
        + """
    fn pick(int32[3] xs, int32 n) -> int32 {
        for i in 0..3 { if i == n { return xs[i]; } }
        return 0;
    }
    fn main() {
        secret int32[3] xs = input(alice, "xs");
        output(all, pick(xs, 1) + pick(xs, 2) + pick(xs, 9), "sum");
    }
    """
    )
    assert run(text, {"alice": {"xs": [5, 6, 7]}})["bob"] == {"sum": 13}


def test_short_circuits_and_conditionals() -> None:
    text = (
        PARTIES
        + """
    fn main() {
        int32 n = 0;
        secret int32 s = input(alice, "s");
        bool a = n != 0 && 10 / n > 1;
        bool b = n == 0 || 10 / n > 1;
        int32 c = n == 0 ? 5 : 10 / n;
        secret bool d = n == 0 && s > 3;
        secret int32 e = s > 3 ? 2 * s : s;
        output(all, a, "a"); output(all, b, "b"); output(all, c, "c");
        output(all, d, "d"); output(all, e, "e");
    }
    """
    )
    outputs = run(text, {"alice": {"s": 4}})["bob"]
    assert outputs == {"a": False, "b": True, "c": 5, "d": True, "e": 8}


def test_literal_arrays_are_one_constant() -> None:
    text = (
        PARTIES
        + """
    const uint8[2][3] table = [[1, 2, 3], [4, 5, 6]];
    fn main() {
        secret int32 i = input(alice, "i");
        output(all, table[1][i], "t");
        int32[0] none = [];
        output(all, sum(none), "none");
    }
    """
    )
    assert run(text, {"alice": {"i": 2}})["alice"] == {"t": 6, "none": 0}
    assert any(o.data == (1, 2, 3, 4, 5, 6) for o in operations(text, ir.Constant))


def test_size_depends_on_the_text_alone() -> None:
    text = (
        PARTIES
        + """
    fn main() {
        secret int32[N] a = input(alice, "a");
        secret int32 k = input(bob, "k");
        for i in 0..N { if a[i] > k { a[k] = a[i]; } }
        output(all, a * 2, "a");
        output(all, sum(a), "sum");
    }
    """
    )
    sizes = [
        len(list(ir.walk(lowered(text.replace("N", size)).main.body))) for size in ("4", "40000")
    ]
    assert sizes[0] == sizes[1]
