"""AND gates a second of Yao's protocol, with one thread and one core for each party.

There are four workloads: 64-bit comparisons of many pairs at once; 64-bit comparisons one after the
other, each in a call of its own; a wide group of independent ANDs; a chain of ANDs, each of which
needs the one before. Each runs between two processes over loopback TCP, and for each side alone in
memory, where sent bytes are discarded and received ones are zeros. Native code loops over the
calls. The results are medians of several runs, by the clock and by the time of each process on its
core; set-up is left out. The last column compares the rate by the clock with the capacity of
loopback.
"""

from __future__ import annotations

import argparse
import ctypes
import socket
import time
from dataclasses import dataclass

import numpy as np
from llvmlite import ir

from ezlang.compiler.circuits import comparison
from ezlang.compiler.circuits.builder import Builder
from ezlang.compiler.circuits.netlist import Netlist, Opcode, Port
from ezlang.compiler.circuits.schedule import schedule
from ezlang.compiler.ir.garbling import Garbling
from ezlang.compiler.kernels import abi
from ezlang.compiler.kernels.build import Kernel
from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.kernels.layout import table_bytes
from ezlang.compiler.kernels.memory import AlignedBytes
from ezlang.compiler.protocols.core.channel import Channel
from ezlang.compiler.protocols.yao.session import NetlistHandle, YaoParty, YaoRole
from ezlang.session.channel import SocketChannel

from .counts import counted, expect, since
from .pair import TIME_OUT, Nowhere, Times, loopback, run_alone, run_pair


@dataclass(frozen=True, slots=True)
class Workload:
    """`times` calls of a netlist on `n` instances each."""

    name: str
    netlist: Netlist
    n: int
    times: int

    @property
    def ands(self) -> int:
        """The number of ANDs of a run."""
        return self.netlist.ands * self.n * self.times

    def table_bytes(self, garbling: Garbling) -> int:
        """Return the bytes of the tables of a run."""
        return table_bytes(garbling, self.netlist, self.n) * self.times


def _comparison() -> Netlist:
    b = Builder()
    x, y = b.port(64), b.port(64)
    return schedule(b, [comparison.less_than(b, x, y, signed=True)], "less than")


def _netlist(name: str, width: int, code: list[tuple[int, int, int, int]], ands: int) -> Netlist:
    registers = 2 * width + ands
    return Netlist(
        name=name,
        ports=(Port(width), Port(width)),
        outputs=(registers - 1,),
        code=np.array(code, dtype=np.int32),
        registers=registers,
        ands=ands,
        depth=sum(row[0] == Opcode.GROUP for row in code),
    )


def _wide(ands: int) -> Netlist:
    code = [(int(Opcode.GROUP), ands, 0, 0)]
    code += [(int(Opcode.AND), 2 * ands + i, i, ands + i) for i in range(ands)]
    return _netlist("wide", ands, code, ands)


def _chain(ands: int) -> Netlist:
    code: list[tuple[int, int, int, int]] = []
    for i in range(ands):
        code += [(Opcode.GROUP, 1, 0, 0), (Opcode.AND, 2 + i, 1 + i, 0)]
    return _netlist("chain", 1, code, ands)


