"""Yao's protocol between two parties, against clear evaluation."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from ezlang.compiler.circuits.netlist import Netlist, Port
from ezlang.compiler.ir.ots import OtKind
from ezlang.compiler.kernels import abi
from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.kernels.target import AesPath, available_paths, host_target
from ezlang.compiler.protocols.core.channel import Buffer
from ezlang.compiler.protocols.ot.stock import Parameters, extension_bytes
from ezlang.compiler.protocols.yao.session import NetlistHandle, YaoParty, YaoRole, label_source
from tests.protocols.netlists import and_netlist, random_netlist
from tests.support.netlist_values import apply
from tests.support.two_parties import (
    ClearPort,
    Labels,
    SocketChannel,
    channel_pair,
    label_port,
    random_values,
    reveal,
    run_circuit,
    run_pair,
    run_yao,
    share,
    share_from,
)

GARBLER, EVALUATOR = YaoRole.GARBLER, YaoRole.EVALUATOR
PORTS = (Port(8), Port(16), Port(5, public=True), Port(1))


def run_netlist(
    netlist: Netlist, values: Sequence[Sequence[int]], n: int, **sizes: Any
) -> tuple[list[int], list[int]]:
    """Odd ports are the evaluator's; a port with one value serves all instances."""

    def program(party: YaoParty) -> list[int]:
        keep: list[object] = []
        ports = []
        for i, (port, numbers) in enumerate(zip(netlist.ports, values, strict=True)):
            if port.public:
                keep.append(clear := ClearPort(numbers, port.width))
                ports.append(clear.struct)
            else:
                owner = EVALUATOR if i % 2 else GARBLER
                keep.append(labels := share_from(party, owner, numbers, port.width))
                ports.append(label_port(labels, broadcast=len(numbers) == 1))
        result = reveal(party, run_circuit(party, netlist, ports, n))
        assert result is not None
        return result

    return run_yao(program, **sizes)


def expected(netlist: Netlist, values: Sequence[Sequence[int]], n: int) -> list[int]:
    return apply(netlist, *(list(v) * n if len(v) == 1 else v for v in values))


@pytest.mark.parametrize(("seed", "n"), list(enumerate([1, 1, 2, 3, 7, 8, 9, 64, 205])))
def test_random_netlists(seed: int, n: int) -> None:
    netlist = random_netlist(seed, PORTS, groups=30)
    values = [random_values(n, port.width) for port in PORTS]
    first, second = run_netlist(netlist, values, n)
    assert first == second == expected(netlist, values, n)


@pytest.mark.parametrize("single", [(0,), (1, 2), (0, 1, 2, 3)])
def test_broadcast_ports(single: tuple[int, ...]) -> None:
    n = 19
    netlist = random_netlist(77, PORTS, groups=10)
    values = [random_values(1 if i in single else n, p.width) for i, p in enumerate(PORTS)]
    first, second = run_netlist(netlist, values, n)
    assert first == second == expected(netlist, values, n)


@pytest.mark.parametrize("table_buffer", [256, 288, 1000])
def test_small_buffers(table_buffer: int) -> None:
    n = 21
    netlist = random_netlist(5, PORTS, groups=20)
    values = [random_values(n, port.width) for port in PORTS]
    first, second = run_netlist(netlist, values, n, table_buffer=table_buffer, bit_buffer=256)
    assert first == second == expected(netlist, values, n)


@pytest.mark.parametrize("pair", list(itertools.product(available_paths(), repeat=2)))
def test_paths_understand_one_another(pair: tuple[AesPath, AesPath]) -> None:
    netlist = and_netlist(13)
    x, y = random_values(11, 13), random_values(11, 13)

    def party(role: YaoRole, path: AesPath) -> Callable[[SocketChannel], list[int] | None]:
        def run(channel: SocketChannel) -> list[int] | None:
            yao = YaoParty(role, channel, Engine(host_target(path)))
            a, b = share_from(yao, GARBLER, x, 13), share_from(yao, EVALUATOR, y, 13)
            result = reveal(yao, run_circuit(yao, netlist, [label_port(a), label_port(b)], 11))
            yao.finish()
            return result

        return run

    first, second = run_pair(party(GARBLER, pair[0]), party(EVALUATOR, pair[1]))
    assert first == second == [a & b for a, b in zip(x, y, strict=True)]


