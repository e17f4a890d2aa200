"""The hash of half-gates garbling: re-keyed AES, secure over many instances [GKWWY20].

    H(x, i) = E(S ⊕ i, σ(x)) ⊕ σ(x)        σ(l ‖ r) = (l ⊕ r) ‖ l

E is AES-128, i a tweak of 64 bits (XORed into the low half of the key), S the session's random
start, x a label whose halves are l (high) and r (low). In the ideal-cipher model H is *tweakable
circular correlation robust* for many instances: H(x ⊕ Δ, i) ⊕ b·Δ looks random for unknown Δ with b
chosen by the adversary.

σ provides circularity and cannot be left out: the evaluator knows the tweak, hence the key, and E
can be inverted. A half-gate shows the evaluator H(A ⊕ Δ, i) ⊕ Δ for an A that it holds whenever the
other input's permute bit is 1. Without σ that is E(A ⊕ Δ) ⊕ A, from which it computes A ⊕ Δ = E⁻¹(…
⊕ A). With σ there remains σ(Δ) ⊕ Δ, which is as unknown as Δ, since σ and σ ⊕ identity are both
invertible (σ is a linear orthomorphism). σ is linear, so σ(x ⊕ Δ) = σ(x) ⊕ σ(Δ).

Gate number j gives the two tweaks 2j, for the first input, and 2j + 1, for the second. Gate numbers
never repeat in a session. S is fresh and random in each, so that tweaks of different sessions
coincide only by chance, which bounds an attack on many sessions at once. Labels are hashed two at a
time: a *pair* is a gate's (a, b).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .abi import I64, POINTER
from .build import BLOCK, PAIR, VOID, Kernel, Value
from .cipher import WINDOW_BYTES, WINDOW_GATES, Cipher


def orthomorphism(x: Value) -> Value:
    """Return σ of each block of a vector; a block's low 64 bits come first."""
    count = x.type.count
    swapped = x.shuffle([i ^ 1 for i in range(count)])
    # (r, l) -> (l, r) -> (l, r ⊕ l)
    return swapped ^ (x & x.kernel.constant(x.type, [0, -1] * (count // 2)))


def hash_gates(
    k: Kernel, cipher: Cipher, gates: Sequence[Sequence[Value]], window: Value, gate: Value
) -> list[list[Value]]:
    """Hash pairs that σ was applied to, those of gates[i] as gate `gate + i` of the window."""
    encrypted = cipher.encrypt_gates(k, gates, window, gate)
    return [
        [e ^ x for e, x in zip(outputs, inputs, strict=True)]
        for outputs, inputs in zip(encrypted, gates, strict=True)
    ]


def write_window(module: Any, cipher: Cipher) -> Kernel:
    """Write `aes_window(start*, first, window*)`."""
    parameters = (("start", POINTER), ("first", I64), ("window", POINTER))
    k = Kernel(module, "aes_window", parameters, result=VOID)
    cipher.window(k, k.load(k["start"], BLOCK), k["first"], k["window"])
    k.finish()
    return k


def write_hash(module: Any, cipher: Cipher) -> Kernel:
    """Write `hash_pairs(start*, gate, pairs*, out*, gates)`, one gate at a time."""
    parameters = (
        ("start", POINTER),
        ("gate", I64),
        ("pairs", POINTER),
        ("out", POINTER),
        ("gates", I64),
    )
    k = Kernel(module, "hash_pairs", parameters, result=VOID)
    window = k.bytes_slot(WINDOW_BYTES)
    start = k.load(k["start"], BLOCK)
    with k.loop(0, k["gates"]) as i:
        gate = k["gate"] + i
        offset = gate & (WINDOW_GATES - 1)
        with k.when(i.equals(0) | offset.equals(0)):
            cipher.window(k, start, (gate - offset) << 1, window)
        pair = orthomorphism(k.load(k["pairs"].at(i << 5), PAIR))
        [[hashed]] = hash_gates(k, cipher, [[pair]], window, offset)
        k.store(hashed, k["out"].at(i << 5))
    k.finish()
    return k
