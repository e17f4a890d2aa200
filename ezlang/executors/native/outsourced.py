"""The run of a party of a program with clients: one of the two that compute, or a client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ezlang.compiler.codegen.load import LoadedProgram
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.protocols.dealt.backend import DEALT
from ezlang.compiler.protocols.dealt.demands import Demands
from ezlang.compiler.protocols.homomorphic.keys import Keys
from ezlang.compiler.protocols.native.clients import ClientExchanges
from ezlang.compiler.protocols.native.many import ManySession
from ezlang.compiler.protocols.native.runtime import SharingRuntime
from ezlang.compiler.protocols.native.supply import GivenSupply, Supply
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.progress import doing
from ezlang.session.address import Address
from ezlang.session.alive import kept_alive, wait_until_ready
from ezlang.session.channel import SocketChannel
from ezlang.session.dealing import agree_on_tag, dealt_preprocessing
from ezlang.session.handshake import DEALERS, RECORDS, Hello
from ezlang.session.mesh import Meet, close_all, connect_all
from ezlang.values.data import Data

from .executable import Executable
from .many import Channels, run_on_shares
from .metering import ChannelMeter
from .outcome import PartyOutcome, Stopwatch
from .party import compile_for, hello_of, run_over

if TYPE_CHECKING:
    from ezlang.audit.recording import Recording


def run_outsourced(
    executable: Executable,
    party: int,
    inputs: Mapping[str, Data],
    places: Sequence[Address],
    timeout: float,
    meet: Meet | None = None,
    dealer: Address | None = None,
    *,
    metered: bool = False,
    watch: Stopwatch | None = None,
    recording: Recording | None = None,
) -> PartyOutcome:
    """Run an executable with clients as one of its parties on checked inputs.

    The arguments are those of `run_among`; `dealer` is where one listens, who deals to the two that
    compute. Raises EzError with exit code 3 if the run fails here or at another party.
    """
    watch = watch or Stopwatch()
    computes = party in COMPUTING
    demands = None
    if dealer is not None and computes:
        from .demands import demands_of  # imports the cost model

        demands = demands_of(executable)
    options = {DEALERS: int(dealer is not None), RECORDS: int(recording is not None)}
    hello = hello_of(executable, party, inputs, **options)
    watch.lap("compile")
    channels = connect_all(places, hello, timeout, meet)
    watch.lap("connect")
    try:
        with kept_alive(channels.values()):
            with doing("Making native code"):
                program = compile_for(executable, party, dealt=demands is not None, metered=metered)
                watch.lap("compile")
            if recording is not None:
                recording.begin(hello, inputs, channels)
            meter = ChannelMeter(party) if metered else None
            if not computes:
                wait_until_ready(channels.values())
                watch.lap("connect")
                return run_client(executable, program, inputs, channels, watch, meter)
            clients = dict(channels)
            peer = clients.pop(COMPUTING.other(party))
            supply = None
            if dealer is not None and demands is not None:
                # Clients share their inputs when the dealer has no part in the run any more.
                wait_until_ready((peer,))
                supply = _dealt(dealer, hello, demands, peer, timeout)
                watch.lap("dealer")
            wait_until_ready(channels.values())
            watch.lap("connect")
            return run_over(executable, program, inputs, peer, watch, supply, meter, clients)
    finally:
        close_all(channels)


def _dealt(
    dealer: Address,
    hello: Hello,
    demands: Demands,
    peer: SocketChannel,
    timeout: float,
) -> Supply:
    tag = agree_on_tag(peer, hello.party)
    return GivenSupply(dealt_preprocessing(dealer, hello, tag, demands, timeout), DEALT)


def run_client(
    executable: Executable,
    program: LoadedProgram,
    inputs: Mapping[str, Data],
    channels: Channels,
    watch: Stopwatch,
    meter: ChannelMeter | None = None,
) -> PartyOutcome:
    """Run a client over its channels to the two that compute.

    The arguments are those of `run_over_all`.
    """

    def begin(keys: Keys) -> ManySession:
        raise CompilerBug("a client runs no protocol on shares")

    exchanges = ClientExchanges(program.interface.party, channels)
    runtime = SharingRuntime(program.interface.exchanges, begin, exchanges)
    return run_on_shares(executable, program, inputs, channels, watch, runtime, meter)
