"""Numbers and their residues modulo primes p < 2^30: into residues, and back.

`residues_add` takes numbers of one or two 64-bit words, as two's complement, modulo one prime.

`residues_join` does the opposite for a modulus M = p₁ … p_L with residues c_i. Let w_i be
c_i·(M/p_i)^−1 modulo p_i. Then c = Σ w_i·(M/p_i) − κ·M, where κ is Σ w_i/p_i rounded to nearest,
gives −M/2 <= c < M/2 [HPS19]. κ comes from fixed-point numbers and is right if |c| <= M/4. With
other constants K_i in place of M/p_i, and 0 in place of M, the same sum is c·2^128/M modulo 2^128
for K_i = 2^128/p_i rounded: it switches the modulus to a power of two. Its error is at most
L·2^29 of 2^128.

Everything is computed modulo 2^128. Nothing branches on data or uses it as an address.
"""

from __future__ import annotations

from typing import Any, Final

from .abi import I32, I64, POINTER
from .build import VOID, Kernel, Value
from .modular import DOUBLES, LANES, WORDS, Modulus, halves, write_for_limbs

PRIME_WORDS: Final = 8
"""The constants of `residues_add`: p; 2^32 mod p, 1 and the scale, each with its quotient; and
2^63, or 2^127, modulo p, negated.
"""

LIMB_WORDS: Final = 8
"""The constants of a limb of `residues_join`: p; (M/p)^−1 mod p with its quotient; the four words
of K, the lowest first; ⌊2^(31 + β)/p⌋, where all primes have β bits.
"""

_EVEN: Final = list(range(0, 2 * LANES, 2))
_ODD: Final = list(range(1, 2 * LANES, 2))
_WORD: Final = 0xFFFFFFFF


def _words(k: Kernel, place: Value) -> tuple[Value, Value]:
    """Load 64-bit numbers for all lanes: their low words and their high words."""
    first, second = k.load(place, WORDS), k.load(place.at(4 * LANES), WORDS)
    return first.shuffle(_EVEN, second), first.shuffle(_ODD, second)


def write_residues_add(module: Any) -> Kernel:
    """Write `residues_add(out*, low*, high*, constants*, n, double, count)`.

    out[l][i] += scale·x[i] modulo p_l for `count` primes, where x[i] is the signed number low[i],
    or low[i] + 2^64·high[i] if `double` is 1. n is a multiple of 16.
    """
    return write_for_limbs(
        add_limb(module),
        "residues_add",
        lambda k: {"out": k["n"] << 2, "constants": 4 * PRIME_WORDS},
    )


def add_limb(module: Any) -> Kernel:
    """Write `residues_add` for a prime."""
    pointers = [(name, POINTER) for name in ("out", "low", "high", "constants")]
    sizes = ("n", I64), ("double", I64)
    k = Kernel(module, "residues_add_limb", (*pointers, *sizes), result=VOID, internal=True)
    constants = [k.load(k["constants"].at(4 * i), I32) for i in range(PRIME_WORDS)]
    modulus = Modulus(k, constants[0])
    shift, shift_quotient, one, one_quotient, scale, scale_quotient, bias = (
        k.splat(constant, LANES) for constant in constants[1:]
    )
    top = k.constant(WORDS, 1 << 31)

    def appended(value: Value, word: Value) -> Value:
        return modulus.times(value, shift, shift_quotient) + modulus.times(word, one, one_quotient)

    with k.loop(0, k["n"], LANES) as at:
        low, high = _words(k, k["low"].at(at << 3))
        # Words that aren't residues may be multiplied by one.
        value = k.variable(high ^ top)
        with k.when(k["double"].differs(0)):
            lower, upper = _words(k, k["high"].at(at << 3))
            value.set(appended(appended(upper ^ top, lower), high))
        total = appended(value.get(), low)
        total = modulus.times(modulus.below_twice(total) + bias, scale, scale_quotient)
        place = k["out"].at(at << 2)
        k.store(modulus.reduced(k.load(place, WORDS) + total), place)
    k.finish()
    return k


