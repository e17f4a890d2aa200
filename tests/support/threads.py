"""Both parties in this process, a thread each: what tests use, as nothing has to start.

The code, the protocol and the bytes are those of two processes; the network is a pair of sockets.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from ezlang.compiler.cost.profiles import LAN, Profile
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.native.executable import DEFAULT_PROTOCOL, Executable, executable_of
from ezlang.executors.native.outcome import (
    NativeOutcome,
    PartyOutcome,
    combine,
    first_cause,
)
from ezlang.executors.native.party import Stopwatch, compile_for, run_over
from ezlang.session.channel import SocketChannel
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
    """Run a checked program with two threads. Raises EzError as `run_native` does."""
    executable = executable_of(program, protocol, profile)
    return run_threads(executable, check_inputs(program, inputs), timeout=timeout)


def run_threads(
    executable: Executable, inputs: Mapping[str, Mapping[str, Data]], *, timeout: float = PATIENCE
) -> NativeOutcome:
    """Run an executable on checked inputs with two threads."""

    def run(party: int, channel: SocketChannel) -> PartyOutcome | EzError:
        watch = Stopwatch()
        try:
            name = executable.program.parties[party]
            return run_over(executable, programs[party], inputs.get(name, {}), channel, watch)
        except EzError as error:
            return error
        finally:
            channel.close()

    programs = {party: compile_for(executable, party) for party in COMPUTING}
    with ThreadPoolExecutor(max_workers=len(programs)) as threads:
        channels = zip(COMPUTING, socket_pair(timeout), strict=True)
        runs = [threads.submit(run, party, channel) for party, channel in channels]
        results = [future.result() for future in runs]
    parties = [result for result in results if isinstance(result, PartyOutcome)]
    if len(parties) == len(results):
        return combine(parties)
    raise first_cause([result for result in results if isinstance(result, EzError)])
