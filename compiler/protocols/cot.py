"""Correlated oblivious transfer, as many as wanted, from 128 base OTs: SoftSpoken [Roy22].

An OT of the stock is q at the sender; a random bit r and t = q ⊕ r·Δ at the receiver. Δ is the
sender's, one for the session (for Yao the garbler's free-XOR offset). None is used twice.

Set-up. The columns come in groups of k = `GROUP_BITS`; for each, the receiver holds a GGM tree
[GGM86] of k levels and the sender learns all leaves but the one its k bits of Δ point to: at each
level it obtains, by one base OT with the complement of its bit, the XOR of all left or of all
right nodes, which gives it the sibling of the node on its path. At the first level that
is a node itself, so the base OT's keys are the nodes; further levels send two sums of 16 bytes,
masked with the keys. Leaves are keys of AES-CTR streams; see `kernels/extension.py`.

Cost: 128 base OTs (32 bytes one way, 4096 the other), 32·128·(k − 1)/k bytes for trees from the
receiver, then 128/k bits an OT from the receiver, in batches. One message a batch; the first
batch comes after the base OTs' round trip. Computation: 2^k/k · 128 bits of AES-CTR an OT and side.
Security: semi-honest; the base OTs', and AES as a pseudorandom generator. The corrections sent are
masked by a sum of streams of which the sender lacks one. t and q need no hash where the
correlation itself is wanted, as for wire labels. Uncorrelated keys would be H(q, i) and H(q ⊕ Δ, i)
with the hash of `kernels/hash.py` and tweaks that no gate of the session uses.
"""

from __future__ import annotations

import ctypes
import os
from abc import ABC, abstractmethod
from typing import Final

from ..kernels import units
from ..kernels.aes import cipher_for
from ..kernels.engine import Engine
from ..kernels.extension import BATCH_MULTIPLE, COLUMNS
from .base_ot import KEY_BYTES, receive_base_ots, send_base_ots
from .channel import Channel

GROUP_BITS: Final = 2
LARGEST_BATCH: Final = 1 << 16
_POINTER: Final = ctypes.c_void_p
_LONG: Final = ctypes.c_int64


class AlignedBytes:
    """Zeroed memory at a multiple of 64 bytes, for native code."""

    def __init__(self, size: int) -> None:
        self._memory = ctypes.create_string_buffer(size + 63)
        self.size = size
        self.address = (ctypes.addressof(self._memory) + 63) & -64
        offset = self.address - ctypes.addressof(self._memory)
        self.view = memoryview(self._memory).cast("B")[offset : offset + size]


def xor(a: bytes, b: bytes) -> bytes:
    """Return the XOR of two strings of equal length."""
    number = int.from_bytes(a, "little") ^ int.from_bytes(b, "little")
    return number.to_bytes(len(a), "little")


def batch_size(wanted: int) -> int:
    """Return how many OTs a batch makes when `wanted` are missing: a power of two, bounded."""
    size = BATCH_MULTIPLE
    while size < wanted and size < LARGEST_BATCH:
        size *= 2
    return size


