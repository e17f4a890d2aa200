"""Three-halves garbling [RR21] of an AND gate, as matrices over GF(2).

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

The wire carries G and z: 3κ/2 + 5 bits. `tests/circuits/test_three_halves.py` checks everything
that the paper asks of the matrices, for all truth tables, positions and random bits.

`garble` and `evaluate` compute with masks: numbers whose bits are all zeros or all ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, reduce
from itertools import product
from operator import and_, xor
from typing import Final, TypeVar

Matrix = tuple[tuple[int, ...], ...]

POSITIONS: Final[tuple[tuple[int, int], ...]] = ((0, 0), (0, 1), (1, 0), (1, 1))
"""The colors (i, j) of two labels, in the order of the matrices' rows."""

V: Final[Matrix] = (
    (1, 0, 0, 0, 0),
    (0, 1, 0, 0, 0),
    (1, 0, 0, 0, 1),
    (0, 1, 0, 1, 1),
    (1, 0, 1, 0, 1),
    (0, 1, 0, 0, 1),
    (1, 0, 1, 0, 0),
    (0, 1, 0, 1, 0),
)
"""Columns: the halves of C, then G. Rows: the halves at each position."""

V_INVERSE: Final[Matrix] = (
    (1, 0, 0, 0, 0, 0, 0, 0),
    (0, 1, 0, 0, 0, 0, 0, 0),
    (1, 1, 0, 0, 1, 1, 0, 0),
    (1, 1, 1, 1, 0, 0, 0, 0),
    (0, 0, 0, 0, 1, 0, 1, 0),
)
"""A left inverse of V."""

M: Final[Matrix] = (
    (1, 0, 0, 0, 1, 0),
    (0, 0, 1, 0, 1, 0),
    (1, 0, 0, 0, 0, 1),
    (0, 0, 0, 1, 0, 1),
    (0, 1, 0, 0, 0, 1),
    (0, 0, 1, 0, 0, 1),
    (0, 1, 0, 0, 1, 0),
    (0, 0, 0, 1, 1, 0),
)
"""Columns: the hashes of A₀, A₁, B₀, B₁, A₀ ⊕ B₀, A₀ ⊕ B₁."""

S_1: Final[Matrix] = ((1, 1, 1, 0), (1, 0, 0, 1))
S_2: Final[Matrix] = ((1, 0, 0, 1), (0, 1, 1, 1))
"""The basis of the evaluator's coefficients. Columns: the halves of A and of B."""

P: Final[tuple[Matrix, ...]] = (
    ((0, 0, 1, 0), (0, 1, 0, 0)),
    ((0, 0, 1, 0), (0, 0, 0, 0)),
    ((0, 0, 0, 0), (0, 1, 0, 0)),
    ((0, 0, 0, 0), (0, 0, 0, 0)),
)
"""What is added to the coefficients at each position, since one or three outputs of four are 1."""

R_BAR_A: Final[Matrix] = ((0, 0), (1, 1), (0, 1), (1, 0))
R_BAR_B: Final[Matrix] = ((0, 0), (1, 0), (1, 1), (0, 1))
"""How the place (a, b) of the output 1 changes the two coefficients at each position."""


def plus(*matrices: Matrix) -> Matrix:
    """Return the sum of matrices of the same shape."""
    rows = (zip(*rows, strict=True) for rows in zip(*matrices, strict=True))
    return tuple(tuple(sum(column) & 1 for column in row) for row in rows)


def times(first: Matrix, second: Matrix) -> Matrix:
    """Return the product of two matrices."""
    columns = tuple(zip(*second, strict=True))
    return tuple(
        tuple(sum(x & y for x, y in zip(row, column, strict=True)) & 1 for column in columns)
        for row in first
    )


def view(i: int, j: int, r_1: int, r_2: int) -> Matrix:
    """Return R_ij, 2×4, of the coefficients that an evaluator decrypts."""
    own = [tuple(tuple(r & x for x in row) for row in s) for r, s in ((r_1, S_1), (r_2, S_2))]
    return plus(*own, P[2 * i + j])


def coefficients(a: int, b: int, c_1: int, c_2: int) -> Matrix:
    """Return r, 4×2: the two coefficients at each position."""
    return tuple(
        (c_1 ^ (a & x[0]) ^ (b & y[0]), c_2 ^ (a & x[1]) ^ (b & y[1]))
        for x, y in zip(R_BAR_A, R_BAR_B, strict=True)
    )


