"""The run of a single party: connects to the others and runs the program with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ezlang.compiler.codegen.load import LoadedProgram
from ezlang.compiler.cost.profiles import LAN, Profile
from ezlang.compiler.ir.sharings import PAIRED
from ezlang.compiler.protocols.dealt.demands import Demands
from ezlang.compiler.protocols.native.supply import DealtSupply
from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.progress import doing
from ezlang.records import dataclass
from ezlang.session.address import (
    DEALER_PORT,
    TIMEOUT,
    Address,
    parse_address,
    parse_addresses,
    require_private,
)
from ezlang.session.channel import SocketChannel
from ezlang.session.connect import Listening, connect
from ezlang.session.dealing import agree_on_tag, dealt_preprocessing
from ezlang.session.handshake import Hello
from ezlang.session.readiness import preparing
from ezlang.typed import tree as typed
from ezlang.types.sharing import DEFAULT_MEMORY, DEFAULT_PROTOCOL
from ezlang.values.check import check_party
from ezlang.values.data import Data
from ezlang.values.names import party_number

from .executable import Executable
from .many import run_among
from .metering import ChannelMeter
from .numbers_of_parties import require_several_parties
from .outcome import PartyOutcome, Stopwatch
from .party import compile_for, hello_of, run_over
from .prepared import prepared

if TYPE_CHECKING:
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
) -> PartyOutcome:
    """Run a checked program as one of its parties.

    Of two parties, party 0 listens at `address` (HOST:PORT; on loopback by default), and party 1
    dials it for up to `timeout` seconds. Of more, `address` is as for `parse_addresses`: each party
    listens, and dials those before it. `inputs` are this party's inputs: name → value. `dealer` is
    the address of a dealer, if there is one. For `protocol`, `profile` and `memory`, see
    `executable_of`; all parties must use the same. An address on another machine requires
    `insecure`; `warn` is then called with a warning about the consequences. `parties` says who of
    two is who and where: the connections are over TLS then, and `dealer` may be a name. `metered`:
    count by line and phase, too. `watch` has the time of what preceded, which counts as
    compilation. Raises
    EzError with exit code 2 if the call is invalid, 3 if the run fails.
    """
    require_several_parties(program.parties)
    watch = watch or Stopwatch()
    executable = prepared(program, protocol, profile, memory)
    number = party_number(program.parties, party)
    wait = TIMEOUT if timeout is None else timeout
    if len(program.parties) != PAIRED:
        if parties is not None:
            raise _only_for_two(parties)
        places = parse_addresses(address, len(program.parties))
        require_all_private(places, insecure=insecure, warn=warn)
        checked = check_party(program, program.parties[number], inputs)
        return run_among(executable, number, checked, places, wait, metered=metered, watch=watch)
    place, third = addresses(
        address, dealer, insecure=insecure, warn=warn, known=_known(parties, program, number)
    )
    checked = check_party(program, program.parties[number], inputs)
    return run_at(
        executable, number, checked, place, wait, dealer=third, metered=metered, watch=watch
    )


def addresses(
    address: str | None,
    dealer: str | None,
    *,
    insecure: bool,
    warn: Callable[[str], None] | None,
    known: tuple[Parties, tuple[str, ...], int] | None = None,
) -> tuple[Address, Address | None]:
    """Return the addresses of the first party and the dealer, as a user writes them.

    `insecure` and `warn`: as for `run_party`. `known`: parties.toml, the program's parties, and the
    number of this one. Raises EzError (exit code 2).
    """
    third = None
    if known is None:
        place = parse_address(address)
    else:
        parties, names, own = known
        place = parties.address(names, own, address)
        third = None if dealer is None else parties.dealer(names[own], dealer)
    if dealer is not None and third is None:
        third = parse_address(dealer, DEALER_PORT)
    places = (place,) if third is None else (place, third)
    require_all_private(places, insecure=insecure, warn=warn)
    return place, third


def require_all_private(
    places: Sequence[Address], *, insecure: bool, warn: Callable[[str], None] | None
) -> None:
    """Check that addresses are on this machine, or warn if that isn't needed.

    Raises EzError (exit code 2).
    """
    for warning in [require_private(one, insecure=insecure) for one in places]:
        if warning is not None and warn is not None:
            warn(warning)


def _only_for_two(parties: Parties) -> EzError:
    message = f"{parties.path} is for TLS between two parties, and this program has more"
    help = "parties on one machine need no such file; others take --insecure, inside of a VPN"
    return EzError(Diagnostic(code="EZ4106", message=message, span=None, help=help), exit_code=2)


def _known(
    parties: Parties | None, program: typed.Program, own: int
) -> tuple[Parties, tuple[str, ...], int] | None:
    return None if parties is None else (parties, program.parties, own)


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
) -> PartyOutcome:
    """Run an executable on checked inputs.

    `listening` is called with the address at which party 0 listens. If the address of a `dealer` is
    given, it deals once the parties are connected. `metered` and `watch`: as for `run_party`.
    """
    with connected(
        executable, party, address, timeout, listening, dealer, metered=metered, watch=watch
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
    _meter: ChannelMeter | None = None

    def run(self, inputs: Mapping[str, Data]) -> PartyOutcome:
        """Run on checked inputs; the other party does the same. Its time begins at the last one."""
        supply = None
        watch = self._watch
        self.channel.start_counting()
        if self._dealer is not None:
            address, demands = self._dealer
            tag = agree_on_tag(self.channel, self.hello.party)
            dealt = dealt_preprocessing(address, self.hello, tag, demands, self._timeout)
            supply = DealtSupply(dealt)
            self.channel.start_counting()
            watch.lap("dealer")
        outcome = run_over(
            self._executable, self._program, inputs, self.channel, watch, supply, self._meter
        )
        self._watch = Stopwatch()
        return outcome


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
) -> Iterator[Session]:
    """Connect to the other party and compile the executable, as `run_at` does, for the block."""
    watch = watch or Stopwatch()
    help = None
    if dealer is not None:
        from .demands import demands_of  # imports the cost model

        help = dealer, demands_of(executable)
    hello = hello_of(executable, party, **{"number of dealers": int(dealer is not None)})
    watch.lap("compile")
    channel = connect(address, hello, timeout, listening)
    watch.lap("connect")
    try:
        with preparing(channel), doing("Making native code"):
            program = compile_for(executable, party, dealt=dealer is not None, metered=metered)
            watch.lap("compile")
        watch.lap("connect")
        meter = ChannelMeter(party) if metered else None
        yield Session(channel, hello, executable, program, watch, timeout, help, meter)
    finally:
        channel.close()
