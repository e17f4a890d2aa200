"""Homomorphic matrix products, and the kernels of polynomials that they consist of, on one core.

Kernels, modulo a prime of 30 bits: the forward and inverse transform of N residues; eight products
of values, added up; eight polynomials of known numbers, transformed and multiplied by both halves
of ciphertexts; numbers to residues; the residues of five primes back to numbers; and the upper
bytes of those. Best of `--repetitions` runs of 100. Products: milliseconds of the key holder, who
encrypts and decrypts, and of the owner, who multiplies; and the messages. Best of `--repetitions`
runs.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from ezlang.compiler.kernels.ntt import SIZES
from ezlang.compiler.kernels.ntt_products import TERMS
from ezlang.compiler.kernels.ntt_tables import (
    MONTGOMERY,
    join_constants,
    product_constants,
    residue_constants,
    transform_tables,
)
from ezlang.compiler.kernels.polynomials import add_polynomials
from ezlang.compiler.protocols.homomorphic.matrix_form import MatrixForm, MatrixShape, matrix_form
from ezlang.compiler.protocols.native.calls import Native
from ezlang.compiler.protocols.native.encryption import KeyHolder, KeyUser
from ezlang.compiler.protocols.ot.directions import Generator

from .counts import expect
from .pair import timed

PRIMES: Final = (1073692673, 1073643521, 1073479681, 1073430529, 1073299457)
SHAPES: Final = {
    "1 × 784 × 128, 16 bits": (16, 1, 784, 128),
    "1 × 784 × 128, 64 bits": (64, 1, 784, 128),
    "256 × 256 × 256, 16 bits": (16, 256, 256, 256),
}
_CALLS: Final = 100
_TERMS: Final = 8
_BYTES: Final = 10


def check(native: Native, size: int) -> None:
    """End the benchmark unless the kernels multiply: (1 + X^(N−1))·(X + 3) modulo X^N + 1."""
    prime = PRIMES[0]
    tables = transform_tables(prime, size)
    one, other = np.zeros(size, np.uint32), np.zeros(size, np.uint32)
    one[[0, size - 1]] = 1
    other[:2] = 3 * MONTGOMERY % prime, MONTGOMERY % prime
    product = np.zeros(size, np.uint32)
    for values in (one, other):
        native.call(f"ntt_forward{size}", values, tables, 1)
    constants = product_constants(prime)
    native.call("ntt_multiply_add", product, one, other, constants, size, 1, 0, 0, 1)
    native.call(f"ntt_inverse{size}", product, tables, 1)
    found = {place: int(product[place]) for place in np.flatnonzero(product)}
    expect(f"N = {size}", "coefficients", found, {0: 2, 1: 1, size - 1: 3})


def _work(native: Native, size: int) -> dict[str, Callable[[], None]]:
    rng, prime = np.random.default_rng(1), PRIMES[0]
    values = rng.integers(0, prime, (2, _TERMS, size), np.uint32)
    out, tables = values[0, 0].copy(), transform_tables(prime, size)
    low, high = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    limbs, modulus = join_constants(PRIMES, switched=True)
    added = (product_constants(prime), size, _TERMS, 4 * size, 4 * size, 1)
    joined = (limbs, modulus, size, len(PRIMES), prime.bit_length())
    known, buffer = np.zeros((_TERMS, size), np.int32), np.empty((TERMS, size), np.uint32)
    constants = tables, product_constants(prime), residue_constants(prime, 1)
    sent = np.empty(_BYTES * size + 16, np.uint8)

    def call(name: str, *arguments: Any) -> Callable[[], None]:
        return lambda: native.call(name, *arguments)

    return {
        "forward": call(f"ntt_forward{size}", out, tables, 1),
        "inverse": call(f"ntt_inverse{size}", out, tables, 1),
        "8 products": call("ntt_multiply_add", out, *values, *added),
        "8 known factors": call(
            f"ntt_multiply_known{size}",
            *(values[0, 0].copy(), values[0, 1].copy()),
            *(*values, known, *constants, buffer),
            *(_TERMS, 1, 1, 1),
        ),
        "to residues": call(
            "residues_add", out, low, high, residue_constants(prime, 1), size, 0, 1
        ),
        "5 residues back": call("residues_join", low, high, values[0], *joined),
        "bytes of numbers": call("wide_to_bytes", sent, low, high, size, _BYTES),
    }


def form_for(known_bits: int, rows: int, inner: int, columns: int) -> MatrixForm:
    """Return the form of a product in the ring of 64 bits."""
    sizes = {"rows": rows, "inner": inner, "columns": columns}
    form = matrix_form(MatrixShape(bits=64, known_bits=known_bits, items=1, **sizes))
    assert form is not None
    return form


def measure(native: Native, name: str, form: MatrixForm, repetitions: int) -> tuple[float, float]:
    """Return the seconds of the key holder and of the owner; end if the product is wrong."""
    random = Generator(native, os.urandom(16)).bytes
    holder = KeyHolder(native, form.parameters, random)
    key = holder.public_key()
    expect(name, "bytes of a key", key.nbytes, form.parameters.key_bytes)
    user = KeyUser(native, form.parameters, random, key)
    shape = form.shape
    x = random(8 * shape.rows * shape.inner).view(np.uint64).reshape(1, shape.rows, -1)
    drawn = random(8 * shape.inner * shape.columns).view(np.int64).reshape(1, shape.inner, -1)
    y = (drawn >> (64 - shape.known_bits)).view(np.uint64)
    holding, owning = [], []
    for _ in range(repetitions):
        made = [np.empty(0, np.uint8)] * 2
        shares = [x] * 2

        def encrypt(made: list[Any] = made) -> None:
            made[0] = holder.encrypt(form, x)

        def multiply(made: list[Any] = made, shares: list[Any] = shares) -> None:
            made[1], shares[0] = user.multiply(form, made[0], y)

        def decrypt(made: list[Any] = made, shares: list[Any] = shares) -> None:
            shares[1] = holder.decrypt(form, made[1])

        first, owner, last = (timed(1, work).core[0] for work in (encrypt, multiply, decrypt))
        holding.append(first + last)
        owning.append(owner)
        sizes = form.request_bytes, form.reply_bytes
        expect(name, "bytes", tuple(message.nbytes for message in made), sizes)
        expect(name, "products", bool(np.array_equal(sum(shares), x @ y)), True)
    return min(holding), min(owning)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this measurement's options."""
    parser.add_argument("--repetitions", type=int, default=9)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    native = Native()
    for size in SIZES:
        native.load(add_polynomials, size)
        check(native, size)
        print(f"N = {size}")
        for name, work in _work(native, size).items():

            def repeat(work: Callable[[], None] = work) -> None:
                for _ in range(_CALLS):
                    work()

            seconds = min(timed(arguments.repetitions, repeat).core) / _CALLS
            print(f"  {name:20}{1e6 * seconds:8.1f} µs")
    print(f"{'64-bit products':28}{'holder, ms':>12}{'owner, ms':>12}{'KB to':>10}{'KB back':>10}")
    for name, sizes in SHAPES.items():
        form = form_for(*sizes)
        seconds_of = measure(native, name, form, arguments.repetitions)
        messages = form.request_bytes, form.reply_bytes
        columns = "".join(f"{1e3 * one:12.2f}" for one in seconds_of)
        print(f"{name:28}{columns}" + "".join(f"{size / 1e3:10.0f}" for size in messages))
