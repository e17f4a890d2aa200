"""The garbler's tables against an evaluator written from the papers in Python integers.

The reference numbers gates as the protocol documents it, so it also shows that both halves of
each gate have tweaks of their own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

from ezlang.compiler.circuits.netlist import Netlist, Opcode, Port
from ezlang.compiler.ir.garbling import Garbling
from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.kernels.layout import set_up_bytes, table_bytes
from ezlang.compiler.kernels.target import AesPath, available_paths, host_target
from ezlang.compiler.protocols.yao.session import YaoParty, YaoRole
from tests.protocols.netlists import random_netlist
from tests.support.kernel_calls import aes, reference_hash
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


class ReferenceEvaluator(ABC):
    """Runs netlists on active labels."""

    hashes: int
    """The number of tweaks of a gate."""

    def __init__(self, shared: bytes, tables: bytes) -> None:
        self._shared = shared
        self._tables = tables
        self.tweaks: list[tuple[int, int]] = []

    def _taken(self, count: int) -> bytes:
        taken, self._tables = self._tables[:count], self._tables[count:]
        return taken

    @abstractmethod
    def _tile(self, first: int, operands: list[tuple[int, int]]) -> list[int]:
        """Evaluate gates with consecutive numbers, which are hashed together."""


class HalfGatesEvaluator(ReferenceEvaluator):
    hashes = 2

    def _hash(self, label: int, tweak: int) -> int:
        self.tweaks.append((tweak, 0))
        data = reference_hash(self._shared[:16], label.to_bytes(16, "little"), tweak)
        return int.from_bytes(data, "little")

    def _tile(self, first: int, operands: list[tuple[int, int]]) -> list[int]:
        return [self._and(first + i, a, b) for i, (a, b) in enumerate(operands)]

    def _and(self, gate: int, a: int, b: int) -> int:
        table = self._taken(32)
        generator, evaluator = (int.from_bytes(table[i : i + 16], "little") for i in (0, 16))
        first = self._hash(a, 2 * gate) ^ (generator if a & 1 else 0)
        second = self._hash(b, 2 * gate + 1) ^ (evaluator ^ a if b & 1 else 0)
        return first ^ second


class ThreeHalvesEvaluator(ReferenceEvaluator):
    """Matrix by matrix, position by position, as the paper's figures have them."""

    hashes = 3
    V: ClassVar = {
        (0, 0): ("10000", "01000"),
        (0, 1): ("10001", "01011"),
        (1, 0): ("10101", "01001"),
        (1, 1): ("10100", "01010"),
    }
    P: ClassVar = {
        (0, 0): ("0010", "0100"),
        (0, 1): ("0010", "0000"),
        (1, 0): ("0000", "0100"),
        (1, 1): ("0000", "0000"),
    }
    S = (("1110", "1001"), ("1001", "0111"))
    M = ("101", "011")

    def _hash(self, label: int, gate: int, input: int) -> int:
        key, tweak = gate // 8, 8 * input + gate % 8
        self.tweaks.append((key, tweak))
        start, u = (int.from_bytes(self._shared[at : at + 16], "little") for at in (0, 32))
        x = label ^ self._multiplied(u, tweak, 128, 0x87)
        encrypted = aes((start ^ key).to_bytes(16, "little"), x.to_bytes(16, "little"))
        low, high = x & (1 << 64) - 1, x >> 64
        sigma = [self._multiplied(half, 2, 64, 0x1B) for half in (low, high)]
        return int.from_bytes(encrypted, "little") ^ sigma[0] ^ (sigma[1] << 64)

    @staticmethod
    def _multiplied(x: int, y: int, bits: int, polynomial: int) -> int:
        total = 0
        for i in reversed(range(bits)):
            total <<= 1
            if total >> bits:
                total ^= (1 << bits) | polynomial
            if y >> i & 1:
                total ^= x
        return total

    @staticmethod
    def _times(row: str, words: list[int]) -> int:
        total = 0
        for one, word in zip(row, words, strict=True):
            total ^= word * int(one)
        return total

    def _tile(self, first: int, operands: list[tuple[int, int]]) -> list[int]:
        count = len(operands)
        ciphertexts = np.frombuffer(self._taken(24 * count), np.uint64).reshape(3, count)
        control = int.from_bytes(self._taken((5 * count + 7) // 8), "little")
        assert control >> (5 * count) == 0
        found = []
        for i, (a, b) in enumerate(operands):
            z = [control >> (k * count + i) & 1 for k in range(5)]
            found.append(self._and(first + i, (a, b), [int(x) for x in ciphertexts[:, i]], z))
        return found

    def _and(self, gate: int, labels: tuple[int, int], ciphertexts: list[int], z: list[int]) -> int:
        half = (1 << 64) - 1
        a, b = labels
        place = (a & 1, b & 1)
        hashes = [self._hash(x, gate, n) for n, x in enumerate((a, b, a ^ b))]
        words = [a & half, a >> 64, b & half, b >> 64]
        bits = [x >> 64 & 1 for x in hashes]
        r = [
            self._times(v, z) ^ self._times(m, bits)
            for v, m in zip(self.V[place], self.M, strict=True)
        ]
        result = []
        for row in (0, 1):
            x = self._times(self.V[place][row], [0, 0, *ciphertexts])
            x ^= self._times(self.M[row], [h & half for h in hashes])
            x ^= self._times(self.P[place][row], words)
            for s, one in zip(self.S, r, strict=True):
                x ^= one * self._times(s[row], words)
            result.append(x)
        return result[0] | result[1] << 64


class NetlistRunner:
    """Runs netlists on active labels, tile by tile."""

    def __init__(self, evaluator: ReferenceEvaluator) -> None:
        self._evaluator = evaluator
        self.gate = 0

    def _group(self, wires: list[list[int]], ands: list[list[int]]) -> None:
        work = [(out, a, b, row) for _, out, a, b in ands for row in range(len(wires))]
        while work:
            size = next(size for size in (8, 4, 2, 1) if size <= len(work))
            first = (self.gate + size - 1) // size * size
            tile = work[:size]
            operands = [(wires[row][a], wires[row][b]) for _, a, b, row in tile]
            for (out, _, _, row), label in zip(
                tile, self._evaluator._tile(first, operands), strict=True
            ):
                wires[row][out] = label
            self.gate = first + size
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


REFERENCES: dict[Garbling, type[ReferenceEvaluator]] = {
    Garbling.HALF_GATES: HalfGatesEvaluator,
    Garbling.THREE_HALVES: ThreeHalvesEvaluator,
}


@pytest.mark.parametrize("garbling", Garbling, ids=lambda one: one.value)
@pytest.mark.parametrize("path", available_paths(), ids=lambda path: path.value)
@pytest.mark.parametrize(("seed", "n"), [(1, 1), (2, 1), (3, 5), (4, 8), (5, 21)])
def test_native_evaluation_matches_the_reference(
    seed: int, n: int, path: AesPath, garbling: Garbling
) -> None:
    netlist = random_netlist(seed, PORTS, groups=9)
    x, y = random_values(n, 8), random_values(n, 8)
    clear = ClearPort([1], 1)

    def party(role: YaoRole) -> Callable[[SocketChannel], tuple[Any, ...]]:
        def run(channel: SocketChannel) -> tuple[Any, ...]:
            recording = RecordingChannel(channel)
            yao = YaoParty(role, recording, Engine(host_target(path)), garbling=garbling)
            ports = [share_from(yao, YaoRole.GARBLER, v, 8) for v in (x, y)]
            structs = [*map(label_port, ports), clear.struct]
            out = run_circuit(yao, netlist, structs, n)
            yao.finish()
            return recording.log, [p.array for p in ports], out.array, yao._state.gate

        return run

    (_, _, _, gates), (log, ports, out, gates_too) = run_pair(
        party(YaoRole.GARBLER), party(YaoRole.EVALUATOR)
    )
    size = set_up_bytes(garbling)
    shared, tables = bytes(log[:size]), bytes(log[size:])
    assert len(tables) == table_bytes(garbling, netlist, n)
    evaluator = REFERENCES[garbling](shared, tables)
    reference = NetlistRunner(evaluator)
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
    assert not evaluator._tables
    used = evaluator.tweaks
    assert len(set(used)) == len(used) == evaluator.hashes * netlist.ands * n
    assert gates == gates_too == reference.gate
