"""Loading of programs: compiled for one party, or taken from the cache."""

from __future__ import annotations

import ctypes
import hashlib

from ezlang.cache import code_identity
from ezlang.records import dataclass

from ..ir import tree as ir
from ..ir.numbering import numbered
from ..ir.parties import COMPUTING
from ..ir.sharings import PAIRED
from ..ir.text import print_program
from ..kernels import units
from ..kernels.engine import Engine
from ..kernels.products import add_products
from .interface import ENTRY, FRAME_BYTES, Interface, interface_of
from .locality import by_kernel


@dataclass(frozen=True, slots=True)
class LoadedProgram:
    """A program, loaded at one of its parties; `memory` is the frame's size in bytes."""

    engine: Engine
    interface: Interface
    memory: int

    def run(self, context: int, frame: int, host: int) -> int:
        """Run the program on addresses of its context, frame and tables; return the status."""
        pointers = (context, frame, host)
        entry = self.engine.function(ENTRY, *(ctypes.c_void_p for _ in pointers))
        return int(entry(*pointers))


def load(
    program: ir.Program, party: int, engine: Engine, *, metered: bool = False
) -> LoadedProgram:
    """Load a program, with the units that it calls, for one of its parties.

    `metered`: its code calls back before operations.
    """
    program = numbered(program)
    interface = interface_of(program, party, metered=metered)

    def write() -> str:
        from .module import generate  # not needed if the program is cached

        return generate(program, party, interface).text

    units.add_primitives(engine)
    garbles = len(program.parties) == PAIRED and party == COMPUTING.garbler
    units.add_yao(engine, garbler=garbles, garbling=program.garbling)
    for bits in sorted(_multiplied(program)):
        add_products(engine, bits)
    text = hashlib.sha256(print_program(program).encode()).hexdigest()
    identity = f"{code_identity('compiler')} {text}{' metered' if metered else ''}"
    engine.add_source(f"program {party}", identity, write, (ENTRY, FRAME_BYTES))
    memory = ctypes.c_int64.from_address(engine.address(FRAME_BYTES)).value
    return LoadedProgram(engine, interface, memory)


def _multiplied(program: ir.Program) -> set[int]:
    """Return the widths of the numbers of products that a kernel computes."""
    return {
        operation.result.type.width
        for function in program.functions
        for operation in ir.walk(function.body)
        if by_kernel(operation)
    }
