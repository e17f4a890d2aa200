"""Products of numbers shared additively modulo 2^ℓ, ℓ = 8, 16, 32 or 64: x = x₀ + x₁.

Shares are arrays of unsigned ℓ-bit integers, of any shape. Sums, products with public numbers and
reduction modulo a smaller 2^ℓ are local: they are the arrays' own operations. M(ℓ, n) below is the
length of the message for n products in one direction, `lengths.product_message`: n·ℓ(ℓ + 1)/2 bits.
"""

from __future__ import annotations

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir.parties import Side
from ..core.parts import Part
from ..core.party import OtProtocols, SharingParty
from ..core.preprocessing import Triples
from ..core.purposes import Purpose
from ..core.sizes import WIDTHS
from ..core.steps import Array, Steps


def bits_of(x: Array) -> int:
    """Return ℓ of an array of unsigned integers."""
    if x.dtype.kind != "u" or 8 * x.itemsize not in WIDTHS:
        raise CompilerBug(f"shares are unsigned integers, not {x.dtype}")
    return 8 * x.itemsize


def multiply(
    party: SharingParty, x: Array, y: Array, prepared: Triples | None = None
) -> Steps[Array]:
    """Return the elementwise product x·y of two shared arrays [Bea91].

    Cost: the triples, if they aren't prepared; then 2n elements each way, one round. The parties
    open x − a and y − b, which are uniform because a and b are.
    """
    bits = bits_of(x)
    if prepared is None:
        prepared = yield from party.preprocessing.triples(x.size, bits)
    opened = np.empty((2, x.size), x.dtype)
    np.subtract(x.reshape(-1), prepared.a, out=opened[0])
    np.subtract(y.reshape(-1), prepared.b, out=opened[1])
    theirs = yield from party.swap(opened, Purpose.MASKED_FACTORS)
    opened += theirs.view(x.dtype).reshape(2, -1)
    d, e = opened
    product: Array = prepared.c + d * prepared.b + e * prepared.a
    if party.adds_known:
        product += d * e
    if party.witness is not None:
        made = {"a": prepared.a, "b": prepared.b, "c": prepared.c}
        party.tell(Part.PRODUCT, x=x, y=y, **made, d=d, e=e, z=product)
    return product.reshape(x.shape)


def multiply_now(party: SharingParty, x: Array, y: Array) -> Steps[Array]:
    """Return x·y without triples: the two cross terms, with the bits of x as choices.

    Cost: ℓ·n OTs in each direction; ceil(ℓn/8) + M(ℓ, n) bytes each way, two rounds. Each party
    sees choices masked by random bits and messages masked by pads.
    """
    bits_of(x)
    a, b = yield from party.ots.products(y.reshape(-1), x.reshape(-1))
    result: Array = x * y + (a + b).reshape(x.shape)
    party.tell(Part.PRODUCT_BY_OTS, x=x, y=y, s=a, r=b, z=result)
    return result


def product(party: SharingParty, x: Array, y: Array) -> Steps[Array]:
    """Return x·y by the cheaper protocol: `multiply` with a dealer, else `multiply_now`."""
    return party.variants.product(party, x, y)


def small_product(party: SharingParty, x: Array, y: Array, low: int, bits: int) -> Steps[Array]:
    """Return x·y for y known to be from `low` to below `low` + 2^b, b < ℓ [RRG+21].

    With z = y − low and its shares' low bits tᵢ = zᵢ mod 2^b, z = t₀ + t₁ − c·2^b, where bit b of z
    is 0, and so the carry c into it is the exclusive or of the shares' bits b. Of x·z, the products
    of one party's x with a bit of the other's t, and with its bit of c, take an additive OT each.

    Cost: (b + 1)·n OTs in each direction; ceil((b + 1)n/8) bytes and (b + 1)·n elements each way,
    two rounds. With a dealer, the cost of `product`.
    """
    return party.variants.small_product(party, x, y, low, bits)


def small_product_by_ots(
    party: SharingParty, x: Array, y: Array, low: int, bits: int
) -> Steps[Array]:
    """`small_product`, by additive OTs."""
    number = x.dtype.type
    own, z = x.reshape(-1), y.reshape(-1)
    offset = number(low % (1 << bits_of(x)))
    if party.adds_known:
        z = z - offset
    places = np.arange(bits, dtype=x.dtype)[:, None]
    carry = z >> number(bits) & number(1)
    scale = number(-(1 << bits) % (1 << bits_of(x)))
    sent = np.concatenate((own << places, [(own - 2 * own * carry) * scale]))
    chosen = np.concatenate((z >> places & number(1), [carry])).astype(np.uint8)
    shares = yield from party.ots.additive(sent.reshape(-1), chosen.reshape(-1))
    cross = sum(share.reshape(bits + 1, -1).sum(0, x.dtype) for share in shares)
    known = (z & number((1 << bits) - 1)) + carry * scale
    result: Array = own * known + cross + own * offset
    return result.reshape(x.shape)


