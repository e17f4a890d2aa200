"""Ring-LWE encryption: products are exact for all extremes, and messages have their lengths."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ezlang.compiler.protocols.homomorphic.form import Form
from ezlang.compiler.protocols.homomorphic.matrix_form import MatrixShape, matrix_form
from ezlang.compiler.protocols.homomorphic.parameters import MOST_BITS, Parameters, rings
from ezlang.compiler.protocols.native import encryption
from ezlang.compiler.protocols.native.calls import Native
from ezlang.compiler.protocols.native.encryption import KeyHolder, KeyUser
from ezlang.compiler.protocols.native.polynomials import Ring
from ezlang.compiler.protocols.native.sampling import errors, flooding, ternary
from ezlang.compiler.protocols.ot.directions import Generator

Array = np.ndarray[Any, Any]
RNG = np.random.default_rng(5)


@pytest.fixture(scope="module")
def native() -> Native:
    return Native()


def drawn(native: Native) -> Generator:
    return Generator(native, os.urandom(16))


def product(native: Native, form: Form, x: Array, y: Array) -> Array:
    """Run both parties; return the sum of their shares."""
    random = drawn(native).bytes
    holder = KeyHolder(native, form.parameters, random)
    key = holder.public_key()
    assert len(key) == form.parameters.key_bytes
    user = KeyUser(native, form.parameters, random, key)
    request = holder.encrypt(form, x)
    assert len(request) == form.request_bytes
    reply, mask = user.multiply(form, request, y)
    assert len(reply) == form.reply_bytes
    result: Array = holder.decrypt(form, reply) + mask
    return result


def matrices(bits: int, known_bits: int, items: int, m: int, k: int, n: int) -> tuple[Array, Array]:
    """Draw matrices with the largest values of Y, of both signs, among random ones."""
    dtype = np.dtype(f"u{bits // 8}")
    x = RNG.integers(0, 1 << bits, (items, m, k), np.uint64, endpoint=False).astype(dtype)
    x[:, 0] = -1 % (1 << bits)
    top = 1 << (known_bits - 1)
    y = RNG.integers(-top, top, (items, k, n), np.int64)
    y[:, :, 0] = -top
    return x, y.astype(dtype)


SHAPES = [
    (64, 64, 1, 1, 1, 1),
    (64, 64, 1, 3, 300, 40),
    (64, 16, 1, 2, 784, 30),
    (64, 12, 2, 9, 33, 17),
    (32, 32, 1, 30, 20, 7),
    (32, 8, 3, 4, 5, 6),
    (16, 16, 1, 5, 100, 3),
    (8, 8, 1, 20, 9, 40),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_products_are_exact(native: Native, shape: tuple[int, ...]) -> None:
    bits, known_bits, items, m, k, n = shape
    form = matrix_form(
        MatrixShape(bits=bits, known_bits=known_bits, items=items, rows=m, inner=k, columns=n)
    )
    assert form is not None
    x, y = matrices(*shape)
    assert np.array_equal(product(native, form, x, y), x @ y)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("shape", [SHAPES[1], SHAPES[2], SHAPES[4], SHAPES[6]])
def test_products_are_exact_with_the_largest_noise(
    native: Native, shape: tuple[int, ...], sign: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All errors, and the flooding, have their largest absolute values."""
    bits, known_bits, items, m, k, n = shape
    form = matrix_form(
        MatrixShape(bits=bits, known_bits=known_bits, items=items, rows=m, inner=k, columns=n)
    )
    assert form is not None
    most = sign * (1 << form.flood_bits) - (sign > 0)

    def largest(native: Native, random: object, count: int) -> Array:
        return np.full(count, 21 * sign, np.int64)

    def flooded(random: object, count: int, bits: int) -> tuple[Array, Array]:
        words = [most % (1 << 64), (most >> 64) % (1 << 64)]
        return np.full(count, words[0], np.uint64), np.full(count, words[1], np.uint64)

    monkeypatch.setattr(encryption, "errors", largest)
    monkeypatch.setattr(encryption, "flooding", flooded)
    x, y = matrices(*shape)
    y[:] = -(1 << (known_bits - 1)) % (1 << bits)
    assert np.array_equal(product(native, form, x, y), x @ y)


