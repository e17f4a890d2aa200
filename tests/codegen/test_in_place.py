"""Updates write in place, and the code doesn't grow with arrays."""

from __future__ import annotations

import pytest

from ezlang import api
from ezlang.compiler.codegen.interface import interface_of
from ezlang.compiler.codegen.module import NativeModule, generate
from ezlang.executors.native.executable import executable_of

LABEL = 16
INT32_BYTES = 32 * LABEL

FILL = """
party alice, bob;
param int32 n = 1000;
fn main() {
    secret int32[n] a = input(alice, "a");
    secret int32 b = input(bob, "b");
    for i in 0..n { a[i] = a[i] + b; }
    output(all, a, "a");
}
"""

CALLED = """
party alice, bob;
param int32 n = 1000;
fn step<k>(int32[k] a, int32 i) -> int32[k] {
    if a[i] > a[i + 1] { int32 t = a[i]; a[i] = a[i + 1]; a[i + 1] = t; }
    return a;
}
fn main() {
    secret int32[n] a = input(alice, "a");
    for j in 0..n { for i in 0..n - 1 { a = step(a, i); } }
    output(all, a, "a");
}
"""

BRANCH = """
party alice, bob;
param int32 n = 1000;
fn main() {
    secret int32[n] a = input(alice, "a");
    public int32 p = reveal(input(bob, "p"));
    for i in 0..n { if p > i { a[i] = i; } else if p == i { a[0] = a[i]; } }
    output(all, a, "a");
}
"""

WHILE = """
party alice, bob;
param int32 n = 1000;
fn main() {
    secret int32[n] a = input(alice, "a");
    public int32 i = n;
    while i > 0 { i -= 1; a[i] *= 3; }
    output(all, a, "a");
}
"""

TABLE = """
party alice, bob;
param int32 n = 1000;
fn main() {
    secret int32[n] a = input(alice, "a");
    secret int32[n / 10][10] t;
    for i in 1..n / 10 { for j in 1..10 { t[i][j] = max(t[i - 1][j], t[i][j - 1]) + a[j]; } }
    output(all, t[n / 10 - 1][9], "longest");
}
"""

PROGRAMS = {"fill": FILL, "called": CALLED, "branch": BRANCH, "while": WHILE}


def module_of(text: str, party: int, **settings: int) -> NativeModule:
    program = executable_of(api.checked(api.check_text(text, settings=settings)), "yao").program
    return generate(program, party, interface_of(program, party))


@pytest.mark.parametrize("party", [0, 1])
@pytest.mark.parametrize("name", PROGRAMS)
def test_one_array_takes_the_memory_of_one(name: str, party: int) -> None:
    memory = module_of(PROGRAMS[name], party).memory
    # One secret array, its clear form where it is revealed, a few scalars.
    assert 1000 * INT32_BYTES <= memory <= 1000 * INT32_BYTES + 4096 + 24 * INT32_BYTES


def test_what_is_alive_at_once_takes_memory_at_once() -> None:
    memory = module_of(TABLE, 0).memory
    assert 2000 * INT32_BYTES <= memory <= 2000 * INT32_BYTES + 4096 + 24 * INT32_BYTES


@pytest.mark.parametrize("name", [*PROGRAMS, "table"])
def test_code_does_not_grow_with_arrays_and_loops(name: str) -> None:
    text = {**PROGRAMS, "table": TABLE}[name]
    # Both arrays of this one are too long for a single strip.
    sizes = (1_000_000, 3_000_000) if name == "fill" else (100, 100_000)
    small, large = (len(module_of(text, 0, n=n).text) for n in sizes)
    assert abs(large - small) < 500
