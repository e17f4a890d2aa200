"""Three-halves garbling [RR21] of an AND gate.

**Slicing.** A label has a left and a right half of κ/2 bits. The label of color 0 on wire A is A₀,
the other one A₁ = A₀ ⊕ Δ. An evaluator with A_i and B_j computes each half of the result from
halves of its labels, of three ciphertexts G of κ/2 bits, and of the hashes of A_i, B_j and A_i ⊕
B_j, of which it uses half and one bit:

    V_ij·(C, G) = M_ij·H ⊕ R_ij·(A_i, B_j) ⊕ t_ij·Δ

There is a row for the left and one for the right half in each of V_ij, M_ij and R_ij, and t_ij is
the output for colors i and j, so that the evaluator has C ⊕ t_ij·Δ without knowing t_ij. The four
positions together are

    V·(C, G) = M·H ⊕ (R ⊕ (0 0 t))·(A₀, B₀, Δ)         H = H(A₀, A₁, B₀, B₁, A₀⊕B₀, A₀⊕B₁)

which the garbler solves for C and G by a left inverse of V. It has a solution if the right side is
in the column space of V, which is that of M.

**Dicing.** So R depends on t. It is drawn at random in such a way that each R_ij alone, which is
all that an evaluator sees of it, doesn't: for output 1 at colors (a, b),

    R_ij = r₁·S₁ ⊕ r₂·S₂ ⊕ P_ij        r = c ⊕ a·R̄a_ij ⊕ b·R̄b_ij        c two uniform bits

P_ij is public. The 8 bits of r are in the space of V as well, so that 5 bits z encrypt them: V·z =
M·H' ⊕ r, with a bit H' of each hash.

The wire carries G and z: 3κ/2 + 5 bits.

`garble` and `evaluate` are these equations for the matrices of the paper's section 5, written out.
`tests/circuits/test_three_halves.py` has the matrices, compares the two with them, and checks
everything that the paper asks of them, for all outputs, positions and random bits.

Bits are given as *masks*, whose bits are all zeros or all ones. With the halves L and R of A and B,

    x₁ = A_L ⊕ A_R ⊕ B_L        x₂ = A_L ⊕ B_R        x₃ = x₁ ⊕ x₂
    S₁·(A, B) = (x₁, x₂)        S₂·(A, B) = (x₂, x₃)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

W = TypeVar("W", bound=Any)
"""A number with bitwise operators: an integer of Python, or a value of a kernel."""


def garble(
    halves: Sequence[W], hashes: Sequence[W], hash_bits: Sequence[W], bits: Sequence[W]
) -> tuple[list[W], list[W]]:
    """Return the halves of C and the three ciphertexts, and the five bits z as masks.

    `halves` are those of A₀, B₀ and Δ. `hashes` and `hash_bits`, which are masks, are those of A₀,
    A₁, B₀, B₁, A₀ ⊕ B₀ and A₀ ⊕ B₁. `bits` are a, b, c₁ and c₂ as masks; the output is 1 at colors
    (a, b).
    """
    _, a_right, b_left, _, left, right = halves
    a, b, c_1, c_2 = bits
    x_1, x_2, x_3 = _combined(halves)
    both = left ^ right
    elsewhere = a | b
    h_a, h_b, *pads = _padded(hashes)
    labels = [
        h_a ^ b_left ^ (c_1 & x_1) ^ (c_2 & x_2) ^ left ^ (elsewhere & left),
        h_b ^ a_right ^ (c_1 & x_2) ^ (c_2 & x_3) ^ right ^ (elsewhere & right),
    ]
    ciphertexts = [
        b_left ^ left ^ (a & (x_1 ^ both)) ^ (b & (x_2 ^ right)) ^ (c_1 & right) ^ (c_2 & both),
        a_right ^ right ^ (a & (x_2 ^ left)) ^ (b & (x_3 ^ both)) ^ (c_1 & both) ^ (c_2 & left),
        (a & (x_3 ^ right)) ^ (b & (x_1 ^ left)) ^ (c_1 & left) ^ (c_2 & right),
    ]
    ciphertexts = [x ^ pad for x, pad in zip(ciphertexts, pads, strict=True)]
    z = [x ^ pad for x, pad in zip((c_1, c_2, a, b, a ^ b), _padded(hash_bits), strict=True)]
    return labels + ciphertexts, z


def evaluate(
    halves: Sequence[W],
    hashes: Sequence[W],
    hash_bits: Sequence[W],
    table: tuple[Sequence[W], Sequence[W]],
    colors: Sequence[W],
) -> list[W]:
    """Return the halves of the result's label.

    `halves` are those of the evaluator's labels of A and B; `hashes` and `hash_bits` belong to its
    labels of A, B and A ⊕ B; the `table` has the ciphertexts, and z as masks; `colors` are masks.
    """
    (g_1, g_2, g_3), (z_1, z_2, z_3, z_4, z_5) = table
    (h_a, h_b, h_both), (bit_a, bit_b, bit_both) = hashes, hash_bits
    _, a_right, b_left, _ = halves
    i, j = colors
    differ = i ^ j
    shared = (differ & z_5) ^ bit_both
    r_1 = z_1 ^ (i & z_3) ^ bit_a ^ shared
    r_2 = z_2 ^ (j & z_4) ^ bit_b ^ shared
    x_1, x_2, x_3 = _combined(halves)
    common = (differ & g_3) ^ h_both
    return [
        (i & (g_1 ^ b_left)) ^ b_left ^ h_a ^ common ^ (r_1 & x_1) ^ (r_2 & x_2),
        (j & (g_2 ^ a_right)) ^ a_right ^ h_b ^ common ^ (r_1 & x_2) ^ (r_2 & x_3),
    ]


def _combined(halves: Sequence[W]) -> tuple[W, W, W]:
    """Return x₁, x₂ and x₃."""
    a_left, a_right, b_left, b_right, *_ = halves
    x_1, x_2 = a_left ^ a_right ^ b_left, a_left ^ b_right
    return x_1, x_2, x_1 ^ x_2


def _padded(hashes: Sequence[W]) -> list[W]:
    """Return V⁻¹·M·H."""
    a_0, a_1, b_0, b_1, same, other = hashes
    return [a_0 ^ same, b_0 ^ same, a_0 ^ a_1, b_0 ^ b_1, same ^ other]
