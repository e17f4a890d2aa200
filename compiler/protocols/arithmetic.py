"""Numbers shared additively modulo 2^ℓ, ℓ = 8, 16, 32 or 64: x = x₀ + x₁.

Arrays of unsigned integers of ℓ bits, of any shape. Sums, products with known numbers and reduction
modulo a smaller 2^ℓ are local: the arrays' own operations. M(ℓ, n) below is the message of n
products in one direction [Gil99]: n·ℓ(ℓ + 1)/2 bits, for ℓ = 8 rounded up to bytes in every 128.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ezlang.diagnostics.diagnostic import CompilerBug

from ..kernels.pads import PADS
from ..kernels.rings import WIDTHS
from .correlated import Bytes
from .cot import Blocks
from .native import Array, empty, padded, zeros
from .sharing import BATCH_OTS, Batch, Hash, ReceiveJob, SendJob, SharingParty, slices

Numbers = npt.NDArray[np.unsignedinteger]


def bits_of(x: Array) -> int:
    """Return ℓ of an array of unsigned integers."""
    if x.dtype.kind != "u" or 8 * x.itemsize not in WIDTHS:
        raise CompilerBug(f"shares are unsigned integers, not {x.dtype}")
    return 8 * x.itemsize


def dtype_of(bits: int) -> np.dtype[Any]:
    """Return the type of integers of ℓ bits."""
    return np.dtype(f"u{bits // 8}")


def product_message(bits: int, count: int) -> int:
    """M(ℓ, n) in bytes, for n products of one batch."""
    whole = bits // 2 * (bits // 8) * count
    if bits > 8:
        return whole + bits // 16 * count
    chunks, rest = divmod(count, PADS)
    return whole + chunks * (PADS // 2) + (rest + 1) // 2


def _product_batch(bits: int) -> int:
    return max(BATCH_OTS // bits // PADS, 1) * PADS


def _send_products(
    party: SharingParty, x: Array, share: Array, *, chosen: bool, kernel: str
) -> SendJob:
    """The sender's side of x·(the receiver's factor), added to `share`."""
    bits, count = bits_of(x), len(x)

    def run(hash: Hash, blocks: Blocks, message: Bytes) -> None:
        arguments = (hash.start, hash.first, blocks, party.delta, x, share, message, count)
        party.native.call(f"{kernel}_sender{bits}", *arguments)

    return SendJob(
        ots=bits * count,
        windows=bits * -(-count // PADS),
        message_bytes=product_message(bits, count),
        chosen=chosen,
        run=run,
    )


def _receive_products(
    party: SharingParty, factor: Array | None, drawn: Array, share: Array
) -> ReceiveJob:
    """The receiver's side, added to `share`; without a factor, it is drawn and put in `drawn`."""
    bits, count = bits_of(share), len(share)
    choices: Bytes | None = None
    if factor is not None:
        choices = empty(bits * count, np.uint8)
        party.native.call(f"spread{bits}", factor, choices, count)

    def run(hash: Hash, choices: Bytes, blocks: Blocks, message: Bytes) -> None:
        arguments = (hash.start, hash.first, blocks, choices, message, share, count)
        party.native.call(f"gilboa_receiver{bits}", *arguments)
        if factor is None:
            party.native.call(f"collect{bits}", drawn, choices, count)

    return ReceiveJob(
        ots=bits * count,
        windows=bits * -(-count // PADS),
        message_bytes=product_message(bits, count),
        choices=choices,
        run=run,
    )


def cross_products(
    party: SharingParty, sent: Array, received: Array, kernel: str = "gilboa"
) -> tuple[Array, Array]:
    """Return this party's shares of its `sent` times what the other receives, and the other way.

    What one party sends has the size of what the other receives; either may be empty.
    """
    bits = bits_of(sent)
    party.need_ring(bits)
    shares = zeros(sent.size, sent.dtype), zeros(received.size, received.dtype)
    sent, received = padded(sent), padded(received)

    def batch(part: slice) -> Batch:
        send = receive = None
        if part.start < sent.size:
            send = _send_products(party, sent[part], shares[0][part], chosen=True, kernel=kernel)
        if part.start < received.size:
            receive = _receive_products(party, received[part], shares[1][part], shares[1][part])
        return send, receive

    party.exchange(map(batch, slices(max(sent.size, received.size), _product_batch(bits))))
    return shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Triples:
    """This party's shares of random a, b and c = a·b."""

    a: Array
    b: Array
    c: Array


def triples(party: SharingParty, count: int, bits: int) -> Triples:
    """Make `count` multiplication triples [Gil99, DSZ15]; a is what OTs chose at random.

    Cost: ℓ·n OTs in each direction, M(ℓ, n) bytes each way; a batch of 2^16 OTs is a round.
    Seen: messages masked by pads used once.
    """
    party.need_ring(bits)
    dtype = dtype_of(bits)
    a, cross = zeros(count, dtype), zeros(count, dtype)
    b = padded(party.random(count * dtype.itemsize).view(dtype))
    party.exchange(
        (
            _send_products(party, b[part], cross[part], chosen=False, kernel="gilboa"),
            _receive_products(party, None, a[part], cross[part]),
        )
        for part in slices(count, _product_batch(bits))
    )
    return Triples(a=a, b=b, c=a * b + cross)


def multiply(party: SharingParty, x: Array, y: Array, prepared: Triples | None = None) -> Array:
    """x·y, element by element, of two shared arrays [Bea91].

    Cost: the triples, if they aren't prepared; then 2n elements each way, one round. Opened:
    x − a and y − b, uniform since a and b are.
    """
    if prepared is None:
        prepared = triples(party, x.size, bits_of(x))
    opened = np.empty((2, x.size), x.dtype)
    np.subtract(x.reshape(-1), prepared.a, out=opened[0])
    np.subtract(y.reshape(-1), prepared.b, out=opened[1])
    d, e = opened + party.swap(opened).view(x.dtype).reshape(2, -1)
    product: Array = prepared.c + d * prepared.b + e * prepared.a
    if party.index == 0:
        product += d * e
    return product.reshape(x.shape)


def multiply_now(party: SharingParty, x: Array, y: Array) -> Array:
    """x·y without triples: the two cross terms, with the bits of x as choices.

    Cost: ℓ·n OTs in each direction; ceil(ℓn/8) + M(ℓ, n) bytes each way, two rounds for a batch of
    2^16 OTs. Seen: choices masked by random bits, messages by pads.
    """
    a, b = cross_products(party, y, x)
    result: Array = x * y + (a + b).reshape(x.shape)
    return result


def multiply_known(party: SharingParty, x: Array, known: Array | None, owner: int) -> Array:
    """x·k, where party `owner` knows k in the clear and the other gives None: one cross term.

    Cost: ℓ·n OTs with the owner as receiver; ceil(ℓn/8) bytes from it, M(ℓ, n) to it, two rounds
    and one for each further batch.
    """
    nothing = np.empty(0, x.dtype)
    if party.index != owner:
        return cross_products(party, x, nothing)[0].reshape(x.shape)
    if known is None:
        raise CompilerBug("the owner of a factor must give it")
    return x * known + cross_products(party, nothing, known)[1].reshape(x.shape)


def square(party: SharingParty, x: Array) -> Array:
    """x² = x₀² + x₁² + 2·x₀x₁: one cross term.

    Cost: ℓ·n OTs; ceil(ℓn/8) bytes and M(ℓ, n) back, in the first half of the elements with party 0
    as sender, in the rest with party 1. Two rounds and one for each further batch.
    """
    result: Array = x * x + 2 * halved_products(party, x, "gilboa")
    return result


def halved_products(party: SharingParty, x: Array, kernel: str) -> Array:
    """Return shares of party 0's x times party 1's x, by OTs in both directions.

    Of n elements, party 0 is the sender of the first ceil(n/2).
    """
    flat = x.reshape(-1)
    middle = -(-flat.size // 2)
    own, other = flat[:middle], flat[middle:]
    if party.index == 1:
        own, other = other, own
    shares = cross_products(party, own, other, kernel)
    if party.index == 1:
        shares = shares[1], shares[0]
    return np.concatenate(shares).reshape(x.shape)


def share_from(
    party: SharingParty, owner: int, x: Array | None, shape: tuple[int, ...], bits: int
) -> Array:
    """Share the owner's array: it sends a random share, n elements, one message."""
    dtype = dtype_of(bits)
    count = int(np.prod(shape))
    if party.index != owner:
        return party.receive(count * dtype.itemsize).view(dtype).reshape(shape)
    if x is None:
        raise CompilerBug("the owner of an input must give it")
    mask = party.random(count * dtype.itemsize).view(dtype).reshape(shape)
    party.send(np.ascontiguousarray(mask))
    result: Array = x.astype(dtype) - mask
    return result


def open_numbers(party: SharingParty, x: Array) -> Array:
    """Tell both parties x: n elements each way, one round."""
    opened: Array = x + party.swap(np.ascontiguousarray(x)).view(x.dtype).reshape(x.shape)
    return opened