def all_parameters() -> Iterator[Parameters]:
    for one in rings():
        larger: Parameters | None = one
        while larger is not None:
            yield larger
            larger = larger.enlarged(larger.modulus + 1)


def test_moduli_are_within_the_standard_for_128_bits() -> None:
    found = {(one.size, one.limbs): one.modulus.bit_length() for one in all_parameters()}
    assert MOST_BITS == {4096: 109, 8192: 218}
    small = {(4096, limbs): 27 * limbs for limbs in (2, 3, 4)}
    assert found == small | {(8192, limbs): 30 * limbs for limbs in range(2, 8)}
    for one in all_parameters():
        assert all(prime % (2 * one.size) == 1 for prime in one.primes)
        assert all(pow(base, prime - 1, prime) == 1 for prime in one.primes for base in (2, 3, 5))


@pytest.mark.parametrize("known_bits", [1, 8, 16, 33, 64])
def test_forms_are_sound(known_bits: int) -> None:
    """The noise stays below half a unit, and the flooding is 2^40 times what it hides."""
    for sizes in ((1, 1, 1), (1, 784, 128), (700, 33, 5), (64, 64, 64), (5, 4000, 3)):
        m, k, n = sizes
        shape = MatrixShape(bits=64, known_bits=known_bits, items=1, rows=m, inner=k, columns=n)
        form = matrix_form(shape)
        assert form is not None
        assert form.rows * form.inner * form.columns <= form.parameters.size
        norm = form.inner_blocks * form.inner * form.columns * 2 ** (known_bits - 1)
        noise = norm * 21.5 + 2 * form.parameters.size * 21 + 0.5
        assert 2**form.flood_bits >= 2**39 * form.extracted * noise
        # In units of p: the noise, and rounding both halves of a result.
        error = (noise + 2.0**form.flood_bits) * 2**64 / form.parameters.modulus
        error += form.parameters.size / 2 * 2.0 ** (64 - 8 * form.uniform_bytes)
        error += 0.5 * 2.0 ** (64 - 8 * form.other_bytes)
        assert error < 0.5 - 2**-8


def test_there_is_no_form_where_noise_has_no_room() -> None:
    shape = MatrixShape(bits=64, known_bits=64, items=1, rows=1, inner=1 << 40, columns=1)
    assert matrix_form(shape) is None


def test_secrets_and_errors_have_their_distributions(native: Native) -> None:
    random = drawn(native).bytes
    Ring(native, rings()[0])
    secret = ternary(native, random, 1 << 16)
    counts = np.bincount(secret + 1)
    assert len(counts) == 3
    assert np.all(abs(counts - (1 << 16) / 3) < 700)
    drawn_errors = errors(native, random, 1 << 16)
    assert abs(drawn_errors).max() <= 21
    assert abs(drawn_errors.mean()) < 0.1
    assert abs(drawn_errors.var() - 10.5) < 0.5


@pytest.mark.parametrize("bits", [0, 5, 62, 63, 64, 65, 126])
def test_flooding_has_its_range(native: Native, bits: int) -> None:
    low, high = flooding(drawn(native).bytes, 4096, bits)
    numbers = [
        (int(h) << 64 | int(lo)) - ((int(h) >> 63) << 128) for lo, h in zip(low, high, strict=True)
    ]
    assert -(1 << bits) <= min(numbers) <= -(1 << bits) * 0.99
    assert (1 << bits) * 0.99 - 1 <= max(numbers) < 1 << bits


def test_messages_of_equal_products_differ_in_both_halves(native: Native) -> None:
    """The zero and the mask are fresh, so that nothing of a·y is seen."""
    shape = MatrixShape(bits=64, known_bits=16, items=1, rows=1, inner=64, columns=64)
    form = matrix_form(shape)
    assert form is not None
    random = drawn(native).bytes
    holder = KeyHolder(native, form.parameters, random)
    user = KeyUser(native, form.parameters, random, holder.public_key())
    x, y = matrices(64, 16, 1, 1, 64, 64)
    request = holder.encrypt(form, x)
    (one, first), (two, second) = (user.multiply(form, request, y) for _ in range(2))
    equal = np.mean(one == two)
    assert equal < 0.01
    assert not np.any(first == second)
    assert np.array_equal(holder.decrypt(form, one) + first, holder.decrypt(form, two) + second)
