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

from collections.abc import Iterator, Sequence
from typing import Final

from ezlang.records import dataclass

from ..ir.garbling import Garbling
from .build import PAIR, Kernel, Value
from .cipher import WINDOW_GATES, Cipher
from .context import ContextAccess
from .hash import hash_gates, orthomorphism
from .layout import TABLE_BYTES
from .schemes import GateAddresses, Scheme

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


@dataclass(frozen=True, slots=True)
class _Part:
    """The gates of a tile from number `at` on that are hashed together."""

    at: int
    gates: Sequence[GateAddresses]
    keys: HashKeys
    pairs: Sequence[Value]

    def store(self, labels: Sequence[Value]) -> None:
        """Write the labels of the results."""
        for gate, label in zip(self.gates, labels, strict=True):
            gate.store(label)


class HalfGates(Scheme):
    """Half-gates: a window has the key schedules of 8 gates."""

    garbling = Garbling.HALF_GATES
    window_gates = WINDOW_GATES

    def fill(self, context: ContextAccess, gate: Value, *, garbler: bool) -> None:
        """Expand the two keys of each gate."""
        k = context.kernel
        self.cipher.window(k, context.block("start"), gate << 1, context.address("window"))

    def garble(
        self, context: ContextAccess, offset: Value, gates: Sequence[GateAddresses], table: Value
    ) -> None:
        """As many gates at a time as fill the registers; each has four hashes."""
        k = context.kernel
        for part in self._parts(context, offset, gates, copies=2):
            delta, sigma = context.block("delta"), context.block("delta_sigma")
            labels, tables = garble(k, part.keys, part.pairs, delta, sigma)
            for i, ciphertexts in enumerate(tables, part.at):
                k.store(ciphertexts, table.at(TABLE_BYTES * i))
            part.store(labels)

    def evaluate(
        self, context: ContextAccess, offset: Value, gates: Sequence[GateAddresses], table: Value
    ) -> None:
        """As many gates at a time as fill the registers; each has two hashes."""
        k = context.kernel
        for part in self._parts(context, offset, gates, copies=1):
            places = range(part.at, part.at + len(part.gates))
            tables = [k.load(table.at(TABLE_BYTES * i), PAIR) for i in places]
            part.store(evaluate(k, part.keys, part.pairs, tables))

    def _parts(
        self,
        context: ContextAccess,
        offset: Value,
        gates: Sequence[GateAddresses],
        *,
        copies: int,
    ) -> Iterator[_Part]:
        size = max(1, self.cipher.pairs_at_once // copies)
        for at in range(0, len(gates), size):
            keys = HashKeys(self.cipher, context.address("window"), offset + at)
            part = gates[at : at + size]
            pairs = [a.shuffle((0, 1, 2, 3), b) for a, b in (gate.load() for gate in part)]
            yield _Part(at, part, keys, pairs)
