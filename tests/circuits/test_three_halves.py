"""What [RR21] asks of the matrices of a three-halves gate, exhaustively.

A gate whose output is 1 at colors (a, b) stands for an AND with permute bits (¬a, ¬b).
"""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest

from ezlang.compiler.circuits.three_halves import evaluate, garble
from tests.support import three_halves_matrices as gate
from tests.support.three_halves_matrices import POSITIONS, Matrix

BITS = (0, 1)

# A basis of the rows that are orthogonal to V and M.
K: Matrix = (
    (1, 0, 1, 0, 1, 0, 1, 0),
    (0, 1, 0, 1, 0, 1, 0, 1),
    (0, 0, 0, 1, 1, 0, 1, 1),
)

PLACES = POSITIONS

# R_p, R_a, R_b and the two of R_$, as the paper's figures 3 and 4 show them: columns are the halves
# of A₀, B₀ and Δ.
R_P = "001000 010000 001010 000000 000000 010001 000000 000000"
R_A = "000000 000000 011111 111010 100110 011101 111001 100111"
R_B = "000000 000000 111010 100101 011101 111011 100111 011110"
R_1 = "111000 100100 111010 100101 111011 100110 111001 100111"
R_2 = "100100 011100 100101 011111 100110 011101 100111 011110"


def read(text: str) -> Matrix:
    return tuple(tuple(map(int, row)) for row in text.split())


def zeros(rows: int, columns: int) -> Matrix:
    return ((0,) * columns,) * rows


def rank(matrix: Matrix | np.ndarray) -> int:
    rows = [int("".join(map(str, map(int, row))), 2) for row in matrix]
    found = 0
    while rows:
        pivot = rows.pop()
        if pivot:
            found += 1
            low = pivot & -pivot
            rows = [row ^ pivot if row & low else row for row in rows]
    return found


def test_the_gate_space() -> None:
    """V and M span the space that K is orthogonal to, so that a gate's equations have a solution
    whatever its hashes are."""
    assert gate.times(K, gate.V) == zeros(3, 5)
    assert gate.times(K, gate.M) == zeros(3, 6)
    assert (rank(K), rank(gate.V), rank(gate.M)) == (3, 5, 5)


def test_v_has_a_left_inverse() -> None:
    unit = tuple(tuple(int(i == j) for j in range(5)) for i in range(5))
    assert gate.times(gate.V_INVERSE, gate.V) == unit


@pytest.mark.parametrize(("a", "b"), PLACES)
def test_control_matrices_are_those_of_the_figures(a: int, b: int) -> None:
    for c_1, c_2 in product(BITS, repeat=2):
        parts = [R_P, *[text for text, on in ((R_A, a), (R_B, b), (R_1, c_1), (R_2, c_2)) if on]]
        assert gate.control(a, b, c_1, c_2) == gate.plus(*map(read, parts))


@pytest.mark.parametrize(("a", "b"), PLACES)
def test_the_equation_of_a_gate_has_a_solution(a: int, b: int) -> None:
    """K·R = K·(0 0 t), and the same for the bits: V·V⁻¹ changes no side of the equations."""
    for c_1, c_2 in product(BITS, repeat=2):
        terms = gate.plus(gate.control(a, b, c_1, c_2), gate.outputs(a, b))
        assert gate.times(K, terms) == zeros(3, 6)
        assert gate.times(gate.V, gate.solved(a, b, c_1, c_2)) == terms
        r = tuple((bit,) for row in gate.coefficients(a, b, c_1, c_2) for bit in row)
        assert gate.times(K, r) == zeros(3, 1)
        assert gate.times(gate.V, gate.solved_bits(a, b, c_1, c_2)) == r
    assert gate.times(gate.V, gate.SOLVED_HASHES) == gate.M


