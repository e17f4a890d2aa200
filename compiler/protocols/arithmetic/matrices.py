"""Products of shared matrices, with one OT per bit and row of products.

X [m][k] · Y [k][n] = X₀Y₀ + X₁Y₁ + X₀Y₁ + X₁Y₀. In a cross term, the bits of one party's matrix are
the choice bits, and each OT transfers a row of the other's matrix, at most 128 columns at a time
(`kernels/matrices.py`). The choosing matrix is the one that needs fewer OTs.

C(m, k, n) = ℓ·min(mk·ceil(n/128), kn·ceil(m/128)) OTs; the message has M(m, k, n) bytes: mkn·ℓ(ℓ +
1)/2 bits, for ℓ = 8 rounded up to bytes in each row of at most 128 products. A row with one product
is computed as a single product (`products.py`), whose kernels don't pad rows, and
M(m, k, 1) = M(ℓ, mk).

With a dealer, the factors are opened, masked by a matrix triple: mk + kn elements each way, one
round [Bea91, DSZ15]. If a party knows one of them, either factor goes one way alone.

Operands may be batches, X [b][m][k] and Y [b][k][n], whose products [b][m][n] are computed item by
item. They take b times as many OTs, triples and bytes, and as many rounds as if X had b times as
many rows.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ..core.lengths import up
from ..core.party import OtProtocols, SharingParty
from ..core.preprocessing import MatrixTriple, OwnedTriple
from ..core.purposes import Purpose
from ..core.sizes import PANEL
from ..core.steps import Array, Steps
from .owned import Masked, multiply_owned
from .products import bits_of


def matrix_multiply(party: SharingParty, x: Array, y: Array) -> Steps[Array]:
    """Return X·Y for two shared matrices.

    Cost: C(m, k, n) OTs in each direction; one bit per OT and M(m, k, n) bytes each way, two
    rounds. Each party sees choices masked by random bits and messages masked by pads. With a
    dealer, the cost of `matrix_multiply_opened`.
    """
    return party.variants.matrix_product(party, x, y)


def matrix_multiply_by_ots(party: SharingParty, x: Array, y: Array) -> Steps[Array]:
    """`matrix_multiply`, by cross terms; the matrix that needs fewer OTs chooses."""
    m, n = x.shape[-2], y.shape[-1]
    if n * up(m, PANEL) < m * up(n, PANEL):
        return _transposed(party, x, y)
    return matrix_multiply_rows(party, x, y)


def _transposed(party: SharingParty, x: Array, y: Array) -> Steps[Array]:
    result = yield from matrix_multiply_rows(party, turned(y), turned(x))
    return np.ascontiguousarray(turned(result))


def cross_products(
    ots: OtProtocols, choosing: Array | None, carried: Array | None, shape: tuple[int, ...]
) -> Steps[tuple[Array, Array]]:
    """Return this party's shares of both cross terms, as `OtProtocols.matrices` does."""
    *items, m, k, n = shape
    if n > 1:
        return (yield from ots.matrices(choosing, carried, shape))
    factors = (*items, m, k)
    chosen = np.empty(0, _type(carried)) if choosing is None else choosing.reshape(-1)
    sent = np.empty(0, _type(choosing)) if carried is None else _repeated(carried, factors)
    shares = yield from ots.products(sent, chosen)
    one, other = (
        np.add.reduce(share.reshape(factors), axis=-1, keepdims=True, dtype=share.dtype)
        if share.size
        else np.zeros((*items, m, n), share.dtype)
        for share in shares
    )
    return one, other


def _repeated(column: Array, shape: tuple[int, ...]) -> Array:
    """Return columns [*items][k][1] as rows that are repeated: [*items][m][k], flat."""
    return np.broadcast_to(turned(column), shape).reshape(-1)


def _type(given: Array | None) -> np.dtype[Any]:
    if given is None:
        raise CompilerBug("a product needs a matrix")
    return given.dtype


def turned(x: Array) -> Array:
    """Return a view of matrices transposed."""
    return np.swapaxes(x, -2, -1)


def matrix_multiply_rows(party: SharingParty, x: Array, y: Array) -> Steps[Array]:
    """Return X·Y with the bits of X as choices: ℓmk·ceil(n/128) OTs in each direction."""
    bits_of(x)
    one, other = yield from cross_products(party.ots, x, y, (*x.shape, y.shape[-1]))
    result: Array = party.local.multiply(x, y) + one + other
    return result


