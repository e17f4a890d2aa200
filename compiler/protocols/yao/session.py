"""A session of two-party computation by Yao's garbled circuits at one party.

Half-gates [ZRE15] or three-halves [RR21] with free-XOR [KS08] and point-and-permute [BMR90], hashed
as in [GKWWY20] and [RR21]; see `kernels/gates.py`, `three_halves.py`, `hash.py`, `sliced_hash.py`,
`wire_labels.py`. Semi-honest security, κ = 128.

Set-up: the garbler draws Δ (lowest bit 1), the start S of the hash and the seed of its input labels
from the operating system, and sends S and the seed: 32 bytes, no reply. For three-halves, it also
draws and sends u of the hash, 16 bytes, and draws the key of its random bits, which it keeps. In
the proof, all randomness of a garbling is the garbler's own; S and u need only be random and known
to both, and the seed only determines active labels, which the evaluator sees anyway. Δ is never
sent. Correlated OT starts with the first value of the evaluator, since a program without one needs
none. Both sides reach it at the same point because they run the same program; secrets never affect
this.

Cost: 32 bytes per AND, garbler to evaluator, or by three-halves 24 bytes and 5 bits, which are
packed tile by tile (`kernels/layout.py`); one bit and one OT per bit that the evaluator shares
(`ot/softspoken.py` or `ot/silent.py`), nothing for the garbler's and public bits; one bit per bit
revealed to one party, two to both. Memory: fixed buffers, and one row of 8 labels per register of
the largest netlist.

Channel failures make native code return a status; `check` raises them again.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from enum import Enum
from typing import Any, Final

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ...circuits.netlist import Netlist
from ...ir.garbling import Garbling
from ...ir.ots import OtKind
from ...ir.parties import COMPUTING
from ...kernels import abi, sliced_hash, units
from ...kernels.context import CHUNK, EXCHANGE, REQUEST, TRANSFER, Context
from ...kernels.engine import Engine
from ...kernels.guard import Guard
from ...kernels.layout import BIT_BUFFER as BIT_BUFFER
from ...kernels.layout import TABLE_BUFFER as TABLE_BUFFER
from ...kernels.layout import set_up_bytes
from ...kernels.memory import AlignedBytes, Blocks
from ..core.channel import Channel
from ..core.phases import Phase
from ..ot.directions import cot_receiver, cot_sender, fresh_delta
from ..ot.source import CotParty, CotReceiverParty, CotSenderParty
from ..ot.stock import SILENT, Parameters

_MINIMUM_BUFFER: Final = 256
_POINTER: Final = ctypes.c_void_p


class YaoRole(Enum):
    """The role of a party: garbler or evaluator."""

    GARBLER = "garbler"
    EVALUATOR = "evaluator"

    @staticmethod
    def of(party: int) -> YaoRole:
        """Return the role of one of the parties that compute."""
        return YaoRole.GARBLER if party == COMPUTING.garbler else YaoRole.EVALUATOR


Labels = Callable[[YaoRole, Channel, Engine], CotParty]
"""A factory of a party's end of the correlated OTs for labels; a sender's Δ is odd."""


def label_source(kind: OtKind = OtKind.SOFTSPOKEN_2, parameters: Parameters = SILENT) -> Labels:
    """Return a factory of ends of OTs of a kind; silent ones use `parameters`."""

    def make(role: YaoRole, channel: Channel, engine: Engine) -> CotParty:
        if role is YaoRole.EVALUATOR:
            return cot_receiver(channel, engine, kind, parameters)
        return cot_sender(channel, engine, kind, fresh_delta(odd=True), parameters)

    return make


@dataclass(frozen=True, slots=True)
class YaoCounters:
    """The counters of a party. `ots` counts generated OTs, some of which may be unused."""

    ands: int
    ots: int
    ots_used: int


def orthomorphism(block: Blocks) -> Blocks:
    """Return σ(l ‖ r) = (l ⊕ r) ‖ l of a block [2], whose first word is r."""
    return np.concatenate((block[1:], block[:1] ^ block[1:]))


def _no_exchange(number: int, addresses: int) -> None:
    raise CompilerBug("a program with operations on shares runs without anything to run them")


class NetlistHandle:
    """A netlist in the layout of native code; keeps its arrays alive."""

    def __init__(self, netlist: Netlist) -> None:
        self._code = np.ascontiguousarray(netlist.code, dtype=np.int32)
        self._outputs = np.ascontiguousarray(netlist.outputs, dtype=np.int32)
        self.struct = abi.NetlistStruct(
            self._code.ctypes.data,
            len(self._code),
            self._outputs.ctypes.data,
            len(self._outputs),
            netlist.registers,
            len(netlist.ports),
            netlist.ands,
        )

    @property
    def address(self) -> int:
        """The address of the struct."""
        return ctypes.addressof(self.struct)


class YaoParty:
    """One party. Both sides must be made, used and finished in the same order.

    The engine must not hold another party's unit. `table_buffer` and `bit_buffer` (bytes, at least
    256) are the buffer sizes for tables and for bits; `bit_buffer` must be the same at both sides.
    From the first call of native code to `finish`, the party has exclusive use of the channel.
    `labels` creates the party's end of the OTs for labels, by default by OT extension.
    """

    def __init__(
        self,
        role: YaoRole,
        channel: Channel,
        engine: Engine,
        *,
        table_buffer: int = TABLE_BUFFER,
        bit_buffer: int = BIT_BUFFER,
        labels: Labels | None = None,
        garbling: Garbling = Garbling.HALF_GATES,
    ) -> None:
        if min(table_buffer, bit_buffer) < _MINIMUM_BUFFER:
            raise CompilerBug(f"buffers of a Yao party hold at least {_MINIMUM_BUFFER} bytes")
        self.role = role
        self.garbling = garbling
        self.channel = channel
        self.engine = engine
        self.exchange: Callable[[int, int], None] = _no_exchange
        """The callback that runs a group of operations on shares, given its number and address
        table. It has exclusive use of the channel while it runs."""
        self._guard = Guard("native code of Yao's protocol")
        self.check = self._guard.check
        self._memory = AlignedBytes(ctypes.sizeof(Context))
        self._state = Context.from_address(self._memory.address)
        self._tables = AlignedBytes(table_buffer if role is YaoRole.GARBLER else 0)
        self._bits = AlignedBytes(bit_buffer)
        self._scratch = AlignedBytes(0)
        self._callbacks = self._make_callbacks()
        units.add_primitives(engine)
        units.add_yao(engine, garbler=role is YaoRole.GARBLER, garbling=garbling)
        self._fill_context()
        self.cots = self._set_up(labels or label_source())

    @property
    def context(self) -> int:
        """The context pointer that programs pass to all native functions."""
        return self._memory.address

    @property
    def counters(self) -> YaoCounters:
        """The counters so far."""
        return YaoCounters(
            ands=self._state.ands,
            ots=self.cots.made,
            ots_used=self.cots.made - (self._state.cot_end - self._state.cot_next),
        )

    @property
    def mark(self) -> int:
        """The last mark of the program, 0 if there was none."""
        return int(self._state.mark)

    @property
    def pending(self) -> int:
        """The bytes that the garbler has made and not yet sent."""
        return int(self._state.table_position) if self.role is YaoRole.GARBLER else 0

    def call(self, symbol: str, *arguments: Any) -> None:
        """Call a function of `abi.FUNCTIONS` from Python, without the context argument."""
        ctypes_of = {abi.POINTER: _POINTER, abi.I64: ctypes.c_int64, abi.I32: ctypes.c_int32}
        types = [ctypes_of[type] for type in abi.FUNCTIONS[symbol]]
        self.check(self.engine.function(symbol, *types)(self.context, *arguments))

    def reserve_registers(self, registers: int) -> None:
        """Allocate space for netlists of up to `registers` registers; otherwise done on demand."""
        if registers > self._state.scratch_registers:
            self._scratch = AlignedBytes(16 * CHUNK * registers)
            self._state.scratch = self._scratch.address
            self._state.scratch_registers = registers

    def finish(self) -> None:
        """Send all buffered data. To be called when the program has ended."""
        self.check(self.engine.function("yao_flush", _POINTER)(self.context))
        self._settle()
        self.channel.flush()

    def close(self) -> None:
        """Wipe this session's secrets. The party can't be used afterwards."""
        for memory in (self._memory, self._scratch, self._tables, self._bits, self.cots.stock):
            memory.view[:] = bytes(memory.size)
        self.cots.wipe()

    def _make_callbacks(self) -> dict[str, Any]:
        """Return the C functions; they must live as long as the context."""
        from_memory = ctypes.pythonapi.PyMemoryView_FromMemory
        from_memory.restype = ctypes.py_object
        from_memory.argtypes = (ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int)
        readable, writable = 0x100, 0x200

        channel = self.channel

        def send(data: int, size: int) -> None:
            self._settle()
            channel.send(from_memory(data, size, readable))
            channel.flush()

        def receive(data: int, size: int) -> None:
            self._settle()
            channel.receive_into(from_memory(data, size, writable))

        return {
            "send": TRANSFER(self._guard.wrap(send)),
            "receive": TRANSFER(self._guard.wrap(receive)),
            "peek": REQUEST(self._guard.wrap(self._peek)),
            "refill": REQUEST(self._guard.wrap(self._refill)),
            "grow": REQUEST(self._guard.wrap(self.reserve_registers)),
            "exchange": EXCHANGE(self._guard.wrap(self._exchange)),
        }

    def _fill_context(self) -> None:
        state = self._state
        state.window_gate = -1
        if self.role is YaoRole.GARBLER:
            state.table, state.table_end = self._tables.address, self._tables.size
        state.buffer, state.buffer_capacity = self._bits.address, self._bits.size
        for name, callback in self._callbacks.items():
            setattr(state, name, ctypes.cast(callback, _POINTER).value)

    def _set_up(self, labels: Labels) -> CotParty:
        """Agree on the hash's keys and the label seed; take Δ from the OTs' sender."""
        shared = bytearray(set_up_bytes(self.garbling))
        with self.channel.within(Phase.SET_UP):
            if self.role is YaoRole.GARBLER:
                shared[:] = os.urandom(len(shared))
                self.channel.send(shared)
            else:
                self.channel.receive_into(memoryview(shared))
        start, seed, u = (bytes(shared[at : at + 16]) for at in (0, 16, 32))
        ctypes.memmove(self._state.start, start, 16)
        self._expand(seed, Context.label_schedule.offset)
        sigma = orthomorphism
        if self.garbling is Garbling.THREE_HALVES:
            sigma = sliced_hash.doubled
            masks = sliced_hash.masks(u)
            ctypes.memmove(self._state.masks, masks, len(masks))
            if self.role is YaoRole.GARBLER:
                self._expand(os.urandom(16), Context.coin_schedule.offset)
        cots = labels(self.role, self.channel, self.engine)
        if isinstance(cots, CotSenderParty):
            for place, block in (("delta", cots.delta), ("delta_sigma", sigma(cots.delta))):
                ctypes.memmove(getattr(self._state, place), block.ctypes.data, 16)
        return cots

    def _expand(self, key: bytes, offset: int) -> None:
        """Write the schedule of a key into the context."""
        schedule = self.engine.function("aes_schedule", _POINTER, _POINTER, result=None)
        memory = ctypes.create_string_buffer(key, 16)
        schedule(ctypes.addressof(memory), self.context + offset)

    def _peek(self, least: int) -> None:
        """Give the evaluator's native code access to the received data, at least `least` bytes."""
        self._settle()
        shown = self.channel.peek(least)
        self._state.table = ctypes.addressof(ctypes.c_char.from_buffer(shown))
        self._state.table_end = len(shown)

    def _exchange(self, number: int, addresses: int) -> None:
        """Run a group of operations on shares; native code has flushed its buffers."""
        self._settle()
        self.exchange(number, addresses)

    def _settle(self) -> None:
        """Consume the peeked bytes of the channel that the evaluator has used."""
        state = self._state
        if self.role is YaoRole.EVALUATOR and state.table_end:
            self.channel.skip(state.table_position)
            state.table_position = state.table_end = 0

    def _refill(self, wanted: int) -> None:
        """Replace the empty stock of correlated OTs."""
        self._settle()
        count = self.cots.extend(wanted)
        self._state.cots = self.cots.stock.address
        if isinstance(self.cots, CotReceiverParty):
            self._state.cot_choices = self.cots.choices.address
        self._state.cot_next, self._state.cot_end = 0, count
