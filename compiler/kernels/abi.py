"""The native interface: the functions that a compiled program may call, and their structs.

All functions follow the platform's C calling convention and return an i32 status: 0 is success,
anything else must be returned to the caller at once (`STATUS_CALLBACK`: a Python callback raised,
and the exception is kept in the party object; `STATUS_MISUSE`: a struct violated its contract).
Programs number their own failures from `STATUS_PROGRAM` up.

Both parties run the same program in the same order and call the same functions with the same
`netlist`, `n`, `width`, `to` and public data; only the engine's unit (garbler or evaluator)
differs. `context` is opaque to programs.

Data layouts
- secret tensor of n elements of width w: labels [n][w], 16 bytes each, element-major, 16-byte
  aligned. The garbler's label is W⁰ (the one that means 0), the evaluator's is the active one.
- clear tensor: [n] little-endian native integers of ceil(w/8) bytes; a bool is one byte, 0 or 1.

Functions
- `yao_circuit(context, netlist*, ports*, out*, n)`: runs a netlist on n instances. `ports` is an
  array of `port_count` structs; `out` is a secret tensor [n][output_count]. `out` may be the data
  of a port whose stride equals `output_count` (in place); otherwise it overlaps no port.
- `yao_share_public(context, clear*, out*, n, width)`: labels of public values. No bytes.
- `yao_share_garbler(context, clear*, out*, n, width)`: labels of the garbler's values; `clear` is
  ignored at the evaluator (may be null). No bytes.
- `yao_share_evaluator(context, clear*, out*, n, width)`: labels of the evaluator's values; `clear`
  is ignored at the garbler (may be null).
- `yao_share_both(context, clear*, out*, n, width)`: labels of the exclusive or of both parties'
  values; each gives its own, and learns nothing about the other's.
- `yao_colors(context, labels*, out*, n, width)`: elements (as of a clear tensor) of the labels'
  lowest bits: each party's exclusive-or share of the values [DSZ15]. No bytes.
- `yao_reveal(context, labels*, clear*, n, width, to)`: the clear values at the parties that `to`
  names (`TO_GARBLER`, `TO_EVALUATOR`, `TO_BOTH`); `clear` is ignored at a party that receives
  nothing (may be null).
- `channel_send(context, data*, bytes)`, `channel_receive(context, data*, bytes)`: uninterpreted
  bytes, in order with everything that the protocol itself sends.
- `sharing_run(context, number, addresses*)`: runs group `number` of the program's operations on
  arithmetic and boolean shares; the addresses are those of each operation's operands and results in
  order, null where a party has none.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

from llvmlite import ir

from .layout import LABEL_BYTES as LABEL_BYTES

STATUS_OK: Final = 0
STATUS_CALLBACK: Final = 1
STATUS_MISUSE: Final = 2
STATUS_PROGRAM: Final = 16

PORT_LABELS: Final = 0
PORT_CLEAR: Final = 1

TO_GARBLER: Final = 1
TO_EVALUATOR: Final = 2
TO_BOTH: Final = 3

POINTER: Final[Any] = ir.PointerType()
I8: Final[Any] = ir.IntType(8)
I32: Final[Any] = ir.IntType(32)
I64: Final[Any] = ir.IntType(64)

NETLIST_TYPE: Final[Any] = ir.LiteralStructType([POINTER, I64, POINTER, I64, I64, I64, I64])
"""{i32* code, i64 instructions, i32* outputs, i64 output_count, i64 registers, i64 port_count, i64
ands}: as in `Netlist`; `ands` is the number of ANDs in the code.
"""

FUNCTIONS: Final[dict[str, tuple[Any, ...]]] = {
    "yao_circuit": (POINTER, POINTER, POINTER, POINTER, I64),
    "yao_share_public": (POINTER, POINTER, POINTER, I64, I32),
    "yao_share_garbler": (POINTER, POINTER, POINTER, I64, I32),
    "yao_share_evaluator": (POINTER, POINTER, POINTER, I64, I32),
    "yao_share_both": (POINTER, POINTER, POINTER, I64, I32),
    "yao_colors": (POINTER, POINTER, POINTER, I64, I32),
    "yao_reveal": (POINTER, POINTER, POINTER, I64, I32, I32),
    "channel_send": (POINTER, POINTER, I64),
    "channel_receive": (POINTER, POINTER, I64),
    "sharing_run": (POINTER, I64, POINTER),
}
"""Parameter types by symbol; all return i32."""


class NetlistStruct(ctypes.Structure):
    """`NETLIST_TYPE` for Python callers."""

    _fields_ = (
        ("code", ctypes.c_void_p),
        ("instructions", ctypes.c_int64),
        ("outputs", ctypes.c_void_p),
        ("output_count", ctypes.c_int64),
        ("registers", ctypes.c_int64),
        ("port_count", ctypes.c_int64),
        ("ands", ctypes.c_int64),
    )


class PortStruct(ctypes.Structure):
    """A port of a circuit, as kernels read it."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("stride", ctypes.c_int64),
        ("width", ctypes.c_int32),
        ("kind", ctypes.c_int32),
    )


def declare(module: Any, name: str) -> Any:
    """Declare the function `name` of `FUNCTIONS` in an llvmlite.ir module, if it isn't declared."""
    existing = module.globals.get(name)
    if existing is not None:
        return existing
    return ir.Function(module, ir.FunctionType(I32, FUNCTIONS[name]), name)
