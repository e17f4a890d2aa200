"""Runs of two parties on what they have prepared: results, costs, and what they take."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from ezlang.compiler.cost.ahead import predict_making
from ezlang.compiler.cost.ledger import Phase
from ezlang.compiler.cost.predict import predict
from ezlang.compiler.cost.profiles import WAN
from ezlang.compiler.cost.summary import by_phase
from ezlang.compiler.ir.ots import OtKind, OtKinds
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.protocols.ahead.backend import AHEAD
from ezlang.compiler.protocols.core.preprocessing import Mask, MaskedTriple
from ezlang.compiler.protocols.dealt.backend import DEALT
from ezlang.compiler.protocols.dealt.demands import CorrelatedOt, LabelOt
from ezlang.compiler.protocols.ot.backend import OT
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.clear import run_clear
from ezlang.executors.native.demands import demands_ahead, demands_of
from ezlang.executors.native.executable import Executable, executable_of
from ezlang.executors.native.holdings import binding_of
from ezlang.session.address import Address
from ezlang.session.dealer import Dealer
from ezlang.store.units import stored_bytes
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs
from tests.executors.native.test_with_dealer import PROGRAMS
from tests.support.agreement import checked
from tests.support.ahead_runs import prepare_both, run_prepared, store_of
from tests.support.costed import Costs, costs_of
from tests.support.patience import PATIENCE
from tests.support.threads import run_threads

PROTOCOLS = ("arithmetic", "boolean", "yao")
TAG, STORED = 16, 1
"""The bytes of an entry's id, which the first party sends, and those by which both end."""

ALL_OF_IT = """
party alice, bob;
fn main() {
    secret int64[40] x = input(alice, "x");
    secret int64[40] y = input(bob, "y");
    output(all, max(x * y, x), "most");
    output(bob, x > y, "larger");
}
"""
NUMBERS: Inputs = {"alice": {"x": list(range(40))}, "bob": {"y": list(range(60, 20, -1))}}

SENT_AS_IS = """
party alice, bob;
fn main() {
    secret int32 x = input(alice, "x");
    secret int32 y = input(bob, "y");
    output(all, x + y, "sum");
}
"""

ENDLESS = """
party alice, bob;
#[protocol(boolean)]
fn main() {
    secret int32 x = input(alice, "x");
    while (reveal(x > 0)) {
        x -= 2;
    }
    output(all, x, "rest");
}
"""


def hold(executable: Executable, inputs: Inputs, root: Path) -> tuple[Costs, Costs]:
    """Prepare and run; hold both to their predictions, and return these."""
    demands = demands_ahead(executable)
    making = costs_of(predict_making(demands, executable.program.ots))
    made = prepare_both(executable, root)
    assert max(one.rounds for one in made) >= making.rounds
    for party, one in enumerate(made):
        more = STORED + TAG * (party == 0) if demands else 0
        assert one.sent == making.bytes[party] + more
        assert len(one.ids) == bool(demands)
        assert one.size == (stored_bytes(demands, party) if demands else 0)
    online = costs_of(predict(executable.program, backend=AHEAD).least)
    outcomes = run_prepared(executable, inputs, root, required=bool(demands))
    assert Costs(
        max(one.rounds for one in outcomes), tuple(one.bytes_sent for one in outcomes)
    ) == (online)
    expected = run_threads(executable, inputs)
    assert {one.party: one.outputs for one in outcomes} == expected.outputs
    assert all(not store_of(root, party).entries() for party in (0, 1))
    return making, online


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_runs_on_what_was_prepared(name: str, protocol: str, tmp_path: Path) -> None:
    text, inputs = PROGRAMS[name]
    program = checked(text)
    given = check_inputs(program, inputs)
    hold(executable_of(program, protocol), given, tmp_path)


@pytest.mark.parametrize("kind", OtKind)
def test_each_kind_of_ots(kind: OtKind, tmp_path: Path) -> None:
    program = checked(ALL_OF_IT)
    for protocol in ("arithmetic", "yao"):
        executable = executable_of(program, protocol)
        kinds = OtKinds(yao=kind, shares=kind)
        changed = replace(executable, program=replace(executable.program, ots=kinds))
        hold(changed, check_inputs(program, NUMBERS), tmp_path / protocol)


def test_what_a_run_sends_less(tmp_path: Path) -> None:
    """A run of ANDs alone sends what it would send online, and the starts of hashes."""
    program = checked(ALL_OF_IT)
    executable = executable_of(program, "boolean")
    demands = demands_ahead(executable)
    assert not [kind for kind in demands if isinstance(kind, Mask | MaskedTriple)]
    compared = checked(SENT_AS_IS.replace("x + y", "x + y > 100"))
    ands = executable_of(compared, "boolean")
    alone, prepared = (
        by_phase(predict(ands.program, backend=backend).least) for backend in (OT, AHEAD)
    )
    assert prepared[Phase.ONLINE].bytes_sent == alone[Phase.ONLINE].bytes_sent
    assert sum(prepared[Phase.PREPROCESSING].bytes_sent.values()) == 0
    assert prepared[Phase.SET_UP].bytes_sent == {0: 32, 1: 0}
    made = by_phase(predict_making(demands_ahead(ands), ands.program.ots))
    assert sum(made[Phase.ONLINE].bytes_sent.values()) == 0
    # All OTs are made in batches: of those that both make, there are the same.
    assert made[Phase.PREPROCESSING].bytes_sent == alone[Phase.PREPROCESSING].bytes_sent


