"""Two parties in two threads, joined by a socket pair."""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from ezlang.compiler.circuits.netlist import Netlist
from ezlang.compiler.kernels import abi
from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.kernels.memory import AlignedBytes
from ezlang.compiler.kernels.target import AesPath, host_target
from ezlang.compiler.protocols.core.channel import PEEK_LIMIT, Buffer, unmetered
from ezlang.compiler.protocols.yao.session import NetlistHandle, YaoParty, YaoRole
from tests.support.patience import PATIENCE

Result = TypeVar("Result")
Other = TypeVar("Other")


class SocketChannel:
    """A channel over a socket that notes the length of every message."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        self._connection = connection
        self._shown = bytearray()
        self.sent: list[int] = []
        self.received: list[int] = []

    def send(self, data: Buffer) -> None:
        self.sent.append(len(memoryview(data)))
        self._connection.sendall(data)

    def receive_into(self, buffer: memoryview) -> None:
        self.received.append(len(buffer))
        self._wait(len(buffer))
        buffer[:] = self._take(len(buffer))

    def peek(self, least: int) -> memoryview:
        assert least <= PEEK_LIMIT
        self._wait(least)
        return memoryview(self._shown)

    def skip(self, count: int) -> None:
        assert count <= len(self._shown)
        self._take(count)

    def _wait(self, count: int) -> None:
        while len(self._shown) < count:
            data = self._connection.recv(1 << 16)
            if not data:
                raise EOFError("the other side is gone")
            # A new object, since native code may have a view of the old one.
            self._shown = self._shown + data

    def _take(self, count: int) -> bytes:
        taken = bytes(self._shown[:count])
        self._shown = self._shown[count:]
        return taken

    def flush(self) -> None:
        pass

    within = staticmethod(unmetered)

    def flight(self, number: int | None, *, behind: int = 0) -> None:
        pass

    def close(self) -> None:
        self._connection.close()


def channel_pair() -> tuple[SocketChannel, SocketChannel]:
    first, second = socket.socketpair()
    return SocketChannel(first), SocketChannel(second)


def run_pair(
    first: Callable[[SocketChannel], Result], second: Callable[[SocketChannel], Other]
) -> tuple[Result, Other]:
    """Run both, the first in a thread of its own; a failure of either is raised."""
    left, right = channel_pair()
    results: list[Result] = []
    failures: list[BaseException] = []

    def run_first() -> None:
        try:
            results.append(first(left))
        except BaseException as error:
            failures.append(error)
        finally:
            left.close()

    thread = threading.Thread(target=run_first)
    thread.start()
    try:
        other = second(right)
    finally:
        right.close()
        thread.join(PATIENCE)
    if failures:
        raise failures[0]
    return results[0], other


def run_yao(
    program: Callable[[YaoParty], Result], *, path: AesPath | None = None, **sizes: Any
) -> tuple[Result, Result]:
    """Run a program as garbler and as evaluator."""

    def party(role: YaoRole) -> Callable[[SocketChannel], Result]:
        def run(channel: SocketChannel) -> Result:
            yao = YaoParty(role, channel, Engine(host_target(path)), **sizes)
            result = program(yao)
            yao.finish()
            return result

        return run

    return run_pair(party(YaoRole.GARBLER), party(YaoRole.EVALUATOR))


def element_bytes(width: int) -> int:
    return (width + 7) // 8


def encode(values: Sequence[int], width: int) -> bytes:
    mask = (1 << width) - 1
    return b"".join((v & mask).to_bytes(element_bytes(width), "little") for v in values)


def decode(data: bytes, width: int) -> list[int]:
    size = element_bytes(width)
    return [int.from_bytes(data[i : i + size], "little") for i in range(0, len(data), size)]


class Labels:
    """A secret tensor [n][width] at one party."""

    def __init__(self, n: int, width: int) -> None:
        self.n, self.width = n, width
        self.memory = AlignedBytes(16 * n * width)

    @property
    def array(self) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
        return np.frombuffer(self.memory.view, dtype=np.uint8).reshape(-1, 16)


def share(party: YaoParty, symbol: str, values: Sequence[int] | None, n: int, width: int) -> Labels:
    labels = Labels(n, width)
    clear = None if values is None else ctypes.create_string_buffer(encode(values, width))
    party.call(symbol, clear, labels.memory.address, n, width)
    return labels


def share_from(party: YaoParty, owner: YaoRole, values: Sequence[int], width: int) -> Labels:
    """Share values that only `owner` looks at."""
    own = values if party.role is owner else None
    return share(party, f"yao_share_{owner.value}", own, len(values), width)


def reveal(party: YaoParty, labels: Labels, to: int = abi.TO_BOTH) -> list[int] | None:
    told = to & (abi.TO_GARBLER if party.role is YaoRole.GARBLER else abi.TO_EVALUATOR)
    size = labels.n * element_bytes(labels.width)
    clear = ctypes.create_string_buffer(size) if told else None
    party.call("yao_reveal", labels.memory.address, clear, labels.n, labels.width, to)
    return decode(clear.raw[:size], labels.width) if clear is not None else None


def label_port(labels: Labels, *, broadcast: bool = False) -> abi.PortStruct:
    stride = 0 if broadcast else labels.width
    return abi.PortStruct(labels.memory.address, stride, labels.width, abi.PORT_LABELS)


class ClearPort:
    """A public port; keeps its data alive."""

    def __init__(self, values: Sequence[int], width: int) -> None:
        self._data = ctypes.create_string_buffer(encode(values, width))
        stride = 0 if len(values) == 1 else element_bytes(width)
        address = ctypes.addressof(self._data)
        self.struct = abi.PortStruct(address, stride, width, abi.PORT_CLEAR)


def run_circuit(
    party: YaoParty, netlist: Netlist, ports: Sequence[abi.PortStruct], n: int
) -> Labels:
    handle = NetlistHandle(netlist)
    array = (abi.PortStruct * max(1, len(ports)))(*ports)
    out = Labels(n, len(netlist.outputs))
    party.call("yao_circuit", handle.address, ctypes.addressof(array), out.memory.address, n)
    return out


def random_values(n: int, width: int) -> list[int]:
    return [int.from_bytes(os.urandom(8), "little") >> (64 - width) for _ in range(n)]
