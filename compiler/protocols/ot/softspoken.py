"""OT extension by SoftSpoken [Roy22]: any number of correlated OTs from 128 base OTs.

The interface is that of `source.py`: q at the sender, a random bit r and t = q ⊕ r·Δ at the
receiver.

Set-up. The columns come in groups of k = `GROUP_BITS`; for each, the receiver holds a GGM tree
[GGM86] of k levels and the sender learns all leaves except the one indexed by its k bits of Δ. At
each level it obtains, by one base OT with the complement of its bit, the XOR of all left or of all
right nodes, which yields the sibling of the node on its path. At the first level that sum is a
single node, so the keys of the base OT are the nodes. For each further level, the receiver sends
two sums of 16 bytes, masked with the keys. Leaves are keys of AES-CTR streams; see
`kernels/extension.py`.

Cost: 128 base OTs (32 bytes one way, 4096 the other), 32·128·(k − 1)/k bytes for trees from the
receiver, then 128/k − 1 bits per OT from the receiver, in batches: `stock.ExtensionBatches`. There
is one message per batch; the first begins with the sums of the trees and follows the round trip of
the base OTs. Computation: 2^k/k · 128 bits of AES-CTR per OT and side. k is 1, 2, 4 or 8, the same
at both sides. Security: semi-honest, based on the base OTs and on AES as a pseudorandom generator.
The random bits are a sum of streams, one of which the sender lacks; so is the mask of each
correction. t and q need no hash where the correlation itself is required, as for wire labels;
`kernels/pads.py` derives independent pads.
"""

from __future__ import annotations

import ctypes
from typing import Any, ClassVar, Final

import numpy as np

from ...kernels import units
from ...kernels.aes import cipher_for
from ...kernels.engine import Engine
from ...kernels.memory import AlignedBytes, Blocks, with_room
from ..core.bits import unpack
from ..core.channel import Channel
from .base import BaseOtReceiver, BaseOtSender
from .source import CotReceiverParty, CotSenderParty
from .stock import COLUMNS, GROUP_BITS, ExtensionBatches, Made, extension_bytes, sums_bytes

_POINTER: Final = ctypes.c_void_p
_LONG: Final = ctypes.c_int64


class _Extension:
    """The state of either side of the extension: seeds, buffers, a position in the streams."""

    def __init__(self, engine: Engine, bits: int) -> None:
        if bits not in (1, 2, 4, 8):
            raise ValueError(f"columns come in groups of 1, 2, 4 or 8, not of {bits}")
        self._engine = engine
        self.bits = bits
        self.groups = COLUMNS // bits
        self._counter = 0
        self._corrections = AlignedBytes(0)
        schedule_bytes = cipher_for(engine.target.path).schedule_bytes
        self.schedules = AlignedBytes(self.groups * (schedule_bytes << bits))

    def start(self) -> None:
        """Load the kernels."""
        units.add_extension(self._engine, self.bits)

    def corrections(self, count: int) -> memoryview:
        """Return a buffer for a batch's corrections."""
        size = extension_bytes(count, self.bits)
        self._corrections = with_room(self._corrections, size)
        return self._corrections.view[:size]

    def double(self, nodes: Blocks) -> Blocks:
        """Return the children of nodes [groups][n][2], left before right: [groups][2n][2]."""
        nodes = np.ascontiguousarray(nodes)
        count = nodes.size // 2
        children: Blocks = np.empty((self.groups, 2 * nodes.shape[1], 2), np.uint64)
        self._call("double", (_POINTER, nodes.ctypes.data), (_POINTER, children.ctypes.data), count)
        return children

    def keep(self, leaves: Blocks) -> None:
        """Expand the leaves [groups][2^k][2] into their key schedules and store them."""
        leaves = np.ascontiguousarray(leaves)
        count = leaves.size // 2
        self._call(
            "expand_keys", (_POINTER, leaves.ctypes.data), (_POINTER, self.schedules.address), count
        )

    def run(self, name: str, secret: int, out: int, count: int) -> None:
        """Run a batch's kernel; `secret` is the address of Δ, or of the choices to write."""
        blocks = count // 128
        kernel = self._engine.function(
            name, _POINTER, _LONG, _POINTER, _POINTER, _POINTER, _LONG, result=None
        )
        position = self._counter
        kernel(self.schedules.address, position, secret, self._corrections.address, out, blocks)
        self._counter += blocks

    def _call(self, name: str, nodes: tuple[Any, int], out: tuple[Any, int], count: int) -> None:
        kernel = self._engine.function(name, nodes[0], out[0], _LONG, result=None)
        kernel(nodes[1], out[1], count)