def test_several_runs_are_prepared_at_once(tmp_path: Path) -> None:
    program = checked(ALL_OF_IT)
    executable = executable_of(program)
    given = check_inputs(program, NUMBERS)
    made = prepare_both(executable, tmp_path, runs=3)
    assert made[0].ids == made[1].ids
    assert len(set(made[0].ids)) == 3
    before = {one.id: one for one in store_of(tmp_path, 0).entries()}
    assert set(before) == set(made[0].ids)
    for left in (2, 1, 0):
        outcomes = run_prepared(executable, given, tmp_path)
        assert outcomes[0].outputs == run_clear(program, given).outputs["alice"]
        assert len(store_of(tmp_path, 0).entries()) == len(store_of(tmp_path, 1).entries()) == left
    with pytest.raises(EzError) as caught:
        run_prepared(executable, given, tmp_path)
    assert [one.code for one in caught.value.diagnostics] == ["EZ5060"]
    # Without it, the run makes all of it.
    alone = run_prepared(executable, given, tmp_path, required=False)
    assert Costs(max(one.rounds for one in alone), tuple(one.bytes_sent for one in alone)) == (
        costs_of(predict(executable.program).least)
    )


def test_units_of_two_runs_have_nothing_in_common(tmp_path: Path) -> None:
    executable = executable_of(checked(ALL_OF_IT), "arithmetic")
    made = prepare_both(executable, tmp_path, runs=2)
    store = store_of(tmp_path, 0)
    first, second = (store.claim(id) for id in made[0].ids)
    assert first is not None
    assert second is not None
    for kind, count in demands_ahead(executable).items():
        one, other = (units.take(kind, count) for units in (first, second))
        for name, values in one.items():
            assert values.tobytes() != other[name].tobytes()
    for kind in (CorrelatedOt(sender=0), LabelOt()):
        assert first.delta(kind).tobytes() != second.delta(kind).tobytes()


def test_homomorphic_products_are_made_in_the_run(tmp_path: Path) -> None:
    """Their keys are exchanged before; what else is opened is by triples."""
    one, other = "[64][64] x = input(alice", "[64][64] y = input(bob"
    program = checked(
        f"""party alice, bob;
        fn main() {{
            secret int64{one}, "x");
            secret int64{other}, "y");
            secret int64[64][64] z;
            for i in 0..64 {{ for j in 0..64 {{ for k in 0..64 {{
                z[i][j] += x[i][k] * y[k][j];
            }} }} }}
            output(all, z > 7, "z");
        }}"""
    )
    rows = [[i * j % 11 for i in range(64)] for j in range(64)]
    inputs: Inputs = {"alice": {"x": rows}, "bob": {"y": rows}}
    executable = executable_of(program, "arithmetic", WAN)
    assert "encrypted" in print_program(executable.program)
    hold(executable, check_inputs(program, inputs), tmp_path)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", ["products", "comparisons", "lookups", "weights in a loop"])
def test_runs_on_what_was_dealt(name: str, protocol: str, tmp_path: Path) -> None:
    text, inputs = PROGRAMS[name]
    program = checked(text)
    given = check_inputs(program, inputs)
    executable = executable_of(program, protocol)
    demands = demands_of(executable)
    with Dealer(Address(port=0), PATIENCE) as dealer, ThreadPoolExecutor(1) as threads:
        served = threads.submit(dealer.serve)
        made = prepare_both(executable, tmp_path, dealer=dealer.address)
        served.result(PATIENCE)
    assert [one.size for one in made] == [stored_bytes(demands, party) for party in (0, 1)]
    outcomes = run_prepared(executable, given, tmp_path, dealer=dealer.address)
    assert {one.party: one.outputs for one in outcomes} == run_clear(program, inputs).outputs
    found = Costs(max(one.rounds for one in outcomes), tuple(one.bytes_sent for one in outcomes))
    assert found == costs_of(predict(executable.program, backend=DEALT).least)


def test_a_program_without_ots(tmp_path: Path) -> None:
    program = checked(SENT_AS_IS)
    executable = executable_of(program, "arithmetic")
    assert demands_ahead(executable) == {}
    hold(executable, check_inputs(program, {"alice": {"x": 1}, "bob": {"y": 2}}), tmp_path)


def test_what_only_a_run_reveals_is_not_prepared() -> None:
    with pytest.raises(EzError, match="how often a loop runs") as caught:
        demands_ahead(executable_of(checked(ENDLESS)))
    assert caught.value.exit_code == 2
    (found,) = caught.value.diagnostics
    assert found.code == "EZ5063"
    assert found.span is not None
    assert found.span.line == 6


def test_a_binding_covers_what_a_run_needs_in_common() -> None:
    one = checked(ALL_OF_IT)
    found = {
        binding_of(executable_of(one), 0, None),
        binding_of(executable_of(one), 1, None),
        binding_of(executable_of(one), 0, None, Address()),
        binding_of(executable_of(one, "boolean"), 0, None),
        binding_of(executable_of(one, profile=WAN), 0, None),
        binding_of(executable_of(checked(ALL_OF_IT.replace("40", "41"))), 0, None),
        binding_of(executable_of(checked(ALL_OF_IT.replace("bob", "carol"))), 0, None),
    }
    assert len(found) == 7
    assert binding_of(executable_of(checked(f"// a comment{ALL_OF_IT}")), 0, None) in found
