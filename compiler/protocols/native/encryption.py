"""Encryption by ring-LWE with additive homomorphism, as products of matrices need it [HLHD22].

A ciphertext of m, a polynomial modulo p = 2^ℓ, is (a, b) with b = −a·s + e + ⌊Q·m/p⌉ for the secret
s and an error e [Bra12, FV12]. a is uniform and given by a seed. Ciphertexts are linear in m: their
sums, and their products with a known polynomial, are ciphertexts of the sums and products. What is
sent, of ciphertexts and of keys, is 2^32·(a, b), for kernels that lose this factor in a product.

A result would reveal the known factor y by its half a·y. So its owner adds an encryption of zero
under the public key (a', b') = (a', −a'·s + e'): (a'·u + e″, b'·u + r) with a fresh ternary u, an
error e″, and r that floods the noise (`homomorphic/form.py`). Then the first half is
indistinguishable from uniform under ring-LWE with the secret u, even for who knows s, and the
second is determined by it, by the masked product, and by noise that doesn't depend on y.
"""

from __future__ import annotations

import numpy as np

from ...kernels.ntt_tables import MONTGOMERY, Words
from ..core.backend import Random
from ..core.steps import Bytes
from ..homomorphic.form import Form
from ..homomorphic.parameters import SEED_BYTES, Parameters
from ..ot.directions import Generator
from .calls import Array, Native, empty
from .polynomials import LANES, SMALL_BITS, Halves, Ring
from .sampling import errors, flooding, ternary, uniform


class KeyHolder:
    """The party that encrypts and decrypts, with a secret key of its own."""

    def __init__(self, native: Native, parameters: Parameters, random: Random) -> None:
        self._native = native
        self._random = random
        self._ring = Ring(native, parameters)
        self._secret = ternary(native, random, parameters.size).astype(np.int64)
        self._negated = self._ring.factors(-self._secret)
        self._decrypting: dict[int, tuple[Ring, Words]] = {}

    def public_key(self) -> Bytes:
        """Return the public key as a message of `Parameters.key_bytes`."""
        return self._encrypted(None)

    def encrypt(self, form: Form, x: Array) -> Bytes:
        """Return encryptions of an operand: a message of `Form.request_bytes`."""
        polynomials = form.pack(x).reshape(-1, self._ring.size)
        return self._encrypted(polynomials)

    def _encrypted(self, messages: Array | None) -> Bytes:
        """Return a seed and second halves: of messages [n][N], or of one 0."""
        ring = self._ring
        count = 1 if messages is None else len(messages)
        seed = self._random(SEED_BYTES)
        halves = ring.zeros(count)
        uniform_halves = expanded(self._native, ring, seed, count)
        for number, (half, a) in enumerate(zip(halves, uniform_halves, strict=True)):
            if messages is not None:
                ring.encode(half, messages[number], scale=MONTGOMERY)
            ring.add(half, errors(self._native, self._random, ring.size), scale=MONTGOMERY)
            ring.transform(half)
            ring.multiply_add(half, a[None], self._negated[None])
        return np.concatenate((seed, halves.reshape(-1).view(np.uint8)))

    def decrypt(self, form: Form, reply: Bytes) -> Array:
        """Return the product of a message of `Form.reply_bytes`, which is padded."""
        places, dtype = form.places, np.dtype(f"u{form.bits // 8}")
        found = np.empty((form.results, form.extracted), dtype)
        for number, data in enumerate(reply.reshape(form.results, form.result_bytes)):
            found[number] = self._decrypted(form, data, places)
        return form.unpack(found.reshape(*form.grid, form.extracted))

    def _decrypted(self, form: Form, data: Bytes, places: Array) -> Array:
        """Return the extracted coefficients of a result, as 64-bit integers.

        a·s is computed as an integer: all that is lost was lost by rounding at the sender.
        """
        ring, secret = self._decryption(form.decryption_limbs)
        width, count = form.uniform_bytes, form.extracted
        numbers, product = ring.zeros(), ring.zeros()
        low, high = np.empty((2, ring.size), np.uint64)
        self._native.call("wide_from_bytes", low, high, data, ring.size, width)
        ring.add(numbers, low, high)
        ring.transform(numbers)
        ring.multiply_add(product, numbers[None], secret[None])
        ring.restore(product)
        inner = ring.integers(_gathered(product, places))
        other, result = data[ring.size * width :], np.empty(count, np.uint64)
        sizes = count, width, form.other_bytes, form.bits
        self._native.call("wide_sum", result, *inner, other, *sizes)
        return result

    def _decryption(self, limbs: int) -> tuple[Ring, Words]:
        """Return a ring of some primes, and the secret in it."""
        found = self._decrypting.get(limbs)
        if found is None:
            ring = Ring(self._native, Parameters(size=self._ring.size, limbs=limbs))
            found = self._decrypting[limbs] = ring, ring.factors(self._secret)
        return found


