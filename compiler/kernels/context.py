"""The context: the state of a party that native code keeps between calls.

It is one ctypes struct, which Python owns and native code reads and writes at the offsets of its
fields. All buffers that it points to have a fixed size, except `scratch`, which grows to the
largest netlist: memory does not depend on the number of gates that are run.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

from .abi import I64, POINTER
from .build import BLOCK, Kernel, Value
from .cipher import WINDOW_BYTES
from .layout import CHUNK as CHUNK
from .layout import MASKS
from .layout import TABLE_BYTES as TABLE_BYTES

SCHEDULE_BYTES: Final = 1408
"""The size of one key's schedule on any path."""

MASKS_BYTES: Final = 16 * MASKS

COINS_BYTES: Final = 64
"""Two bits for each of the gates that the keys of a window serve, and room behind them."""

TRANSFER = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_int64)
"""send and receive: (data, bytes) -> status"""

REQUEST = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int64)
"""peek, refill and grow: (amount) -> status"""

EXCHANGE = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int64, ctypes.c_void_p)
"""exchange: (number of a group, addresses) -> status"""


class Context(ctypes.Structure):
    """A party's state. Blocks and schedules come first, so that they are aligned to 64 bytes.

    - window: key schedules of the gates from `window_gate` on (−1: none yet)
    - label_schedule, label_counter: the generator of the garbler's input labels, which both share
    - coin_schedule, coins: the garbler's own generator of random bits for three-halves, and those
      of the window's gates, two each; masks: U of the hash for three-halves (sliced_hash.py)
    - delta, delta_sigma: Δ and σ(Δ), zero at the evaluator; start: S of the hash
    - gate: the number of the next AND gate; ands: the number of AND gates so far
    - table, table_position, table_end: the stream. At the garbler, a buffer of which bytes [0,
      position) wait to be sent; end is its size. At the evaluator, what the channel has shown, of
      which [0, position) is consumed; it may extend beyond the tables.
    - buffer, buffer_capacity: space for bits in transit (a multiple of 64 bytes)
    - scratch, scratch_registers: CHUNK blocks for each register of a running netlist
    - cots, cot_choices, cot_next, cot_end: correlated OTs in stock: q at the garbler; t, and the
      choice bits, 8 a byte, at the evaluator
    - mark: which operations of the program run (codegen/marks.py)
    - send, receive, peek, refill, grow, exchange: callbacks into Python
    """

    _fields_ = (
        ("window", ctypes.c_uint8 * WINDOW_BYTES),
        ("label_schedule", ctypes.c_uint8 * SCHEDULE_BYTES),
        ("coin_schedule", ctypes.c_uint8 * SCHEDULE_BYTES),
        ("masks", ctypes.c_uint8 * MASKS_BYTES),
        ("coins", ctypes.c_uint8 * COINS_BYTES),
        ("delta", ctypes.c_uint8 * 16),
        ("delta_sigma", ctypes.c_uint8 * 16),
        ("start", ctypes.c_uint8 * 16),
        ("gate", ctypes.c_int64),
        ("window_gate", ctypes.c_int64),
        ("ands", ctypes.c_int64),
        ("label_counter", ctypes.c_int64),
        ("table", ctypes.c_void_p),
        ("table_position", ctypes.c_int64),
        ("table_end", ctypes.c_int64),
        ("buffer", ctypes.c_void_p),
        ("buffer_capacity", ctypes.c_int64),
        ("scratch", ctypes.c_void_p),
        ("scratch_registers", ctypes.c_int64),
        ("cots", ctypes.c_void_p),
        ("cot_choices", ctypes.c_void_p),
        ("cot_next", ctypes.c_int64),
        ("cot_end", ctypes.c_int64),
        ("mark", ctypes.c_int64),
        ("send", ctypes.c_void_p),
        ("receive", ctypes.c_void_p),
        ("peek", ctypes.c_void_p),
        ("refill", ctypes.c_void_p),
        ("grow", ctypes.c_void_p),
        ("exchange", ctypes.c_void_p),
    )


def _type(name: str) -> Any:
    field = dict(Context._fields_)[name]
    if field is ctypes.c_void_p:
        return POINTER
    if field is not ctypes.c_int64:
        raise KeyError(f"{name} is neither a number nor a pointer")
    return I64


class ContextAccess:
    """Reads and writes a context's fields in a kernel."""

    def __init__(self, kernel: Kernel, pointer: Value) -> None:
        self.kernel = kernel
        self.pointer = pointer

    def address(self, name: str) -> Value:
        """Return the address of a field."""
        return self.pointer.at(getattr(Context, name).offset)

    def get(self, name: str) -> Value:
        """Read a number or pointer."""
        return self.kernel.load(self.address(name), _type(name), align=8)

    def set(self, name: str, value: Value) -> None:
        """Write a number or pointer."""
        self.kernel.store(value, self.address(name), align=8)

    def block(self, name: str) -> Value:
        """Read a block."""
        return self.kernel.load(self.address(name), BLOCK, align=16)

    def callback(self, name: str, *arguments: Value) -> None:
        """Call back into Python; return from the kernel if that fails."""
        self.kernel.check(self.kernel.call_pointer(self.get(name), *arguments))
