"""The run of a single party: connects to the others and runs the program with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ezlang.compiler.codegen.load import LoadedProgram
from ezlang.compiler.cost.profiles import LAN, Profile
from ezlang.compiler.ir.sharings import PAIRED
from ezlang.compiler.protocols.ahead.backend import AHEAD
from ezlang.compiler.protocols.dealt.backend import DEALT
from ezlang.compiler.protocols.dealt.demands import Demands
from ezlang.compiler.protocols.native.supply import GivenSupply, Supply
from ezlang.progress import doing
from ezlang.records import dataclass
from ezlang.session.address import TIMEOUT, Address
from ezlang.session.alive import kept_alive, wait_until_ready
from ezlang.session.channel import SocketChannel
from ezlang.session.connect import Listening, connect
from ezlang.session.dealing import agree_on_tag, dealt_preprocessing
from ezlang.session.handshake import DEALERS, RECORDS, Hello
from ezlang.store.agreement import Holdings, nothing_held
from ezlang.typed import tree as typed
from ezlang.types.sharing import DEFAULT_MEMORY, DEFAULT_PROTOCOL
from ezlang.values.check import check_party
from ezlang.values.data import Data
from ezlang.values.names import party_number

from .executable import Executable
from .holdings import holdings_of
from .many import run_among
from .metering import ChannelMeter
from .numbers_of_parties import require_several_parties, require_two_parties
from .outcome import PartyOutcome, Stopwatch
from .outsourced import run_outsourced
from .party import compile_for, hello_of, run_over
from .places import addresses
from .prepared import prepared

if TYPE_CHECKING:
    from ezlang.audit.recording import Recording
    from ezlang.session.parties import Parties


def run_party(
    program: typed.Program,
    party: int | str,
    inputs: Mapping[str, Data],
    *,
    address: str | None = None,
    dealer: str | None = None,
    timeout: float | None = None,
    protocol: str = DEFAULT_PROTOCOL,
    profile: Profile = LAN,
    memory: int = DEFAULT_MEMORY,
    insecure: bool = False,
    metered: bool = False,
    watch: Stopwatch | None = None,
    warn: Callable[[str], None] | None = None,
    parties: Parties | None = None,
    recording: Recording | None = None,
    use_prepared: bool | None = None,
    store: Path | None = None,
) -> PartyOutcome:
    """Run a checked program as one of its parties.

    Each party but the last listens, on loopback by default, and each dials those before it for up
    to `timeout` seconds. `address` is as for `parse_addresses`: of two parties, HOST:PORT where
    party 0 listens. `inputs` are this party's inputs: name → value. `dealer` is the address of a
    dealer, if there is one. For `protocol`, `profile` and `memory`, see `executable_of`; all
    parties must use the same. An address on another machine requires `insecure`; `warn` is then
    called with a warning about the consequences. `parties` says who is who and where: the
    connections are over TLS then, and `dealer` may be a name. `metered`: count by line and phase,
    too. `watch` has the time of what preceded, which counts as compilation. `recording`: record the
    run, as all parties must. `use_prepared`: whether two parties run on what both have prepared,
    which is in the folder `store`; None: if there is any. Raises EzError with exit code 2 if the
    call is invalid, 3 if the run fails.
    """
    require_several_parties(program.parties)
    watch = watch or Stopwatch()
    executable = prepared(program, protocol, profile, memory)
    number = party_number(program.parties, party)
    wait = TIMEOUT if timeout is None else timeout
    places, third = addresses(
        address,
        dealer,
        program.parties,
        number,
        parties,
        insecure=insecure,
        warn=warn,
        clients=program.clients,
    )
    checked = check_party(program, program.parties[number], inputs)
    if recording is not None:
        recording.keys = places[0].keys
    own = executable, number, checked
    if use_prepared:
        require_two_parties(program.parties, "`--prepared yes`")
    if program.clients or len(program.parties) != PAIRED:
        run = partial(run_outsourced, dealer=third) if program.clients else run_among
        return run(*own, places, wait, metered=metered, watch=watch, recording=recording)
    say, holdings = warn or (lambda text: None), None
    if use_prepared is not False:
        given = (executable, number, places[0].keys, store)
        holdings = holdings_of(*given, dealer=third, required=bool(use_prepared), say=say)
    return run_at(
        *own,
        places[0],
        wait,
        dealer=third,
        metered=metered,
        watch=watch,
        recording=recording,
        holdings=holdings,
    )


def run_at(
    executable: Executable,
    party: int,
    inputs: Mapping[str, Data],
    address: Address,
    timeout: float,
    listening: Listening | None = None,
    dealer: Address | None = None,
    *,
    metered: bool = False,
    watch: Stopwatch | None = None,
    recording: Recording | None = None,
    holdings: Holdings | None = None,
) -> PartyOutcome:
    """Run an executable on checked inputs.

    `listening` is called with the address at which party 0 listens. If the address of a `dealer` is
    given, it deals once the parties are connected. `metered`, `watch` and `recording`: as for
    `run_party`. `holdings`: what this party has prepared.
    """
    with connected(
        executable,
        party,
        address,
        timeout,
        listening,
        dealer,
        metered=metered,
        watch=watch,
        recording=recording,
        holdings=holdings,
        inputs=inputs,
    ) as session:
        return session.run(inputs)


@dataclass(slots=True)
class Session:
    """A connection to a party that runs the same executable, any number of times."""

    channel: SocketChannel
    hello: Hello
    _executable: Executable
    _program: LoadedProgram
    _watch: Stopwatch
    _timeout: float
    _dealer: tuple[Address, Demands] | None
    _holdings: Holdings
    _meter: ChannelMeter | None = None
    _recording: Recording | None = None

    def run(self, inputs: Mapping[str, Data]) -> PartyOutcome:
        """Run on checked inputs; the other party does the same. Its time begins at the last one."""
        watch = self._watch
        if self._recording is not None:
            peer = 1 - self.hello.party
            self._recording.begin(self.hello, inputs, {peer: self.channel})
        with self._given() as supply:
            self.channel.start_counting()
            outcome = run_over(
                self._executable, self._program, inputs, self.channel, watch, supply, self._meter
            )
        self._watch = Stopwatch()
        return outcome

    @contextmanager
    def _given(self) -> Iterator[Supply | None]:
        """Provide what exists before the run in the block, if there is any."""
        units = self._holdings.take(self.channel)
        self._watch.lap("connect")
        if units is not None:
            with closing(units):
                yield GivenSupply(units, AHEAD if self._dealer is None else DEALT)
        elif self._dealer is not None:
            address, demands = self._dealer
            tag = agree_on_tag(self.channel, self.hello.party)
            dealt = dealt_preprocessing(address, self.hello, tag, demands, self._timeout)
            self._watch.lap("dealer")
            yield GivenSupply(dealt, DEALT)
        else:
            yield None


@contextmanager
def connected(
    executable: Executable,
    party: int,
    address: Address,
    timeout: float,
    listening: Listening | None = None,
    dealer: Address | None = None,
    *,
    metered: bool = False,
    watch: Stopwatch | None = None,
    recording: Recording | None = None,
    holdings: Holdings | None = None,
    inputs: Mapping[str, Data] | None = None,
) -> Iterator[Session]:
    """Connect to the other party and compile the executable, as `run_at` does, for the block.

    `inputs` have those that are the same for all parties, if there are such inputs.
    """
    watch, holdings = watch or Stopwatch(), holdings or nothing_held()
    help = None
    if dealer is not None:
        from .demands import demands_of  # imports the cost model

        help = dealer, demands_of(executable)
    options = {DEALERS: int(dealer is not None), RECORDS: int(recording is not None)}
    hello = hello_of(executable, party, inputs, **options)
    watch.lap("compile")
    channel = connect(address, hello, timeout, listening)
    watch.lap("connect")
    try:
        with kept_alive((channel,)):
            holdings.offer(channel)
            with doing("Making native code"):
                program = compile_for(executable, party, dealt=dealer is not None, metered=metered)
                watch.lap("compile")
            holdings.hear(channel)
            wait_until_ready((channel,))
            watch.lap("connect")
            meter = ChannelMeter(party) if metered else None
            yield Session(
                channel=channel,
                hello=hello,
                _executable=executable,
                _program=program,
                _watch=watch,
                _timeout=timeout,
                _dealer=help,
                _holdings=holdings,
                _meter=meter,
                _recording=recording,
            )
    finally:
        channel.close()
