"""Half-gates [ZRE15] with free-XOR [KS08] and point-and-permute [BMR90], gate by gate.

The two labels of a wire are W⁰ and W¹ = W⁰ ⊕ Δ, where Δ's lowest bit is 1: a label's lowest bit is
its *color*, and that of W⁰ is the wire's permute bit p. XOR is free, NOT is W⁰ ⊕ Δ at the garbler.
For c = a ∧ b in gate j, with H from `hash.py`:

    T_G = H(A⁰, 2j) ⊕ H(A¹, 2j) ⊕ p_b·Δ          T_E = H(B⁰, 2j+1) ⊕ H(B¹, 2j+1) ⊕ A⁰
    C⁰  = H(A⁰, 2j) ⊕ p_a·T_G  ⊕  H(B⁰, 2j+1) ⊕ p_b·(T_E ⊕ A⁰)

The table is (T_G, T_E), 32 bytes. The evaluator, with active labels A, B of colors s_a, s_b,
computes

    C = H(A, 2j) ⊕ s_a·T_G  ⊕  H(B, 2j+1) ⊕ s_b·(T_E ⊕ A)

Both work on pairs (a, b) in one vector, with the first half-gate in its low block.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ezlang.records import dataclass

from .build import BLOCK, PAIR, Kernel, Value
from .cipher import Cipher
from .hash import hash_gates, orthomorphism

_SWAP: Final = (2, 3, 0, 1)
_LOW_FROM_FIRST: Final = (0, 1, 6, 7)


def color_masks(labels: Value) -> Value:
    """Return all ones for each label whose color is 1, zeros for the others; no branch."""
    k = labels.kernel
    count = labels.type.count
    low = labels.shuffle([i & ~1 for i in range(count)])
    return k.constant(labels.type, 0) - (low & 1)


def _both(block: Value) -> Value:
    return block.shuffle((0, 1, 0, 1))


def _fold(pair: Value) -> Value:
    return pair.shuffle((0, 1)) ^ pair.shuffle((2, 3))


def load_pair(k: Kernel, a: Value, b: Value) -> Value:
    """Return the labels at two addresses as a pair."""
    first = k.load(a, BLOCK, align=16)
    return first.shuffle((0, 1, 2, 3), k.load(b, BLOCK, align=16))


@dataclass(frozen=True, slots=True)
class HashKeys:
    """The place of the keys of some gates: in a window, from its gate `gate` on."""

    cipher: Cipher
    window: Value
    gate: Value


def garble(
    k: Kernel, keys: HashKeys, pairs: Sequence[Value], delta: Value, delta_sigma: Value
) -> tuple[list[Value], list[Value]]:
    """Garble gates given as pairs (A⁰, B⁰); return C⁰ and the table (T_G, T_E) of each."""
    sigma_delta = _both(delta_sigma)
    inputs = []
    for pair in pairs:
        sigma = orthomorphism(pair)
        inputs.append([sigma, sigma ^ sigma_delta])
    hashes = hash_gates(k, keys.cipher, inputs, keys.window, keys.gate)
    zero = k.constant(PAIR, 0)
    outputs, tables = [], []
    for pair, (zeros, ones) in zip(pairs, hashes, strict=True):
        masks = color_masks(pair)
        difference = zeros ^ ones
        permuted = masks.shuffle(_SWAP) & _both(delta)
        table = difference ^ permuted.shuffle(_LOW_FROM_FIRST, pair.shuffle(_SWAP))
        unmasked = difference ^ permuted.shuffle(_LOW_FROM_FIRST, zero)
        outputs.append(_fold(zeros ^ (masks & unmasked)))
        tables.append(table)
    return outputs, tables


def evaluate(
    k: Kernel, keys: HashKeys, pairs: Sequence[Value], tables: Sequence[Value]
) -> list[Value]:
    """Evaluate gates on pairs of active labels (A, B); return each C."""
    inputs = [[orthomorphism(pair)] for pair in pairs]
    hashes = hash_gates(k, keys.cipher, inputs, keys.window, keys.gate)
    zero = k.constant(PAIR, 0)
    outputs = []
    for pair, table, (hashed,) in zip(pairs, tables, hashes, strict=True):
        unmasked = table ^ zero.shuffle(_LOW_FROM_FIRST, pair.shuffle(_SWAP))
        outputs.append(_fold(hashed ^ (color_masks(pair) & unmasked)))
    return outputs
