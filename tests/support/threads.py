"""All parties in this process, a thread each: what tests use, as nothing has to start.

The code, the protocol and the bytes are those of two processes; the network is a pair of sockets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import combinations
from socket import socketpair

from ezlang.compiler.cost.profiles import LAN, Profile
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.ir.sharings import PAIRED
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.native.executable import DEFAULT_PROTOCOL, Executable, executable_of
from ezlang.executors.native.many import run_over_all
from ezlang.executors.native.metering import ChannelMeter
from ezlang.executors.native.outcome import (
    NativeOutcome,
    PartyOutcome,
    Stopwatch,
    combine,
    first_cause,
)
from ezlang.executors.native.outsourced import run_client
from ezlang.executors.native.party import compile_for, run_over
from ezlang.session.channel import SocketChannel
from ezlang.session.mesh import close_all, tied
from ezlang.typed import tree as typed
from ezlang.values.check import check_inputs
from ezlang.values.data import Data, Inputs
from tests.support.channels import socket_pair
from tests.support.patience import PATIENCE


def run_native_threads(
    program: typed.Program,
    inputs: Inputs,
    *,
    timeout: float = PATIENCE,
    protocol: str = DEFAULT_PROTOCOL,
    profile: Profile = LAN,
) -> NativeOutcome:
    """Run a checked program with a thread for each party. Raises EzError as `run_native` does."""
    executable = executable_of(program, protocol, profile)
    return run_threads(executable, check_inputs(program, inputs), timeout=timeout)


def run_threads(
    executable: Executable,
    inputs: Mapping[str, Mapping[str, Data]],
    *,
    timeout: float = PATIENCE,
    metered: bool = False,
) -> NativeOutcome:
    """Run an executable on checked inputs with a thread for each party."""

    def run(party: int, channel: SocketChannel) -> PartyOutcome | EzError:
        watch = Stopwatch()
        try:
            name = executable.program.parties[party]
            own, meter = inputs.get(name, {}), ChannelMeter(party) if metered else None
            return run_over(executable, programs[party], own, channel, watch, None, meter)
        except EzError as error:
            return error
        finally:
            channel.close()

    if executable.program.clients:
        return run_threads_with_clients(executable, inputs, timeout=timeout, metered=metered)
    names = executable.program.parties
    if len(names) != PAIRED:
        return run_many_threads(executable, inputs, timeout=timeout, metered=metered)
    programs = {party: compile_for(executable, party, metered=metered) for party in COMPUTING}
    with ThreadPoolExecutor(max_workers=len(programs)) as threads:
        channels = zip(COMPUTING, socket_pair(timeout), strict=True)
        runs = [
            threads.submit(copy_context().run, run, party, channel) for party, channel in channels
        ]
        return _outcome([future.result() for future in runs])


def run_many_threads(
    executable: Executable,
    inputs: Mapping[str, Mapping[str, Data]],
    *,
    timeout: float = PATIENCE,
    metered: bool = False,
) -> NativeOutcome:
    """Run an executable of any number of parties on checked inputs with a thread for each."""
    names = executable.program.parties

    def run(party: int, channels: Mapping[int, SocketChannel]) -> PartyOutcome | EzError:
        try:
            own, meter = inputs.get(names[party], {}), ChannelMeter(party) if metered else None
            return run_over_all(executable, programs[party], own, channels, Stopwatch(), meter)
        except EzError as error:
            return error
        finally:
            close_all(channels)

    programs = [compile_for(executable, party, metered=metered) for party in range(len(names))]
    with ThreadPoolExecutor(max_workers=len(names)) as threads:
        runs = [
            threads.submit(copy_context().run, run, party, tied(channels, names))
            for party, channels in enumerate(connected_all(len(names), timeout))
        ]
        return _outcome([future.result() for future in runs])


def run_threads_with_clients(
    executable: Executable,
    inputs: Mapping[str, Mapping[str, Data]],
    *,
    timeout: float = PATIENCE,
    metered: bool = False,
) -> NativeOutcome:
    """Run an executable with clients on checked inputs with a thread for each party."""
    names = executable.program.everybody

    def run(party: int, channels: dict[int, SocketChannel]) -> PartyOutcome | EzError:
        try:
            own, meter = inputs.get(names[party], {}), ChannelMeter(party) if metered else None
            code, watch = programs[party], Stopwatch()
            if party not in COMPUTING:
                return run_client(executable, code, own, channels, watch, meter)
            clients = dict(channels)
            peer = clients.pop(COMPUTING.other(party))
            return run_over(executable, code, own, peer, watch, None, meter, clients)
        except EzError as error:
            return error
        finally:
            close_all(channels)

    programs = [compile_for(executable, party, metered=metered) for party in range(len(names))]
    found: list[dict[int, SocketChannel]] = [{} for _ in names]
    for one, other in combinations(range(len(names)), 2):
        if one in COMPUTING:
            for own, peer, end in zip((one, other), (other, one), socketpair(), strict=True):
                found[own][peer] = SocketChannel(end, timeout)
    with ThreadPoolExecutor(max_workers=len(names)) as threads:
        runs = [
            threads.submit(copy_context().run, run, party, tied(channels, names))
            for party, channels in enumerate(found)
        ]
        return _outcome([future.result() for future in runs])


def connected_all(parties: int, timeout: float) -> list[dict[int, SocketChannel]]:
    """Return each party's channels to all others, by number."""
    found: list[dict[int, SocketChannel]] = [{} for _ in range(parties)]
    for one, other in combinations(range(parties), 2):
        for (own, peer), end in zip(((one, other), (other, one)), socketpair(), strict=True):
            found[own][peer] = SocketChannel(end, timeout)
    return found


def _outcome(results: Sequence[PartyOutcome | EzError]) -> NativeOutcome:
    parties = [result for result in results if isinstance(result, PartyOutcome)]
    if len(parties) == len(results):
        return combine(parties)
    raise first_cause([result for result in results if isinstance(result, EzError)])
