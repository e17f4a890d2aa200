"""Rounds of operations on OTs don't depend on sizes: alike in cost, simulation and native code."""

from dataclasses import replace

import pytest

from ezlang import api
from ezlang.compiler.cost.ledger import Phase
from ezlang.compiler.cost.profiles import WAN
from ezlang.compiler.cost.summary import by_phase, total
from ezlang.compiler.ir.ots import OtKind, OtKinds
from ezlang.compiler.protocols.core.lengths import bit_batches, product_batches, table_batches
from ezlang.compiler.protocols.core.sizes import IN_FLIGHT, MOST_LAG
from ezlang.compiler.protocols.native.transfer import lag_of
from ezlang.compiler.protocols.ot.stock import COLUMNS, POINT_BYTES, START_BYTES
from ezlang.executors.native.executable import executable_of
from tests.support.costed import costs_of, native, predicted, simulated

TEXT = """
party alice, bob;

param int32 n = 200;

fn main() {
    secret int64[n] x = input(alice, "x");
    secret int64[n] y = input(bob, "y");
    output(all, %s, "z");
}
"""
LONG = 40_000
"""Products of as many numbers take 40 batches in each direction, more than are held at a time."""

OPERATIONS = {
    "products": "(x + y) * y",
    "a sum of products": "sum((x + y) * y)",
    "signs": "(x + y) < 0",
    "products and signs": "((x + y) * y)[0] + int64((x + y) < 0)[n - 1]",
}


@pytest.mark.parametrize("kind", [OtKind.SOFTSPOKEN_2, OtKind.SILENT])
@pytest.mark.parametrize("name", OPERATIONS)
def test_rounds_do_not_depend_on_size(name: str, kind: OtKind) -> None:
    rounds = set()
    for n in (LONG // 4, LONG):
        program = api.checked(api.check_text(TEXT % OPERATIONS[name], settings={"n": n}))
        code = executable_of(program, "arithmetic", WAN).program
        code = replace(code, ots=OtKinds(shares=kind))
        inputs = {
            "alice": {"x": [i - 5000 for i in range(n)]},
            "bob": {"y": [3 * i - 9000 for i in range(n)]},
        }
        costs, _, _ = native(program, code, inputs)
        assert costs == simulated(program, code, inputs) == costs_of(predicted(code).least)
        rounds.add(costs.rounds)
    assert len(rounds) == 1


def test_what_is_in_flight_is_bounded() -> None:
    """Both parties, whose halves are exchanged, have the same lag."""
    batches = (
        bit_batches(8),
        bit_batches(1 << 20),
        product_batches(64, 50_000, 10_000),
        product_batches(8, 0, 50_000),
        table_batches(4, 100_000, 100),
    )
    for found in batches:
        lag = lag_of(found)
        halves = [half for one in found for half in (one.sent, one.received) if half]
        most = max(max(half.message, half.differences + 8 * half.ots) for half in halves)
        assert min(2, len(found)) <= lag <= min(MOST_LAG, len(found))
        assert lag <= 2 or lag * most <= IN_FLIGHT
        exchanged = [replace(one, sent=one.received, received=one.sent) for one in found]
        assert lag_of(exchanged) == lag


@pytest.mark.parametrize(("kind", "hops"), [(OtKind.SOFTSPOKEN_2, 3), (OtKind.SILENT, 4)])
def test_both_directions_are_set_up_at_once(kind: OtKind, hops: int) -> None:
    """Base OTs take two flights, and the sums of trees travel with the first choices.

    A message before them begins the session of Yao's protocol.
    """
    source = api.checked(api.check_text(TEXT % "(x + y) * y"))
    program = executable_of(source, "arithmetic", WAN).program
    program = replace(program, ots=OtKinds(yao=kind, shares=kind))
    phases = by_phase(predicted(program).least)
    assert phases[Phase.SET_UP].hops == hops
    assert phases[Phase.SET_UP].set_ups == 2
    sent = phases[Phase.SET_UP].bytes_sent
    # The start of the hash, a point of base OTs and the answer to the other party's point.
    least = START_BYTES + POINT_BYTES + POINT_BYTES * COLUMNS
    assert sent[0] - 32 == sent[1] >= least
    if kind is OtKind.SOFTSPOKEN_2:
        assert sent[1] == least


def test_requests_of_further_operations_in_a_group() -> None:
    """A product takes OTs and sends choices, then messages."""
    costs = []
    for count in (1, 4):
        products = " + ".join(f"((x + y) * (x - y + {one}))" for one in range(1, count + 1))
        source = api.checked(api.check_text(TEXT % products))
        program = executable_of(source, "arithmetic", WAN).program
        costs.append(total(predicted(program).least))
    assert costs[1].requests == costs[0].requests + 3 * 3
    assert costs[1].steps == costs[0].steps
