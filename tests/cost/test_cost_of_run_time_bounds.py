"""Loops whose bounds are known only at run time garble the gates of the iterations that are run."""

from __future__ import annotations

from functools import cache

import pytest

from ezlang.compiler.cost.amounts import Count
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.executors.clear import run_clear
from ezlang.typed.tree import Program
from tests.support.agreement import Result, agree, agree_under
from tests.support.costed import native, predicted, prepared
from tests.support.lowered import checked

LARGEST = """party alice, bob;
fn main() {
    secret int64[1000] x = input(alice, "x");
    secret int64[1000] y = input(bob, "y");
    public int32 k = reveal(input(alice, "k"));
    for i in 0..k { x[i] = max(x[i], y[i]); }
    output(all, x, "x");
}
"""

EXCHANGE = 2 * 64
"""AND gates of a comparison and a selection of 64 bits."""


@cache
def largest(protocol: ProtocolChoice) -> tuple[Program, ir.Program]:
    program = checked(LARGEST)
    return program, prepared(program, protocol)


def inputs(k: int) -> dict[str, dict[str, object]]:
    xs = [(i * 7919) % 1009 - 500 for i in range(1000)]
    ys = [(i * 104729) % 1013 - 500 for i in range(1000)]
    return {"alice": {"x": xs, "k": k}, "bob": {"y": ys}}


@pytest.mark.parametrize("k", [0, 1, 999, 1000])
def test_gates_of_a_bound_that_is_revealed(k: int) -> None:
    program, code = largest(ProtocolChoice.YAO)
    _, ands, _ = native(program, code, inputs(k))
    assert ands == k * EXCHANGE


@pytest.mark.parametrize("protocol", ProtocolChoice)
def test_a_bound_that_is_revealed(protocol: ProtocolChoice) -> None:
    """Costs are unknown before the run, but the same natively and simulated."""
    program, code = largest(protocol)
    assert not predicted(code).is_exact
    for k in (-1, 3, 999):
        given = inputs(k)
        expected = Result(outputs=run_clear(program, given).outputs)
        agree_under(protocol, program, given, expected)


def test_a_bound_past_the_end() -> None:
    """The run fails where the program does."""
    assert agree(checked(LARGEST), inputs(1001)).failure == ("EZ4003", 6)


@pytest.mark.parametrize("k", [0, 16, 250, 300, 999, 1000])
def test_padded_iterations_on_shares(k: int) -> None:
    """There are fewer than twice as many as in the program."""
    program, code = largest(ProtocolChoice.BOOLEAN)
    _, _, ots = native(program, code, inputs(k))
    _, _, most = native(program, code, inputs(1000))
    assert k * most <= 1000 * ots <= 2 * k * most


TREE = """party alice, bob;
fn main() {
    secret int32[4096] x = input(alice, "x");
    int32 left = 4096;
    while left > 1 {
        for i in 0..left / 2 { x[i] = min(x[i], x[left / 2 + i]); }
        left /= 2;
    }
    output(all, x[0], "smallest");
}
"""

MERGES = """party alice, bob;
fn main() {
    secret int32[N] x = input(alice, "x");
    int32 p = 1;
    while p < N {
        int32 k = p;
        while k >= 1 {
            int32 j = k % p;
            while j + k < N {
                for i in 0..min(k, N - j - k) {
                    if (i + j) / (2 * p) == (i + j + k) / (2 * p) {
                        let low = min(x[i + j], x[i + j + k]);
                        x[i + j + k] ^= x[i + j] ^ low;
                        x[i + j] = low;
                    }
                }
                j += 2 * k;
            }
            k /= 2;
        }
        p *= 2;
    }
    output(all, x, "sorted");
}
"""


def gates(text: str) -> int:
    found = predicted(prepared(checked(text), ProtocolChoice.YAO))
    assert found.is_exact
    return found.least.total(Count.ANDS)


def test_gates_of_a_tree() -> None:
    assert gates(TREE) == 4095 * 2 * 32


@pytest.mark.parametrize("n", [8, 100, 1024])
def test_gates_of_merges(n: int) -> None:
    """The network has as many comparators as Batcher's [Knu98, section 5.2.2]."""
    pairs = [
        i
        for p in (1 << a for a in range(10) if 1 << a < n)
        for k in (p >> a for a in range(10) if p >> a)
        for j in range(k % p, n - k, 2 * k)
        for i in range(min(k, n - j - k))
        if (i + j) // (2 * p) == (i + j + k) // (2 * p)
    ]
    assert gates(MERGES.replace("N", str(n))) == len(pairs) * 2 * 32


def test_merges_sort() -> None:
    program = checked(MERGES.replace("N", "24"))
    xs = [(i * 37) % 24 - 12 for i in range(24)]
    outputs = agree(program, {"alice": {"x": xs}, "bob": {}}).outputs
    assert outputs is not None
    assert outputs["alice"]["sorted"] == sorted(xs)