class CotReceiver(CotReceiverParty):
    """The receiver of OT extension, which is the sender of the base OTs."""

    speaks: ClassVar[bool] = True

    def __init__(self, channel: Channel, engine: Engine, bits: int = GROUP_BITS) -> None:
        super().__init__(channel, engine, ExtensionBatches(bits))
        self._extension = _Extension(engine, bits)
        self._base: BaseOtSender | None = None

    def wipe(self) -> None:
        """Wipe seeds, stock and bits."""
        for memory in (self._extension.schedules, self.stock, self.choices):
            memory.view[:] = bytes(memory.size)

    def offer(self) -> None:
        """Begin the base OTs, as their sender."""
        self._base = BaseOtSender(self.channel, COLUMNS)
        self._base.offer()

    def accept(self) -> None:
        """Receive the answer to the base OTs."""
        super().accept()
        if self._base is not None:
            self._base.accept()

    def begin(self) -> None:
        """Initialise with zero seeds. Only measurements skip the set-up."""
        self._extension.start()
        self.ready = True

    def _extend(self, batch: Made, place: int | None) -> None:
        extension = self._extension
        if self._base is not None:
            self._plant(self._base.pairs())
            self._base = None
        count = batch.count
        self.choices = with_room(self.choices, count // 8)
        corrections = extension.corrections(count)
        extension.run("cot_receiver", self.choices.address, self._place(count, place), count)
        self.channel.send(corrections)
        self.channel.flush()

    def _plant(self, pairs: list[tuple[bytes, bytes]]) -> None:
        """Build the trees, given the base OTs, and send their sums level by level."""
        extension = self._extension
        extension.start()
        # Base OT number group·k + j is for bit j of Δ's group; trees start with the highest bit.
        keys = _key_pairs(pairs, extension.bits)
        nodes = keys[:, -1]
        message = []
        for level in reversed(range(extension.bits - 1)):
            nodes = extension.double(nodes)
            sums = [np.bitwise_xor.reduce(nodes[:, side::2], axis=1) for side in (0, 1)]
            message.append(np.stack(sums, axis=1) ^ keys[:, level])
        extension.keep(nodes)
        if message:
            self.channel.send(np.stack(message).tobytes())


class CotSender(CotSenderParty):
    """The sender of OT extension, which is the receiver of the base OTs."""

    speaks: ClassVar[bool] = False

    def __init__(
        self, channel: Channel, engine: Engine, delta: bytes, bits: int = GROUP_BITS
    ) -> None:
        super().__init__(channel, engine, delta, ExtensionBatches(bits))
        self._extension = _Extension(engine, bits)
        self._bits = unpack(np.frombuffer(self._delta.view, np.uint8), COLUMNS)
        self._base: BaseOtReceiver | None = None

    def wipe(self) -> None:
        """Wipe seeds, stock and Δ."""
        self._bits[:] = 0
        for memory in (self._extension.schedules, self.stock, self._delta):
            memory.view[:] = bytes(memory.size)

    def answer(self) -> None:
        """Answer the base OTs, as their receiver."""
        self._base = BaseOtReceiver(self.channel, self._bits ^ np.uint8(1))
        self._base.answer()

    def begin(self) -> None:
        """Initialise with zero seeds. Only measurements skip the set-up."""
        self._extension.start()
        self.ready = True

    def _extend(self, batch: Made, place: int | None) -> None:
        extension = self._extension
        if self._base is not None:
            self._graft(self._base.keys())
            self._base = None
        count = batch.count
        self.channel.receive_into(extension.corrections(count))
        extension.run("cot_sender", self._delta.address, self._place(count, place), count)

    def _graft(self, received: list[bytes]) -> None:
        """Complete each tree except for the path of Δ, given the base OTs."""
        extension = self._extension
        extension.start()
        bits, groups = extension.bits, extension.groups
        keys = np.frombuffer(b"".join(received), np.uint64).reshape(groups, bits, 2)
        message = bytearray(sums_bytes(bits))
        self.channel.receive_into(memoryview(message))
        levels = np.frombuffer(message, np.uint64).reshape(bits - 1, groups, 2, 2)
        # A mask of Δ's bits; nodes are indexed by y = x ⊕ δ: the one on the path is 0 and unknown.
        masks = np.negative(self._bits.astype(np.uint64)).reshape(groups, bits)
        nodes = np.zeros((groups, 2, 2), np.uint64)
        nodes[:, 1] = keys[:, -1]
        for sums, bit in zip(levels, reversed(range(bits - 1)), strict=True):
            mask = masks[:, bit, None]
            wanted = sums[:, 1] ^ ((sums[:, 0] ^ sums[:, 1]) & mask) ^ keys[:, bit]
            children = extension.double(nodes)
            swap = (children[:, 0::2] ^ children[:, 1::2]) & mask[:, None]
            children[:, 0::2] ^= swap
            children[:, 1::2] ^= swap
            others = np.bitwise_xor.reduce(children[:, 3::2], axis=1)
            children[:, 0], children[:, 1] = 0, wanted ^ others
            nodes = children
        extension.keep(nodes)


def _key_pairs(pairs: list[tuple[bytes, bytes]], bits: int) -> Blocks:
    """Return base OTs' keys as [groups][bits][2] blocks."""
    data = b"".join(first + second for first, second in pairs)
    return np.frombuffer(data, np.uint64).reshape(len(pairs) // bits, bits, 2, 2)
