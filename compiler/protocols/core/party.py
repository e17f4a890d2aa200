"""The interface of a party that runs protocols on shares: OTs, bit-slicing and preprocessing.

Semi-honest security, κ = 128. Shares are XOR shares of bits (`boolean/`) and additive shares modulo
2^ℓ (`arithmetic/`). Each party's share on its own is uniform. Every opened value is masked by a
share of a triple, and every message of an OT by a pad; both are used only once.

Protocols are generators, see `core/steps.py`. They exchange messages only by yielding requests, so
this module is independent of channels, kernels and the source of OTs. Natively, the components are
`native/ots.py`, `native/planes.py` and `ot/preprocessing.py`. The simulated executor has ideal
ones. With a dealer, the preprocessing is `dealt/expansion.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ezlang.records import dataclass

from ...circuits.netlist import Netlist
from ...ir.parties import Side
from ..boolean.comparison_tree import Level
from .backend import Backend, Random, Variants
from .local_products import LocalProducts
from .lookups import Column, Sent
from .parts import Part, Witness
from .preprocessing import BitTriples, Preprocessing
from .purposes import Purpose
from .steps import Array, Bytes, Steps, swap

if TYPE_CHECKING:
    from ..homomorphic.form import Form


class OtProtocols(Protocol):
    """The protocols on OTs; both parties make the same calls with matching shapes.

    `core/lengths.py` defines the OTs and messages of each. Where there are two directions, the
    first result is this party's share of the products for which it is the sender, and the second of
    those for which it is the receiver. Either direction may be empty. Arguments are vectors unless
    shapes are given. Each party sees choices masked by random bits, and messages masked by pads
    that are used only once.
    """

    def bit_products(self, count: int, copies: int) -> Steps[BitTriples]:
        """Random bit triples, or pairs for two `copies`; `count` is a multiple of 8 [ALSZ13].

        `lengths.bit_batches`: one OT per triple or pair in each direction, no bytes, no rounds.
        """

    def products(
        self, sent: Array, received: Array, *, bitwise: bool = False
    ) -> Steps[tuple[Array, Array]]:
        """Shares of one party's `sent` times the other's `received`, element by element [Gil99].

        Bitwise: shares of −2·(sent & received) instead [DSZ15]. `lengths.product_batches`.
        """

    def random_products(self, factors: Array) -> Steps[tuple[Array, Array]]:
        """Random a, and shares of the sum of both cross terms of a and the factors [Gil99].

        That is, c₀ + c₁ = a₀·f₁ + a₁·f₀; party i obtains aᵢ and cᵢ. `product_batches` with random
        choices: ℓ OTs per factor in each direction, one round.
        """

    def additive(self, sent: Array, chosen: Bytes) -> Steps[tuple[Array, Array]]:
        """Shares of the sent numbers times the chosen bits (one per byte): `additive_batches`."""

    def leaves(self, sent: Bytes, masks: Bytes, received: Bytes, fields: int) -> Steps[Bytes]:
        """The receiver's shares of (x < y) in bit 0 and (x = y) in bit 1 [RRK+20], for 4-bit digits
        x of the sender and y of the receiver; for one field, of only (x = y) in bit 0.

        The `masks` are the sender's shares. All arrays are bytes. `lengths.table_batches`.
        """

    def tables(self, words: Array | None, digits: Bytes | None, fields: int) -> Steps[Bytes | None]:
        """The entries with indices `digits` of the other's tables [DKS+17]:
        `lengths.table_batches`.

        A table is a word of 16 entries of `fields` bits, entry 0 lowest. A party that has no words,
        or asks for nothing, passes None; who asks for nothing obtains None.
        """

    def lookups(
        self, columns: Sequence[Column], sent: Sent, digits: Array
    ) -> Steps[tuple[Array, ...]]:
        """Entries of public tables, masked by the sender, at the sum of both parties' indices.

        Both have the `columns`, n words each. For word w of column c, this party as sender has
        `sent.shifts` s [m] and `sent.masks` r [columns][m]; the other, with the index y in its
        `digits`, obtains c[(y + s) mod n] − r, modulo 2^(8·size). The result has the received words
        of each column. Shifts and digits are of 16 bits, below n. `lengths.lookup_batches`.
        """

    def matrices(
        self, choosing: Array | None, carried: Array | None, shape: tuple[int, ...]
    ) -> Steps[tuple[Array, Array]]:
        """Shares [m][n] of the other's `choosing` [m][k] times own `carried` [k][n], and vice
        versa.

        The shape is (m, k, n), preceded by the dimensions of a batch of products, if any; all
        arrays then have these leading dimensions. None for a direction that isn't wanted.
        `lengths.matrix_batches`.
        """


class Encryption(Protocol):
    """Homomorphic products; one party calls `encrypt`, and the other one `multiply`.

    Results are shares [items][m][n] of X·Y. `homomorphic/form.py` has the lengths of the messages:
    one in each direction, after one another. The keys are exchanged when the session begins.
    """

    def encrypt(self, form: Form, x: Array) -> Steps[Array]:
        """Give X [items][m][k]; the other party sees ciphertexts."""

    def multiply(self, form: Form, known: Array) -> Steps[Array]:
        """Give Y [items][k][n]; the other party sees X·Y minus a uniform share."""


class Registers(Protocol):
    """The registers of a netlist for n instances, as consecutive bits; everything is local.

    The order of masks and messages in a group of ANDs is up to the executor and the same at both
    parties. A group of A ANDs takes triples of A·N bytes, N = ceil(n/8).
    """

    def load(self, register: int, values: Array) -> None:
        """Write the bits of integers [n] to registers starting at `register`, lowest bit first."""

    def set(self, register: int, packed: Bytes) -> None:
        """Write packed bits [N] to a register."""

    def get(self, register: int) -> Bytes:
        """Return a register's packed bits."""

    def free(self, start: int, stop: int) -> None:
        """Run instructions start … stop − 1, none of which is an AND.

        Only the first party adds public values to its share of a secret.
        """

    def open(self, start: int, stop: int, triples: BitTriples) -> Bytes:
        """Return the masked operands of ANDs start … stop − 1: x ⊕ a of all, then y ⊕ b of all."""

    def close(self, start: int, stop: int, triples: BitTriples, mine: Bytes, theirs: Bytes) -> None:
        """Write the products' shares to registers, given both parties' masked operands."""