@pytest.mark.parametrize("width", [1, 5, 8, 13, 16, 32, 64])
@pytest.mark.parametrize("n", [1, 9, 70])
def test_sharing_and_revealing(width: int, n: int) -> None:
    values = [random_values(n, width) for _ in range(3)]

    def program(party: YaoParty) -> list[list[int] | None]:
        tensors = [
            share_from(party, GARBLER, values[0], width),
            share_from(party, EVALUATOR, values[1], width),
            share(party, "yao_share_public", values[2], n, width),
        ]
        tos = (abi.TO_GARBLER, abi.TO_EVALUATOR, abi.TO_BOTH)
        return [reveal(party, tensor, to) for to in tos for tensor in tensors]

    garbler, evaluator = run_yao(program, bit_buffer=256)
    none = [None] * 3
    assert garbler == values + none + values
    assert evaluator == none + values + values


def test_in_place() -> None:
    n, netlist = 12, and_netlist(8)
    x, y = random_values(n, 8), random_values(n, 8)

    def program(party: YaoParty) -> list[int] | None:
        a, b = share_from(party, GARBLER, x, 8), share_from(party, EVALUATOR, y, 8)
        handle = NetlistHandle(netlist)
        ports = (abi.PortStruct * 2)(label_port(a), label_port(b))
        address = a.memory.address
        party.call("yao_circuit", handle.address, ctypes.addressof(ports), address, n)
        return reveal(party, a)

    first, second = run_yao(program)
    assert first == second == [a & b for a, b in zip(x, y, strict=True)]


def test_stock_of_ots_lasts_over_calls_and_refills() -> None:
    values = [random_values(40, 32) for _ in range(4)]

    def program(party: YaoParty) -> tuple[list[list[int] | None], int]:
        tensors = [share_from(party, EVALUATOR, v, 32) for v in values]
        counters = party.counters
        return [reveal(party, t) for t in tensors], counters.ots

    garbler, evaluator = run_yao(program)
    # 1280 bits a call: 2048 OTs for the first, then 512, 768 and 1024 are missing.
    assert garbler == evaluator == (values, 2048 + 3 * 1024)


def test_silent_ots_among_circuits() -> None:
    """Batches come from the garbler, between its tables, over iterations."""
    parameters = Parameters(trees=40, depth=6, secret_bits=8)
    netlist = and_netlist(16)
    rounds, n = 12, 30

    def program(party: YaoParty) -> list[int]:
        results: list[int] = []
        for i in range(rounds):
            a = share_from(party, GARBLER, [i * 1000 + 3 * j for j in range(n)], 16)
            b = share_from(party, EVALUATOR, [0xF0F0 ^ (i + j) for j in range(n)], 16)
            product = run_circuit(party, netlist, [label_port(a), label_port(b)], n)
            results += reveal(party, product) or []
        assert party.counters.ots >= rounds * n * 16 > 2 * parameters.outputs
        return results

    expected = [(i * 1000 + 3 * j) & (0xF0F0 ^ (i + j)) for i in range(rounds) for j in range(n)]
    assert run_yao(program, labels=label_source(OtKind.SILENT, parameters)) == (expected, expected)


def test_bytes_in_the_clear_keep_their_order() -> None:
    """Owned values told to the other side go between tables and answers."""
    netlist = and_netlist(4)

    def program(party: YaoParty) -> bytes:
        a = share(party, "yao_share_public", [9], 1, 4)
        b = run_circuit(party, netlist, [label_port(a), label_port(a)], 1)
        buffer = ctypes.create_string_buffer(b"hello" if party.role is GARBLER else bytes(5), 5)
        there = "channel_send" if party.role is GARBLER else "channel_receive"
        back = "channel_receive" if party.role is GARBLER else "channel_send"
        party.call(there, buffer, 5)
        party.call(back, buffer, 5)
        assert reveal(party, b) == [9]
        return buffer.raw

    assert run_yao(program) == (b"hello", b"hello")


