"""Sums of products of transformed polynomials: `ntt.py`.

Products lose a factor of 2^32, which one of their factors must have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .abi import I32, I64, POINTER
from .build import VOID, Kernel, Value
from .modular import LANES, WORDS, Modulus, halves, write_for_limbs
from .ntt import table_bytes
from .residues import PRIME_WORDS, add_limb, small_limb

TERMS: Final = 4
"""The number of products whose sum is less than 2^32·p: so many at a time are reduced once."""

_PRODUCT_WORDS: Final = 2
"""The constants of a prime: p and p^−1 modulo 2^32."""


def write_multiply_add(module: Any) -> Kernel:
    """Write `ntt_multiply_add(out*, a*, b*, constants*, n, terms, a_stride, b_stride, count)`.

    out[l][i] += Σ_t a[t][l][i]·b[t][l][i]·2^−32 modulo p_l, for residues of `count` primes; strides
    of terms are in bytes.
    """
    limb = _multiply_add_limb(module, "multiply_add_limb", ("out",), ("a",))

    def strides(k: Kernel) -> dict[str, Value | int]:
        residues = k["n"] << 2
        return {"out": residues, "a": residues, "b": residues, "constants": 4 * _PRODUCT_WORDS}

    return write_for_limbs(limb, "ntt_multiply_add", strides)


def write_multiply_known(module: Any, size: int, forward: Kernel) -> Kernel:
    """Write `ntt_multiply_known{N}(out*, out2*, a*, a2*, numbers*, tables*, products*, residues*,
    buffer*, terms, rows, small, count)`.

    out[r] += Σ_t a[r][t]·ŷ[t]·2^−32 for `rows` transforms out [r][l][N] and a [r][t][l][N] of
    `count` primes, and the transforms ŷ of signed numbers [t][N]; out2 and a2 are alike. Numbers
    have 32 bits, and are as for `residues_small`, if `small` is 1, otherwise 64. The other
    constants are those of `{forward}`, `ntt_multiply_add` and `residues_add`. `buffer` has
    `TERMS`·N words, so that what is made of the numbers stays in the cache.
    """
    constants = ("tables", "products", "residues")
    pointers = ("out", "out2", "a", "a2", "numbers", *constants, "buffer")
    parameters = [(label, POINTER) for label in pointers]
    sizes = [(label, I64) for label in ("terms", "rows", "small", "count")]
    k = Kernel(module, f"ntt_multiply_known{size}", [*parameters, *sizes], result=VOID)
    multiply = _multiply_add_limb(module, "multiply_both_limb", ("out", "out2"), ("a", "a2"))
    small, add = small_limb(module), add_limb(module)
    n, bytes = k.i64(size), 4 * size
    polynomial = k["count"] * bytes

    def transform(term: Value, place: Value, limb: Value) -> None:
        numbers, at = k["numbers"], k["residues"].at(limb * (4 * PRIME_WORDS))
        with k.either(k["small"].differs(0)) as (short, long):
            with short:
                k.call(small, place, numbers.at(term * bytes), at, n)
            with long:
                k.clear(place, k.i64(bytes))
                words = numbers.at(term * (2 * bytes))
                k.call(add, place, words, words, at, n, k.i64(0))
        k.call(forward, place, k["tables"].at(limb * table_bytes(size)))

    with k.loop(0, k["count"]) as limb, k.loop(0, k["terms"], TERMS) as term:
        together = k.minimum(k["terms"] - term, TERMS)
        with k.loop(0, together) as i:
            transform(term + i, k["buffer"].at(i * bytes), limb)
        with k.loop(0, k["rows"]) as row:
            sums = row * polynomial + limb * bytes
            terms = (row * k["terms"] + term) * polynomial + limb * bytes
            places = [k[label].at(sums) for label in ("out", "out2")]
            places += [k[label].at(terms) for label in ("a", "a2")]
            at = k["products"].at(limb * (4 * _PRODUCT_WORDS))
            k.call(multiply, *places, k["buffer"], at, n, together, polynomial, k.i64(bytes))
    k.finish()
    return k


def _multiply_add_limb(
    module: Any, name: str, outs: Sequence[str], factors: Sequence[str]
) -> Kernel:
    """Write `name(outs*…, factors*…, b*, constants*, n, terms, a_stride, b_stride)`, for a prime.

    It adds the products of each factor by the same b to an output.
    """
    pointers = [(label, POINTER) for label in (*outs, *factors, "b", "constants")]
    sizes = [(label, I64) for label in ("n", "terms", "a_stride", "b_stride")]
    k = Kernel(module, name, (*pointers, *sizes), result=VOID, internal=True)
    modulus = Modulus(k, k.load(k["constants"], I32))
    inverse = k.splat(k.load(k["constants"].at(4), I32), LANES)
    whole = k["terms"] & -TERMS

    def add(term: Value, count: int) -> None:
        with k.loop(0, k["n"], LANES) as at:
            sums = _sums_of_products(k, factors, (term, at << 2), count)
            for label, pair in zip(outs, sums, strict=True):
                place = k[label].at(at << 2)
                total = k.load(place, WORDS) + modulus.montgomery(pair, inverse)
                k.store(modulus.reduced(total), place)

    with k.loop(0, whole, TERMS) as term:
        add(term, TERMS)
    for count in range(1, TERMS):
        with k.when((k["terms"] - whole).equals(count)):
            add(whole, count)
    k.finish()
    return k


def _sums_of_products(
    k: Kernel, factors: Sequence[str], first: tuple[Value, Value], count: int
) -> list[list[Value]]:
    """Return the sums over `count` terms of each factor times b, of even and of odd lanes.

    `first` is the first term, and the place in it.
    """
    term, at = first
    sums: list[list[Value]] = [[] for _ in factors]
    for i in range(count):

        def words(label: str, i: int = i) -> tuple[Value, Value]:
            stride = k["b_stride" if label == "b" else "a_stride"]
            return halves(k.load(k[label].at((term + i) * stride).at(at), WORDS))

        other = words("b")
        for total, label in zip(sums, factors, strict=True):
            products = [x * y for x, y in zip(words(label), other, strict=True)]
            total[:] = [x + y for x, y in zip(total, products, strict=True)] if total else products
    return sums
