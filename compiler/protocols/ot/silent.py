"""Silent OT: correlated OTs for about a tenth of a byte each, by Ferret [YWL+20] with regular
noise.

The interface is that of `source.py`: q at the sender, a random bit r and t = q ⊕ r·Δ at the
receiver. The lowest bit of Δ is 1, that of every q is 0, and r is the lowest bit of t; so q has 127
random bits, as many as Δ.

An iteration of parameters (t, h, k) consumes M = k + t·h correlated OTs and produces n = t·2^h. The
first k are the secret of an LPN sample. The others produce t trees (`kernels/silent.py`), each a
correlation of one noise bit at a random position among 2^h. The code adds ten elements of the
secret to each output: with secret bits u, noise e and code A, r = u·A ⊕ e is pseudorandom, and the
correlation is preserved because everything is linear. The noise positions are the path bits of the
trees, hence random bits of correlated OTs, and need no message. The first trees of an iteration
produce the M OTs of the next one, the others the stock, a few at a time.

Cost: one set-up by SoftSpoken with k = 8 (`ot/softspoken.py`): `setup_ots` OTs, and 32 bytes from
the sender, the starts of hash and code, along with its answer to the base OTs. Then 16·(h − 1)
bytes per tree from the sender to the receiver, `stock.SilentBatches`, one message per batch; the
receiver sends nothing, so there is no reply to wait for. Computation: one hash per leaf; per
output, 2.5 blocks of AES-CTR and ten reads at random positions of a table of 16·2^log k bytes.

With `stock.SILENT`, t = 2340, h = 10 and k = 2^17: n = 2,396,160 and M = 154,472, so that an
iteration yields 2,241,536 OTs for 0.150 bytes each.

Security: semi-honest. The trees are secure by [GYW+23] in the ideal-cipher model. The remaining
assumption is that r is pseudorandom: LPN with regular noise and a code of ten random positions per
output, which is Ferret's. `python -m benchmarks lpn` computes what the known attacks cost, and says
how; all figures are on the safe side. As logarithms:

| attack | log2 of its cost |
|---|---|
| Gauss, dense elimination | 234 |
| Gauss, sparse elimination | 225 |
| information sets | 197 |
| algebraic, dense elimination | 195 |
| algebraic, sparse elimination | 163 |
| algebraic, any linear algebra | 146 |
| linear tests | 268 |

For 128 bits this leaves a margin of 35 bits for attacks by algorithms that are known, and of 18
bits if linear algebra on N unknowns took N² steps. Ferret's implementation has half as many
blocks for the same n and k (t = 1170, h = 11). That is right for a uniformly random code, for which
linear algebra is dense. With the sparse rows of this code, it would leave 115 bits against [BO23]
with [Wie86]. Noise twice as dense costs 0.07 bytes more for an OT.

Each iteration has fresh secrets, fresh noise and another part of the code's stream.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from typing import Any, ClassVar, Final

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...kernels import units
from ...kernels.aes import cipher_for
from ...kernels.engine import Engine
from ...kernels.memory import AlignedBytes, Blocks, with_room
from ...kernels.silent import add_silent
from ..core.channel import Channel
from .softspoken import CotReceiver, CotSender
from .source import CotReceiverParty, CotSenderParty
from .stock import KEY_BYTES, SILENT, SILENT_GROUP_BITS, Made, Parameters, SilentBatches

_HUGE_PAGE: Final = 1 << 21
_POINTER: Final = ctypes.c_void_p
_LONG: Final = ctypes.c_int64


class _Table(AlignedBytes):
    """Memory that is read at random positions, in huge pages where the system provides them."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._map = mmap.mmap(-1, size + _HUGE_PAGE)
        if hasattr(mmap, "MADV_HUGEPAGE"):
            self._map.madvise(mmap.MADV_HUGEPAGE)
        first = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        self.address = -(-first // _HUGE_PAGE) * _HUGE_PAGE
        offset = self.address - first
        self.view = memoryview(self._map)[offset : offset + size]


class _Silent:
    """The state of either side: keys, the two sets of OTs that iterations consume, a position."""

    def __init__(self, engine: Engine, parameters: Parameters, name: str) -> None:
        self.parameters = parameters
        self._engine = engine
        self._name = name
        self._start = AlignedBytes(KEY_BYTES)
        self._code = AlignedBytes(cipher_for(engine.target.path).schedule_bytes)
        size = parameters.refill_trees << (parameters.depth + 4)
        self._tables = [_Table(size), _Table(size)]
        self._corrections = AlignedBytes(0)
        self._tree = 0
        self._used = 0

    def start(self, seeds: bytes, ots: Blocks, *, sender: bool) -> None:
        """Initialise the starts of hash and code and the first OTs."""
        units.add_primitives(self._engine)
        parameters = self.parameters
        add_silent(self._engine, parameters.depth, parameters.secret_bits, sender=sender)
        self._start.view[:] = seeds[:KEY_BYTES]
        schedule = self._engine.function("aes_schedule", _POINTER, _POINTER, result=None)
        key = ctypes.create_string_buffer(seeds[KEY_BYTES:], KEY_BYTES)
        schedule(ctypes.addressof(key), self._code.address)
        self._tables[0].blocks[: len(ots)] = ots

    def refill(self) -> int:
        """Begin an iteration; return the address for the output of its first trees."""
        if self._used:
            self._tables.reverse()
            self._used = 0
        return self._tables[1].address

    def corrections(self, trees: int) -> memoryview:
        """Return a buffer for the corrections of `trees` trees."""
        size = trees * self.parameters.tree_bytes
        self._corrections = with_room(self._corrections, size)
        return self._corrections.view[:size]

    def run(self, trees: int, out: int, own: int) -> None:
        """Run the kernel on the next trees; `own` is the address of Δ, or of the bits to write."""
        parameters = self.parameters
        secret = self._tables[0].address
        cots = secret + (KEY_BYTES << parameters.secret_bits)
        cots += KEY_BYTES * parameters.depth * self._used
        pointers: list[Any] = [self._start.address, self._code.address, cots, secret]
        pointers += [self._corrections.address, out, own]
        types = [_POINTER] * len(pointers)
        kernel = self._engine.function(self._name, *types, _LONG, _LONG, result=None)
        kernel(*pointers, self._tree, trees)
        self._tree += trees
        self._used += trees

    def wipe(self) -> None:
        """Wipe all unused OTs."""
        for table in self._tables:
            table.view[:] = bytes(table.size)


class SilentSender(CotSenderParty):
    """The side with Δ."""

    speaks: ClassVar[bool] = True

    def __init__(
        self, channel: Channel, engine: Engine, delta: bytes, parameters: Parameters = SILENT
    ) -> None:
        if not (np.frombuffer(delta, np.uint8)[:1] & 1).all():
            raise CompilerBug("the lowest bit of Δ must be 1 for silent OT")
        super().__init__(channel, engine, delta, SilentBatches(parameters))
        self._silent = _Silent(engine, parameters, "silent_sender")
        self._seeds = os.urandom(2 * KEY_BYTES)
        self._base = CotSender(channel, engine, delta, SILENT_GROUP_BITS)

    def wipe(self) -> None:
        """Wipe OTs and Δ."""
        self._silent.wipe()
        for memory in (self.stock, self._delta):
            memory.view[:] = bytes(memory.size)

    def answer(self) -> None:
        """Answer the extension's offer; send the seeds."""
        self._base.answer()
        self.channel.send(self._seeds)
        self.channel.flush()

    def complete(self) -> None:
        """Take the extension's OTs."""
        self._base.complete()
        ots = self._base.take(self._silent.parameters.setup_ots)
        self._base.wipe()
        self.begin(self._seeds, ots)

    def _extend(self, batch: Made, place: int | None) -> None:
        silent = self._silent
        if batch.begins:
            self._run(silent.parameters.refill_trees, silent.refill())
        self._run(batch.trees, self._place(batch.count, place))
        self.channel.flush()

    def _run(self, trees: int, out: int) -> None:
        corrections = self._silent.corrections(trees)
        self._silent.run(trees, out, self._delta.address)
        self.channel.send(corrections)

    def begin(self, seeds: bytes, ots: Blocks) -> None:
        """Initialise the starts of hash and code and M correlated OTs of the same Δ."""
        ots = ots.copy()
        ots[:, 0] &= ~np.uint64(1)
        self._silent.start(seeds, ots, sender=True)
        self.ready = True


class SilentReceiver(CotReceiverParty):
    """The side with random bits."""

    speaks: ClassVar[bool] = False

    def __init__(self, channel: Channel, engine: Engine, parameters: Parameters = SILENT) -> None:
        super().__init__(channel, engine, SilentBatches(parameters))
        self._silent = _Silent(engine, parameters, "silent_receiver")
        self._base = CotReceiver(channel, engine, SILENT_GROUP_BITS)

    def wipe(self) -> None:
        """Wipe OTs and bits."""
        self._silent.wipe()
        for memory in (self.stock, self.choices):
            memory.view[:] = bytes(memory.size)

    def offer(self) -> None:
        """Send the extension's offer."""
        self._base.offer()

    def accept(self) -> None:
        """Take its answer and the seeds; make the extension's OTs."""
        self._base.accept()
        seeds = bytearray(2 * KEY_BYTES)
        self.channel.receive_into(memoryview(seeds))
        bits, ots = self._base.take(self._silent.parameters.setup_ots)
        self._base.wipe()
        ots[:, 0] = (ots[:, 0] & ~np.uint64(1)) | bits
        self.begin(bytes(seeds), ots)

    def _extend(self, batch: Made, place: int | None) -> None:
        silent = self._silent
        if batch.begins:
            self._run(silent.parameters.refill_trees, silent.refill())
        self._run(batch.trees, self._place(batch.count, place))

    def _run(self, trees: int, out: int) -> None:
        self.choices = with_room(self.choices, trees << (self._silent.parameters.depth - 3))
        self.channel.receive_into(self._silent.corrections(trees))
        self._silent.run(trees, out, self.choices.address)

    def begin(self, seeds: bytes, ots: Blocks) -> None:
        """Initialise the starts of hash and code and M OTs whose lowest bits are their bits r."""
        self._silent.start(seeds, ots, sender=False)
        self.ready = True
