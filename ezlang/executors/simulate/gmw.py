"""The GMW protocol [GMW87] on netlists: wires are XOR shares, each AND uses a triple [Bea91].

A party's register is one Python integer with one bit per instance, so every gate is computed for
all elements at once. Cost: a group of independent ANDs takes one round, in which each party sends
2 bits per AND and instance to each other party; all other gates are local. Security (semi-honest,
all but one party may collude): only x ⊕ a and y ⊕ b are opened, with a and b uniform and used once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import assert_never

from ezlang.compiler.circuits.netlist import Netlist, Opcode
from ezlang.records import dataclass

from .dealer import Dealer
from .network import Network, Words

Registers = list[int]
Row = tuple[Opcode, int, int, int]


@lru_cache(maxsize=512)
def _rows(netlist: Netlist) -> list[Row]:
    return [(Opcode(code), out, a, b) for code, out, a, b in netlist.code.tolist()]


@dataclass(frozen=True, slots=True)
class Gmw:
    """The evaluation of netlists by the parties of a network."""

    network: Network
    dealer: Dealer

    def run(
        self, netlist: Netlist, inputs: Sequence[Sequence[int]], count: int, purpose: str
    ) -> list[list[int]]:
        """Run `count` instances of a netlist; return each party's shares of the output wires.

        `inputs` has each party's wires of all ports in order: shares for secret ports, plain bits
        for public ports.
        """
        spare = [0] * netlist.registers
        registers = [[*mine, *spare[len(mine) :]] for mine in inputs]
        rows = _rows(netlist)
        ones = (1 << count) - 1
        position = 0
        while position < len(rows):
            opcode, out, a, b = rows[position]
            position += 1
            if opcode is Opcode.GROUP:
                self._ands(registers, rows[position : position + out], count, purpose)
                position += out
            else:
                _local(registers, opcode, out, a, b, ones)
        return [[mine[wire] for wire in netlist.outputs] for mine in registers]

    def _ands(
        self, registers: list[Registers], gates: Sequence[Row], count: int, purpose: str
    ) -> None:
        """Compute z = c ⊕ d·b ⊕ e·a ⊕ d·e from the opened d = x ⊕ a and e = y ⊕ b."""
        triples = [self.dealer.bit_triple(count) for _ in gates]
        masked: list[list[int]] = []
        for party, mine in enumerate(registers):
            opening = []
            for (_, _, x, y), (a, b, _) in zip(gates, triples, strict=True):
                opening += [mine[x] ^ a[party], mine[y] ^ b[party]]
            masked.append(opening)
        box = self.network.broadcast(purpose, [(Words(opening, count),) for opening in masked])
        for party, mine in enumerate(registers):
            opened = masked[party]
            for other in range(len(registers)):
                if other != party:
                    (theirs,) = box[other, party]
                    opened = [p ^ q for p, q in zip(opened, theirs.values, strict=True)]
            for number, ((_, out, _, _), (a, b, c)) in enumerate(zip(gates, triples, strict=True)):
                d, e = opened[2 * number], opened[2 * number + 1]
                z = c[party] ^ (d & b[party]) ^ (e & a[party])
                mine[out] = z ^ (d & e) if party == 0 else z


def _local(registers: list[Registers], opcode: Opcode, out: int, a: int, b: int, ones: int) -> None:
    """Run one instruction at every party, without communication."""
    for party, mine in enumerate(registers):
        match opcode:
            case Opcode.XOR | Opcode.PUBLIC_XOR:
                mine[out] = mine[a] ^ mine[b]
            case Opcode.XOR_PUBLIC:
                mine[out] = mine[a] ^ mine[b] if party == 0 else mine[a]
            case Opcode.AND_PUBLIC | Opcode.PUBLIC_AND:
                mine[out] = mine[a] & mine[b]
            case Opcode.NOT:
                mine[out] = mine[a] ^ ones if party == 0 else mine[a]
            case Opcode.PUBLIC_NOT:
                mine[out] = mine[a] ^ ones
            case Opcode.CONSTANT:
                mine[out] = ones if a and party == 0 else 0
            case Opcode.PUBLIC_CONSTANT:
                mine[out] = ones if a else 0
            case Opcode.COPY:
                mine[out] = mine[a]
            case Opcode.AND | Opcode.GROUP:
                raise AssertionError("ANDs stand in groups, which are run together")
            case _:
                assert_never(opcode)