class CotParty(ABC):
    """What both sides of the extension have: seeds, buffers, a position in the streams."""

    def __init__(self, channel: Channel, engine: Engine, bits: int = GROUP_BITS) -> None:
        self.channel = channel
        self.engine = engine
        self.bits = bits
        self.made = 0
        self.batches = 0
        self.stock = AlignedBytes(0)
        self._counter = 0
        self._ready = False
        self._schedule_bytes = cipher_for(engine.target.path).schedule_bytes
        self._schedules = AlignedBytes((COLUMNS // bits) * (self._schedule_bytes << bits))

    def extend(self, wanted: int) -> int:
        """Replace the stock by a new batch, of `batch_size(wanted)` OTs; return how many."""
        if not self._ready:
            units.add_extension(self.engine, self.bits)
            self._set_up()
            self._ready = True
        count = batch_size(wanted)
        blocks = count // 128
        columns = AlignedBytes(COLUMNS * blocks * 16)
        corrections = AlignedBytes(COLUMNS // self.bits * blocks * 16)
        self._exchange(columns, corrections, blocks)
        self.stock = AlignedBytes(count * 16)
        transpose = self.engine.function("transpose", _POINTER, _POINTER, _LONG, result=None)
        transpose(columns.address, self.stock.address, count)
        self._counter += blocks
        self.made += count
        self.batches += 1
        return count

    @abstractmethod
    def _set_up(self) -> None:
        """Run the base OTs and expand the trees."""

    @abstractmethod
    def _exchange(self, columns: AlignedBytes, corrections: AlignedBytes, blocks: int) -> None:
        """Fill the columns of a batch."""

    def wipe(self) -> None:
        """Forget seeds and stock."""
        for memory in (self._schedules, self.stock):
            memory.view[:] = bytes(memory.size)

    def _double(self, seed: bytes) -> tuple[bytes, bytes]:
        """Return a node's children: AES of 0 and of 1 under the node as key."""
        schedule = AlignedBytes(self._schedule_bytes)
        children = AlignedBytes(2 * KEY_BYTES)
        expand = self.engine.function("aes_schedule", _POINTER, _POINTER, result=None)
        fill = self.engine.function("prg_fill", _POINTER, _LONG, _POINTER, _LONG, result=None)
        key = ctypes.create_string_buffer(seed, KEY_BYTES)
        expand(ctypes.addressof(key), schedule.address)
        fill(schedule.address, 0, children.address, 2)
        return bytes(children.view[:KEY_BYTES]), bytes(children.view[KEY_BYTES:])

    def _keep(self, group: int, seeds: list[bytes]) -> None:
        """Expand the seeds of a group into their schedules."""
        expand = self.engine.function("aes_schedule", _POINTER, _POINTER, result=None)
        for x, seed in enumerate(seeds):
            key = ctypes.create_string_buffer(seed, KEY_BYTES)
            place = (group << self.bits) + x
            expand(ctypes.addressof(key), self._schedules.address + place * self._schedule_bytes)

    def _run(self, name: str, secret: int, columns: int, corrections: int, blocks: int) -> None:
        kernel = self.engine.function(
            name, _POINTER, _LONG, _POINTER, _POINTER, _POINTER, _LONG, result=None
        )
        kernel(self._schedules.address, self._counter, secret, columns, corrections, blocks)


class CotReceiver(CotParty):
    """The side with the choice bits (Yao's evaluator); it sends the base OTs."""

    def __init__(self, channel: Channel, engine: Engine, bits: int = GROUP_BITS) -> None:
        super().__init__(channel, engine, bits)
        self.choices = AlignedBytes(0)

    def _set_up(self) -> None:
        keys = send_base_ots(self.channel, COLUMNS)
        message = bytearray()
        for group in range(COLUMNS // self.bits):
            # Base OT number group·k + j is for bit j of Δ's group; trees start with the highest.
            own = keys[group * self.bits : (group + 1) * self.bits]
            nodes = list(own[-1])
            for pair in reversed(own[:-1]):
                nodes = [child for node in nodes for child in self._double(node)]
                for side in (0, 1):
                    total = bytes(KEY_BYTES)
                    for node in nodes[side::2]:
                        total = xor(total, node)
                    message += xor(total, pair[side])
            self._keep(group, nodes)
        self.channel.send(message)

    def _exchange(self, columns: AlignedBytes, corrections: AlignedBytes, blocks: int) -> None:
        self.choices = AlignedBytes(blocks * 16)
        self.choices.view[:] = os.urandom(blocks * 16)
        arguments = (self.choices.address, columns.address, corrections.address, blocks)
        self._run("cot_receiver", *arguments)
        self.channel.send(corrections.view)
        self.channel.flush()


class CotSender(CotParty):
    """The side with Δ (Yao's garbler); it receives the base OTs."""

    def __init__(
        self, channel: Channel, engine: Engine, delta: bytes, bits: int = GROUP_BITS
    ) -> None:
        super().__init__(channel, engine, bits)
        self._delta = AlignedBytes(KEY_BYTES)
        self._delta.view[:] = delta

    def _set_up(self) -> None:
        number = int.from_bytes(self._delta.view, "little")
        delta = [number >> i & 1 for i in range(COLUMNS)]
        keys = receive_base_ots(self.channel, [1 - bit for bit in delta])
        message = bytearray(2 * KEY_BYTES * (COLUMNS - COLUMNS // self.bits))
        self.channel.receive_into(memoryview(message))
        at = 0
        for group in range(COLUMNS // self.bits):
            first, top = group * self.bits, (group + 1) * self.bits - 1
            # By y = x ⊕ δ: the node on the path is 0, and unknown.
            nodes = [bytes(KEY_BYTES), keys[top]]
            for i in reversed(range(first, top)):
                sums = (bytes(message[at : at + 16]), bytes(message[at + 16 : at + 32]))
                at += 2 * KEY_BYTES
                total = xor(_choose(sums[1], sums[0], delta[i]), keys[i])
                nodes = self._next_level(nodes, total, delta[i])
            self._keep(group, nodes)

    def _next_level(self, nodes: list[bytes], total: bytes, bit: int) -> list[bytes]:
        """Expand all nodes but the first; `total` lacks the next unknown node's sibling."""
        children: list[bytes] = []
        for node in nodes[1:]:
            left, right = self._double(node)
            children += (_choose(left, right, bit), _choose(right, left, bit))
            total = xor(total, children[-1])
        return [bytes(KEY_BYTES), total, *children]

    def _exchange(self, columns: AlignedBytes, corrections: AlignedBytes, blocks: int) -> None:
        self.channel.receive_into(corrections.view)
        arguments = (self._delta.address, columns.address, corrections.address, blocks)
        self._run("cot_sender", *arguments)


def _choose(first: bytes, second: bytes, bit: int) -> bytes:
    """Return `first` for 0 and `second` for 1, without a branch."""
    x, y = int.from_bytes(first, "little"), int.from_bytes(second, "little")
    return (x ^ ((x ^ y) * bit)).to_bytes(len(first), "little")
