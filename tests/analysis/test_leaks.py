"""Releases of small programs, with the inputs that each depends on."""

from __future__ import annotations

import pytest

from ezlang.analysis.leaks import Release, release_json, releases
from ezlang.check import check
from ezlang.diagnostics.render import render_all
from ezlang.source import Source

_MODULE = Source("stats.ez", "fn shown(int32 x) -> int32 { return reveal(x); }")


def _releases(body: str, items: str = "") -> tuple[Release, ...]:
    text = f"party alice, bob;\nimport stats;\n{items}\nfn main() {{\n{body}\n}}\n"
    result = check(Source("leaks.ez", text), load_module=lambda name, importer: _MODULE)
    assert result.program is not None, render_all(result.diagnostics)
    return releases(result.program)


def _told(release: Release) -> tuple[str, str]:
    """Return the inputs that are computed from, and those that decide."""
    explicit = " ".join(f"{i.party}.{i.name}" for i in release.explicit)
    return explicit, " ".join(f"{i.party}.{i.name}" for i in release.implicit)


_INPUTS = """
    secret int32 a = input(alice, "a");
    secret int32 b = input(bob, "b");
    @alice int32 c = input(alice, "c");
    secret bool t = input(bob, "t");
"""

CASES = [
    ("of two", 'output(all, a > b, "r");', "alice.a bob.b", ""),
    ("of one", 'output(all, a, "r");', "alice.a", ""),
    ("of none", 'output(all, 3, "r");', "", ""),
    ("what was overwritten", 'int32 x = a; x = b; output(all, x, "r");', "bob.b", ""),
    ("an element keeps the array", 'int32[2] x = a; x[0] = b; output(all, x, "r");',
     "alice.a bob.b", ""),
    ("an index", 'int32[2] x; x[a] = 1; output(all, x, "r");', "alice.a", ""),
    ("an index read", 'int32[2] x; output(all, x[b], "r");', "bob.b", ""),
    ("a secret branch", 'int32 x; if t { x = a; } output(all, x, "r");', "alice.a", "bob.t"),
    ("an owner's branch", '@alice int32 x; if c > 0 { x = 1; } output(all, x, "r");',
     "", "alice.c"),
    ("an owner's loop", '@alice int32 x; for i in 0..c { x += 1; } output(all, x, "r");',
     "", "alice.c"),
    ("a choice", 'output(all, t ? a : 0, "r");', "alice.a", "bob.t"),
    ("a loop carries", 'int32 x; int32 y; for i in 0..3 { y = x; x = a; } output(all, y, "r");',
     "alice.a", ""),
    ("a variable of a loop", 'for v in [a, b] { output(all, v, "r"); }', "alice.a bob.b", ""),
    ("to one", 'output(bob, a, "r");', "alice.a", ""),
]  # fmt: skip


@pytest.mark.parametrize(("body", "explicit", "implicit"), [c[1:] for c in CASES],
                         ids=[c[0] for c in CASES])  # fmt: skip
def test_an_output_names_its_inputs(body: str, explicit: str, implicit: str) -> None:
    (release,) = _releases(_INPUTS + body)
    assert release.kind == "output"
    assert release.name == "r"
    assert _told(release) == (explicit, implicit)


def test_a_branch_on_what_was_revealed_decides() -> None:
    body = _INPUTS + 'if reveal(t) { output(all, a, "x"); } output(all, b, "y");'
    reveal, first, second = _releases(body)
    assert (reveal.kind, _told(reveal)) == ("reveal", ("bob.t", ""))
    assert _told(first) == ("alice.a", "bob.t")
    assert _told(second) == ("bob.b", "")


def test_what_stands_after_a_return_in_a_branch_is_decided_too() -> None:
    body = _INPUTS + 'if reveal(t) { return; } output(all, b, "y");'
    assert _told(_releases(body)[1]) == ("bob.b", "bob.t")


@pytest.mark.parametrize("word", ["break", "continue"])
def test_a_break_decides_what_it_skips_and_no_more(word: str) -> None:
    loop = f"for i in 0..3 {{ if shown {{ {word}; }} x = b; }} x += a;"
    body = _INPUTS + f'public bool shown = reveal(t); secret int32 x; {loop} output(all, x, "x");'
    assert _told(_releases(body)[1]) == ("alice.a bob.b", "bob.t")
    after = body.replace('output(all, x, "x")', 'output(all, c, "y")')
    assert _told(_releases(after)[1]) == ("alice.c", "")


def test_a_break_decides_the_turns_after_it() -> None:
    loop = "for i in 0..3 { x += 1; if shown { break; } }"
    body = _INPUTS + f'public bool shown = reveal(t); int32 x; {loop} output(all, x, "x");'
    assert _told(_releases(body)[1]) == ("", "bob.t")


def test_a_while_decides_its_body() -> None:
    body = _INPUTS + 'while reveal(a > 0) { a -= 1; output(bob, b, "y"); }'
    assert [_told(r) for r in _releases(body)] == [("alice.a", ""), ("bob.b", "alice.a")]


def test_short_circuit_decides_the_right_side() -> None:
    body = _INPUTS + "public bool x = reveal(t) && reveal(a > 0);"
    assert [_told(r) for r in _releases(body)] == [("bob.t", ""), ("alice.a", "bob.t")]


def test_calls_keep_their_inputs_apart() -> None:
    items = "fn tell(int32 x) { let y = reveal(x); }"
    found = _releases(_INPUTS + "tell(a); tell(b);", items)
    assert [_told(r) for r in found] == [("alice.a", ""), ("bob.b", "")]
    assert found[0].span == found[1].span
    assert found[0].function == "tell[secret]"


