"""AND gates a second of Yao's protocol, one thread and one core a party.

Four workloads: 64-bit comparisons of many pairs at once; 64-bit comparisons one after the other,
each a call of its own; a wide group of independent ANDs; a chain of ANDs, each needing the one
before. Each runs between two processes over loopback TCP, and each side alone in memory, where
sent bytes go nowhere and received ones are zeros. Native code loops over the calls. The median
of several runs is shown; set-up is left out.
"""

from __future__ import annotations

import argparse
import ctypes
import multiprocessing
import os
import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final

import numpy as np
from llvmlite import ir

from ezlang.compiler.circuits import comparison
from ezlang.compiler.circuits.builder import Builder
from ezlang.compiler.circuits.netlist import Netlist, Opcode, Port
from ezlang.compiler.circuits.schedule import schedule
from ezlang.compiler.kernels import abi
from ezlang.compiler.kernels.build import Kernel
from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.protocols.channel import Buffer, Channel
from ezlang.compiler.protocols.cot import AlignedBytes
from ezlang.compiler.protocols.yao import NetlistHandle, YaoParty, YaoRole
from ezlang.session.channel import SocketChannel

TIME_OUT: Final = 60.0


@dataclass(frozen=True, slots=True)
class Workload:
    """`times` calls of a netlist on `n` instances each."""

    name: str
    netlist: Netlist
    n: int
    times: int

    @property
    def ands(self) -> int:
        """All ANDs of a run."""
        return self.netlist.ands * self.n * self.times


class Nowhere:
    """A channel that swallows what is sent and has nothing but zeros."""

    def send(self, data: Buffer) -> None:
        """Forget it."""

    def receive_into(self, buffer: memoryview) -> None:
        """Leave what is there."""

    def flush(self) -> None:
        """Do nothing."""


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
    code = [(Opcode.GROUP, ands, 0, 0)]
    code += [(Opcode.AND, 2 * ands + i, i, ands + i) for i in range(ands)]
    return _netlist("wide", ands, code, ands)


def _chain(ands: int) -> Netlist:
    code: list[tuple[int, int, int, int]] = []
    for i in range(ands):
        code += [(Opcode.GROUP, 1, 0, 0), (Opcode.AND, 2 + i, 1 + i, 0)]
    return _netlist("chain", 1, code, ands)


def workloads(ands: int) -> list[Workload]:
    """Return the workloads, each of about so many ANDs."""
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
    """One party that runs workloads and takes the time."""

    def __init__(self, role: YaoRole, channel: Channel) -> None:
        engine = Engine()
        self.party = YaoParty(role, channel, engine)
        engine.add_module("repeat", _repeat_module(), ("repeat",))
        pointer, long = ctypes.c_void_p, ctypes.c_int64
        self._repeat = engine.function("repeat", *[pointer] * 4, long, long)

    def run(self, work: Workload) -> float:
        """Return the seconds from the first gate until both sides are done."""
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
        start = time.perf_counter()
        address = ctypes.addressof(ports)
        context = self.party.context
        arguments = (context, handle.address, address, out.address, work.n, work.times)
        self.party.check(self._repeat(*arguments))
        self._reveal(out, bit)
        return time.perf_counter() - start

    def _reveal(self, out: AlignedBytes, bit: AlignedBytes) -> None:
        """Reveal one bit to both, which also brings the parties together."""
        self.party.call("yao_reveal", out.address, bit.address, 1, 1, abi.TO_BOTH)


def _pin(core: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[core % len(cores)]})


def _measure(runner: Runner, works: list[Workload], repetitions: int) -> list[list[float]]:
    """Return the times by workload; runs of different workloads take turns."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(repetitions):
        for i, work in enumerate(works):
            times[i].append(runner.run(work))
    return times


def _garbler_process(port: int, ands: int, repetitions: int) -> None:
    _pin(1)
    connection = socket.create_connection(("127.0.0.1", port))
    channel = SocketChannel(connection, TIME_OUT)
    _measure(Runner(YaoRole.GARBLER, channel), workloads(ands), repetitions)
    channel.close()


def _evaluator_process(results: Connection, ands: int, repetitions: int) -> None:
    _pin(0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        results.send(server.getsockname()[1])
        connection, _ = server.accept()
    channel = SocketChannel(connection, TIME_OUT)
    results.send(_measure(Runner(YaoRole.EVALUATOR, channel), workloads(ands), repetitions))
    channel.close()


def _alone_process(results: Connection, role: YaoRole, ands: int, repetitions: int) -> None:
    _pin(1)
    results.send(_measure(Runner(role, Nowhere()), workloads(ands), repetitions))


def _in_process(target: Callable[..., None], *arguments: Any) -> tuple[Any, Connection]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *arguments))
    process.start()
    return process, ours


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this measurement's options."""
    parser.add_argument("--ands", type=int, default=8_000_000, help="ANDs of a batched run")
    parser.add_argument("--repetitions", type=int, default=5)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    size = (arguments.ands, arguments.repetitions)
    columns: dict[str, list[list[float]]] = {}
    for role in YaoRole:
        process, results = _in_process(_alone_process, role, *size)
        columns[f"{role.value} alone"] = results.recv()
        process.join()
    evaluator, results = _in_process(_evaluator_process, *size)
    port = results.recv()
    context = multiprocessing.get_context("spawn")
    garbler = context.Process(target=_garbler_process, args=(port, *size))
    garbler.start()
    columns["both, loopback"] = results.recv()
    garbler.join()
    evaluator.join()
    print(f"{'million ANDs a second':38}" + "".join(f"{name:>18}" for name in columns))
    for i, work in enumerate(workloads(arguments.ands)):
        rates = [work.ands / statistics.median(times[i]) / 1e6 for times in columns.values()]
        print(f"{work.name:38}" + "".join(f"{rate:18.1f}" for rate in rates))
