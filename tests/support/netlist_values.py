"""Evaluation of a netlist in the clear, on all instances at once.

A wire is one Python integer with one bit for each instance: bit i belongs to instance i. So an
instruction is one operation on integers, for any number of instances.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never

import numpy as np

from ezlang.compiler.circuits.netlist import Netlist, Opcode

_OPCODES: Final = tuple(Opcode)


def evaluate(netlist: Netlist, inputs: Sequence[Sequence[int]], count: int) -> list[int]:
    """Run a circuit on `count` instances.

    `inputs` has an entry for each port, with one wire for each bit of the port, least significant
    first; the result is the wires of the outputs. The time is linear in gates times instances;
    nothing is hidden.
    """
    ones = (1 << count) - 1
    registers = [wire for port in inputs for wire in port]
    registers += [0] * (netlist.registers - len(registers))
    rows: list[list[int]] = netlist.code.tolist()
    for number, out, a, b in rows:
        opcode = _OPCODES[number]
        match opcode:
            case Opcode.XOR | Opcode.XOR_PUBLIC | Opcode.PUBLIC_XOR:
                registers[out] = registers[a] ^ registers[b]
            case Opcode.AND | Opcode.AND_PUBLIC | Opcode.PUBLIC_AND:
                registers[out] = registers[a] & registers[b]
            case Opcode.NOT | Opcode.PUBLIC_NOT:
                registers[out] = registers[a] ^ ones
            case Opcode.CONSTANT | Opcode.PUBLIC_CONSTANT:
                registers[out] = ones if a else 0
            case Opcode.COPY:
                registers[out] = registers[a]
            case Opcode.GROUP:
                pass
            case _:
                assert_never(opcode)
    return [registers[output] for output in netlist.outputs]


def pack(values: Sequence[int], width: int) -> list[int]:
    """Spread integers, modulo 2^width (at most 64), over wires, least significant first."""
    mask = (1 << width) - 1
    numbers = np.array([value & mask for value in values], dtype=np.uint64)
    bits = numbers[None, :] >> np.arange(width, dtype=np.uint64)[:, None] & np.uint64(1)
    rows = np.packbits(bits.astype(np.uint8), axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in rows]


def unpack(wires: Sequence[int], count: int) -> list[int]:
    """Gather the unsigned integers of `count` instances from at most 64 wires."""
    size = (count + 7) // 8
    numbers = np.zeros(count, dtype=np.uint64)
    for i, wire in enumerate(wires):
        row = np.frombuffer(wire.to_bytes(size, "little"), dtype=np.uint8)
        bits = np.unpackbits(row, count=count, bitorder="little").astype(np.uint64)
        numbers |= bits << np.uint64(i)
    return [int(number) for number in numbers]


def apply(netlist: Netlist, *operands: Sequence[int]) -> list[int]:
    """Run a circuit on lists of integers, one list for each port; the results are unsigned."""
    count = len(operands[0]) if operands else 1
    inputs = [pack(v, port.width) for v, port in zip(operands, netlist.ports, strict=True)]
    return unpack(evaluate(netlist, inputs, count), count)