def matrix_multiply_opened(party: SharingParty, x: Array, y: Array) -> Steps[Array]:
    """Return X·Y by a matrix triple; X − A and Y − B are opened, uniform because A and B are.

    Each item of a batch has its own triple.
    """
    (*items, m, k), n = x.shape, y.shape[-1]
    triple = yield from party.preprocessing.matrix_triples(prod(items), m, k, n, bits_of(x))
    a, b, c = triple.a.reshape(x.shape), triple.b.reshape(y.shape), triple.c
    opened = np.concatenate(((x - a).reshape(-1), (y - b).reshape(-1)))
    theirs = yield from party.swap(opened, Purpose.MASKED_MATRICES)
    opened += theirs.view(x.dtype)
    d, e = opened[: x.size].reshape(x.shape), opened[x.size :].reshape(y.shape)
    right = b + e if party.adds_known else b
    multiply = party.local.multiply
    result: Array = c.reshape(*items, m, n) + multiply(d, right) + multiply(a, e)
    return result


def matrix_multiply_known(
    party: SharingParty,
    x: Array,
    known: Array | None,
    owner: int,
    *,
    left: bool = False,
    masked: Masked | None = None,
) -> Steps[Array]:
    """Return X·K for a shared X [m][k] and a K known to the owner: one cross term.

    Or K·X, if K is the `left` factor. K may have been `masked` (owned.py).

    The other party passes an array of K's shape whose values are ignored. Cost: ℓkn·ceil(m/128) OTs
    with the owner as receiver, one bit per OT from it and M(n, k, m) bytes to it, or, if that is
    less, ℓmk·ceil(n/128) OTs and M(m, k, n) bytes with the owner as sender; two rounds. With a
    dealer, kn elements from the owner and mk to it, in one round (owned.py).
    """
    bits_of(x)
    given = _given(known)
    return (yield from party.variants.known_matrix_product(party, x, given, owner, left, masked))


def matrix_multiply_known_opened(
    party: SharingParty, x: Array, known: Array, owner: int, left: bool, masked: Masked | None
) -> Steps[Array]:
    """`matrix_multiply_known`, by triples of which either party has one factor."""
    factors = (known, x) if left else (x, known)
    (*items, m, k), n = factors[0].shape, factors[1].shape[-1]
    triple = MatrixTriple(bits=bits_of(x), rows=m, inner=k, columns=n)
    unit = OwnedTriple(owner=owner, side=0 if left else 1, product=triple)
    purpose, count = Purpose.MASKED_MATRICES, prod(items)
    multiply = party.local.multiply
    return multiply_owned(party, factors, unit, multiply, purpose, count=count, masked=masked)


def matrix_multiply_known_by_ots(
    party: SharingParty, x: Array, known: Array, owner: int, left: bool, masked: Masked | None
) -> Steps[Array]:
    """`matrix_multiply_known`, by the one cross term."""
    if left:
        made = yield from _known_by_ots(party, turned(x), turned(known), owner)
        return np.ascontiguousarray(turned(made))
    return (yield from _known_by_ots(party, x, known, owner))


def _known_by_ots(party: SharingParty, x: Array, known: Array, owner: int) -> Steps[Array]:
    is_owner = party.index == owner
    (*items, m, k), n = x.shape, known.shape[-1]
    if m * up(n, PANEL) < n * up(m, PANEL):
        shape = (*items, m, k, n)
        if is_owner:
            cross, _ = yield from cross_products(party.ots, None, known, shape)
            return party.local.multiply(x, known) + cross
        _, cross = yield from cross_products(party.ots, x, None, shape)
        return cross
    shape = (*items, n, k, m)
    if is_owner:
        _, cross = yield from cross_products(party.ots, turned(known), None, shape)
        return party.local.multiply(x, known) + turned(cross)
    cross, _ = yield from cross_products(party.ots, None, turned(x), shape)
    return np.ascontiguousarray(turned(cross))


def _given(known: Array | None) -> Array:
    if known is None:
        raise CompilerBug(
            "a known matrix is needed, at the party that doesn't own it for its shape"
        )
    return known
