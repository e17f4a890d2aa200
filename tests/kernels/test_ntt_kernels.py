"""Kernels of polynomials against schoolbook products, evaluation at roots, and Python integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ezlang.compiler.kernels import polynomials
from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.kernels.ntt import SIZES
from ezlang.compiler.kernels.ntt_tables import (
    MONTGOMERY,
    join_constants,
    primitive_root,
    product_constants,
    residue_constants,
    reversed_bits,
    transform_tables,
)
from ezlang.compiler.kernels.target import AesPath, Target, host_target
from ezlang.compiler.protocols.native.calls import Native
from tests.support.kernel_calls import compile_assembly

Array = np.ndarray[Any, Any]
RNG = np.random.default_rng(11)

PRIMES = (1073692673, 1073643521, 1073479681, 133857281)
"""Primes that are 1 modulo 2·8192: the largest below 2^30, and one below 2^27."""

HOST = host_target()
PROCESSORS = ["host", "x86-64-v3", "x86-64"] if HOST.triple.startswith("x86_64") else ["host"]


@pytest.fixture(scope="module", params=PROCESSORS)
def native(request: pytest.FixtureRequest) -> Native:
    plain = Target(HOST.triple, request.param, "", AesPath.PORTABLE)
    loaded = Native(Engine(HOST if request.param == "host" else plain))
    for size in SIZES:
        loaded.load(polynomials.add_polynomials, size)
    return loaded


def draw(prime: int, *shape: int) -> Array:
    return RNG.integers(0, prime, shape, np.uint32)


def transformed(native: Native, x: Array, prime: int, name: str = "forward") -> Array:
    result = x.copy()
    native.call(f"ntt_{name}{x.size}", result, transform_tables(prime, x.size), 1)
    return result


def schoolbook(a: Array, sparse: dict[int, int], prime: int) -> Array:
    """Return a·b modulo X^N + 1, where b has the given coefficients."""
    total = np.zeros(a.size, np.int64)
    for place, factor in sparse.items():
        turned = np.concatenate((-a[a.size - place :].astype(np.int64), a[: a.size - place]))
        total = (total + turned * factor) % prime
    return total


@pytest.mark.parametrize("prime", PRIMES)
@pytest.mark.parametrize("size", SIZES)
def test_the_transform_evaluates_at_odd_powers_of_the_root(
    native: Native, size: int, prime: int
) -> None:
    x = draw(prime, size)
    values = transformed(native, x, prime)
    assert values.max() < prime
    root, order = primitive_root(prime, size), reversed_bits(size)
    for i in (0, 1, 2, 17, size // 2, size - 3):
        point, power, total = pow(root, 2 * int(order[i]) + 1, prime), 1, 0
        for coefficient in x.tolist():
            total += coefficient * power
            power = power * point % prime
        assert values[i] == total % prime


@pytest.mark.parametrize("size", SIZES)
def test_extreme_residues_come_back(native: Native, size: int) -> None:
    for prime in PRIMES:
        for x in (np.full(size, prime - 1, np.uint32), np.zeros(size, np.uint32)):
            values = transformed(native, x, prime)
            assert np.array_equal(transformed(native, values, prime, "inverse"), x)
        x = draw(prime, size)
        values = transformed(native, x, prime)
        assert np.array_equal(transformed(native, values, prime, "inverse"), x)


@pytest.mark.parametrize("size", SIZES)
def test_limbs_are_transformed_one_after_the_other(native: Native, size: int) -> None:
    x = np.stack([draw(prime, size) for prime in PRIMES])
    tables = np.stack([transform_tables(prime, size) for prime in PRIMES])
    expected = [transformed(native, row, prime) for row, prime in zip(x, PRIMES, strict=True)]
    native.call(f"ntt_forward{size}", x, tables, len(PRIMES))
    assert np.array_equal(x, expected)


@pytest.mark.parametrize("terms", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("size", SIZES)
def test_sums_of_products_are_negacyclic(native: Native, size: int, terms: int) -> None:
    prime = PRIMES[terms % len(PRIMES)]
    a = draw(prime, terms, size)
    a[0] = prime - 1
    b, expected = np.zeros((terms, size), np.uint32), np.zeros(size, np.int64)
    for term in range(terms):
        places = [*RNG.choice(size, 5, replace=False).tolist(), size - 1]
        sparse = {place: int(draw(prime, 1)[0]) for place in places}
        for place, factor in sparse.items():
            b[term, place] = factor * MONTGOMERY % prime
        expected = (expected + schoolbook(a[term], sparse, prime)) % prime
    x = np.stack([transformed(native, row, prime) for row in a])
    y = np.stack([transformed(native, row, prime) for row in b])
    out = transformed(native, draw(prime, size), prime)
    before = transformed(native, out, prime, "inverse")
    strides = 4 * size
    constants = product_constants(prime)
    native.call("ntt_multiply_add", out, x, y, constants, size, terms, strides, strides, 1)
    found = transformed(native, out, prime, "inverse")
    assert np.array_equal(found, (before + expected) % prime)


def numbers(words: int, count: int) -> tuple[list[int], Array, Array]:
    """Draw signed numbers of some words, with the extreme ones; return their words, too."""
    top = 1 << (64 * words - 1)
    drawn = [0, 1, -1, top - 1, -top, (1 << 63) - 1, -(1 << 63), 1 << 32, -(1 << 32)]
    while len(drawn) < count:
        drawn.append(int.from_bytes(RNG.bytes(8 * words), "little") - top)
    low = np.array([x % (1 << 64) for x in drawn], np.uint64)
    high = np.array([(x >> 64) % (1 << 64) for x in drawn], np.uint64)
    return drawn, low, high


@pytest.mark.parametrize("words", [1, 2])
def test_signed_numbers_become_scaled_residues(native: Native, words: int) -> None:
    drawn, low, high = numbers(words, 64)
    for prime in PRIMES:
        for scale in (1, -1, MONTGOMERY, pow(1 << 64, -1, prime)):
            out = draw(prime, 64)
            expected = [(int(o) + scale * x) % prime for o, x in zip(out, drawn, strict=True)]
            constants = residue_constants(prime, scale, double=words == 2)
            native.call("residues_add", out, low, high, constants, 64, words - 1, 1)
            assert out.tolist() == expected


def test_small_numbers_become_residues(native: Native) -> None:
    top = 1 << 26
    drawn = np.array([0, 1, -1, top, -top, top - 1, *RNG.integers(-top, top, 58)], np.int32)
    out = np.zeros((len(PRIMES), 64), np.uint32)
    constants = np.stack([residue_constants(prime, 1) for prime in PRIMES])
    native.call("residues_small", out, drawn, constants, 64, len(PRIMES))
    assert out.tolist() == [[x % prime for x in drawn.tolist()] for prime in PRIMES]


def joined(
    native: Native, residues: Array, primes: tuple[int, ...], *, switched: bool
) -> list[int]:
    count, n = residues.shape
    low, high = np.zeros(n, np.uint64), np.zeros(n, np.uint64)
    limbs, modulus = join_constants(primes, switched=switched)
    bits = primes[0].bit_length()
    native.call("residues_join", low, high, residues, limbs, modulus, n, count, bits)
    return [(int(h) << 64) + int(lo) for lo, h in zip(low, high, strict=True)]


@pytest.mark.parametrize("primes", [PRIMES[:1], PRIMES[:2], PRIMES[:3]])
def test_residues_are_joined_to_signed_numbers(native: Native, primes: tuple[int, ...]) -> None:
    modulus = int(np.prod([int(p) for p in primes], dtype=object))
    most = modulus // 4
    drawn = [0, 1, -1, most, -most]
    drawn += [int.from_bytes(RNG.bytes(16), "little") % most * (-1) ** i for i in range(43)]
    residues = np.array([[x % p for x in drawn] for p in primes], np.uint32)
    assert joined(native, residues, primes, switched=False) == [x % (1 << 128) for x in drawn]


@pytest.mark.parametrize("primes", [PRIMES[:2], PRIMES[:3]])
def test_the_modulus_is_switched_to_a_power_of_two(native: Native, primes: tuple[int, ...]) -> None:
    modulus = int(np.prod([int(p) for p in primes], dtype=object))
    drawn = [0, 1, modulus - 1, modulus // 2]
    drawn += [int.from_bytes(RNG.bytes(16), "little") % modulus for _ in range(44)]
    residues = np.array([[x % p for x in drawn] for p in primes], np.uint32)
    for x, found in zip(drawn, joined(native, residues, primes, switched=True), strict=True):
        error = (found - ((x << 128) // modulus)) % (1 << 128)
        assert min(error, (1 << 128) - error) <= len(primes) << 29


@pytest.mark.parametrize("triple", ["aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu"])
def test_no_time_depends_on_data(triple: str) -> None:
    """No division, and no library function that might divide or branch."""
    target = Target(triple, "generic" if "aarch64" in triple else "x86-64-v3", "", AesPath.PORTABLE)
    for text in (
        compile_assembly(polynomials.build_transforms(target, 4096), target),
        compile_assembly(polynomials.build_residues(target), target),
    ):
        mnemonics = {words[0] for line in text.splitlines() if (words := line.split())}
        assert not mnemonics & {"div", "idiv", "udiv", "sdiv", "call", "callq", "bl"}
