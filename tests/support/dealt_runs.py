"""Native runs of two parties with units that a dealer deals, as threads of this process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ezlang.compiler.protocols.dealt.backend import DEALT
from ezlang.compiler.protocols.dealt.expansion import DealtUnits, corrections
from ezlang.compiler.protocols.native.calls import Native
from ezlang.compiler.protocols.native.supply import GivenSupply
from ezlang.executors.native.demands import demands_of
from ezlang.executors.native.executable import Executable
from ezlang.executors.native.metering import ChannelMeter
from ezlang.executors.native.outcome import PartyOutcome, Stopwatch
from ezlang.executors.native.party import compile_for, run_over
from ezlang.values.data import Inputs
from tests.support.channels import socket_pair
from tests.support.patience import PATIENCE

SEEDS = bytes(range(16)), bytes(range(50, 66))


def run_dealt(
    executable: Executable, inputs: Inputs, *, metered: bool = False
) -> tuple[list[PartyOutcome], list[DealtUnits]]:
    """Run both parties on checked inputs in threads, with units that a dealer deals."""
    demands = demands_of(executable)
    native = Native()
    units = [DealtUnits(native, party, SEEDS[party], demands) for party in (0, 1)]
    for place, sent in zip(units[1].places(), corrections(native, SEEDS, demands), strict=True):
        place[:] = sent.reshape(-1).data.cast("B")
    channels = socket_pair(PATIENCE)
    programs = [compile_for(executable, party, metered=metered) for party in (0, 1)]

    def run(party: int) -> PartyOutcome:
        name = executable.program.parties[party]
        channel, program, own = channels[party], programs[party], inputs.get(name, {})
        meter = ChannelMeter(party) if metered else None
        try:
            supply = GivenSupply(units[party], DEALT)
            return run_over(executable, program, own, channel, Stopwatch(), supply, meter)
        finally:
            channel.close()

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(run, (0, 1))), units
