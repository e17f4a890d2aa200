"""Costs of generated programs, of loops, and of control flow decided at run time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ezlang.compiler.cost import apart, walk
from ezlang.compiler.cost.amounts import Rounds
from ezlang.compiler.cost.apart import walked, walked_apart
from ezlang.compiler.cost.counting_session import CountingSession
from ezlang.compiler.cost.plans import Plans
from ezlang.compiler.cost.predict import predict
from ezlang.compiler.cost.rows import Step
from ezlang.compiler.cost.walk import Control, Walk
from ezlang.compiler.ir.ots import OtKind, OtKinds
from ezlang.compiler.passes.assign import ProtocolChoice
from tests.support.agreement import checked
from tests.support.costed import Costs, costs_of, native, predicted, prepared, used

LOOP = """
party alice, bob;
param int32 n = {n};
fn step(secret int32 x, secret int32 y) -> secret int32 {{
    return x > y ? x - y : x * y + 1;
}}
fn main() {{
    secret int32 a = input(alice, "a");
    @bob int32[{n}] b = input(bob, "b");
    secret int32 x = a;
    for i in 0..n {{
        x = step(x, b[i]);
        for j in 0..3 {{
            x = x & (x + i);
        }}
        if i % 4 == 1 {{
            x = x / 7;
        }}
    }}
    output(all, x, "x");
}}
"""


@pytest.mark.parametrize("protocol", ProtocolChoice)
@pytest.mark.parametrize("n", [0, 1, 9])
def test_loops(n: int, protocol: ProtocolChoice) -> None:
    program = checked(LOOP.format(n=n))
    code = prepared(program, protocol)
    costs, ands, ots = native(program, code, {"alice": {"a": 7}, "bob": {"b": [3] * n}})
    found = predicted(code)
    assert found.is_exact
    assert costs_of(found.least) == costs
    assert used(found.least) == (ands, ots)


CHAIN = """
party alice, bob;
param int64 n = 1;
fn main() {
    secret int32 a = input(alice, "a");
    secret int32 x = a;
    @bob int32 b = input(bob, "b");
    for i in 0..n {
        secret int32 y = b + int32(i);
        x = (x * y) ^ a;
        if x > y { x = min(x - y, a); }
    }
    output(all, x, "x");
}
"""


NESTED = """
party alice, bob;
param int64 n = 1;
fn mixed<m>(int32[m] x, int64 times) -> int32[m] {
    int32[m] y = x;
    for j in 0..times {
        for k in 1..m { y[k] = max(y[k], y[k - 1] * x[k]); }
        y[0] = y[m - 1] ^ x[0];
    }
    return y;
}
fn main() {
    secret int32[5] x = input(alice, "x");
    @bob int32 b = input(bob, "b");
    for i in 0..n {
        for j in 0..i { x[0] = x[1] > b + int32(j) ? x[0] * x[1] : x[0] + 1; }
        x = mixed(x, i % 3);
        if i % 2 == 0 { x[1] = reveal(x[2] > 7) ? x[3] : x[4] * x[0]; }
    }
    output(all, x, "x");
}
"""


@pytest.mark.parametrize("kind", OtKind)
@pytest.mark.parametrize("protocol", ProtocolChoice)
@pytest.mark.parametrize(("text", "n"), [(CHAIN, 701), (NESTED, 24)], ids=["chain", "nested"])
def test_turns_that_are_not_walked(
    text: str, n: int, protocol: ProtocolChoice, kind: OtKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = replace(prepared(checked(text, {"n": n}), protocol), ots=OtKinds(yao=kind, shares=kind))
    fast = predict(code)

    def walk_all(
        _session: CountingSession, turn: Callable[[], object], times: int, _known: object
    ) -> None:
        for _ in range(times):
            turn()

    def act_all(session: CountingSession, steps: Sequence[Step]) -> None:
        for step in steps:
            step.act(session)

    monkeypatch.setattr(walk, "repeat", walk_all)
    monkeypatch.setattr(walk, "run_row", act_all)
    monkeypatch.setattr(apart, "FEW", 1 << 60)
    slow = predict(code)
    assert fast.least.amounts == slow.least.amounts
    assert fast.least.state == slow.least.state
    assert fast.unknown == slow.unknown
    assert (fast.most is None) == (slow.most is None)
    if fast.most is not None and slow.most is not None:
        assert fast.most.amounts == slow.most.amounts


MIXED = """
party alice, bob;
fn main() {{
    secret int32 x = input(alice, "x");
    secret int32 y = input(bob, "y");
    @bob int32 z = input(bob, "z");
    for i in 0..300 {{
        for j in 0..3 {{
            #[protocol(yao)]
            let more = x > y + i;
            #[protocol(arithmetic)]
            x = x * y;
            #[protocol({sharing})]
            y = y + (more ? x : z);
        }}
    }}
    output(all, x, "x");
}}
"""


@pytest.mark.parametrize("kind", OtKind)
@pytest.mark.parametrize("sharing", ["arithmetic", "boolean"])
def test_sources_that_are_counted_apart(
    sharing: str, kind: OtKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ANDs on boolean shares take random OTs, for which a message of their own may be sent."""
    code = prepared(checked(MIXED.format(sharing=sharing)), ProtocolChoice.AUTO)
    made: list[Collection[int] | None] = []

    def noted(*given: Any, making: Collection[int] | None = None, **named: Any) -> Walk:
        made.append(making)
        return walked(*given, making=making, **named)

    monkeypatch.setattr(apart, "walked", noted)
    kinds = OtKinds(yao=kind, shares=kind)
    separate = walked_apart(Plans(code), kinds, walked(Plans(code), kinds)).session
    together = walked(Plans(code), kinds).session
    assert separate.ledger.amounts == together.ledger.amounts
    assert separate.state == together.state
    for one, other in zip(separate.ots, together.ots, strict=True):
        assert (one.taken, one.batches) == (other.taken, other.batches)
    if kind is OtKind.SILENT:
        assert made == [None]
    else:
        assert made == ([[], (0,), (1,), (2,)] if sharing == "arithmetic" else [[1, 2], (), (0,)])


