"""Silent OT: correlated OTs for a tenth of a byte or less, Ferret [YWL+20] with regular noise.

The same interface as `cot.py`: q at the sender, a random bit r and t = q ⊕ r·Δ at the receiver. The
lowest bit of Δ is 1, that of every q is 0, and r is the lowest bit of t; so a q has 127 random
bits, as many as Δ.

An iteration of parameters (t, h, k) uses up M = k + t·h correlated OTs and makes n = t·2^h. The
first k are the secret part of an LPN sample, the others make t trees (`kernels/silent.py`), each a
correlation of one noise bit at a random place among 2^h. To it the code adds ten of the secret
part for each output: with u the secret bits, e the noise and A the code, r = u·A ⊕ e looks random,
and the correlation goes along, since everything is linear. The noise's places are the path bits of
the trees, hence random bits of correlated OTs, and need no message. The first trees of an iteration
make the M OTs of the next one, the others the stock, some at a time.

Cost: set-up by SoftSpoken with k = 8 (`cot.py`), once: `setup_ots` OTs, and 32 bytes from the
sender, the starts of hash and code. Then 16·(h − 1) bytes a tree from the sender to the
receiver, `stock.SilentBatches`; nothing the other way, no answer to wait for. A message a batch.
Computation: a hash a leaf, 2.5 blocks of AES-CTR and ten reads at random places of a table of
16·2^log k bytes an output.

| parameters | t | log k | h | n | M | bytes an OT |
|---|---|---|---|---|---|---|
| SMALL | 850 | 16 | 10 | 870,400 | 74,036 | 0.154 |
| MEDIUM | 1170 | 17 | 11 | 2,396,160 | 143,942 | 0.083 |
| LARGE | 1900 | 19 | 13 | 15,564,800 | 548,988 | 0.024 |

Security: semi-honest. The trees: [GYW+23], in the ideal-cipher model. The rest is that r is
pseudorandom: LPN with regular noise, code of ten random places an output. The parameters are those
that emp-ot now has, chosen after the attacks on regular noise. Logarithms of the attacks' costs, by
the formulas published with them, evaluated anew for this table; the least decides:

| attack | SMALL | MEDIUM | LARGE |
|---|---|---|---|
| hybrid of guessing and quadratic equations [WWY+25] | 128.7 | 128.2 | 129.3 |
| information-set decoding for regular noise, enumeration [ES24] | 132.5 | 136.5 | 144.8 |
| the same, permutation | 153.7 | 157.5 | 165.2 |
| Gaussian elimination on guessed places without noise [LWYY24] | 138.2 | 140.8 | 146.4 |
| algebraic [BO23] | 145.1 | 144.3 | 143.5 |

They hold for a uniformly random code; that ten places an output are no easier is Ferret's
assumption. Each iteration has fresh secrets, fresh noise and another part of the code's stream.
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
from ...kernels.silent import add_silent
from ..core.channel import Channel
from .softspoken import (
    AlignedBytes,
    Blocks,
    CotReceiver,
    CotReceiverParty,
    CotSender,
    CotSenderParty,
    with_room,
)
from .stock import KEY_BYTES, MEDIUM, SILENT_GROUP_BITS, Made, Parameters, SilentBatches

_HUGE_PAGE: Final = 1 << 21
_POINTER: Final = ctypes.c_void_p
_LONG: Final = ctypes.c_int64


class _Table(AlignedBytes):
    """Memory that is read at random places: in huge pages where the system has them."""

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
    """What both sides have: keys, the two sets of OTs that iterations use up, a position."""

    def __init__(self, engine: Engine, parameters: Parameters, name: str) -> None:
        self.parameters = parameters
        self.ready = False
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
        """Begin with the starts of hash and code and the first OTs."""
        units.add_primitives(self._engine)
        parameters = self.parameters
        add_silent(self._engine, parameters.depth, parameters.secret_bits, sender=sender)
        self._start.view[:] = seeds[:KEY_BYTES]
        schedule = self._engine.function("aes_schedule", _POINTER, _POINTER, result=None)
        key = ctypes.create_string_buffer(seeds[KEY_BYTES:], KEY_BYTES)
        schedule(ctypes.addressof(key), self._code.address)
        self._tables[0].blocks[: len(ots)] = ots
        self.ready = True

    def refill(self) -> int:
        """Begin an iteration; return where its first trees go."""
        if self._used:
            self._tables.reverse()
            self._used = 0
        return self._tables[1].address

    def corrections(self, trees: int) -> memoryview:
        """Return room for the corrections of some trees."""
        size = trees * self.parameters.tree_bytes
        self._corrections = with_room(self._corrections, size)
        return self._corrections.view[:size]

    def run(self, trees: int, out: int, own: int) -> None:
        """Run the kernel on the next trees; `own` is where Δ is, or the bits go to."""
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
        """Forget all OTs that are not used up."""
        for table in self._tables:
            table.view[:] = bytes(table.size)


class SilentSender(CotSenderParty):
    """The side with Δ."""

    speaks: ClassVar[bool] = True

    def __init__(
        self, channel: Channel, engine: Engine, delta: bytes, parameters: Parameters = MEDIUM
    ) -> None:
        if not delta[0] & 1:
            raise CompilerBug("the lowest bit of Δ must be 1 for silent OT")
        super().__init__(channel, engine, delta, SilentBatches(parameters))
        self._silent = _Silent(engine, parameters, "silent_sender")

    def wipe(self) -> None:
        """Forget OTs and Δ."""
        self._silent.wipe()
        for memory in (self.stock, self._delta):
            memory.view[:] = bytes(memory.size)

    def _extend(self, batch: Made, place: int | None) -> None:
        silent = self._silent
        if not silent.ready:
            self._set_up()
        if batch.begins:
            self._run(silent.parameters.refill_trees, silent.refill())
        self._run(batch.trees, self._place(batch.count, place))
        self.channel.flush()

    def _run(self, trees: int, out: int) -> None:
        corrections = self._silent.corrections(trees)
        self._silent.run(trees, out, self._delta.address)
        self.channel.send(corrections)

    def _set_up(self) -> None:
        silent = self._silent
        seeds = os.urandom(2 * KEY_BYTES)
        self.channel.send(seeds)
        base = CotSender(self.channel, self.engine, bytes(self._delta.view), SILENT_GROUP_BITS)
        ots = base.take(silent.parameters.setup_ots)
        base.wipe()
        self.begin(seeds, ots)

    def begin(self, seeds: bytes, ots: Blocks) -> None:
        """Begin with the starts of hash and code, and M correlated OTs of the same Δ."""
        ots = ots.copy()
        ots[:, 0] &= ~np.uint64(1)
        self._silent.start(seeds, ots, sender=True)


class SilentReceiver(CotReceiverParty):
    """The side with random bits."""

    speaks: ClassVar[bool] = False

    def __init__(self, channel: Channel, engine: Engine, parameters: Parameters = MEDIUM) -> None:
        super().__init__(channel, engine, SilentBatches(parameters))
        self._silent = _Silent(engine, parameters, "silent_receiver")

    def wipe(self) -> None:
        """Forget OTs and bits."""
        self._silent.wipe()
        for memory in (self.stock, self.choices):
            memory.view[:] = bytes(memory.size)

    def _extend(self, batch: Made, place: int | None) -> None:
        silent = self._silent
        if not silent.ready:
            self._set_up()
        if batch.begins:
            self._run(silent.parameters.refill_trees, silent.refill())
        self._run(batch.trees, self._place(batch.count, place))

    def _run(self, trees: int, out: int) -> None:
        self.choices = with_room(self.choices, trees << (self._silent.parameters.depth - 3))
        self.channel.receive_into(self._silent.corrections(trees))
        self._silent.run(trees, out, self.choices.address)

    def _set_up(self) -> None:
        silent = self._silent
        seeds = bytearray(2 * KEY_BYTES)
        self.channel.receive_into(memoryview(seeds))
        base = CotReceiver(self.channel, self.engine, SILENT_GROUP_BITS)
        bits, ots = base.take(silent.parameters.setup_ots)
        base.wipe()
        ots[:, 0] = (ots[:, 0] & ~np.uint64(1)) | bits
        self.begin(bytes(seeds), ots)

    def begin(self, seeds: bytes, ots: Blocks) -> None:
        """Begin with the starts of hash and code, and M OTs that have their bits as lowest ones."""
        self._silent.start(seeds, ots, sender=False)
