"""Netlists: the form in which circuits are executed.

A netlist is straight-line code over registers, one wire for each register, run side by side on any
number of instances (array elements). The same code is garbled, evaluated on labels, run on XOR
shares and run in the clear; each backend defines what a register holds.

A register is secret (a wire label, or a share) or public (a clear bit that everyone who runs the
code knows). Inputs are loaded first: port 0's bits, least significant first, into registers 0 …,
then port 1's, and so on. `outputs` names the registers that hold the result, least significant bit
first. `code` has shape (instructions, 4), int32: opcode, out, a, b.

| opcode | meaning |
|---|---|
| XOR | out = a ^ b, all secret |
| NOT | out = !a, both secret |
| AND | out = a & b, all secret: the only instruction that costs anything |
| GROUP | the next `out` instructions are independent ANDs; every AND is in a group |
| XOR_PUBLIC | out = a ^ b, b public |
| AND_PUBLIC | out = a & b, b public |
| CONSTANT | out = secret wire with the known value `a` (0 or 1) |
| COPY | out = a, both secret |
| PUBLIC_XOR, PUBLIC_AND, PUBLIC_NOT, PUBLIC_CONSTANT | the same on public registers |

The ANDs of a group don't depend on one another, and none of them writes a register that another one
reads or writes. A register that once held a secret wire never holds a public bit, nor conversely,
so that an executor may keep the two in separate memory.

Groups are as large as possible: the number of groups is the AND depth of the circuit.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from ezlang.records import dataclass


class Opcode(IntEnum):
    """Instructions of a netlist; the numbers are part of the native kernels' interface."""

    XOR = 0
    NOT = 1
    AND = 2
    GROUP = 3
    XOR_PUBLIC = 4
    AND_PUBLIC = 5
    CONSTANT = 6
    COPY = 7
    PUBLIC_XOR = 8
    PUBLIC_AND = 9
    PUBLIC_NOT = 10
    PUBLIC_CONSTANT = 11


@dataclass(frozen=True, slots=True)
class Port:
    """An input of a netlist: its number of bits in each instance, and whether they are public."""

    width: int
    public: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Netlist:
    """A circuit, scheduled into groups of independent ANDs, with its registers assigned.

    `registers` is the number of registers that an executor needs: at most the largest number of
    simultaneously live wires, plus what scheduling needs. `ands` and `depth` count AND gates and
    AND layers.
    """

    name: str
    ports: tuple[Port, ...]
    outputs: tuple[int, ...]
    code: npt.NDArray[np.int32]
    registers: int
    ands: int
    depth: int
