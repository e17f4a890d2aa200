"""The peak memory of a native run at one party.

It consists of a process without a program, `BASE`, and a part that grows with the program. Inputs
are parsed from text to numbers before the run, which reuses the memory freed by parsing. The run
needs the frame of its values, whose size is fixed at code generation, cleartext inputs and outputs,
the registers of the largest netlist, and the session's buffers and OTs, all of fixed sizes. Outputs
are converted to numbers and text while the memory of the run is still held.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..circuits.catalogue import circuit
from ..circuits.operands import operand_roles
from ..codegen.frames import frame_bytes
from ..codegen.representations import Representation, element_bytes
from ..ir import tree as ir
from ..ir.facts import facts_of
from ..ir.ots import OtKind
from ..ir.parties import links_among
from ..kernels.context import CHUNK
from ..kernels.layout import LABEL_BYTES
from ..protocols.core.sizes import MOST_LAG
from ..protocols.ot.base import KEY_BYTES
from ..protocols.ot.stock import LARGEST_BATCH, extension_bytes
from .amounts import OtsMade
from .ledger import Ledger
from .predict import Prediction
from .yao import has_labels

BASE: Final = 100_000_000
"""The memory of a process that has loaded compiled code from the cache: interpreter and libraries.
It was measured with CPython 3.11 and NumPy 2 on Linux and differs by a few megabytes elsewhere.
"""

SHARING: Final = 6_000_000
"""The memory for computing on shares in addition to arrays: code and buffers."""

SILENT: Final = 9_000_000
"""The tables of silent OT in one direction, in huge pages."""

READ: Final = 95
"""The memory per input number: as JSON text, as a Python object, and in lists of these."""

SHOWN: Final = 60
"""The memory per output integer, in the same forms."""

SHOWN_BOOL: Final = 30
"""The memory per output bool: Python stores each of the two values only once."""

COPIES: Final = 1.25
"""The factor for arrays that native code needs in addition to those of protocols: padded copies,
scratch.
"""


def peak_bytes(program: ir.Program, party: int, found: Prediction) -> int:
    """Return the peak memory of a run at a party, given the predicted costs."""
    inputs, outputs = _interface(program, party)
    run = frame_bytes(program, party) + _registers(program) + _ots(program, party, found.least)
    run += sum(
        type.size * element_bytes(type, Representation.CLEAR) for type in (*inputs, *outputs)
    )
    if found.sharing is not None:
        run += SHARING + round(COPIES * found.sharing)
    read = sum(READ * type.size for type in inputs)
    shown = sum((SHOWN_BOOL if type.is_logical else SHOWN) * type.size for type in outputs)
    return BASE + max(read, run) + shown


def _ots(program: ir.Program, party: int, ledger: Ledger) -> int:
    """Return the memory of OTs at a party: a batch, or the tables of silent OT, in each direction.

    In addition, there are the OTs whose messages are under way (protocols/native/transfer.py): they
    are held from the choices to the messages, and with silent OT also by the side that sends first.
    """
    total = 0
    silent = OtKind.SILENT in (program.ots.yao, program.ots.shares)
    for link in links_among(len(program.parties)):
        if party not in link:
            continue
        made = ledger.total(OtsMade(link))
        batch = min(made, LARGEST_BATCH)
        total += KEY_BYTES * batch + extension_bytes(batch)
        if made and silent:
            total += SILENT
        if silent or link.receiver == party:
            held = min(max(made - batch, 0), 2 * MOST_LAG * LARGEST_BATCH)
            total += (KEY_BYTES + 1) * held
    return total


def _interface(program: ir.Program, party: int) -> tuple[list[ir.TensorType], list[ir.TensorType]]:
    """Return the types of a party's inputs and outputs."""
    inputs, outputs = [], []
    for operation in _operations(program):
        if _is_given(operation, party):
            inputs.append(operation.results[0].type)
        elif isinstance(operation, ir.Output) and operation.to in (None, party):
            outputs.append(operation.operands[0].type)
    return inputs, outputs


def _is_given(operation: ir.Operation, party: int) -> bool:
    """Return whether an operation takes an input or draw of a party, which has a buffer."""
    if isinstance(operation, ir.Draw):
        return operation.party == party
    return isinstance(operation, ir.Input) and operation.is_given_by(party)


def _registers(program: ir.Program) -> int:
    """Return the memory of the registers of the largest netlist."""
    most = 0
    for function in program.functions:
        facts = facts_of(function)
        for operation in ir.walk(function.body):
            if isinstance(operation, ir.Elementwise) and has_labels(operation.result):
                roles = operand_roles(operation, facts)
                most = max(most, circuit(operation, roles).registers)
    return LABEL_BYTES * CHUNK * most


def _operations(program: ir.Program) -> Iterable[ir.Operation]:
    return (operation for function in program.functions for operation in ir.walk(function.body))
