"""The matrices of three-halves garbling [RR21] over GF(2), as the paper's section 5 has them.

Rows of V, M, R and t are the left and right halves at the colors (0, 0), (0, 1), (1, 0), (1, 1).
"""

from __future__ import annotations

from typing import Final

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


OWN_HASHES: Final[Matrix] = ((1, 0, 1), (0, 1, 1))
"""M_ij without the columns of hashes that the evaluator doesn't have: the same at all positions."""

SOLVED_HASHES: Final = times(V_INVERSE, M)
"""The coefficients of C and G, and of z, in the hashes, 5×6."""
