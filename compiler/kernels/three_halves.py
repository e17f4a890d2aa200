"""Three-halves garbling [RR21] with free-XOR [KS08] and point-and-permute [BMR90], tile by tile.

What a gate computes is in circuits/three_halves.py; here it computes on vectors of all gates of a
tile, with a 64-bit element for each, so that every secret bit is a mask: no branch and no address
depends on one. W⁰ and its color, the permute bit p, are as for half-gates (gates.py): the label of
color 0 is A₀ = W⁰ ⊕ p·Δ, and the output of an AND is 1 at the colors (¬p_a, ¬p_b). Two random bits
for each gate come from a generator that the garbler alone has the key of.

The tables of a tile of t gates take 24·t + ⌈5·t / 8⌉ bytes: the first ciphertext of all gates, the
second, the third, then the t first control bits, the t second, and so on, packed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from ..circuits import three_halves as gate
from ..ir.garbling import Garbling
from .abi import I8, I64
from .build import I1, Kernel, Value, vector
from .cipher import ONE_KEY_BLOCKS, WINDOW_KEYS
from .context import ContextAccess
from .layout import CIPHERTEXTS, CONTROL_BITS, TILE, control_bytes
from .primitives import counter_blocks
from .schemes import GateAddresses, Scheme
from .sliced_hash import TileHash, doubled_halves, rows

_COIN_BLOCKS = 2
_HALF_BYTES = 8


class ThreeHalves(Scheme):
    """Three-halves: a window has the key schedules of 128 gates, one for 8 of them."""

    garbling = Garbling.THREE_HALVES
    window_gates = TILE * WINDOW_KEYS

    def fill(self, context: ContextAccess, gate: Value, *, garbler: bool) -> None:
        """Expand the keys; at the garbler, draw two bits for each gate."""
        k = context.kernel
        start, window = context.block("start"), context.address("window")
        self.cipher.window(k, start, gate // TILE, window)
        if garbler:
            blocks = counter_blocks(k, gate // TILE // WINDOW_KEYS * _COIN_BLOCKS)
            schedule = context.address("coin_schedule")
            coins = self.cipher.encrypt_one_key(k, blocks[:ONE_KEY_BLOCKS], schedule)
            for number in range(_COIN_BLOCKS):
                k.store(coins[number], context.address("coins").at(16 * number))

    def garble(
        self, context: ContextAccess, offset: Value, gates: Sequence[GateAddresses], table: Value
    ) -> None:
        """Hash six labels a gate."""
        k = context.kernel
        count = len(gates)
        hashing = self._hashing(context, offset)
        deltas, sigmas = (
            _repeated(context.block(name), count) for name in ("delta", "delta_sigma")
        )
        zeros = rows([one.load() for one in gates])
        permuted = [_spread_colors(row) for row in zeros]
        zeros = [row ^ (mask & deltas) for row, mask in zip(zeros, permuted, strict=True)]
        inputs = hashing.inputs(k, [*zeros, zeros[0] ^ zeros[1]])
        own = [doubled_halves(x) for x in inputs]
        both = [y for x in inputs for y in (x, x ^ deltas)]
        hashes = hashing.outputs(k, both, [y for x in own for y in (x, x ^ sigmas)])
        places = [~mask for mask in (_halves_of(row)[0] for row in permuted)]
        coins = _Bits(k, _coins(k, context, offset, count), count)
        halves = [half for row in (*zeros, deltas) for half in _halves_of(row)]
        (left, right, *ciphertexts), control = gate.garble(
            halves, *_hashed(hashes), [*places, coins.mask(0), coins.mask(1)]
        )
        for number, ciphertext in enumerate(ciphertexts):
            k.store(_first(ciphertext, count), table.at(_HALF_BYTES * count * number))
        _store_bits(k, control, count, table.at(CIPHERTEXTS * _HALF_BYTES * count))
        _store_labels(gates, left, right)

    def evaluate(
        self, context: ContextAccess, offset: Value, gates: Sequence[GateAddresses], table: Value
    ) -> None:
        """Hash three labels a gate."""
        k = context.kernel
        count = len(gates)
        hashing = self._hashing(context, offset)
        active = rows([one.load() for one in gates])
        inputs = hashing.inputs(k, [*active, active[0] ^ active[1]])
        hashes = hashing.outputs(k, inputs, [doubled_halves(x) for x in inputs])
        halves = [half for row in active for half in _halves_of(row)]
        colors = [_halves_of(_spread_colors(row))[0] for row in active]
        ciphertexts = [
            _widened(k.load(table.at(_HALF_BYTES * count * number), vector(I64, count)))
            for number in range(CIPHERTEXTS)
        ]
        packed = _load_bytes(k, table.at(CIPHERTEXTS * _HALF_BYTES * count), control_bytes(count))
        bits = _Bits(k, packed, count)
        control = [bits.mask(number) for number in range(CONTROL_BITS)]
        left, right = gate.evaluate(halves, *_hashed(hashes), (ciphertexts, control), colors)
        _store_labels(gates, left, right)

    def _hashing(self, context: ContextAccess, offset: Value) -> TileHash:
        room = context.kernel.bytes_slot(self.cipher.schedule_bytes)
        return TileHash(context, self.cipher, offset, room)


def _repeated(block: Value, count: int) -> Value:
    return block.shuffle((0, 1) * count)


def _spread_colors(row: Value) -> Value:
    """Return all ones for each label of a row whose color is 1, zeros for the others."""
    low = row.shuffle([i & ~1 for i in range(row.type.count)])
    return -(low & 1)


def _widened(halves: Value) -> Value:
    """Return a vector of one element as a vector of two, so that it stays in a vector register."""
    return halves.shuffle((0, 0)) if halves.type.count == 1 else halves


def _first(halves: Value, count: int) -> Value:
    return halves if halves.type.count == count else halves.shuffle(range(count))


def _halves_of(row: Value) -> tuple[Value, Value]:
    """Return the left halves, which have the lowest bits, and the right halves of a row."""
    count = row.type.count
    left, right = (_widened(row.shuffle(range(half, count, 2))) for half in (0, 1))
    return left, right


def _hashed(hashes: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """Return what a gate uses of hashes: their left halves, and a bit of the right ones as mask."""
    halves = [_halves_of(row) for row in hashes]
    return [left for left, _ in halves], [-(right & 1) for _, right in halves]


def _store_labels(gates: Sequence[GateAddresses], left: Value, right: Value) -> None:
    count = left.type.count
    for number, one in enumerate(gates):
        one.store(left.shuffle((number, count + number), right))


class _Bits:
    """Packed bits of the gates of a tile: `count` first ones, `count` second ones, and so on."""

    def __init__(self, k: Kernel, packed: Value, count: int) -> None:
        self._kernel, self._count = k, count
        self._packed = k.splat(packed, max(count, 2))

    def mask(self, number: int) -> Value:
        """Return the bits of a number as masks."""
        type = self._packed.type
        first = number * self._count
        places = [first + min(i, self._count - 1) for i in range(type.count)]
        return -((self._packed >> self._kernel.constant(type, places)) & 1)


def _coins(k: Kernel, context: ContextAccess, offset: Value, count: int) -> Value:
    """Return the two random bits of each gate of a tile, packed."""
    place = context.address("coins").at(offset // 4)
    shift = (offset & 3) << 1
    return _load_bytes(k, place, -(-count // 4)) >> shift


def _load_bytes(k: Kernel, place: Value, size: int) -> Value:
    total = k.load(place, I8).to(I64)
    for number in range(1, size):
        total = total | (k.load(place.at(number), I8).to(I64) << (8 * number))
    return total


def _store_bits(k: Kernel, masks: Sequence[Value], count: int, place: Value) -> None:
    """Write the bits of masks, packed."""
    packed = k.i64(0)
    for number, mask in enumerate(masks):
        packed = packed | (_row_bits(k, _first(mask, count)) << (count * number))
    for number in range(control_bytes(count)):
        k.store((packed >> (8 * number)).to(I8), place.at(number))


def _row_bits(k: Kernel, masks: Value) -> Value:
    """Return a bit of each mask of a vector, the first one lowest."""
    count = masks.type.count
    if count == 1:
        return masks.element(0) & 1
    bits: Any = vector(I1, count)
    narrow = Value(k, k.builder.trunc(masks.ir, bits))
    return narrow.cast(ir.IntType(count)).to(I64)
