"""From bits to numbers and back, and selection by a secret bit.

Conversions from and to wire labels have the same form as those of bits: the garbler's share of a
bit is its label's lowest bit, the evaluator's that of the active label [DSZ15], so labels become
packed bits by `np.packbits`, without a message; the other way, each party inputs its share to the
circuit, whose first gates are the XORs that put them together.

An additive OT below: the sender has a number z, the receiver a bit c, both get shares of c·z. Cost:
an OT, a bit to the sender, ℓ bits back, two rounds and one for each further batch.
"""

from __future__ import annotations

import numpy as np

from ..circuits.prefix import adder
from ..kernels.pads import PADS
from .arithmetic import bits_of, dtype_of, halved_products
from .boolean import evaluate, to_words
from .correlated import Bytes
from .cot import Blocks
from .native import Array, empty, padded
from .sharing import BATCH_OTS, Hash, ReceiveJob, SendJob, SharingParty, slices


def additive_ots(party: SharingParty, sent: Array, chosen: Bytes) -> tuple[Array, Array]:
    """Run additive OTs both ways: shares for the numbers sent, and for the bits (bytes) chosen.

    Seen: choices masked by random bits, messages by pads.
    """
    bits = bits_of(sent)
    party.need_ring(bits)
    shares = empty(sent.size, sent.dtype), empty(chosen.size, sent.dtype)
    sent, chosen = padded(sent), padded(chosen)
    party.exchange(
        (
            _send(party, sent[part], shares[0][part]) if part.start < sent.size else None,
            _receive(party, chosen[part], shares[1][part]) if part.start < chosen.size else None,
        )
        for part in slices(max(sent.size, chosen.size), BATCH_OTS)
    )
    return shares


def _send(party: SharingParty, x: Array, share: Array) -> SendJob:
    count, bits = len(x), bits_of(x)

    def run(hash: Hash, blocks: Blocks, message: Bytes) -> None:
        arguments = (hash.start, hash.first, blocks, party.delta, x, share, message, count)
        party.native.call(f"additive_sender{bits}", *arguments)

    windows = -(-count // PADS)
    return SendJob(ots=count, windows=windows, message_bytes=x.nbytes, chosen=True, run=run)


def _receive(party: SharingParty, choices: Bytes, share: Array) -> ReceiveJob:
    count, bits = len(choices), bits_of(share)

    def run(hash: Hash, choices: Bytes, blocks: Blocks, message: Bytes) -> None:
        arguments = (hash.start, hash.first, blocks, choices, message, share, count)
        party.native.call(f"additive_receiver{bits}", *arguments)

    windows = -(-count // PADS)
    size = share.nbytes
    return ReceiveJob(ots=count, windows=windows, message_bytes=size, choices=choices, run=run)


def unpack(packed: Bytes, n: int) -> Bytes:
    """Return n bits as bytes."""
    return np.unpackbits(packed, count=n, bitorder="little")


def bits_to_numbers(party: SharingParty, x: Bytes, n: int, bits: int) -> Array:
    """Return shares modulo 2^ℓ of n bits shared by exclusive or: x₀ + x₁ − 2·x₀x₁ [DSZ15].

    Cost: an additive OT a bit, with party 0 as sender for the first ceil(n/2), party 1 for the
    rest.
    """
    own = unpack(x, n)
    middle = -(-n // 2)
    first, second = own[:middle], own[middle:]
    if party.index == 1:
        first, second = second, first
    dtype = dtype_of(bits)
    shares = additive_ots(party, first.astype(dtype) * dtype.type((1 << bits) - 2), second)
    if party.index == 1:
        shares = shares[1], shares[0]
    result: Array = own.astype(dtype) + np.concatenate(shares)
    return result


def select(party: SharingParty, condition: Bytes, x: Array) -> Array:
    """Return c·x for n packed bits c and numbers x, of any shape [RRK+20, 2-COT multiplexer].

    c·x₀ = c₀x₀ + c₁·(1 − 2c₀)x₀, where c₁ is the other's choice bit; x₁ likewise. Cost: an additive
    OT an element in each direction: ceil(n/8) + n elements each way.
    """
    own = unpack(condition, x.size)
    flat = x.reshape(-1)
    selected = flat * own
    sent, received = additive_ots(party, flat - 2 * selected, own)
    result: Array = (selected + sent + received).reshape(x.shape)
    return result


def to_numbers(party: SharingParty, x: Array) -> Array:
    """Return additive shares of integers shared by exclusive or [DSZ15].

    x₀ + x₁ − 2·Σ 2^i x₀ᵢx₁ᵢ. Cost: that of `arithmetic.square`, ℓ OTs and ℓ(ℓ + 1)/2 + ℓ bits an
    element.
    """
    result: Array = x + halved_products(party, x, "bitwise")
    return result


def to_bits(party: SharingParty, x: Array, *, shallow: bool = True) -> Bytes:
    """Return packed bits [ℓ][N] of numbers [n]: an adder of the two shares [DSZ15].

    Cost: that of the adder, by `boolean.evaluate`: for ℓ = 64 with `shallow` 7 rounds, otherwise
    63 ANDs an element in 63 rounds.
    """
    nothing = np.zeros_like(x)
    inputs = [x, nothing] if party.index == 0 else [nothing, x]
    return evaluate(party, adder(bits_of(x), shallow=shallow), inputs, x.size)


def to_xor_shares(party: SharingParty, x: Array, *, shallow: bool = True) -> Array:
    """Return integers shared by exclusive or; like `to_bits`."""
    return to_words(party, to_bits(party, x, shallow=shallow), x.size, bits_of(x))
