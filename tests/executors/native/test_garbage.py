"""A peer that sends garbage of the right length, or too little: a run ends, with one sentence."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from ezlang import api
from ezlang.compiler.protocols.dealt.backend import DEALT
from ezlang.compiler.protocols.dealt.expansion import DealtUnits, corrections
from ezlang.compiler.protocols.native.calls import Native
from ezlang.compiler.protocols.native.supply import GivenSupply
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.native.demands import demands_of
from ezlang.executors.native.executable import executable_of
from ezlang.executors.native.outcome import PartyOutcome, Stopwatch
from ezlang.executors.native.party import compile_for, run_over
from ezlang.session.channel import SocketChannel
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs
from tests.support.channels import socket_pair

SEEDS = bytes(range(16)), bytes(range(50, 66))
LOOP = """
party alice, bob;
fn main() {
    secret int32[8] x = input(alice, "x");
    secret int32 k = input(bob, "k");
    public int32 n = 0;
    while reveal(x[n] < k) { n += 1; }
    public int32 r = reveal(k % 8);
    output(all, x[r] * k, "item");
    output(bob, x[n] / k, "quotient");
}
"""
STRAIGHT = """
party alice, bob;
fn main() {
    secret int32[8] x = input(alice, "x");
    secret int32 k = input(bob, "k");
    output(all, sum(x * k), "sum");
    output(bob, max(x[0], x[1] * x[2]) / k, "quotient");
}
"""
INPUTS: Inputs = {"alice": {"x": [1, 2, 3, 4, 9, 9, 9, 9]}, "bob": {"k": 5}}

Change = Callable[[bytearray, int, Random], bytearray]


def one_bit(data: bytearray, at: int, random: Random) -> bytearray:
    data[at] ^= 1 << random.randrange(8)
    return data


def noise(data: bytearray, at: int, random: Random) -> bytearray:
    return data[:at] + random.randbytes(len(data) - at)


def ones(data: bytearray, at: int, _: Random) -> bytearray:
    return data[:at] + b"\xff" * (len(data) - at)


def cut(data: bytearray, at: int, _: Random) -> bytearray:
    return data[:at]


def spoil(channel: SocketChannel, begin: int, change: Change, random: Random) -> None:
    """Let a channel send something else from byte `begin` on."""
    send, sent = channel.send, 0

    def spoilt(data: Any) -> None:
        nonlocal sent
        copy = bytearray(memoryview(data).cast("B"))
        first, sent = sent, sent + len(copy)
        if copy and sent > begin:
            copy = change(copy, max(begin - first, 0), random)
        send(copy)

    channel.send = spoilt  # type: ignore[method-assign]


@pytest.mark.parametrize("change", [one_bit, noise, ones, cut])
@pytest.mark.parametrize(
    ("text", "protocol", "dealt"),
    [
        (LOOP, "arithmetic", False),
        (LOOP, "boolean", False),
        (STRAIGHT, "auto", False),
        (STRAIGHT, "arithmetic", True),
        (STRAIGHT, "boolean", True),
        (STRAIGHT, "yao", True),
    ],
)
def test_garbage_ends_in_a_sentence(text: str, protocol: str, dealt: bool, change: Change) -> None:
    program = api.checked(api.check_text(text))
    executable = executable_of(program, protocol)
    inputs = check_inputs(program, INPUTS)
    programs = [compile_for(executable, party) for party in (0, 1)]
    for number, begin in enumerate((0, 20, 100, 4200, 9000, 40_000)):
        units: list[DealtUnits | None] = [None, None]
        if dealt:
            units = [*both_units(demands_of(executable))]
        channels = socket_pair(1.0)
        spoil(channels[number % 2], begin, change, Random(number))

        def run(party: int, channels: Any = channels, units: Any = units) -> PartyOutcome | EzError:
            try:
                own = inputs[executable.program.parties[party]]
                channel, dealt = channels[party], units[party]
                supply = None if dealt is None else GivenSupply(dealt, DEALT)
                return run_over(executable, programs[party], own, channel, Stopwatch(), supply)
            except EzError as error:
                return error
            finally:
                channels[party].close()

        with ThreadPoolExecutor(2) as threads:
            results = list(threads.map(run, (0, 1)))
        for result in results:
            if isinstance(result, EzError):
                assert result.exit_code == 3
                assert len(result.diagnostics) == 1


def both_units(demands: Any) -> tuple[DealtUnits, DealtUnits]:
    """What a dealer deals to both parties."""
    native = Native()
    zero, one = (DealtUnits(native, party, SEEDS[party], demands) for party in (0, 1))
    for place, sent in zip(one.places(), corrections(native, SEEDS, demands), strict=True):
        place[:] = sent.reshape(-1).data.cast("B")
    return zero, one