def control(a: int, b: int, c_1: int, c_2: int) -> Matrix:
    """Return R, 8×6. Columns: the halves of A₀, B₀ and Δ."""
    rows = []
    for (i, j), (r_1, r_2) in zip(POSITIONS, coefficients(a, b, c_1, c_2), strict=True):
        for row in view(i, j, r_1, r_2):
            # A_i = A₀ ⊕ i·Δ and B_j = B₀ ⊕ j·Δ
            rows.append((*row, (i & row[0]) ^ (j & row[2]), (i & row[1]) ^ (j & row[3])))
    return tuple(rows)


def outputs(a: int, b: int) -> Matrix:
    """Return (0 0 t), 8×6, of the gate whose output is 1 at colors (a, b)."""
    return tuple(
        (0, 0, 0, 0, int((i, j) == (a, b) and half == 0), int((i, j) == (a, b) and half == 1))
        for i, j in POSITIONS
        for half in (0, 1)
    )


def solved(a: int, b: int, c_1: int, c_2: int) -> Matrix:
    """Return the coefficients of C and G in the halves of A₀, B₀ and Δ, 5×6."""
    return times(V_INVERSE, plus(control(a, b, c_1, c_2), outputs(a, b)))


def solved_bits(a: int, b: int, c_1: int, c_2: int) -> Matrix:
    """Return z before its encryption, 5×1."""
    r = tuple((bit,) for row in coefficients(a, b, c_1, c_2) for bit in row)
    return times(V_INVERSE, r)


def used(i: int, j: int) -> Matrix:
    """Return V_ij, 2×5."""
    at = 2 * (2 * i + j)
    return V[at : at + 2]


def used_ciphertexts(i: int, j: int) -> Matrix:
    """Return V_ij without the columns of C, 2×3."""
    return tuple(row[2:] for row in used(i, j))


OWN_HASHES: Final[Matrix] = ((1, 0, 1), (0, 1, 1))
"""M_ij without the columns of hashes that the evaluator doesn't have: the same at all positions."""

SOLVED_HASHES: Final = times(V_INVERSE, M)
"""The coefficients of C and G, and of z, in the hashes, 5×6."""

Form = Mapping[tuple[int, ...], Matrix]
"""A matrix that depends on bits: the sum of the matrices of those sets of bits that are all 1."""


@lru_cache(maxsize=16)
def form(matrix: Callable[..., Matrix], bits: int) -> Form:
    """Return the algebraic normal form of a function of some bits."""
    found: dict[tuple[int, ...], Matrix] = {}
    for values in sorted(product((0, 1), repeat=bits), key=sum):
        chosen = tuple(number for number, value in enumerate(values) if value)
        inner = [own for monomial, own in found.items() if set(monomial) <= set(chosen)]
        rest = plus(matrix(*values), *inner)
        if any(map(any, rest)):
            found[chosen] = rest
    return found


W = TypeVar("W")
"""A number with bitwise operators: an integer of Python, or a value of a kernel."""


def applied(form: Form, masks: Sequence[W], columns: Sequence[W]) -> list[W]:
    """Return the product of a matrix that depends on bits, given as masks, and a column.

    No row of the matrix is always zero.
    """
    (rows,) = {len(matrix) for matrix in form.values()}
    found: list[W | None] = [None] * rows
    for monomial, matrix in form.items():
        for number, row in enumerate(matrix):
            words = [word for word, one in zip(columns, row, strict=True) if one]
            if words:
                part = reduce(xor, words)
                for bit in monomial:
                    part = and_(part, masks[bit])
                before = found[number]
                found[number] = part if before is None else xor(before, part)
    return [word for word in found if word is not None]


def _times(matrix: Matrix, columns: Sequence[W]) -> list[W]:
    return applied({(): matrix}, (), columns)


def _both(first: Sequence[W], second: Sequence[W]) -> list[W]:
    return list(map(xor, first, second))


def garble(
    halves: Sequence[W], hashes: Sequence[W], hash_bits: Sequence[W], bits: Sequence[W], ones: W
) -> tuple[list[W], list[W]]:
    """Return the halves of C and the ciphertexts, and z as masks.

    `halves` are those of A₀, B₀ and Δ. `hashes` and `hash_bits`, which are masks, are in the order
    of M's columns. `bits` are a, b, c₁ and c₂ as masks; the output is 1 at colors (a, b). `ones` is
    the mask of a 1.
    """
    labels = applied(form(solved, 4), bits, halves)
    r = applied(form(solved_bits, 4), bits, [ones])
    return _both(labels, _times(SOLVED_HASHES, hashes)), _both(r, _times(SOLVED_HASHES, hash_bits))


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
    ciphertexts, z = table
    r = _both(applied(form(used, 2), colors, z), _times(OWN_HASHES, hash_bits))
    label = _both(
        applied(form(used_ciphertexts, 2), colors, ciphertexts), _times(OWN_HASHES, hashes)
    )
    return _both(label, applied(form(view, 4), [*colors, *r], halves))