@pytest.mark.parametrize(("i", "j"), POSITIONS)
def test_an_evaluator_has_the_hashes_that_it_needs(i: int, j: int) -> None:
    own = (i, 2 + j, 4 + (i ^ j))
    at = 2 * (2 * i + j)
    for row, wanted in zip(gate.M[at : at + 2], gate.OWN_HASHES, strict=True):
        assert tuple(row[n] for n in own) == wanted
        assert not any(bit for n, bit in enumerate(row) if n not in own)


@pytest.mark.parametrize(("i", "j"), POSITIONS)
def test_what_an_evaluator_sees_of_the_control_matrix_is_uniform(i: int, j: int) -> None:
    """Dicing: R_ij is one of four matrices, each equally likely wherever the output is 1."""
    seen = []
    for a, b in PLACES:
        rows = Counter(
            tuple(row[:4] for row in gate.control(a, b, *c)[2 * (2 * i + j) :][:2])
            for c in product(BITS, repeat=2)
        )
        assert len(rows) == 4
        assert rows == Counter(gate.view(i, j, *r) for r in product(BITS, repeat=2))
        seen.append(rows)
    assert all(rows == seen[0] for rows in seen)


@pytest.mark.parametrize(("i", "j"), POSITIONS)
def test_two_positions_together_would_tell(i: int, j: int) -> None:
    """The control bits of another position, with one's own, tell the place of the output 1."""
    other = (1 - i, j)
    told = {
        (a, b): {
            (gate.view(i, j, *r[2 * i + j]), gate.view(*other, *r[2 * other[0] + j]))
            for c in product(BITS, repeat=2)
            for r in [gate.coefficients(a, b, *c)]
        }
        for a, b in PLACES
    }
    assert all(not told[x] & told[y] for x in PLACES for y in PLACES if x < y)


@pytest.mark.parametrize(("i", "j"), POSITIONS)
def test_unknown_hashes_pad_the_ciphertexts(i: int, j: int) -> None:
    """Each ciphertext has one hash of its own that the evaluator doesn't have."""
    unknown = (1 - i, 2 + 1 - j, 4 + 1 - (i ^ j))
    pads = tuple(tuple(row[n] for n in unknown) for row in gate.SOLVED_HASHES[2:])
    assert rank(pads) == 3
    assert all(sum(row) == 1 for row in pads)


@pytest.mark.parametrize(("i", "j"), POSITIONS)
def test_encrypted_control_bits_tell_their_own_position_alone(i: int, j: int) -> None:
    """z, the bits of the known hashes and what follows from them don't depend on (a, b)."""
    own = (i, 2 + j, 4 + (i ^ j))
    seen = []
    for a, b in PLACES:
        views: Counter[tuple[int, ...]] = Counter()
        for c_1, c_2 in product(BITS, repeat=2):
            z = [row[0] for row in gate.solved_bits(a, b, c_1, c_2)]
            for hashes in product(BITS, repeat=6):
                padded = [
                    bit ^ (sum(x & y for x, y in zip(row, hashes, strict=True)) & 1)
                    for bit, row in zip(z, gate.SOLVED_HASHES, strict=True)
                ]
                views[*(hashes[n] for n in own), *padded] += 1
        assert len(views) == 1 << (3 + 5)
        seen.append(views)
    assert all(views == seen[0] for views in seen)


def test_a_hash_covers_what_it_is_used_for() -> None:
    """Δ stands beside an unknown hash as a sum of its halves, and σ ⊕ this is invertible.

    That is the circular correlation robustness that the gate needs of H(x) = E(x) ⊕ σ(x): with σ
    the product of both halves by α, which is in GF(2⁶⁴) but not in GF(4), no sum of Δ's halves
    cancels σ(Δ). The σ of half-gates would: (l ‖ r) ↦ (l ⊕ r) ‖ l is such a sum.
    """
    size = 64
    shift = np.zeros((size, size), np.uint8)
    for bit in range(size):
        product_ = 1 << (bit + 1)
        if product_ >> size:
            product_ ^= (1 << size) ^ 0x1B
        for n in range(size):
            shift[n, bit] = product_ >> n & 1
    unit = np.eye(size, dtype=np.uint8)
    doubling = np.kron(np.eye(2, dtype=np.uint8), shift)
    singular = 0
    for entries in product(BITS, repeat=4):
        halves = np.kron(np.array(entries, np.uint8).reshape(2, 2), unit)
        assert rank(doubling ^ halves) == 2 * size
        orthomorphism = np.kron(np.array([[1, 1], [1, 0]], np.uint8), unit)
        singular += rank(orthomorphism ^ halves) < 2 * size
    assert singular > 0