def traffic(x: list[int], y: list[int]) -> tuple[list[int], list[int], int]:
    """What each side sends for a fixed program, by message, and the ANDs run."""
    netlist = random_netlist(3, (Port(8), Port(8), Port(5, public=True)), groups=8)
    logs: dict[YaoRole, list[int]] = {}

    def party(role: YaoRole) -> Callable[[SocketChannel], int]:
        def run(channel: SocketChannel) -> int:
            yao = YaoParty(role, channel, Engine(), table_buffer=1024)
            a, b = share_from(yao, GARBLER, x, 8), share_from(yao, EVALUATOR, y, 8)
            clear = ClearPort([21], 5)
            ports = [label_port(a), label_port(b), clear.struct]
            reveal(yao, run_circuit(yao, netlist, ports, len(x)))
            yao.finish()
            logs[role] = channel.sent
            return yao.counters.ands

        return run

    ands, _ = run_pair(party(GARBLER), party(EVALUATOR))
    assert ands == netlist.ands * len(x)
    return logs[GARBLER], logs[EVALUATOR], ands


def test_traffic_is_as_documented_and_independent_of_values() -> None:
    n = 33
    runs = [traffic(random_values(n, 8), random_values(n, 8)) for _ in range(3)]
    assert runs[0] == runs[1] == runs[2]
    garbler, evaluator, ands = runs[0]
    revealed = n * 40 // 8
    assert sum(garbler) == 32 + 4096 + 32 * ands + revealed
    assert max(garbler[2:]) <= 1024
    trees, corrections = 32 + 2048, extension_bytes(1024)
    assert sum(evaluator) == trees + corrections + n * 8 // 8 + revealed


def test_active_labels_look_random_whatever_the_value() -> None:
    n = 4000

    def program(party: YaoParty) -> list[np.ndarray]:
        tensors = [
            share_from(party, owner, [value] * n, 1)
            for owner in (GARBLER, EVALUATOR)
            for value in (0, 1)
        ]
        tensors.append(
            run_circuit(party, and_netlist(1), [label_port(tensors[1]), label_port(tensors[3])], n)
        )
        return [tensor.array.copy() for tensor in tensors]

    garbler, evaluator = run_yao(program)
    for zeros, active, value in zip(garbler, evaluator, (0, 1, 0, 1, 1), strict=True):
        bits = np.unpackbits(active, axis=1)
        # Each of 128 bit positions: 4000 fair coins, 6 standard deviations.
        assert np.all(np.abs(bits.mean(axis=0) - 0.5) < 6 * 0.5 / np.sqrt(n))
        assert len({row.tobytes() for row in active}) == n
        offsets = {row.tobytes() for row in zeros ^ active}
        assert len(offsets) == 1
        (offset,) = offsets
        assert (offset == bytes(16)) == (value == 0)
        assert value == 0 or offset[0] & 1


class BrokenError(Exception):
    pass


class BreakingChannel(SocketChannel):
    """Fails after some messages."""

    def __init__(self, inner: SocketChannel, messages: int) -> None:
        super().__init__(inner._connection)
        self._left = messages

    def send(self, data: Buffer) -> None:
        self._left -= 1
        if self._left < 0:
            raise BrokenError
        super().send(data)


@pytest.mark.parametrize("messages", [0, 2, 5])
def test_failures_of_the_channel_come_back_as_they_are(messages: int) -> None:
    netlist = and_netlist(64)
    failures: dict[YaoRole, type[BaseException]] = {}

    def party(role: YaoRole) -> Callable[[SocketChannel], None]:
        def run(channel: SocketChannel) -> None:
            if role is GARBLER:
                channel = BreakingChannel(channel, messages)
            try:
                yao = YaoParty(role, channel, Engine(), table_buffer=256)
                x = share_from(yao, EVALUATOR, [1] * 20, 64)
                reveal(yao, run_circuit(yao, netlist, [label_port(x), label_port(x)], 20))
            except (BrokenError, EOFError, ConnectionError) as error:
                failures[role] = type(error)

        return run

    run_pair(party(GARBLER), party(EVALUATOR))
    assert failures[GARBLER] is BrokenError
    assert failures[EVALUATOR] in (EOFError, ConnectionResetError, BrokenPipeError)


def test_close_wipes_the_secrets() -> None:
    left, right = channel_pair()
    party = YaoParty(GARBLER, left, Engine())
    party.close()
    state = party._state
    assert bytes(state.delta) == bytes(state.start) == bytes(16)
    left.close()
    right.close()


def test_empty_tensors() -> None:
    def program(party: YaoParty) -> list[int] | None:
        empty = Labels(0, 8)
        party.call("yao_share_evaluator", None, empty.memory.address, 0, 8)
        out = run_circuit(party, and_netlist(8), [label_port(empty), label_port(empty)], 0)
        return reveal(party, out)

    assert run_yao(program) == ([], [])
