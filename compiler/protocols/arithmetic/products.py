"""Numbers shared additively modulo 2^ℓ, ℓ = 8, 16, 32 or 64: x = x₀ + x₁.

Arrays of unsigned integers of ℓ bits, of any shape. Sums, products with known numbers and reduction
modulo a smaller 2^ℓ are local: the arrays' own operations. M(ℓ, n) below is the message of n
products in one direction, `lengths.product_message`: n·ℓ(ℓ + 1)/2 bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir.dtypes import word_dtype
from ..core.party import OtBox, SharingParty, Triples
from ..core.sizes import WIDTHS
from ..core.steps import Array, Round, Steps, ask, swap

Numbers = npt.NDArray[np.unsignedinteger]


def bits_of(x: Array) -> int:
    """Return ℓ of an array of unsigned integers."""
    if x.dtype.kind != "u" or 8 * x.itemsize not in WIDTHS:
        raise CompilerBug(f"shares are unsigned integers, not {x.dtype}")
    return 8 * x.itemsize


def multiply(
    party: SharingParty, x: Array, y: Array, prepared: Triples | None = None
) -> Steps[Array]:
    """x·y, element by element, of two shared arrays [Bea91].

    Cost: the triples, if they aren't prepared; then 2n elements each way, one round. Opened:
    x − a and y − b, uniform since a and b are.
    """
    bits = bits_of(x)
    if prepared is None:
        prepared = yield from party.preprocessing.triples(x.size, bits)
    opened = np.empty((2, x.size), x.dtype)
    np.subtract(x.reshape(-1), prepared.a, out=opened[0])
    np.subtract(y.reshape(-1), prepared.b, out=opened[1])
    theirs = yield from swap(opened, "masked factors")
    opened += theirs.view(x.dtype).reshape(2, -1)
    d, e = opened
    product: Array = prepared.c + d * prepared.b + e * prepared.a
    if party.index == 0:
        product += d * e
    return product.reshape(x.shape)


def multiply_now(party: SharingParty, x: Array, y: Array) -> Steps[Array]:
    """x·y without triples: the two cross terms, with the bits of x as choices.

    Cost: ℓ·n OTs in each direction; ceil(ℓn/8) + M(ℓ, n) bytes each way, two rounds and one for
    each further batch of 2^16 OTs. Seen: choices masked by random bits, messages by pads.
    """
    bits_of(x)
    a, b = yield from party.ots.products(y.reshape(-1), x.reshape(-1))
    result: Array = x * y + (a + b).reshape(x.shape)
    return result


def product(party: SharingParty, x: Array, y: Array) -> Steps[Array]:
    """x·y at the lower cost: `multiply` with a dealer's triples, `multiply_now` without."""
    return multiply(party, x, y) if party.dealt else multiply_now(party, x, y)


def multiply_known(party: SharingParty, x: Array, known: Array | None, owner: int) -> Steps[Array]:
    """x·k, where party `owner` knows k in the clear and the other gives None: one cross term.

    Cost: ℓ·n OTs with the owner as receiver; ceil(ℓn/8) bytes from it, M(ℓ, n) to it, two rounds
    and one for each further batch. With a dealer that of `multiply`, of which k is a share.
    """
    bits_of(x)
    is_owner = party.index == owner
    if is_owner and known is None:
        raise CompilerBug("the owner of a factor must give it")
    if party.dealt:
        share = known if is_owner and known is not None else np.zeros_like(x)
        result: Array = yield from multiply(party, x, share)
        return result
    nothing = np.empty(0, x.dtype)
    if not is_owner or known is None:
        cross, _ = yield from party.ots.products(x.reshape(-1), nothing)
        return cross.reshape(x.shape)
    _, cross = yield from party.ots.products(nothing, known.reshape(-1))
    return x * known + cross.reshape(x.shape)


def square(party: SharingParty, x: Array) -> Steps[Array]:
    """x² = x₀² + x₁² + 2·x₀x₁: one cross term.

    Cost: ℓ·n OTs; ceil(ℓn/8) bytes and M(ℓ, n) back, in the first half of the elements with party 0
    as sender, in the rest with party 1. Two rounds and one for each further batch. With a dealer's
    a and a² it is a² + 2da + d² for d = x − a [DKL+13]: n elements each way, one round. Opened: d,
    uniform since a is.
    """
    bits = bits_of(x)
    if party.dealt:
        dealt = yield from party.preprocessing.squares(x.size, bits)
        d = yield from open_numbers(party, x.reshape(-1) - dealt.a)
        result: Array = dealt.c + 2 * d * dealt.a
        if party.index == 0:
            result += d * d
        return result.reshape(x.shape)
    cross = yield from halved_products(party.ots, party.index, x)
    result = x * x + 2 * cross
    return result


def halved_products(ots: OtBox, index: int, x: Array, *, bitwise: bool = False) -> Steps[Array]:
    """Return shares of party 0's x times party 1's x, by OTs in both directions.

    Of n elements, party 0 is the sender of the first ceil(n/2).
    """
    flat = x.reshape(-1)
    middle = -(-flat.size // 2)
    own, other = flat[:middle], flat[middle:]
    if index == 1:
        own, other = other, own
    shares = yield from ots.products(own, other, bitwise=bitwise)
    if index == 1:
        shares = shares[1], shares[0]
    return np.concatenate(shares).reshape(x.shape)


def share_from(
    party: SharingParty, owner: int, x: Array | None, shape: tuple[int, ...], bits: int
) -> Steps[Array]:
    """Share the owner's array: it sends a random share, n elements, one message."""
    dtype = word_dtype(bits)
    size = int(np.prod(shape)) * dtype.itemsize
    if party.index != owner:
        theirs = yield from ask(Round(receive=size, purpose="a share of an input"))
        share: Array = theirs.view(dtype).reshape(shape)
        return share
    if x is None:
        raise CompilerBug("the owner of an input must give it")
    mask = np.ascontiguousarray(party.random(size).view(dtype).reshape(shape))
    yield from ask(Round(send=(mask,), purpose="a share of an input"))
    result: Array = x.astype(dtype) - mask
    return result


def open_numbers(party: SharingParty, x: Array) -> Steps[Array]:
    """Tell both parties x: n elements each way, one round."""
    theirs = yield from swap(x, "an opening")
    opened: Array = x + theirs.view(x.dtype).reshape(x.shape)
    return opened
