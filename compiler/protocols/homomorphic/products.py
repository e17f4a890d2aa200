"""Products of shared matrices by homomorphic encryption [HLHD22].

X·K = X₀·K + X₁·K for a K that one party knows: it computes the product with its own share, and the
other party, the key holder, encrypts its share. The owner multiplies the ciphertexts by K,
subtracts a uniform R, which is its share of the cross term, and returns the results. A product of
two shared matrices has two cross terms, one for each party as the owner of its share.

Each message is under a public key that the session began with (`operations/encrypted.py`). The key
holder sees X₁·K − R and what `form.py` floods; the owner sees ciphertexts.
"""

from __future__ import annotations

from math import prod

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ..arithmetic.products import bits_of
from ..core.party import SharingParty
from ..core.steps import Array, Steps, together
from .form import Form, Shape, form_of


def form_for(x: tuple[int, ...], y: tuple[int, ...], bits: int, known_bits: int) -> Form | None:
    """Return the form of a product of matrices of these shapes; None if there is none."""
    *items, rows, inner = x
    return form_of(
        Shape(
            bits=bits,
            known_bits=known_bits,
            items=prod(items),
            rows=rows,
            inner=inner,
            columns=y[-1],
        )
    )


def matrix_multiply_known_encrypted(
    party: SharingParty, x: Array, known: Array, owner: int, known_bits: int
) -> Steps[Array]:
    """Return X·K as `matrix_multiply_known` does, for a K of elements of `known_bits` bits.

    Cost: `Form.request_bytes` to the owner, then `Form.reply_bytes` back; two rounds.
    """
    cross = yield from _cross_term(party, x, known, owner, known_bits)
    return party.local.multiply(x, known) + cross if party.index == owner else cross


def matrix_multiply_encrypted(party: SharingParty, x: Array, y: Array) -> Steps[Array]:
    """Return X·Y as `matrix_multiply` does.

    Cost: both cross terms', at the same time; two rounds.
    """
    bits = bits_of(x)
    crosses = yield from together(
        [
            _cross_term(party, x, y, owner, bits)
            for owner in party.side.ordered(party.side.own, party.side.other)
        ]
    )
    result: Array = party.local.multiply(x, y) + sum(crosses)
    return result


def _cross_term(
    party: SharingParty, x: Array, known: Array, owner: int, known_bits: int
) -> Steps[Array]:
    """Return shares of the other party's X times the owner's matrix."""
    form = form_for(x.shape, known.shape, bits_of(x), known_bits)
    if form is None:
        raise CompilerBug("a product was marked as homomorphic that has no form")
    shape = form.shape
    if party.index == owner:
        matrix = known.reshape(shape.items, shape.inner, shape.columns)
        share = yield from party.encryption.multiply(form, np.ascontiguousarray(matrix))
    else:
        matrix = x.reshape(shape.items, shape.rows, shape.inner)
        share = yield from party.encryption.encrypt(form, np.ascontiguousarray(matrix))
    return share.reshape(*x.shape[:-1], shape.columns)
