"""Metered runs: lines and phases add up to the run, and the same in simulation and native code."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from ezlang import api
from ezlang.compiler.codegen.interface import interface_of
from ezlang.compiler.codegen.module import generate
from ezlang.compiler.cost.profiles import LAN, WAN, Profile
from ezlang.compiler.ir.ots import OtKind, OtKinds
from ezlang.compiler.protocols.core.phases import Phase
from ezlang.executors.meter import Line, Lines, Meter, Part, Tallies, Tally, stats_of
from ezlang.executors.native.executable import Executable, executable_of
from ezlang.executors.native.outcome import NativeOutcome, combine
from ezlang.executors.simulate import SimulatedOutcome, run_simulated
from ezlang.recursion import deep_recursion
from ezlang.types.sharing import DEFAULT_PROTOCOL, PROTOCOL_CHOICES
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs
from tests.support.agreement import checked
from tests.support.dealt_runs import run_dealt
from tests.support.threads import run_threads

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = ("millionaires", "median", "second-price-auction", "digits", "edit-distance")
DEALT_NAMES = ("millionaires", "second-price-auction", "digits")

THREE_PARTIES = """party ann, ben, cleo;
fn main() {
    secret int32[3] x = input(ann, "x");
    secret int32[3] y = input(ben, "y");
    secret int32 best = 0;
    for i in 0..3 {
        best = max(best, x[i] * y[i]);
    }
    let rich = best > 10;
    output(cleo, best, "best");
    output(all, rich, "rich");
}
"""

Counted = dict[tuple[Lines, Phase], tuple[dict[int, int], dict[int, int]]]

TWO_LINES = """party alice, bob;
fn main() {
    secret int32 a = input(alice, "a");
    secret int32 b = input(bob, "b");
    let less = a < b;
    let equal = a == b;
    output(all, less, "less");
    output(all, equal, "equal");
}
"""


def executable(name: str, protocol: str, profile: Profile = LAN) -> tuple[Executable, Inputs]:
    program = api.load(EXAMPLES / name / "main.ez")
    files = {party: EXAMPLES / name / f"{party}.json" for party in program.parties}
    inputs = {party: json.loads(file.read_text()) for party, file in files.items() if file.exists()}
    return executable_of(program, protocol, profile), check_inputs(program, inputs)


def simulated(
    made: Executable, inputs: Inputs, *, dealt: bool = False
) -> tuple[SimulatedOutcome, Tallies]:
    meter = Meter()
    with deep_recursion():
        outcome = run_simulated(made.program, inputs, record=False, dealt=dealt, meter=meter)
    return outcome, meter.tallies


def merged(outcome: NativeOutcome) -> Tallies:
    """Return what all parties counted, of which each has counted its own rounds."""
    found: Tallies = {}
    for number, party in enumerate(outcome.parties):
        assert party.tallies is not None
        for key, tally in party.tallies.items():
            one = found.setdefault(key, Tally())
            one.rounds[number] += tally.rounds[number]
            one.sent[number] += tally.sent[number]
    return found


def counted(tallies: Tallies) -> Counted:
    """Return rounds and bytes, where there are any."""
    return {
        key: (dict(+tally.rounds), dict(+tally.sent))
        for key, tally in tallies.items()
        if +tally.rounds or +tally.sent
    }


def assert_agreement(
    made: Executable, inputs: Inputs, *, dealt: bool = False
) -> tuple[Tallies, NativeOutcome]:
    if dealt:
        parties, _ = run_dealt(made, inputs, metered=True)
        native = combine(parties)
    else:
        native = run_threads(made, inputs, metered=True)
    outcome, tallies = simulated(made, inputs, dealt=dealt)
    assert native.outputs == outcome.outputs
    assert counted(merged(native)) == counted(tallies)
    assert_received_as_sent(native)
    stats = native.stats
    assert stats is not None
    for parts in ([part for _, part in stats.lines], list(stats.phases.values())):
        assert sum(part.rounds for part in parts) == native.rounds == outcome.cost.rounds
        assert total(parts) == native.bytes_sent == outcome.cost.bytes_sent
    return tallies, native


def assert_received_as_sent(native: NativeOutcome) -> None:
    """Assert that parties receive for a line and phase what their peers send them for it."""
    sent, received = Counter[tuple[Lines, Phase]](), Counter[tuple[Lines, Phase]]()
    for own, party in enumerate(native.parties):
        for key, (_, by_party) in counted(party.tallies or {}).items():
            sent[key] += by_party.get(own, 0)
            received[key] += sum(by_party.values()) - by_party.get(own, 0)
    assert +sent == +received


def total(parts: list[Part]) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for part in parts:
        found.update(part.bytes)
    return dict(found)


@pytest.mark.parametrize("protocol", PROTOCOL_CHOICES)
@pytest.mark.parametrize("name", NAMES)
def test_native_code_and_simulation_agree_line_by_line(name: str, protocol: str) -> None:
    made, inputs = executable(name, protocol)
    assert_agreement(made, inputs)
    # What isn't metered costs the same.
    plain = run_threads(made, inputs)
    outcome, _ = simulated(made, inputs)
    assert plain.rounds == outcome.cost.rounds
    assert plain.bytes_sent == outcome.cost.bytes_sent
    assert plain.stats is None


@pytest.mark.parametrize("kind", [OtKind.SILENT, OtKind.SOFTSPOKEN_8])
def test_other_kinds_of_ots(kind: OtKind) -> None:
    made, inputs = executable("second-price-auction", "boolean", WAN)
    made = replace(made, program=replace(made.program, ots=OtKinds(yao=kind, shares=kind)))
    tallies, _ = assert_agreement(made, inputs)
    phases = {phase for (_, phase), (rounds, _) in counted(tallies).items() if rounds}
    assert phases == set(Phase) if kind is OtKind.SILENT else phases >= {Phase.SET_UP, Phase.ONLINE}


@pytest.mark.parametrize("protocol", ["boolean", "yao"])
def test_operations_that_run_together_are_one_row(protocol: str) -> None:
    program = checked(TWO_LINES)
    inputs = check_inputs(program, {"alice": {"a": 3}, "bob": {"b": 5}})
    tallies, _ = assert_agreement(executable_of(program, protocol), inputs)
    groups = {tuple(line.number for line in lines) for lines, _ in counted(tallies)}
    # Shares are compared together; in garbled circuits each line has its own tables.
    assert ((5, 6) in groups) == (protocol == "boolean")
    assert (7, 8) in groups


@pytest.mark.parametrize("protocol", PROTOCOL_CHOICES)
@pytest.mark.parametrize("name", DEALT_NAMES)
def test_dealt_runs(name: str, protocol: str) -> None:
    made, inputs = executable(name, protocol)
    tallies, _ = assert_agreement(made, inputs, dealt=True)
    assert not any(phase is Phase.PREPROCESSING for _, phase in counted(tallies))


@pytest.mark.parametrize("kind", [OtKind.SOFTSPOKEN_2, OtKind.SOFTSPOKEN_8])
@pytest.mark.parametrize("name", ["average-salary", "sealed-bids"])
def test_more_than_two_parties(name: str, kind: OtKind) -> None:
    made, inputs = executable(name, DEFAULT_PROTOCOL)
    made = replace(made, program=replace(made.program, ots=OtKinds(yao=kind, shares=kind)))
    assert_agreement(made, inputs)


@pytest.mark.parametrize("protocol", ["boolean", "arithmetic"])
def test_three_parties_of_whom_one_gives_nothing(protocol: str) -> None:
    program = checked(THREE_PARTIES)
    given = {"ann": {"x": [5, -7, 9]}, "ben": {"y": [3, 4, -2]}}
    inputs = check_inputs(program, given)
    made = executable_of(program, protocol)
    tallies, native = assert_agreement(made, inputs)
    assert native.outputs == api.run_clear(program, given).outputs
    phases = {phase for (_, phase), (rounds, _) in counted(tallies).items() if rounds}
    assert phases >= {Phase.SET_UP, Phase.ONLINE}


@pytest.mark.parametrize("name", ["millionaires", "average-salary"])
def test_processes_and_what_checking_took(name: str) -> None:
    program = api.load(EXAMPLES / name / "main.ez")
    inputs = {
        party: json.loads((EXAMPLES / name / f"{party}.json").read_text())
        for party in program.parties
    }
    simulation = api.run_simulated(program, inputs, stats=True, checking=1000.0)
    native = api.run_native(program, inputs, stats=True, checking=1000.0)
    for ran in (simulation, native):
        assert ran.stats is not None
        assert ran.cost is not None
        assert 1000 < ran.seconds["compile"] < 2000
        assert ran.stats.phases["compile"].seconds >= 1000
        rows = [part for _, part in ran.stats.lines]
        assert sum(part.rounds for part in rows) == ran.cost.rounds
        assert total(rows) == ran.cost.bytes
    assert simulation.cost == native.cost
    assert api.run_simulated(program, inputs).stats is None
    assert api.run_native(program, inputs).stats is None


def test_code_that_is_not_metered_does_not_call_back_for_marks() -> None:
    made, _ = executable("median", "yao")
    for party in (0, 1):
        plain, metered = (
            generate(made.program, party, interface_of(made.program, party, metered=metered)).text
            for metered in (False, True)
        )
        assert len(metered.splitlines()) > len(plain.splitlines())


def test_stats_are_sorted_by_time_and_add_up() -> None:
    line = Line("a.ez", 3, "x")
    slow, fast = Tally(2.0), Tally(0.5)
    slow.rounds.update({0: 2, 1: 3})
    slow.sent.update({0: 10})
    fast.sent.update({1: 7})
    stats = stats_of(
        {((), Phase.SET_UP): fast, ((line,), Phase.ONLINE): slow}, ("a", "b"), {"compile": 1.0}
    )
    assert [lines for lines, _ in stats.lines] == [(line,), ()]
    assert stats.lines[0][1] == Part(seconds=2.0, rounds=3, bytes={"a": 10, "b": 0})
    assert list(stats.phases) == ["compile", "set-up", "preprocessing", "online"]
    assert stats.phases["set-up"] == Part(seconds=0.5, bytes={"a": 0, "b": 7})