@pytest.mark.parametrize(("a", "b"), PLACES)
def test_garbling_is_the_product_with_the_matrices(a: int, b: int) -> None:
    """The formulas are linear in labels and hashes, so that units for these show all of them."""
    for c in product(BITS, repeat=2):
        solved, bits = gate.solved(a, b, *c), gate.solved_bits(a, b, *c)
        for number in range(19):
            units = [int(n == number) for n in range(18)]
            made, z = garble(units[:6], units[6:12], units[12:], (a, b, *c))
            columns = [(bit,) for bit in units]
            labels = gate.times(solved, tuple(columns[:6]))
            hashes = gate.times(gate.SOLVED_HASHES, tuple(columns[6:12]))
            assert [(x,) for x in made] == list(gate.plus(labels, hashes))
            pads = gate.times(gate.SOLVED_HASHES, tuple(columns[12:]))
            assert [(x,) for x in z] == list(gate.plus(bits, pads))


@pytest.mark.parametrize(("i", "j"), POSITIONS)
def test_evaluation_is_the_product_with_the_matrices(i: int, j: int) -> None:
    """For all control bits, which select the linear function, and units for all else."""
    for known in product(BITS, repeat=8):
        hash_bits, z = known[:3], known[3:]
        decrypted = gate.times(gate.used(i, j), tuple((bit,) for bit in z))
        own = gate.times(gate.OWN_HASHES, tuple((bit,) for bit in hash_bits))
        ((r_1,), (r_2,)) = gate.plus(decrypted, own)
        for number in range(11):
            units = [int(n == number) for n in range(10)]
            columns = [(bit,) for bit in units]
            found = evaluate(units[:4], units[4:7], hash_bits, (units[7:], z), (i, j))
            wanted = gate.plus(
                gate.times(gate.view(i, j, r_1, r_2), tuple(columns[:4])),
                gate.times(gate.OWN_HASHES, tuple(columns[4:7])),
                gate.times(gate.used(i, j), ((0,), (0,), *columns[7:])),
            )
            assert [(x,) for x in found] == list(wanted)


@pytest.mark.parametrize(("a", "b"), PLACES)
def test_garbled_gates_evaluate_to_their_outputs(a: int, b: int) -> None:
    """As numbers: the evaluator has C ⊕ t·Δ, at all positions and for all random bits."""
    rng = np.random.default_rng(7)
    ones = (1 << 64) - 1
    for c in product(BITS, repeat=2):
        words = [int(x) for x in rng.integers(0, 1 << 62, 12)]
        halves, hashes = words[:6], words[6:]
        bits = [ones * int(x) for x in rng.integers(0, 2, 6)]
        masks = [ones * x for x in (a, b, *c)]
        (left, right, *ciphertexts), z = garble(halves, hashes, bits, masks)
        assert len(ciphertexts) == 3
        assert len(z) == 5
        for i, j in POSITIONS:
            delta = halves[4:]
            own = [x ^ (i * d) for x, d in zip(halves[:2], delta, strict=True)]
            own += [x ^ (j * d) for x, d in zip(halves[2:4], delta, strict=True)]
            numbers = (i, 2 + j, 4 + (i ^ j))
            found = evaluate(
                own,
                [hashes[n] for n in numbers],
                [bits[n] for n in numbers],
                (ciphertexts, z),
                (ones * i, ones * j),
            )
            output = int((i, j) == (a, b))
            assert found == [left ^ output * delta[0], right ^ output * delta[1]]
