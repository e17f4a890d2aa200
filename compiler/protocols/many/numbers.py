"""Products of numbers that all parties share additively, and conversions from and to bits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...circuits.catalogue import Narrow
from ...circuits.sum_netlist import summer
from ...ir.dtypes import word_dtype
from ...ir.windows import Window
from ..arithmetic.convolution import convolve, convolve_known
from ..arithmetic.matrices import matrix_multiply, matrix_multiply_known
from ..arithmetic.products import bits_of, multiply_known, product, square
from ..conversions.bits_and_numbers import tell_bits
from ..conversions.narrow import weights_of
from ..core.bits import unpack
from ..core.parts import Part
from ..core.steps import Array, Bytes, Steps, together
from .gates import evaluate
from .party import ManyParty, bilinear, idle


def multiply(party: ManyParty, x: Array, y: Array) -> Steps[Array]:
    """Return x·y, elementwise: `products.product` of each pair."""
    result = yield from bilinear(party, x * y, lambda pair: product(pair, x, y))
    party.tell(Part.PRODUCT_OF_ALL, x=x, y=y, z=result)
    return result


def multiply_same(party: ManyParty, x: Array) -> Steps[Array]:
    """Return x²: `products.square` of each pair."""
    result = yield from bilinear(party, x * x, lambda pair: square(pair, x))
    party.tell(Part.PRODUCT_OF_ALL, x=x, y=x, z=result)
    return result


def multiply_matrices(party: ManyParty, x: Array, y: Array) -> Steps[Array]:
    """Return X·Y: `matrices.matrix_multiply` of each pair."""
    own = party.local.multiply(x, y)
    return bilinear(party, own, lambda pair: matrix_multiply(pair, x, y))


def convolve_all(party: ManyParty, x: Array, y: Array, window: Window) -> Steps[Array]:
    """Return images ∗ filters: `convolution.convolve` of each pair."""
    own = party.local.convolve(x, y, window)
    return bilinear(party, own, lambda pair: convolve(pair, x, y, window))


def multiply_owned(party: ManyParty, x: Array, known: Array, owner: int) -> Steps[Array]:
    """Return x·k, where the owner alone knows k: `products.multiply_known` of it and each other.

    The others pass an array of the same shape, whose values are ignored.
    """
    if party.index == owner:
        return bilinear(party, x * known, lambda pair: multiply_known(pair, x, known, owner))
    return multiply_known(party.pairs[owner], x, None, owner)


def multiply_owned_matrix(
    party: ManyParty, x: Array, known: Array, owner: int, *, left: bool
) -> Steps[Array]:
    """Return X·K, or K·X if K is the `left` factor: `matrices.matrix_multiply_known`, likewise."""
    if party.index != owner:
        return matrix_multiply_known(party.pairs[owner], x, known, owner, left=left)
    own = party.local.multiply(known, x) if left else party.local.multiply(x, known)
    return bilinear(
        party, own, lambda pair: matrix_multiply_known(pair, x, known, owner, left=left)
    )


def convolve_owned(
    party: ManyParty, x: Array, y: Array, owner: int, window: Window, *, images: bool
) -> Steps[Array]:
    """Return images ∗ filters, of which the owner knows one: `convolution.convolve_known`."""
    if party.index != owner:
        return convolve_known(party.pairs[owner], x, y, owner, window, images=images)
    own = party.local.convolve(x, y, window)
    return bilinear(
        party, own, lambda pair: convolve_known(pair, x, y, owner, window, images=images)
    )


def to_planes(
    party: ManyParty, x: Array, narrow: Narrow | None, *, shallow: bool = True
) -> Steps[Bytes]:
    """Return packed bits [ℓ][N] of numbers [n]: a circuit adds up the parties' shares [DSZ15].

    Each party's share is an input that it alone knows, so its XOR sharing takes no message. If the
    numbers are known to have b bits, only those are added, and the others follow.

    Cost: n − 2 layers of b ANDs that save carries and an adder, by `gates.evaluate`; the depth is
    logarithmic in the number of parties and in b with `shallow`.
    """
    bits = bits_of(x) if narrow is None else narrow.bits
    own = party.planes.slice(x)[:bits]
    inputs = [
        own if number == party.index else np.zeros_like(own) for number in range(party.parties)
    ]
    netlist = summer(bits, party.parties, shallow=shallow)
    low = yield from evaluate(party, netlist, inputs, x.size)
    if bits < bits_of(x):
        top = np.zeros_like(low[-1:]) if narrow is None or narrow.nonnegative else low[-1:]
        low = np.concatenate([low, *[top] * (bits_of(x) - bits)])
    tell_bits(party.witness, party.planes, x, low)
    return low


def times_bits(party: ManyParty, bits: Bytes, y: Array) -> Steps[Array]:
    """Return c·y for XOR-shared bits c, one per byte, and additively shared numbers y, elementwise.

    With c⁽ᵏ⁾ = c₀ ⊕ … ⊕ cₖ, c⁽ᵏ⁾·y = c⁽ᵏ⁻¹⁾·y + cₖ·(y − 2·c⁽ᵏ⁻¹⁾·y). The last product is one of a
    bit that party k knows and of a shared number: an additive OT with each other party [ALSZ13],
    which sends its share, as in [DSZ15] for two parties. Cost: two rounds for each of the n
    parties, in which it receives an OT per element from each other party; ℓ bits from it and one
    bit to it.
    """
    result = np.zeros_like(y)
    for chooser in range(party.parties):
        rest = y - 2 * result
        result = result + (yield from _times_known_bit(party, bits, rest, chooser, party.parties))
    return result


def bits_to_numbers(party: ManyParty, bits: Bytes, width: int) -> Steps[Array]:
    """Return additive shares modulo 2^ℓ of XOR-shared bits, one per byte: `times_bits` of ones.

    What is shared before step k is shared by the parties before k alone, so that there are OTs
    between each pair once. Cost: n − 1 times two rounds.
    """
    dtype = word_dtype(width)
    one = np.full(bits.size, int(party.index == 0), dtype)
    result = bits.astype(dtype) * one
    for chooser in range(1, party.parties):
        rest = one - 2 * result
        result = result + (yield from _times_known_bit(party, bits, rest, chooser, chooser))
    party.tell(Part.BIT_OF_ALL, x=bits, z=result)
    return result


def _times_known_bit(
    party: ManyParty, bits: Bytes, x: Array, chooser: int, holders: int
) -> Steps[Array]:
    """Return shares of b·x for bits b of the chooser and an x shared by the first `holders` and it.

    The shares of the other parties are zeros, and so are their results.
    """
    nothing, none = np.empty(0, x.dtype), np.empty(0, np.uint8)
    if not x.size:
        return x
    if party.index == chooser:
        peers = [pair for peer, pair in party.pairs.items() if peer < holders]
        steps = [pair.ots.additive(nothing, bits) for pair in peers]
        received = yield from _all(steps)
        for pair, (_, share) in zip(peers, received, strict=True):
            pair.tell(Part.BIT_TIMES_NUMBER, k=bits, p=share)
        own: Array = x * bits
        return sum((share for _, share in received), own)
    if party.index >= holders:
        yield from idle()
        return np.zeros_like(x)
    pair = party.pairs[chooser]
    sent, _ = yield from pair.ots.additive(x, none)
    pair.tell(Part.BIT_TIMES_NUMBER, n=x, p=sent)
    return sent


def _all(steps: Sequence[Steps[tuple[Array, Array]]]) -> Steps[list[tuple[Array, Array]]]:
    """Run transfers together; where there are none, wait for those of others."""
    if not steps:
        yield from idle()
        return []
    return (yield from together(steps))


def to_numbers(party: ManyParty, x: Array, narrow: Narrow | None) -> Steps[Array]:
    """Return additive shares of XOR-shared integers [n]: the weighted sum of `bits_to_numbers`.

    If they are known to have b bits, only those are converted.
    """
    width = bits_of(x)
    bits = width if narrow is None else narrow.bits
    planes = party.planes.slice(x)[:bits]
    rows = np.stack([unpack(plane, x.size) for plane in planes])
    made = yield from bits_to_numbers(party, rows.reshape(-1), width)
    total: Array = np.array(weights_of(width, narrow), x.dtype) @ made.reshape(bits, x.size)
    party.tell(Part.WEIGHTED_BITS, x=x, z=total)
    return total