class Tree(Protocol):
    """Rows of packed bits that are combined level by level; everything is local.

    The opened values are y₀ ⊕ b₀, y₁ ⊕ b₁ and x ⊕ a of a level's pairs, except for the first
    `skipped` rows, whose products aren't computed.
    """

    @property
    def rows(self) -> Bytes:
        """The rows after the levels completed so far."""

    def open(self, level: Level) -> Bytes:
        """Return the next level's masked operands."""

    def close(self, level: Level, theirs: Bytes) -> None:
        """Combine the level's rows, given the other party's masked operands."""


class Planes(Protocol):
    """Bit-slicing: conversion between integers and packed bits. Everything is local."""

    def registers(self, netlist: Netlist, n: int) -> Registers:
        """Return registers for n instances."""

    def tree(self, rows: Bytes, levels: tuple[Level, ...], pairs: BitTriples) -> Tree:
        """Return a tree on rows [R][N]; `pairs` holds those of all levels in order."""

    def slice(self, x: Array) -> Bytes:
        """Return packed bits [ℓ][N] of integers [n]."""

    def words(self, planes: Bytes, n: int) -> Array:
        """Return integers [n] of ℓ bits from packed bits [ℓ][N]."""

    def rotated_sums(self, vectors: Array, table: Array, offsets: Array) -> Array:
        """Return Σ_j vectors[i][j] · table[w][(j + offsets[i]) mod n] as [m][words].

        vectors [m][n], table [words][n], public offsets [m] of 16 bits, below n.
        """


class LocalParty(Protocol):
    """What local operations on shares need of a party, one of however many."""

    @property
    def index(self) -> int:
        """The party's number."""

    @property
    def adds_known(self) -> bool:
        """Whether this party adds public values to its share."""

    @property
    def planes(self) -> Planes:
        """Bit-slicing."""

    @property
    def local(self) -> LocalProducts:
        """Products of matrices in the clear."""


@dataclass(slots=True, kw_only=True)
class SharingParty:
    """One of two parties. Both run the same protocols with the same shapes in the same order.

    Where roles differ, protocols distinguish the first and the second party of a `side`.
    `random(n)` returns n private random bytes. The `backend` determines the source of preprocessing
    and the forms of protocols. Only runs that are watched have a `witness`.
    """

    side: Side
    random: Random
    ots: OtProtocols
    planes: Planes
    local: LocalProducts
    encryption: Encryption
    preprocessing: Preprocessing
    backend: Backend
    witness: Witness | None = None

    @property
    def index(self) -> int:
        """The party's number."""
        return self.side.own

    @property
    def is_first(self) -> bool:
        """Whether this is the first party."""
        return self.side.is_first

    @property
    def adds_known(self) -> bool:
        """Whether this party adds public values to its share."""
        return self.side.is_first

    def swap(self, data: Array, purpose: Purpose | None = None) -> Steps[Bytes]:
        """Send an array to the other party; return as many bytes from it. One round."""
        return swap(self.side.other, data, purpose)

    def tell(self, part: Part, **numbers: Array) -> None:
        """Tell the witness, if there is one, this party's numbers in a part of a protocol."""
        if self.witness is not None:
            self.witness.told(part, numbers)

    @property
    def variants(self) -> Variants:
        """The back end's forms of protocols."""
        return self.backend.variants