def workloads(ands: int) -> list[Workload]:
    """Return the workloads, each of about `ands` ANDs."""
    compare = _comparison()
    n = 1000
    return [
        Workload("64-bit comparisons, 1000 at a time", compare, n, ands // (compare.ands * n)),
        Workload("64-bit comparisons, one at a time", compare, 1, ands // compare.ands // 4),
        Workload("256 independent ANDs", _wide(256), 8, ands // 2048),
        Workload("one chain of ANDs", _chain(256), 1, ands // 256 // 4),
    ]


def _repeat_module() -> str:
    module = ir.Module("repeat")
    pointers = tuple((name, abi.POINTER) for name in ("context", "netlist", "ports", "out"))
    k = Kernel(module, "repeat", (*pointers, ("n", abi.I64), ("times", abi.I64)))
    circuit = abi.declare(module, "yao_circuit")
    with k.loop(0, k["times"]):
        k.check(k.call(circuit, k["context"], k["netlist"], k["ports"], k["out"], k["n"]))
    k.finish()
    return str(module)


class Runner:
    """One party that runs workloads and measures the time.

    With a connection, it also checks what it sends: tables, if it garbles, and the bit that ends a
    run.
    """

    def __init__(self, role: YaoRole, channel: Channel, garbling: Garbling) -> None:
        self._role, self._channel, self._garbling = role, channel, garbling
        engine = Engine()
        self.party = YaoParty(role, channel, engine, garbling=garbling)
        engine.add_module("repeat", _repeat_module(), ("repeat",))
        pointer, long = ctypes.c_void_p, ctypes.c_int64
        self._repeat = engine.function("repeat", *[pointer] * 4, long, long)

    def run(self, work: Workload, times: Times) -> None:
        """Record the seconds from the first gate until both sides are done."""
        handle = NetlistHandle(work.netlist)
        inputs = [AlignedBytes(16 * port.width * work.n) for port in work.netlist.ports]
        for port, labels in zip(work.netlist.ports, inputs, strict=True):
            arguments = (labels.address, work.n, port.width)
            self.party.call("yao_share_garbler", bytes(8 * port.width * work.n), *arguments)
        ports = (abi.PortStruct * len(inputs))(
            *(
                abi.PortStruct(labels.address, port.width, port.width, abi.PORT_LABELS)
                for port, labels in zip(work.netlist.ports, inputs, strict=True)
            )
        )
        out = AlignedBytes(16 * len(work.netlist.outputs) * work.n)
        bit = AlignedBytes(1)
        self._reveal(out, bit)
        before = counted(self._channel) if isinstance(self._channel, SocketChannel) else None
        wall, core = time.perf_counter(), time.process_time()
        address = ctypes.addressof(ports)
        context = self.party.context
        call = (context, handle.address, address, out.address, work.n, work.times)
        self.party.check(self._repeat(*call))
        self._reveal(out, bit)
        times.wall.append(time.perf_counter() - wall)
        times.core.append(time.process_time() - core)
        if before is not None and isinstance(self._channel, SocketChannel):
            tables = work.table_bytes(self._garbling)
            own, other = (tables, 0) if self._role is YaoRole.GARBLER else (0, tables)
            sent, received, _ = since(self._channel, before)
            expect(work.name, "bytes sent and received", (sent, received), (own + 1, other + 1))

    def _reveal(self, out: AlignedBytes, bit: AlignedBytes) -> None:
        """Reveal one bit to both, which also synchronises the parties."""
        self.party.call("yao_reveal", out.address, bit.address, 1, 1, abi.TO_BOTH)


def _measure(runner: Runner, ands: int, repetitions: int) -> list[Times]:
    """Return the times by workload; runs of different workloads take turns."""
    works = workloads(ands)
    times = [Times([], []) for _ in works]
    for _ in range(repetitions):
        for own, work in zip(times, works, strict=True):
            runner.run(work, own)
    return times


def run_garbler(
    connection: socket.socket, garbling: Garbling, ands: int, repetitions: int
) -> list[Times]:
    """Run the garbler."""
    channel = SocketChannel(connection, TIME_OUT)
    return _measure(Runner(YaoRole.GARBLER, channel, garbling), ands, repetitions)


def run_evaluator(
    connection: socket.socket, garbling: Garbling, ands: int, repetitions: int
) -> list[Times]:
    """Run the evaluator."""
    channel = SocketChannel(connection, TIME_OUT)
    return _measure(Runner(YaoRole.EVALUATOR, channel, garbling), ands, repetitions)


def _alone(role: YaoRole, garbling: Garbling, ands: int, repetitions: int) -> list[Times]:
    return _measure(Runner(role, Nowhere(), garbling), ands, repetitions)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this measurement's options."""
    parser.add_argument("--ands", type=int, default=8_000_000, help="ANDs of a batched run")
    parser.add_argument("--repetitions", type=int, default=5)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print, for each garbling scheme."""
    out, into = loopback()
    carried = 1 << 28
    for garbling in Garbling:
        _run(arguments, garbling, into.rate(carried) / 1e6)
    cores = [times.core_rate(carried) / 1e6 for times in (out, into)]
    print(f"The wire alone: {into.rate(carried) / 1e6:.0f} MB/s by the clock, and", end=" ")
    print(f"{cores[0]:.0f} and {cores[1]:.0f} by the time of the sender's and receiver's core")


def _run(arguments: argparse.Namespace, garbling: Garbling, wire: float) -> None:
    """Measure and print a scheme; `wire` is the capacity of loopback in MB/s."""
    size = (garbling, arguments.ands, arguments.repetitions)
    alone = [run_alone(_alone, role, *size) for role in (YaoRole.GARBLER, YaoRole.EVALUATOR)]
    evaluator, garbler = run_pair(run_evaluator, run_garbler, *size)
    names = (
        "alone: garbler",
        "evaluator",
        "loopback",
        "by core: garbler",
        "evaluator",
        "of the wire",
    )
    title = f"{garbling.value.replace('_', '-')}: million ANDs a second"
    print(f"{title:40}" + "".join(f"{name:>18}" for name in names))
    for i, work in enumerate(workloads(arguments.ands)):
        ands = work.ands / 1e6
        rates = [times[i].core_rate(ands) for times in alone]
        rates += [evaluator[i].rate(ands), garbler[i].core_rate(ands), evaluator[i].core_rate(ands)]
        row = "".join(f"{rate:18.1f}" for rate in rates)
        bytes_an_and = work.table_bytes(garbling) / work.ands
        print(f"{work.name:40}{row}{rates[2] * bytes_an_and / wire:17.0%}")
