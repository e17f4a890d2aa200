"""What a protocol on shares has: who it is, and what OTs, bit-slicing and preprocessing are.

Semi-honest security, κ = 128. Shares are exclusive-or shares of bits (`boolean.py`) and additive
shares modulo 2^ℓ (`arithmetic.py`); a shared value is uniform at each party by itself. Everything
that is opened is masked by a share of a triple or by a pad of an OT that is used once.

Protocols are generators, see `steps.py`. All messages of theirs and of their parts are requests
that they yield, and nothing here knows of channels, kernels or where OTs come from. Natively the
parts are `native_ots.py`, `native_planes.py` and `preprocessing.py`; the simulated executor has
ideal ones; with a dealer, the preprocessing comes from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ...circuits.netlist import Netlist
from ...ir.parties import Side
from ..boolean.comparison_tree import Level
from .backend import Backend, Forms, Random
from .preprocessing import BitTriples, Preprocessing
from .purposes import Purpose
from .steps import Array, Bytes, Steps, swap


class OtBox(Protocol):
    """What is done with OTs; both parties call the same with shapes that fit.

    `lengths.py` says what each takes and sends. Where there are two directions, the first result
    is this party's share of what it is the sender for, the second of what it is the receiver for.
    Either direction may be empty. Arguments are vectors unless shapes are given.
    Seen: choices masked by random bits, messages masked by pads that are used once.
    """

    def bit_products(self, count: int, copies: int) -> Steps[BitTriples]:
        """Random bit triples, or pairs for two `copies`; `count` is a multiple of 8 [ALSZ13].

        `lengths.bit_batches`: an OT a triple or pair in each direction, no bytes, no rounds.
        """

    def products(
        self, sent: Array, received: Array, *, bitwise: bool = False
    ) -> Steps[tuple[Array, Array]]:
        """Shares of the one's `sent` times the other's `received`, element by element [Gil99].

        Bitwise: shares of −2·(sent & received) instead [DSZ15]. `lengths.product_batches`.
        """

    def random_products(self, factors: Array) -> Steps[tuple[Array, Array]]:
        """Random a, and shares of both cross terms of a's and the factors, added up [Gil99].

        That is: c₀ + c₁ = a₀·f₁ + a₁·f₀, of which the party gets a and c. `product_batches`, not
        chosen: ℓ OTs a factor in each direction, one round for each batch.
        """

    def additive(self, sent: Array, chosen: Bytes) -> Steps[tuple[Array, Array]]:
        """Shares of the numbers sent times the bits (a byte each) chosen: `additive_batches`."""

    def leaves(self, sent: Bytes, masks: Bytes, received: Bytes, fields: int) -> Steps[Bytes]:
        """The receiver's shares of (x < y) in bit 0 and (x = y) in bit 1 [RRK+20], of digits of 4
        bits, x the sender's and y the receiver's; of (x = y) alone in bit 0 for one field.

        The `masks` are the sender's shares. Bytes all. `lengths.table_batches`.
        """

    def tables(self, words: Array | None, digits: Bytes | None, fields: int) -> Steps[Bytes | None]:
        """Entries number `digits` of the other's tables [DKS+17]: `lengths.table_batches`.

        A table is a word of 16 entries of `fields` bits, entry 0 lowest. One party has words, the
        other digits; who has none gives None, and gets None.
        """

    def matrices(
        self, choosing: Array | None, carried: Array | None, shape: tuple[int, ...]
    ) -> Steps[tuple[Array, Array]]:
        """Shares [m][n] of the other's `choosing` [m][k] times this `carried` [k][n], and reverse.

        The shape is (m, k, n), behind the dimensions of a batch of products, if any, which all
        arrays then have in front. None where a direction isn't wanted. `lengths.matrix_batches`.
        """


class Registers(Protocol):
    """The registers of a netlist for n instances, as bits one behind the other; all is local.

    The ANDs of a group have their masks and messages in an order of the executor's own, the same
    at both parties. A group of A ANDs takes triples of A·N bytes, N = ceil(n/8).
    """

    def load(self, register: int, values: Array) -> None:
        """Put the bits of integers [n] into registers from `register` on, the lowest bit first."""

    def set(self, register: int, packed: Bytes) -> None:
        """Put packed bits [N] into a register."""

    def get(self, register: int) -> Bytes:
        """Return a register's packed bits."""

    def free(self, start: int, stop: int) -> None:
        """Run instructions start … stop − 1, none of which is an AND.

        Where a known value is added to a secret one, the first party does it.
        """

    def open(self, start: int, stop: int, triples: BitTriples) -> Bytes:
        """Return the masked operands of ANDs start … stop − 1: x ⊕ a of all, then y ⊕ b of all."""

    def close(self, start: int, stop: int, triples: BitTriples, mine: Bytes, theirs: Bytes) -> None:
        """Put the products' shares into registers, given both parties' masked operands."""


class Tree(Protocol):
    """Rows of packed bits that are joined, level after level; all is local.

    Opened are y₀ ⊕ b₀, y₁ ⊕ b₁ and x ⊕ a of a level's pairs, but for the first `skipped` rows of
    them, whose products aren't worked out.
    """

    @property
    def rows(self) -> Bytes:
        """The rows after the levels up to now."""

    def open(self, level: Level) -> Bytes:
        """Return the next level's masked operands."""

    def close(self, level: Level, theirs: Bytes) -> None:
        """Join its rows, given the other party's masked operands."""


class Planes(Protocol):
    """Bit-slicing: between integers and packed bits. All is local."""

    def registers(self, netlist: Netlist, n: int) -> Registers:
        """Return registers for n instances."""

    def tree(self, rows: Bytes, levels: tuple[Level, ...], pairs: BitTriples) -> Tree:
        """Begin with rows [R][N]; `pairs` are for all levels, one behind the other."""

    def slice(self, x: Array) -> Bytes:
        """Return packed bits [ℓ][N] of integers [n]."""

    def words(self, planes: Bytes, n: int) -> Array:
        """Return integers [n] of ℓ bits from packed bits [ℓ][N]."""


@dataclass(slots=True, kw_only=True)
class SharingParty:
    """One of two parties. Both run the same protocols with the same shapes in the same order.

    Where protocols tell them apart, they do so by the first and the second party of a `side`.
    `random(n)` are n private random bytes. The `backend` decides where preprocessing comes from and
    which forms of protocols are taken.
    """

    side: Side
    random: Random
    ots: OtBox
    planes: Planes
    preprocessing: Preprocessing
    backend: Backend

    @property
    def index(self) -> int:
        """The party's number."""
        return self.side.own

    @property
    def is_first(self) -> bool:
        """Whether it is the first of the two."""
        return self.side.is_first

    @property
    def adds_known(self) -> bool:
        """Whether it is the one that adds to its share what all know."""
        return self.side.is_first

    def swap(self, data: Array, purpose: Purpose | None = None) -> Steps[Bytes]:
        """Send an array to the other party, return as many bytes from it. One round."""
        return swap(self.side.other, data, purpose)

    @property
    def forms(self) -> Forms:
        """The back end's forms of protocols."""
        return self.backend.forms