class KeyUser:
    """The party that multiplies ciphertexts of the other one by what it knows."""

    def __init__(self, native: Native, parameters: Parameters, random: Random, key: Bytes) -> None:
        self._native = native
        self._random = random
        self._ring = ring = Ring(native, parameters)
        self._uniform = expanded(native, ring, key[:SEED_BYTES], 1)
        self._other = _polynomials(ring, key[SEED_BYTES:])

    def multiply(self, form: Form, request: Bytes, known: Array) -> tuple[Bytes, Array]:
        """Return a message of `Form.reply_bytes` about the product less R, and R, uniform.

        `request` has the encryptions of the other operand.
        """
        ring = self._ring
        blocks = form.items, form.row_blocks, form.inner_blocks
        sizes = len(ring.primes), ring.size
        seed, rest = request[:SEED_BYTES], request[SEED_BYTES:]
        first = expanded(self._native, ring, seed, form.ciphertexts).reshape(*blocks, *sizes)
        other = _polynomials(ring, rest).reshape(*blocks, *sizes)
        masks = self._random(form.results * form.extracted * known.itemsize)
        masks = masks.view(known.dtype).reshape(*form.grid, form.extracted)
        reply = empty(form.reply_bytes, np.uint8)
        results = reply.reshape(*form.grid, form.result_bytes)
        places, numbers = form.places, _signed(known, form.known_bits)
        for item in range(form.items):
            for column in range(form.column_blocks):
                sums = ring.zeros(form.row_blocks), ring.zeros(form.row_blocks)
                packed = form.pack_known(numbers, item, column)
                ring.multiply_known(sums, (first[item], other[item]), packed)
                for row, products in enumerate(zip(*sums, strict=True)):
                    mask = masks[item, row, column]
                    results[item, row, column] = self._result(form, products, places, mask)
        return reply, form.unpack(masks)

    def _result(self, form: Form, products: Halves, places: Array, mask: Array) -> Bytes:
        """Return a sum of products as it is sent: with an encryption of 0, flooded and masked."""
        ring, (first, other) = self._ring, products
        fresh = ternary(self._native, self._random, ring.size)
        ring.multiply_known((first[None], other[None]), (self._uniform, self._other), fresh[None])
        ring.restore(first)
        ring.restore(other)
        ring.add(first, errors(self._native, self._random, ring.size))
        chosen = _gathered(other, places)
        count = chosen.shape[-1]
        ring.add(chosen, *flooding(self._random, count, form.flood_bits))
        subtracted = np.zeros(count, mask.dtype)
        subtracted[: mask.size] = -mask
        ring.encode(chosen, subtracted)
        result = empty(form.result_bytes, np.uint8)
        ring.write_scaled(result, first, ring.size, form.uniform_bytes)
        rest = result[ring.size * form.uniform_bytes :]
        ring.write_scaled(rest, chosen, mask.size, form.other_bytes)
        return result


def expanded(native: Native, ring: Ring, seed: Bytes, count: int) -> Words:
    """Return the uniform halves [count][limbs][N] of a seed, as transforms.

    AES-CTR under a public key, as [ABD+21] expands its matrix: AES is an ideal cipher here.
    """
    random = Generator(native, seed.tobytes()).bytes
    return uniform(random, ring.primes, count, ring.size)


def _polynomials(ring: Ring, data: Bytes) -> Words:
    """Return the polynomials [n][limbs][N] of a message."""
    return np.ascontiguousarray(data).view(np.uint32).reshape(-1, len(ring.primes), ring.size)


def _gathered(residues: Words, places: Array) -> Words:
    """Return residues at some coefficients, followed by zeros up to a multiple of 16."""
    result = np.zeros((len(residues), -(-places.size // LANES) * LANES), np.uint32)
    for line, out in zip(residues, result, strict=True):
        np.take(line, places, out=out[: places.size], mode="clip")
    return result


def _signed(known: Array, bits: int) -> Array:
    """Return elements of so many bits as signed integers, of 32 bits if they are small."""
    numbers = known.view(f"i{known.itemsize}")
    return numbers.astype(np.int32 if bits <= SMALL_BITS else np.int64, copy=False)
