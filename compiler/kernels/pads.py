"""Pads from correlated OTs, which turn them into random OTs.

A correlated OT is q at the sender and (r, t = q ⊕ r·Δ) at the receiver. Its two pads are

    P₀ = H(q, i)    P₁ = H(q ⊕ Δ, i)        and the receiver has P_r = H(t, i)

with the re-keyed hash of `hash.py` [GKWWY20]. The receiver would need Δ for the other pad. The q of
one session are pseudorandom, and distinct except with probability 2^-128 for each pair. So a key
may serve several of them: OT number n of a call uses key n mod 16 of a window of its own, and a key
is used for at most 8 OTs (`PADS`). By the bound of [GKWWY20] for a tweak used μ times this costs
log₂ 8 = 3 bits of the 128 against an attacker's offline work, and nothing else. Calls never share a
window; the driver counts windows.

All kernels read up to the given count and not beyond; what they write is rounded up to 16 elements.
"""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir

from .abi import I64, POINTER
from .build import BLOCK, PAIR, VOID, Kernel, Value, vector
from .cipher import WINDOW_BYTES, Cipher
from .hash import hash_gates, orthomorphism

PADS: Final = 128
"""The number of OTs that a window of keys serves: the largest count of a call."""

ROW: Final = 16
"""The number of OTs in a row, with one key each; also the lanes of kernels that work on pads."""

KEYS_A_CALL: Final = 16


def truncate(value: Value, bits: int) -> Value:
    """Truncate the elements of a vector of 64-bit integers to `bits`."""
    type = vector(ir.IntType(bits), value.type.count)
    return value if bits == 64 else Value(value.kernel, value.kernel.builder.trunc(value.ir, type))


def _low_words(pairs: list[Value]) -> Value:
    """Return the low 64 bits of all blocks of some pairs, a power of two of them, in a vector."""
    words = [a.shuffle((0, 2, 4, 6), b) for a, b in zip(pairs[::2], pairs[1::2], strict=True)]
    while len(words) > 1:
        count = 2 * words[0].type.count
        words = [a.shuffle(range(count), b) for a, b in zip(words[::2], words[1::2], strict=True)]
    return words[0]


def _delta(k: Kernel) -> Value:
    return orthomorphism(k.load(k["delta"], BLOCK).shuffle((0, 1, 0, 1)))


def write_pads(module: Any, cipher: Cipher, bits: int, *, sender: bool) -> Kernel:
    """Write `pads_sender{bits}` or `pads_receiver{bits}`.

    They are `pads_sender{bits}(start*, first, blocks*, delta*, zeros*, ones*, count)` and
    `pads_receiver{bits}(start*, first, blocks*, pads*, count)`, and give the low `bits` bits of the
    pads of `count` <= 128 OTs. `first`, a multiple of 16, is the number of the first key.
    """
    outputs = ("zeros", "ones") if sender else ("pads",)
    pointers = ("blocks", "delta", *outputs) if sender else ("blocks", *outputs)
    parameters = [("start", POINTER), ("first", I64), *[(name, POINTER) for name in pointers]]
    name = f"pads_{'sender' if sender else 'receiver'}{bits}"
    k = Kernel(module, name, (*parameters, ("count", I64)), result=VOID, internal=True)
    window, tail = k.bytes_slot(WINDOW_BYTES), k.bytes_slot(16 * ROW)
    cipher.window(k, k.load(k["start"], BLOCK), k["first"], window)
    delta = _delta(k) if sender else None
    gates = 4 if sender else 8
    with k.loop(0, k["count"], ROW) as at:
        source = k.variable(k["blocks"].at(at << 4))
        left = k["count"] - at
        with k.when(left < ROW, likely=False):
            k.copy(tail, source.get(), left << 4)
            source.set(tail)
        for gate in range(0, ROW // 2, gates):
            base = source.get().at(32 * gate)
            pairs = [orthomorphism(k.load(base.at(32 * g), PAIR)) for g in range(gates)]
            inputs = [[p] if delta is None else [p, p ^ delta] for p in pairs]
            hashed = hash_gates(k, cipher, inputs, window, k.i64(gate))
            for copy, output in enumerate(outputs):
                words = truncate(_low_words([h[copy] for h in hashed]), bits)
                place = k[output].at((at + 2 * gate) * (bits // 8))
                k.store(words, place)
    k.finish()
    return k