def small_limb(module: Any) -> Kernel:
    """Write `residues_small_limb(out*, numbers*, constants*, n)`.

    out[i] = x[i] modulo p for signed 32-bit numbers below p in absolute value; `constants` are
    those of `residues_add`. n is a multiple of 16.
    """
    pointers = [(name, POINTER) for name in ("out", "numbers", "constants")]
    name = "residues_small_limb"
    k = Kernel(module, name, (*pointers, ("n", I64)), result=VOID, internal=True)
    prime = k.splat(k.load(k["constants"], I32), LANES)
    with k.loop(0, k["n"], LANES) as at:
        x = k.load(k["numbers"].at(at << 2), WORDS)
        k.store(x + (-(x >> 31) & prime), k["out"].at(at << 2))
    k.finish()
    return k


def write_residues_join(module: Any) -> Kernel:
    """Write `residues_join(low*, high*, residues*, limbs*, modulus*, n, count, β)`.

    The 128-bit numbers low + 2^64·high of the residues [count][n]; `limbs` are their constants and
    `modulus` the four words of M, or 0. n is a multiple of 16, and count is at most 16.
    """
    pointers = [(name, POINTER) for name in ("low", "high", "residues", "limbs", "modulus")]
    sizes = [("n", I64), ("count", I64), ("bits", I64)]
    k = Kernel(module, "residues_join", (*pointers, *sizes), result=VOID)
    with k.loop(0, k["n"], LANES) as at:
        sums = [[k.variable(k.constant(DOUBLES, 0)) for _ in range(5)] for _ in range(2)]
        with k.loop(0, k["count"]) as limb:
            _add_limb(k, at, limb, sums)
        parts = [_joined(k, [total.get() for total in half]) for half in sums]
        for word, name in enumerate(("low", "high")):
            even, odd = parts[0][word], parts[1][word]
            for half in (0, 1):
                lanes = [part for i in range(4 * half, 4 * half + 4) for part in (i, 8 + i)]
                k.store(even.shuffle(lanes, odd), k[name].at((at << 3) + 64 * half))
    k.finish()
    return k


def _add_limb(k: Kernel, at: Value, limb: Value, sums: list[list[Any]]) -> None:
    """Add w·K to the columns of words, and w/p in units of 2^−32 to the last sum."""
    constants = k["limbs"].at(limb * (4 * LIMB_WORDS))
    prime, inverse, quotient = (k.load(constants.at(4 * i), I32) for i in range(3))
    modulus = Modulus(k, prime)
    c = k.load(k["residues"].at((limb * k["n"] + at) << 2), WORDS)
    w = modulus.below(modulus.times(c, k.splat(inverse, LANES), k.splat(quotient, LANES)))
    for half, part in enumerate(halves(w)):
        columns = sums[half]
        for word in range(4):
            factor = k.splat(k.load(constants.at(4 * (3 + word)), I32).to(I64), 8)
            product = part * factor
            columns[word].set(columns[word].get() + (product & _WORD))
            if word < 3:
                columns[word + 1].set(columns[word + 1].get() + (product >> 32))
        fraction = part * k.splat(k.load(constants.at(4 * 7), I32).to(I64), 8)
        shifted = fraction >> k.splat(k["bits"] - 1, 8)
        columns[4].set(columns[4].get() + shifted)


def _joined(k: Kernel, sums: list[Value]) -> tuple[Value, Value]:
    """Return the low and high words of the columns' sum minus κ·M."""
    wraps = (sums[4] + (1 << 31)) >> 32
    carry = k.constant(DOUBLES, 0)
    words = []
    for word in range(4):
        # The sum of a column is below 2^37, and κ is at most 16.
        factor = k.splat(k.load(k["modulus"].at(4 * word), I32).to(I64), 8)
        total = sums[word] - wraps * factor + carry
        words.append(total & _WORD)
        carry = total.signed_shift(32)
    return words[0] | (words[1] << 32), words[2] | (words[3] << 32)
