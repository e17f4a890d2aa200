"""The run of one of three or more parties: its connections, its code, and its protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ezlang.compiler.codegen.load import LoadedProgram
from ezlang.compiler.protocols.homomorphic.keys import Keys
from ezlang.compiler.protocols.native.context import SharesContext
from ezlang.compiler.protocols.native.many import ManySession, open_many
from ezlang.compiler.protocols.native.runtime import SharingRuntime
from ezlang.progress import doing
from ezlang.session.address import Address
from ezlang.session.alive import kept_alive, wait_until_ready
from ezlang.session.channel import SocketChannel
from ezlang.session.handshake import RECORDS
from ezlang.session.mesh import Meet, close_all, connect_all
from ezlang.values.data import Data

from .buffers import Buffers
from .executable import Executable
from .following import followed
from .metering import ChannelMeter, Run
from .outcome import PartyOutcome, Stopwatch
from .party import compile_for, execute, hello_of, part

if TYPE_CHECKING:
    from ezlang.audit.recording import Recording

Channels = Mapping[int, SocketChannel]


def run_among(
    executable: Executable,
    party: int,
    inputs: Mapping[str, Data],
    places: Sequence[Address],
    timeout: float,
    meet: Meet | None = None,
    *,
    metered: bool = False,
    watch: Stopwatch | None = None,
    recording: Recording | None = None,
) -> PartyOutcome:
    """Run an executable as one of its parties on checked inputs.

    `places` and `meet` are as for `connect_all`. `metered`: count by line and phase, too. `watch`
    has the time of what preceded, which counts as compilation. `recording`: record the run, as all
    parties must. Raises EzError with exit code 3 if the run fails here or at another party.
    """
    watch = watch or Stopwatch()
    watch.lap("compile")
    hello = hello_of(executable, party, inputs, **{RECORDS: int(recording is not None)})
    channels = connect_all(places, hello, timeout, meet)
    watch.lap("connect")
    try:
        with kept_alive(channels.values()):
            with doing("Making native code"):
                program = compile_for(executable, party, metered=metered)
                watch.lap("compile")
            if recording is not None:
                recording.begin(hello, inputs, channels)
            wait_until_ready(channels.values())
            watch.lap("connect")
            meter = ChannelMeter(party) if metered else None
            return run_over_all(executable, program, inputs, channels, watch, meter)
    finally:
        close_all(channels)


def run_over_all(
    executable: Executable,
    program: LoadedProgram,
    inputs: Mapping[str, Data],
    channels: Channels,
    watch: Stopwatch,
    meter: ChannelMeter | None = None,
) -> PartyOutcome:
    """Run a party over connected channels to all others, by number, which run the same program.

    `program` is the code of the executable for this party. `inputs` are this party's checked
    inputs: name → data. `meter` is for code that was compiled to be metered. Raises EzError with
    exit code 3 if the run fails here or at another party.
    """
    sessions: list[ManySession] = []

    def begin(keys: Keys) -> ManySession:
        own = program.interface.party
        sessions.append(open_many(own, channels, executable.program.ots.shares))
        return sessions[0]

    runtime = SharingRuntime(program.interface.exchanges, begin)
    try:
        return run_on_shares(executable, program, inputs, channels, watch, runtime, meter)
    finally:
        for session in sessions:
            session.close()


def run_on_shares(
    executable: Executable,
    program: LoadedProgram,
    inputs: Mapping[str, Data],
    channels: Channels,
    watch: Stopwatch,
    runtime: SharingRuntime,
    meter: ChannelMeter | None = None,
) -> PartyOutcome:
    """Run a party whose code calls back into a `runtime` for all that is sent.

    The other arguments are those of `run_over_all`.
    """
    names, own = executable.program.everybody, program.interface.party

    def flush() -> None:
        for channel in channels.values():
            channel.flush()

    buffers = Buffers(program.interface, inputs, names[own], flush)
    run: Run = runtime.run
    if meter is not None:
        meter.begin(channels)
        run = meter.watched(run, program.interface)
    context = SharesContext(run)
    foreseen = executable.foreseen
    expected = foreseen.at(own) if foreseen else None
    with followed(channels, program.interface, lambda: context.mark, expected, meter):
        execute(program, context.address, buffers, context.check)
    sent = {names[peer]: one.bytes_sent for peer, one in channels.items()}
    outcome = PartyOutcome(
        party=names[own],
        outputs=buffers.outputs(),
        rounds=max((one.rounds for one in channels.values()), default=0),
        sent=sent,
        received={names[peer]: one.bytes_received for peer, one in channels.items()},
        memory=program.memory,
        ands=0,
        ots=sum(runtime.ots.values()),
        sharing_bytes=sum(sent.values()),
        seconds=watch.seconds,
        tallies=None if meter is None else meter.finished(),
    )
    part(channels.values())
    watch.lap("run")
    return outcome
