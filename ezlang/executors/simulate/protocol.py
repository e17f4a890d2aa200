"""The protocols of the simulated parties: sharing, opening, conversions, products, circuits.

The protocols are semi-honest, for any number n ≥ 1 of parties, all but one of which may collude.
Preprocessing comes from an ideal dealer. Costs are given for N elements of w bits, in bits that a
party sends to each other party. A message is padded to whole bytes.

| step | rounds | bits | preprocessing |
|---|---|---|---|
| share, by the owner | 1 | 2·w·N (bool: N) | |
| open to everyone / to one | 1 | w·N | |
| multiply [Bea91] | 1 | 2·w·N | N triples |
| arithmetic → boolean [EGKRS20] | 1 + adder | w·N + adder | N edaBits + adder |
| boolean → arithmetic [RW19] | 1 | w·N | w·N daBits |
| circuit [GMW87] | AND depth | 2·N per AND | N bit triples per AND |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np

from ezlang.compiler.circuits import catalogue
from ezlang.compiler.circuits.netlist import Netlist
from ezlang.compiler.ir.evaluate import Array
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass
from ezlang.types.sharing import Sharing
from ezlang.types.types import IntType, ScalarType

from .dealer import Dealer
from .gmw import Gmw
from .network import Network, Payload, Words
from .randomness import Randomness
from .shares import (
    Secret,
    Shares,
    additive,
    joined,
    local,
    pairwise,
    secret,
    trivial,
    wires,
    word,
    words,
    xored,
)


@dataclass(slots=True)
class Protocol:
    """The protocols. `randomness` has one generator per party, used by that party only."""

    parties: int
    network: Network
    dealer: Dealer
    randomness: Sequence[Randomness]
    gmw: Gmw = field(init=False)

    def __post_init__(self) -> None:
        self.gmw = Gmw(self.network, self.dealer)

    # In and out

    def known(self, element: ScalarType, value: Array) -> Secret:
        """Share a public value without communication; the shares do not hide it."""
        shares = trivial(value.astype(word(element)), self.parties)
        arithmetic = None if element.ring is None else shares
        return secret(element, value.shape, arithmetic=arithmetic, boolean=shares)

    def share(self, values: Sequence[tuple[ScalarType, Array, int]]) -> list[Secret]:
        """Share values (element type, words, owner) in one round; integers in both sharings.

        The second sharing costs w additional bits and saves later conversions. Every party except
        the owner receives uniform words.
        """
        result = []
        outgoing: dict[tuple[int, int], Payload] = {}
        for element, value, owner in values:
            plain = value.astype(word(element))
            mine = self.randomness[owner]
            one = secret(element, plain.shape, boolean=xored(plain, self.parties, owner, mine))
            if element.ring is not None:
                one.arithmetic = additive(plain, self.parties, owner, mine)
            result.append(one)
            for party in range(self.parties):
                if party == owner:
                    continue
                sharings = [shares[party] for shares in (one.arithmetic, one.boolean) if shares]
                payload = tuple(Words(share.reshape(-1), one.width) for share in sharings)
                outgoing[owner, party] = (*outgoing.get((owner, party), ()), *payload)
        self.network.exchange("share", outgoing)
        return result

    def open(self, x: Secret, to: int | None) -> Array:
        """Open x to everyone, or to party `to`: the others send their shares. Return the words."""
        sharing = Sharing.ARITHMETIC if x.arithmetic is not None else Sharing.BOOLEAN
        shares = _some(x.shares(sharing))
        payloads = [(Words(share.reshape(-1), x.width),) for share in shares]
        if to is None:
            return self._learned(sharing, shares, payloads, "reveal")[0]
        box = self.network.exchange(
            "reveal", {(p, to): payloads[p] for p in range(self.parties) if p != to}
        )
        received = [np.asarray(box[p, to][0].values) for p in range(self.parties) if p != to]
        flat = joined(sharing, [shares[to].reshape(-1), *received])
        return flat.reshape(x.shape)

    def tell(self, value: Array, width: int, owner: int, to: int | None) -> None:
        """Send a value of the owner to everyone, or to party `to`."""
        receivers = [to] if to is not None else range(self.parties)
        payload = (Words(value.reshape(-1), width),)
        self.network.exchange("reveal", {(owner, p): payload for p in receivers if p != owner})

    def _learned(
        self, sharing: Sharing, shares: Shares, payloads: Sequence[Payload], purpose: str
    ) -> Shares:
        """Broadcast each party's payload of one array; return the value that each party opens."""
        box = self.network.broadcast(purpose, payloads)
        result = []
        for party in range(self.parties):
            received = [
                np.asarray(box[other, party][0].values)
                for other in range(self.parties)
                if other != party
            ]
            flat = joined(sharing, [shares[party].reshape(-1), *received])
            result.append(flat.reshape(shares[party].shape))
        return tuple(result)

    def _opened(self, sharing: Sharing, shares: Shares, width: int, purpose: str) -> Shares:
        payloads = [(Words(share.reshape(-1), width),) for share in shares]
        return self._learned(sharing, shares, payloads, purpose)

    # Conversions

    def ensure(self, values: Sequence[Secret], sharing: Sharing) -> None:
        """Convert values to a sharing where they lack it; values of the same width together."""
        missing: dict[int, dict[int, Secret]] = {}
        for value in values:
            if not value.has(sharing):
                missing.setdefault(value.width, {})[id(value)] = value
        for group in missing.values():
            self._convert(list(group.values()), sharing)

    def _convert(self, values: Sequence[Secret], sharing: Sharing) -> None:
        type = word(values[0].element)
        if type == np.bool_:
            raise CompilerBug("a bool has no arithmetic sharing")
        other = Sharing.BOOLEAN if sharing is Sharing.ARITHMETIC else Sharing.ARITHMETIC
        flat = [local(_some(value.shares(other)), lambda s: s.reshape(-1)) for value in values]
        together = tuple(np.concatenate([one[p] for one in flat]) for p in range(self.parties))
        if sharing is Sharing.ARITHMETIC:
            converted = self.bits_to_word(together, type, max(value.bits for value in values))
        else:
            converted = self.word_to_bits(together, values[0].width)
        position = 0
        for value in values:
            part = slice(position, position + value.size)
            position += value.size
            shape = value.shape
            shares = tuple(share[part].reshape(shape) for share in converted)
            if sharing is Sharing.ARITHMETIC:
                value.arithmetic = shares
            else:
                value.boolean = shares

    def word_to_bits(self, x: Shares, width: int) -> Shares:
        """Convert additive shares to XOR shares [EGKRS20].

        x − r is opened for a random r shared in both sharings. A circuit adds it to the bits of r.
        """
        type, shape = x[0].dtype, x[0].shape
        r, r_bits = self.dealer.eda_bits(type, shape)
        purpose = "arithmetic to boolean"
        masked = pairwise(x, r, lambda a, b: a - b)
        opened = self._opened(Sharing.ARITHMETIC, masked, width, purpose)
        unsigned = IntType(width, signed=False)
        adder = catalogue.binary(
            BinaryKind.ADD, unsigned, catalogue.SECRET, catalogue.PUBLIC, second=None
        )
        return self._run(adder, [(r_bits, width), (opened, width)], type, purpose)

    def bits_to_word(self, x: Shares, type: np.dtype[np.generic], bits: int) -> Shares:
        """Convert XOR shares to additive shares modulo 2^w [RW19].

        For each bit, o = x ⊕ r is opened for a random bit r shared in both sharings. Then x is
        o + r − 2·o·r, and the word is the sum of its bits, each weighted by its power of two.
        """
        shape = x[0].shape
        r_bits, r = self.dealer.da_bits(type, (bits, *shape))
        places = np.arange(bits, dtype=type).reshape((bits, *(1 for _ in shape)))
        spread = local(x, lambda share: _bits_of(share, type, places))
        masked = pairwise(spread, r_bits, lambda a, b: a ^ b)
        opened = self._opened(Sharing.BOOLEAN, masked, 1, "boolean to arithmetic")
        result = []
        for party in range(self.parties):
            o = opened[party].astype(type)
            bit = r[party] - type.type(2) * o * r[party]
            if party == 0:
                bit = bit + o
            result.append(np.asarray(np.sum(bit << places, axis=0, dtype=type)))
        return tuple(result)

    # Computing

    def multiply(self, x: Shares, y: Shares) -> Shares:
        """Multiply additive shares: z = c + d·b + e·a + d·e with d = x − a, e = y − b opened."""
        type, shape = x[0].dtype, x[0].shape
        a, b, c = self.dealer.triple(type, shape)
        masked = tuple(np.stack([p - q, r - s]) for p, q, r, s in zip(x, a, y, b, strict=True))
        opened = self._opened(Sharing.ARITHMETIC, masked, 8 * type.itemsize, "multiply")
        result = []
        for party in range(self.parties):
            d, e = opened[party]
            z = c[party] + d * b[party] + e * a[party]
            result.append(np.asarray(z + d * e if party == 0 else z))
        return tuple(result)

    def circuit(
        self,
        netlist: Netlist,
        operands: Sequence[Secret | Array],
        element: ScalarType,
        shape: tuple[int, ...],
        purpose: str,
    ) -> Secret:
        """Run a circuit on the boolean sharings; all operands are broadcast to `shape`.

        Public operands are words that fit their ports. The result has the type `element` and the
        shape `shape`.
        """
        secrets = [operand for operand in operands if isinstance(operand, Secret)]
        self.ensure(secrets, Sharing.BOOLEAN)
        ports = []
        for operand, port in zip(operands, netlist.ports, strict=True):
            shares = (
                _some(operand.boolean)
                if isinstance(operand, Secret)
                else tuple(operand for _ in range(self.parties))
            )
            full = local(shares, lambda share: np.broadcast_to(share, shape))
            ports.append((full, port.width))
        return secret(element, shape, boolean=self._run(netlist, ports, word(element), purpose))

    def _run(
        self,
        netlist: Netlist,
        ports: Sequence[tuple[Shares, int]],
        type: np.dtype[np.generic],
        purpose: str,
    ) -> Shares:
        shape = ports[0][0][0].shape
        count = int(np.prod(shape, dtype=np.int64))
        if count == 0:
            return tuple(np.zeros(shape, dtype=type) for _ in range(self.parties))
        inputs = [
            [wire for shares, width in ports for wire in wires(shares[party], width)]
            for party in range(self.parties)
        ]
        outputs = self.gmw.run(netlist, inputs, count, purpose)
        return tuple(words(planes, type, shape) for planes in outputs)

    def bit_to_word(self, x: Secret, element: ScalarType) -> Shares:
        """Return additive shares of a bool as 0 or 1, modulo 2^w for the width w of `element`."""
        return self.bits_to_word(_some(x.boolean), word(element), 1)


def _bits_of(share: Array, type: np.dtype[np.generic], places: Array) -> Array:
    shifted = np.asarray(share.astype(type)[None] >> places)
    return (shifted & np.array(1, dtype=type)).astype(np.bool_)


def _some(shares: Shares | None) -> Shares:
    if shares is None:
        raise CompilerBug("a secret lacks a sharing that it should have")
    return shares
