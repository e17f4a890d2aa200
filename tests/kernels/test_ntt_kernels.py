"""Kernels of polynomials against schoolbook products, evaluation at roots, and Python integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ezlang.compiler.kernels import polynomials
from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.kernels.ntt import FORWARD, SIZES, places
from ezlang.compiler.kernels.ntt_products import TERMS
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
    root = primitive_root(prime, size)
    order = reversed_bits(size).reshape(-1, 32)[:, places(FORWARD[-1])].reshape(-1)
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


@pytest.mark.parametrize("bits", [27, 64])
@pytest.mark.parametrize("terms", [1, 3, 4, 9])
@pytest.mark.parametrize("size", SIZES)
def test_known_numbers_multiply_both_halves(
    native: Native, size: int, terms: int, bits: int
) -> None:
    primes, rows, top = PRIMES[1:], 2, 1 << (bits - 1)
    # The primes are above 2^26.
    drawn = [-top, top - 1, 0, 1, -1, *RNG.integers(-top, top, 3).tolist()]
    known = np.zeros((terms, size), np.int32 if bits == 27 else np.int64)
    for line in known:
        line[[0, size - 1, *RNG.choice(np.arange(1, size - 1), 6, replace=False)]] = drawn

    def halves(count: int) -> Array:
        return np.array([[[draw(p, size) for p in primes] for _ in range(count)] for _ in "ab"])

    a, out = halves(rows * terms), halves(rows)
    tables, products, residues = (
        np.stack([make(prime) for prime in primes])
        for make in (
            lambda p: transform_tables(p, size),
            product_constants,
            lambda p: residue_constants(p, 1),
        )
    )
    x, sums = a.copy(), out.copy()
    for part in (*x.reshape(-1, len(primes), size), *sums.reshape(-1, len(primes), size)):
        native.call(f"ntt_forward{size}", part, tables, len(primes))
    arguments = (*sums, *x, known, tables, products, residues, np.empty((TERMS, size), np.uint32))
    sizes = terms, rows, int(bits == 27), len(primes)
    native.call(f"ntt_multiply_known{size}", *arguments, *sizes)
    for half in range(2):
        for row in range(rows):
            native.call(f"ntt_inverse{size}", sums[half, row], tables, len(primes))
            for limb, prime in enumerate(primes):
                expected, removed = (
                    out[half, row, limb].astype(np.int64),
                    pow(MONTGOMERY, -1, prime),
                )
                for term, given in enumerate(known.tolist()):
                    sparse = {at: x * removed % prime for at, x in enumerate(given) if x}
                    factor = a[half, row * terms + term, limb]
                    expected = (expected + schoolbook(factor, sparse, prime)) % prime
                assert np.array_equal(sums[half, row, limb], expected)


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


@pytest.mark.parametrize("width", [2, 9, 12, 15])
def test_numbers_are_sent_as_their_upper_bytes(native: Native, width: int) -> None:
    drawn, low, high = numbers(2, 64)
    sent = np.full(64 * width + 16, 0xFF, np.uint8)
    native.call("wide_to_bytes", sent, low, high, 64, width)
    rest, size = 128 - 8 * width, 1 << (8 * width)
    upper = [(x + (1 << (rest - 1)) >> rest) % size for x in drawn]
    rows = sent[: 64 * width].reshape(64, width)
    assert [int.from_bytes(row.tobytes(), "little") for row in rows] == upper
    native.call("wide_from_bytes", low, high, sent, 64, width)
    words = zip(low.tolist(), high.tolist(), strict=True)
    signed = [x - size if x >= size // 2 else x for x in upper]
    assert [(h << 64) + lo for lo, h in words] == [x % (1 << 128) for x in signed]


@pytest.mark.parametrize(("first", "second", "bits"), [(10, 9, 64), (6, 5, 32), (4, 2, 8)])
def test_numbers_and_bytes_are_added_and_rounded(
    native: Native, first: int, second: int, bits: int
) -> None:
    drawn, low, high = numbers(2, 64)
    data = RNG.integers(0, 256, 64 * second + 16, np.uint8)
    rows = data[: 64 * second].reshape(64, second)
    out = np.zeros(64, np.uint64)
    native.call("wide_sum", out, low, high, data, 64, first, second, bits)
    for x, row, found in zip(drawn, rows, out.tolist(), strict=True):
        y = int.from_bytes(row.tobytes(), "little")
        total = (x << (128 - 8 * first)) + (y << (128 - 8 * second)) + (1 << (127 - bits))
        assert found == total % (1 << 128) >> (128 - bits)


def test_secrets_are_thirds_of_all_words(native: Native) -> None:
    top = 1 << 64
    words = [0, top - 1, top // 3, top // 3 + 1, 2 * top // 3, 2 * top // 3 + 1]
    words += RNG.integers(0, top, 58, np.uint64, endpoint=False).tolist()
    out = np.zeros(64, np.int32)
    native.call("ring_ternary", out, np.array(words, np.uint64), 64)
    assert out.tolist() == [3 * word // top - 1 for word in words]


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
    """No division, and no library function that might divide or branch: only kernels call."""
    target = Target(triple, "generic" if "aarch64" in triple else "x86-64-v3", "", AesPath.PORTABLE)
    for text in (
        compile_assembly(polynomials.build_transforms(target, 4096), target),
        compile_assembly(polynomials.build_residues(target), target),
    ):
        lines = [words for line in text.splitlines() if (words := line.split())]
        assert not {words[0] for words in lines} & {"div", "idiv", "udiv", "sdiv"}
        called = {words[1].split("@")[0] for words in lines if words[0] in ("call", "callq", "bl")}
        assert all(name == "memset" or name.endswith("_limb") for name in called)
