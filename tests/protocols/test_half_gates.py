"""The garbler's tables against an evaluator written from the paper in Python integers.

The reference numbers gates as the protocol documents it, so it also shows that both halves of
each gate have tweaks of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ezlang.compiler.circuits.netlist import Netlist, Opcode, Port
from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.protocols.yao.session import YaoParty, YaoRole
from tests.protocols.netlists import random_netlist
from tests.support.kernel_calls import reference_hash
from tests.support.two_parties import (
    ClearPort,
    SocketChannel,
    label_port,
    random_values,
    run_circuit,
    run_pair,
    share_from,
)

PORTS = (Port(8), Port(8), Port(1, public=True))
CHUNK = 8


class RecordingChannel(SocketChannel):
    def __init__(self, inner: SocketChannel) -> None:
        super().__init__(inner._connection)
        self.log = bytearray()

    def receive_into(self, buffer: memoryview) -> None:
        super().receive_into(buffer)
        self.log += buffer

    def skip(self, count: int) -> None:
        self.log += self._shown[:count]
        super().skip(count)


class ReferenceEvaluator:
    """Runs netlists on active labels."""

    def __init__(self, start: bytes, tables: bytes) -> None:
        self._start = start
        self._tables = tables
        self._gate = 0
        self.tweaks: list[int] = []

    def _hash(self, label: int, tweak: int) -> int:
        self.tweaks.append(tweak)
        data = reference_hash(self._start, label.to_bytes(16, "little"), tweak)
        return int.from_bytes(data, "little")

    def _and(self, gate: int, a: int, b: int) -> int:
        table, self._tables = self._tables[:32], self._tables[32:]
        generator, evaluator = (int.from_bytes(table[i : i + 16], "little") for i in (0, 16))
        first = self._hash(a, 2 * gate) ^ (generator if a & 1 else 0)
        second = self._hash(b, 2 * gate + 1) ^ (evaluator ^ a if b & 1 else 0)
        return first ^ second

    def _group(self, wires: list[list[int]], ands: list[list[int]]) -> None:
        work = [(out, a, b, row) for _, out, a, b in ands for row in range(len(wires))]
        while work:
            size = next(size for size in (8, 4, 2, 1) if size <= len(work))
            first = (self._gate + size - 1) // size * size
            for i, (out, a, b, row) in enumerate(work[:size]):
                wires[row][out] = self._and(first + i, wires[row][a], wires[row][b])
            self._gate = first + size
            work = work[size:]

    def run(self, netlist: Netlist, inputs: list[list[int]]) -> list[list[int]]:
        """One chunk of instances; public registers hold 0 or all ones."""
        ones = (1 << 128) - 1
        wires = [row + [0] * (netlist.registers - len(row)) for row in inputs]
        rows: list[list[int]] = netlist.code.tolist()
        at = 0
        while at < len(rows):
            opcode, out, a, b = rows[at]
            at += 1
            if opcode == Opcode.GROUP:
                self._group(wires, rows[at : at + out])
                at += out
                continue
            for row in wires:
                match opcode:
                    case Opcode.XOR | Opcode.PUBLIC_XOR:
                        row[out] = row[a] ^ row[b]
                    case Opcode.AND_PUBLIC | Opcode.PUBLIC_AND:
                        row[out] = row[a] & row[b]
                    case Opcode.CONSTANT:
                        row[out] = 0
                    case Opcode.PUBLIC_CONSTANT:
                        row[out] = ones if a else 0
                    case Opcode.PUBLIC_NOT:
                        row[out] = row[a] ^ ones
                    case _:
                        row[out] = row[a]
        return [[row[i] for i in netlist.outputs] for row in wires]


@pytest.mark.parametrize(("seed", "n"), [(1, 1), (2, 1), (3, 5), (4, 8), (5, 21)])
def test_native_evaluation_matches_the_reference(seed: int, n: int) -> None:
    netlist = random_netlist(seed, PORTS, groups=9)
    x, y = random_values(n, 8), random_values(n, 8)
    clear = ClearPort([1], 1)

    def party(role: YaoRole) -> Callable[[SocketChannel], tuple[Any, ...]]:
        def run(channel: SocketChannel) -> tuple[Any, ...]:
            recording = RecordingChannel(channel)
            yao = YaoParty(role, recording, Engine())
            ports = [share_from(yao, YaoRole.GARBLER, v, 8) for v in (x, y)]
            structs = [*map(label_port, ports), clear.struct]
            out = run_circuit(yao, netlist, structs, n)
            yao.finish()
            return recording.log, [p.array for p in ports], out.array, yao._state.gate

        return run

    (_, _, _, gates), (log, ports, out, gates_too) = run_pair(
        party(YaoRole.GARBLER), party(YaoRole.EVALUATOR)
    )
    start, tables = bytes(log[:16]), bytes(log[32:])
    assert len(tables) == 32 * netlist.ands * n
    reference = ReferenceEvaluator(start, tables)
    ones = (1 << 128) - 1
    labels = [[int.from_bytes(row.tobytes(), "little") for row in port] for port in ports]
    inputs = [
        labels[0][8 * i : 8 * i + 8] + labels[1][8 * i : 8 * i + 8] + [ones] for i in range(n)
    ]
    results = []
    for first in range(0, n, CHUNK):
        results += reference.run(netlist, inputs[first : first + CHUNK])
    native = [int.from_bytes(row.tobytes(), "little") for row in out]
    assert [label for row in results for label in row] == native
    assert len(set(reference.tweaks)) == len(reference.tweaks) == 2 * netlist.ands * n
    assert gates == gates_too == reference._gate
