"""The run of one party: compiled code, its memory, and the protocols that it calls."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import sys
from collections.abc import Callable, Iterable, Mapping

from ezlang.compiler.codegen.load import LoadedProgram, load
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.kernels.abi import STATUS_PROGRAM
from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.protocols.native.clients import ClientExchanges
from ezlang.compiler.protocols.native.precompile import precompile
from ezlang.compiler.protocols.native.supply import OtSupply, Supply
from ezlang.compiler.protocols.yao.session import YaoParty, YaoRole
from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.executors.failures import Failure, failure
from ezlang.session import errors
from ezlang.session.channel import SocketChannel
from ezlang.session.handshake import OPTIONS, PREPARES, Hello
from ezlang.values.check import shared_text
from ezlang.values.data import Data

from .buffers import Buffers
from .executable import Executable
from .following import followed
from .metering import ChannelMeter
from .outcome import PartyOutcome, Stopwatch
from .served import Served
from .sharing import CountedSharing

FINISHED = b"\x06"
"""The message with which each party signals the end of its program; the run then ends for all."""

LEAVING = 5.0
"""Seconds for which a party waits for the last message of those without whom a run is complete."""


def run_over(
    executable: Executable,
    program: LoadedProgram,
    inputs: Mapping[str, Data],
    channel: SocketChannel,
    watch: Stopwatch,
    supply: Supply | None = None,
    meter: ChannelMeter | None = None,
    clients: Mapping[int, SocketChannel] | None = None,
) -> PartyOutcome:
    """Run a party over a connected channel to a peer that runs the same program.

    `clients`: the channels to those that don't compute, by their numbers, if there are any.
    `program` is the code of the executable for this party. `inputs` are this party's checked
    inputs: name → data. `supply` is the source of correlated randomness; by default, the randomness
    is made from OTs during the run. `meter` is for code that was compiled to be metered. Raises
    EzError with exit code 3 if the run fails here or at the peer.
    """
    names, party = executable.program.everybody, program.interface.party

    def flush() -> None:
        yao.finish()
        for client in (clients or {}).values():
            client.flush()

    buffers = Buffers(program.interface, inputs, names[party], flush)
    foreseen = executable.foreseen if supply is None else None
    expected = foreseen.at(party) if foreseen else None
    supply = supply or OtSupply(executable.program.ots)
    channels = {COMPUTING.other(party): channel, **(clients or {})}
    if meter is not None:
        meter.begin(channels)
    yao = YaoParty(
        YaoRole.of(party),
        channel,
        program.engine,
        labels=supply.labels,
        garbling=executable.program.garbling,
    )
    served = Served(executable, channels)
    with_clients = ClientExchanges(party, channels, served.dismiss) if clients else None
    sharing = CountedSharing(program.interface, channel, supply, with_clients)
    yao.exchange = sharing.run if meter is None else meter.watched(sharing.run, program.interface)
    if meter is not None:
        meter.watch(yao)
    try:
        sharing.begin()
        with followed(channels, program.interface, lambda: yao.mark, expected, meter):
            # Failures depend only on public data, so the peer detects the same failure.
            execute(program, yao.context, buffers, yao.check, yao.finish)
            yao.finish()
        outcome = PartyOutcome(
            party=names[party],
            outputs=buffers.outputs(),
            rounds=channel.rounds,
            sent={names[number]: one.bytes_sent for number, one in channels.items()},
            received={names[number]: one.bytes_received for number, one in channels.items()},
            memory=program.memory,
            ands=yao.counters.ands,
            ots=yao.counters.ots_used + sharing.ots,
            sharing_bytes=sharing.bytes_sent,
            seconds=watch.seconds,
            tallies=None if meter is None else meter.finished(),
        )
        part(served.awaited, served.others)
    finally:
        yao.close()
        sharing.close()
    watch.lap("run")
    return outcome


def hello_of(
    executable: Executable, party: int, inputs: Mapping[str, Data] | None = None, /, **options: int
) -> Hello:
    """Return the hello of a party that runs an executable, with further `options` to compare.

    `inputs` are its checked inputs, if some of them are the same for all parties.
    """
    return Hello(
        party=party,
        names=executable.program.everybody,
        clients=len(executable.program.clients),
        fingerprint=executable.fingerprint,
        params=dict(executable.params),
        choices=dict(executable.choices),
        shared=_shared(executable.program, inputs or {}),
        options=OPTIONS | {PREPARES: 0} | options,
    )


def _shared(program: ir.Program, inputs: Mapping[str, Data]) -> dict[str, str]:
    """Return the inputs of all parties as text: name → value."""
    found = {
        operation.name: operation.whole_type
        for function in program.functions
        for operation in ir.walk(function.body)
        if isinstance(operation, ir.Input) and operation.party is None
    }
    return {name: shared_text(type, inputs[name]) for name, type in found.items() if inputs}


def compile_for(
    executable: Executable, party: int, *, dealt: bool = False, metered: bool = False
) -> LoadedProgram:
    """Compile and load the program's code for a party.

    The kernels that a run loads later are compiled, too. `dealt`: with preprocessing by a dealer.
    `metered`: to be run with a meter.
    """
    program = executable.program_of(party)
    loaded = load(program, party, Engine(), metered=metered)
    precompile(loaded.interface, None if dealt else program.ots)
    return loaded


def execute(
    program: LoadedProgram,
    context: int,
    buffers: Buffers,
    check: Callable[[int], None],
    finish: Callable[[], None] = lambda: None,
) -> None:
    """Run a loaded program on the address of its context.

    `check` raises the error of a status, and `finish` is called before a failure of the program is.
    """
    with _frame(program.memory) as frame:
        memory = (ctypes.c_uint8 * len(frame)).from_buffer(frame)
        start = ctypes.addressof(memory)
        status = program.run(context, start, ctypes.addressof(buffers.host))
        del memory
    if status >= STATUS_PROGRAM:
        buffers.raise_error()
        site = program.interface.sites[status - STATUS_PROGRAM]
        finish()
        wrong = buffers.index if site.kind is Failure.INDEX else None
        raise failure(site.kind, site.span, site.message, wrong)
    check(status)


def _frame(size: int) -> mmap.mmap:
    """Return zeroed, page-aligned memory, whose pages are allocated on first use."""
    try:
        if size <= _memory_of_machine():
            return mmap.mmap(-1, max(size, 1))
    except (OSError, OverflowError, ValueError):
        pass
    raise EzError(
        Diagnostic(
            code="EZ5016",
            message=f"This program needs {size / 1e9:.1f} GB of memory at this party, "
            "more than there is",
            span=None,
            help="secret arrays take 16 bytes a bit: make them smaller or fewer",
        ),
        exit_code=errors.FAILED,
    )


def _memory_of_machine() -> int:
    """Return the size of physical memory in bytes, or `sys.maxsize` if it is unknown.

    Many systems overcommit memory, and kill the process when it uses more than there is.
    """
    if not hasattr(os, "sysconf"):
        return sys.maxsize
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return pages if pages > 0 else sys.maxsize


def part(channels: Iterable[SocketChannel], others: Iterable[SocketChannel] = ()) -> None:
    """Tell the peers that this party has finished, and wait for the same message from each.

    It doesn't matter whether the `others` are still there: they get some seconds for it.
    """
    channels, others = tuple(channels), tuple(others)
    for channel in channels:
        # Keep-alives that a peer leaves unread would make its end of the connection a reset.
        channel.send_last(FINISHED)
    for channel in others:
        with contextlib.suppress(EzError):
            channel.send_last(FINISHED)
    for channel in others:
        with contextlib.suppress(EzError), channel.limited(LEAVING):
            channel.receive_into(memoryview(bytearray(len(FINISHED))))
    for channel in channels:
        said = bytearray(len(FINISHED))
        try:
            channel.receive_into(memoryview(said))
        except EzError as error:
            raise errors.peer_failed() from error
        if said != FINISHED:
            raise errors.peer_failed()