def plain_product(party: SharingParty, x: Array, y: Array, low: int, bits: int) -> Steps[Array]:
    """`small_product`, by `product`."""
    return product(party, x, y)


def multiply_known(party: SharingParty, x: Array, known: Array | None, owner: int) -> Steps[Array]:
    """Return x·k, where party `owner` knows k and the other party passes None: one cross term.

    Cost: ℓ·n OTs with the owner as receiver; ceil(ℓn/8) bytes from it, M(ℓ, n) to it, two rounds.
    With a dealer, the cost of `multiply`, with k as the owner's share.
    """
    bits_of(x)
    if party.index == owner and known is None:
        raise CompilerBug("the owner of a factor must give it")
    return (yield from party.variants.known_product(party, x, known, owner))


def multiply_known_by_ots(
    party: SharingParty, x: Array, known: Array | None, owner: int
) -> Steps[Array]:
    """`multiply_known`, with the bits of k as choices."""
    nothing = np.empty(0, x.dtype)
    if party.index != owner or known is None:
        cross, _ = yield from party.ots.products(x.reshape(-1), nothing)
        party.tell(Part.KNOWN_PRODUCT, x=x, p=cross, z=cross)
        return cross.reshape(x.shape)
    _, cross = yield from party.ots.products(nothing, known.reshape(-1))
    result: Array = x * known + cross.reshape(x.shape)
    party.tell(Part.KNOWN_PRODUCT, x=x, k=known, p=cross, z=result)
    return result


def multiply_known_opened(
    party: SharingParty, x: Array, known: Array | None, owner: int
) -> Steps[Array]:
    """`multiply_known`, by a triple."""
    if known is None or party.index != owner:
        known = np.zeros_like(x)
    return multiply(party, x, known)


def square(party: SharingParty, x: Array) -> Steps[Array]:
    """Return x² = x₀² + x₁² + 2·x₀x₁: one cross term.

    Cost: ℓ·n OTs; ceil(ℓn/8) bytes to the sender and M(ℓ, n) back. The first party is the sender
    for the first half of the elements, the second party for the rest. Two rounds. With a dealer's a
    and a², the result is a² + 2da + d² for d = x − a [DKL+13]: n elements each way, one round. The
    parties open d, which is uniform because a is.
    """
    return party.variants.square(party, x)


def square_by_ots(party: SharingParty, x: Array) -> Steps[Array]:
    """`square`, by a cross term."""
    bits_of(x)
    cross = yield from halved_products(party.ots, party.side, x)
    result: Array = x * x + 2 * cross
    party.tell(Part.SQUARE_BY_OTS, x=x, p=cross, z=result)
    return result


def square_opened(party: SharingParty, x: Array) -> Steps[Array]:
    """`square`, by a dealt square."""
    made = yield from party.preprocessing.squares(x.size, bits_of(x))
    d = yield from open_numbers(party, x.reshape(-1) - made.a)
    result: Array = made.c + 2 * d * made.a
    if party.adds_known:
        result += d * d
    party.tell(Part.SQUARE, x=x, a=made.a, c=made.c, d=d, z=result)
    return result.reshape(x.shape)


def halved_products(
    ots: OtProtocols, side: Side, x: Array, *, bitwise: bool = False
) -> Steps[Array]:
    """Return shares of the first party's x times the second's x, by OTs in both directions.

    The first party is the sender for the first ceil(n/2) of n elements.
    """
    flat = x.reshape(-1)
    middle = -(-flat.size // 2)
    sent, received = side.ordered(flat[:middle], flat[middle:])
    shares = yield from ots.products(sent, received, bitwise=bitwise)
    return np.concatenate(side.ordered(*shares)).reshape(x.shape)


def open_numbers(party: SharingParty, x: Array) -> Steps[Array]:
    """Open x to both parties: n elements each way, one round."""
    theirs = yield from party.swap(x, Purpose.OPENING)
    opened: Array = x + theirs.view(x.dtype).reshape(x.shape)
    return opened