@pytest.mark.parametrize("protocol", ProtocolChoice)
def test_size_does_not_matter(protocol: ProtocolChoice) -> None:
    """A million iterations take a million times the OTs and ANDs of one."""
    one, many = (predict(prepared(checked(CHAIN, {"n": n}), protocol)) for n in (1001, 1_000_001))
    few = predict(prepared(checked(CHAIN, {"n": 1}), protocol))
    for thousand, million, single in zip(*(used(p.least) for p in (one, many, few)), strict=True):
        assert million - single == 1000 * (thousand - single)


REVEALING = """
party alice, bob;
fn main() {
    secret int32 a = input(alice, "a");
    secret int32 b = input(bob, "b");
    int32 n = 0;
    while reveal(a + n < b) { n = n + 1; }
    if reveal(a == 3) { output(all, a * b, "p"); } else { output(all, a < b, "q"); }
    output(all, n, "n");
}
"""


@pytest.mark.parametrize(
    "protocol", [ProtocolChoice.YAO, ProtocolChoice.BOOLEAN, ProtocolChoice.ARITHMETIC]
)
def test_what_depends_on_what_is_revealed(protocol: ProtocolChoice) -> None:
    program = checked(REVEALING)
    code = prepared(program, protocol)
    found = predicted(code)
    assert [one.control for one in found.unknown] == [Control.LOOP, Control.BRANCH]
    assert found.most is None
    (turn,) = found.unknown[0].amounts

    def run(a: int, b: int) -> Costs:
        return native(program, code, {"alice": {"a": a}, "bob": {"b": b}})[0]

    once, thrice = run(5, 6), run(5, 8)
    rounds = [sum(n for e, n in turn.items() if e.what == Rounds(p)) for p in (0, 1)]
    batches = 2  # at most
    assert 2 * max(rounds) <= thrice.rounds - once.rounds <= 2 * max(rounds) + batches
    for a, b in ((5, 3), (3, 1), (3, 9)):
        costs = run(a, b)
        assert found.least.rounds <= costs.rounds
        least = zip(found.least.bytes_sent.values(), costs.bytes, strict=True)
        assert all(bound <= sent for bound, sent in least)


def test_bounds_of_a_branch() -> None:
    program = checked(REVEALING.replace("while reveal(a + n < b) { n = n + 1; }", ""))
    code = prepared(program, ProtocolChoice.YAO)
    found = predicted(code)
    assert found.most is not None
    costs = [
        native(program, code, {"alice": {"a": a}, "bob": {"b": 2}})[0].bytes[0] for a in (3, 4)
    ]
    assert (found.least.bytes_sent[0], found.most.bytes_sent[0]) == (min(costs), max(costs))