def test_calls_two_deep_and_in_modules() -> None:
    items = "fn outer(int32 x) -> int32 { return stats.shown(x + 1); }"
    body = _INPUTS + 'if reveal(t) { let y = outer(a); output(bob, y, "y"); }'
    found = _releases(body, items)
    assert [_told(r) for r in found] == [
        ("bob.t", ""),
        ("alice.a", "bob.t"),
        ("alice.a", "bob.t"),
    ]
    assert {r.span.source.name for r in found} == {"leaks.ez", "stats.ez"}


def test_a_call_in_a_loop_is_one_release() -> None:
    items = "fn tell(int32 x) { let y = reveal(x); }"
    body = _INPUTS + "int32 x; for i in 0..9 { tell(x); x = a; }"
    assert [_told(r) for r in _releases(body, items)] == [("alice.a", "")]


def test_a_result_is_decided_by_an_early_return() -> None:
    items = "fn f(public bool p, int32 x) -> int32 { if p { return 0; } return x; }"
    output, reveal = _releases(_INPUTS + 'output(all, f(reveal(t), a), "r");', items)
    assert (output.kind, _told(output)) == ("output", ("alice.a", "bob.t"))
    assert (reveal.kind, _told(reveal)) == ("reveal", ("bob.t", ""))


def test_nothing_is_released() -> None:
    assert _releases("let x = 1;") == ()


def test_json() -> None:
    found = _releases(_INPUTS + 'output(bob, t ? a : 0, "r");')
    assert release_json(found[0]) == {
        "kind": "output",
        "to": "bob",
        "name": "r",
        "expression": "t ? a : 0",
        "function": "main",
        "file": "leaks.ez",
        "line": 10,
        "column": 1,
        "depends_on": [{"party": "alice", "name": "a"}],
        "decided_by": [{"party": "bob", "name": "t"}],
    }


def test_what_an_assertion_holds_about_decides_what_comes_after_it() -> None:
    for check_it, items in (
        ("assert(p);", ""),
        ("holds(p);", "fn holds(public bool c) { assert(c); }"),
        ("if p { assert(len(parties) > 9 || p); }", ""),
    ):
        body = f'public bool p = reveal(t); output(all, 1, "i"); {check_it} output(all, a, "r");'
        _, before, after = _releases(_INPUTS + body, items)
        assert (_told(before), _told(after)) == (("", ""), ("alice.a", "bob.t"))


def test_the_condition_of_a_loop_decides_about_its_own_releases() -> None:
    body = "public bool p = reveal(t); int32 n; while reveal(a > n) == p { n += 1; }"
    _, again = _releases(_INPUTS + body)
    assert _told(again) == ("alice.a", "bob.t")


_STOPS = [
    ("a divisor", "int32 q = 7 / reveal(a);"),
    ("a remainder", "int32 q = 7 % reveal(a);"),
    ("an amount", "int32 q = 1 << reveal(a);"),
    ("an index", "int32[4] x; int32 q = x[reveal(a)];"),
    ("an index of a target", "int32[4] x; x[reveal(a)] = 1;"),
    ("a bound of a slice", "int32[4] x; public int32 i = reveal(a); let q = x[i..i + 2];"),
    ("a while", "public int32 i = reveal(a); while i != 0 { i -= 2; }"),
    ("a second output", 'for i in 0..reveal(a) { output(all, 1, "again"); }'),
    (
        "a second output in a branch",
        'output(all, 1, "x"); if reveal(a) > 0 { output(all, 2, "x"); }',
    ),
    ("an assertion that never holds", "if reveal(a) > 0 { assert(len(parties) > 9); }"),
    ("a call", "int32 q = over(reveal(a));"),
    ("a break out of a while", "while true { if reveal(a > 0) { break; } }"),
    ("an owner's loop", "bool go = true; while go { if c > 10 { go = false; } }"),
]


@pytest.mark.parametrize("body", [s[1] for s in _STOPS], ids=[s[0] for s in _STOPS])
def test_what_decides_whether_a_run_stops_decides_what_comes_after_it(body: str) -> None:
    items = "fn over(public int32 x) -> int32 { return 7 / x; }"
    found = _releases(f'{_INPUTS}{body} output(all, b, "after");', items)
    decides = "alice.c" if "c > 10" in body else "alice.a"
    assert _told(found[-1]) == ("bob.b", decides)


@pytest.mark.parametrize(
    "body",
    [
        "int32 q = 7 / a;",
        "int32 q = reveal(a) / 7;",
        "int32[4] x; for i in 0..3 { x[i + 1] = x[i] + reveal(a); }",
        "int32[4] x; if reveal(a) > 0 { for i in 0..2 { x[2 * i + 1] = 1; } }",
        "int32[4] x; if reveal(a) > 0 { let y = x[1..3]; }",
        "@alice int32[4] x; if c > 0 { x[7 / c] = 1; }",
        'if reveal(a) > 0 { output(all, 1, "once"); }',
        "assert(len(parties) == 2);",
    ],
)
def test_what_cannot_stop_a_run_decides_nothing(body: str) -> None:
    found = _releases(f'{_INPUTS}{body} output(all, b, "after");')
    assert _told(found[-1]) == ("bob.b", "")


def test_divisors_nested_deep_take_no_long_time() -> None:
    nested = "reveal(a)"
    for _ in range(40):
        nested = f"7 / ({nested})"
    found = _releases(f'{_INPUTS}public int32 q = {nested}; output(all, b, "after");')
    assert _told(found[-1]) == ("bob.b", "alice.a")
