"""The hash of three-halves garbling [RR21], with keys as in [GKWWY20].

    H(x, τ) = E_k(x ⊕ U(τ)) ⊕ σ(x ⊕ U(τ))        U(τ) = u·τ in GF(2¹²⁸)
                                                  σ(l ‖ r) = α·l ‖ α·r in GF(2⁶⁴), α = 2

In the ideal-cipher model H is *randomised tweakable circular correlation robust* [RR21]: for
unknown Δ, what H(x ⊕ Δ, τ) is added to may depend on sums of Δ's halves, and still looks random,
because α is not in GF(4): σ ⊕ L is invertible for each such sum L, a 2×2 matrix over GF(2), whose
eigenvalues are in GF(4). The σ of half-gates (hash.py) is itself such an L, so that it can't be
used here. A gate needs half of a hash and one bit more (circuits/three_halves.py).

U is a universal hash with a random u: for τ ≠ τ', U(τ) ⊕ U(τ') takes each value with probability
2^-128. So the inputs of E for one key are distinct but for such a chance, also where gates share an
input. The garbler draws u, as it draws S; the labels don't depend on either.

An attacker that knows k finds Δ if a block that it encrypts is one of the n inputs that it doesn't
know of the hashes under k, and it can look for all n at once. With one k for a session, n would
grow with the session. As in [GKWWY20], the key changes instead: gates 8w … 8w + 7 have the key k =
S ⊕ w, and τ < 24 numbers their labels, three of each. By the bound for a tweak that is used 24
times this costs log₂ 24 < 5 bits of the 128 against an attacker's offline work.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .build import Kernel, Value, joined
from .cipher import Cipher
from .context import ContextAccess
from .layout import MASKS, TILE
from .memory import Blocks

_HALF, _BLOCK = 64, 128
_HALF_POLYNOMIAL, _BLOCK_POLYNOMIAL = 0x1B, 0x87
"""x⁶⁴ + x⁴ + x³ + x + 1 and x¹²⁸ + x⁷ + x² + x + 1, without their highest terms."""


def doubled_halves(x: Value) -> Value:
    """Return σ of each block of a vector."""
    overflow = -(x >> (_HALF - 1))
    return (x << 1) ^ (overflow & _HALF_POLYNOMIAL)


def doubled(block: Blocks) -> Blocks:
    """Return σ of a block, [2]."""
    overflow = np.negative(block >> np.uint64(_HALF - 1))
    result: Blocks = (block << np.uint64(1)) ^ (overflow & np.uint64(_HALF_POLYNOMIAL))
    return result


def masks(u: bytes) -> bytes:
    """Return U(τ) for all τ, one after the other. Both parties know u."""
    powers = [int.from_bytes(u, "little")]
    while len(powers) < MASKS.bit_length():
        powers.append(_doubled_number(powers[-1]))
    found = []
    for tweak in range(MASKS):
        total = 0
        for bit, power in enumerate(powers):
            total ^= power * (tweak >> bit & 1)
        found.append(total.to_bytes(16, "little"))
    return b"".join(found)


def _doubled_number(x: int) -> int:
    return (x << 1) & ((1 << _BLOCK) - 1) ^ _BLOCK_POLYNOMIAL * (x >> (_BLOCK - 1))


class TileHash:
    """The hash for a tile of gates, of which the first has the given number in the window."""

    def __init__(self, context: ContextAccess, cipher: Cipher, offset: Value, room: Value) -> None:
        k = context.kernel
        self._cipher = cipher
        self._key = cipher.stream_key(k, context.address("window"), offset // TILE, room)
        self._masks = context.address("masks").at((offset & (TILE - 1)) << 4)

    def inputs(self, k: Kernel, rows: Sequence[Value]) -> list[Value]:
        """Return x ⊕ U(τ) of rows with the labels of A, of B, and of A ⊕ B of all gates."""
        return [
            row ^ k.load(self._masks.at(16 * TILE * number), row.type, align=16)
            for number, row in enumerate(rows)
        ]

    def outputs(self, k: Kernel, inputs: Sequence[Value], sigmas: Sequence[Value]) -> list[Value]:
        """Return H, given `inputs` and their σ."""
        encrypted = self._cipher.encrypt_rows(k, inputs, self._key)
        return [x ^ y for x, y in zip(encrypted, sigmas, strict=True)]


def rows(gates: Sequence[tuple[Value, Value]]) -> list[Value]:
    """Return the labels of A, and of B, of some gates as vectors."""
    return [joined(labels) for labels in zip(*gates, strict=True)]
