"""Products of shared matrices, and convolutions, by homomorphic encryption [HLHD22].

X·K = X₀·K + X₁·K for a K that one party knows: it computes the product with its own share, and the
other party, the key holder, encrypts its share. The owner multiplies the ciphertexts by K,
subtracts a uniform R, which is its share of the cross term, and returns the results. A product of
two shared operands has two cross terms, one for each party as the owner of its share. It is the
same for images and filters.

Each message is under a public key that the session began with (`operations/encrypted.py`). The key
holder sees X₁·K − R and what `form.py` floods; the owner sees ciphertexts.

Costs: `Form.request_bytes` to the owner, then `Form.reply_bytes` back; two rounds. Both cross terms
go at the same time.
"""

from __future__ import annotations

from math import prod

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir.windows import Window
from ..arithmetic.products import bits_of
from ..core.party import SharingParty
from ..core.steps import Array, Steps, together
from .convolution_form import ConvolutionForm, ConvolutionShape, convolution_form
from .form import Form
from .matrix_form import MatrixForm, MatrixShape, matrix_form

Shape = tuple[int, ...]


def form_of_matrices(x: Shape, y: Shape, bits: int, known_bits: int) -> MatrixForm | None:
    """Return the form of a product of matrices of these shapes; None if there is none."""
    *items, rows, inner = x
    return matrix_form(
        MatrixShape(
            bits=bits,
            known_bits=known_bits,
            items=prod(items),
            rows=rows,
            inner=inner,
            columns=y[-1],
        )
    )


def form_of_images(
    x: Shape, y: Shape, window: Window, bits: int, known_bits: int
) -> ConvolutionForm | None:
    """Return the form of a convolution of these shapes; None if there is none."""
    return convolution_form(
        ConvolutionShape(bits=bits, known_bits=known_bits, images=x, filters=y, window=window)
    )


def matrix_multiply_known_encrypted(
    party: SharingParty, x: Array, known: Array, owner: int, known_bits: int
) -> Steps[Array]:
    """Return X·K as `matrix_multiply_known` does, for a K of elements of `known_bits` bits."""
    cross = yield from _cross_matrices(party, x, known, owner, known_bits)
    return party.local.multiply(x, known) + cross if party.index == owner else cross


def matrix_multiply_encrypted(party: SharingParty, x: Array, y: Array) -> Steps[Array]:
    """Return X·Y as `matrix_multiply` does."""
    bits = bits_of(x)
    crosses = [_cross_matrices(party, x, y, owner, bits) for owner in _owners(party)]
    result: Array = party.local.multiply(x, y) + sum((yield from together(crosses)))
    return result


def convolve_known_encrypted(
    party: SharingParty, x: Array, known: Array, owner: int, window: Window, known_bits: int
) -> Steps[Array]:
    """Return what `convolve_known` does, for filters of elements of `known_bits` bits."""
    form = form_of_images(x.shape, known.shape, window, bits_of(x), known_bits)
    cross = yield from _cross_term(party, form, x, known, owner)
    return party.local.convolve(x, known, window) + cross if party.index == owner else cross


def convolve_encrypted(party: SharingParty, x: Array, y: Array, window: Window) -> Steps[Array]:
    """Return what `convolve` does."""
    bits = bits_of(x)
    form = form_of_images(x.shape, y.shape, window, bits, bits)
    crosses = [_cross_term(party, form, x, y, owner) for owner in _owners(party)]
    result: Array = party.local.convolve(x, y, window) + sum((yield from together(crosses)))
    return result


def _owners(party: SharingParty) -> tuple[int, int]:
    return party.side.ordered(party.side.own, party.side.other)


def _cross_matrices(
    party: SharingParty, x: Array, known: Array, owner: int, known_bits: int
) -> Steps[Array]:
    """Return shares of the other party's X times the owner's matrix, of any number of items."""
    form = form_of_matrices(x.shape, known.shape, bits_of(x), known_bits)
    batch, known_batch = (one.reshape(-1, *one.shape[-2:]) for one in (x, known))
    share = yield from _cross_term(party, form, batch, known_batch, owner)
    return share.reshape(*x.shape[:-1], known.shape[-1])


def _cross_term(
    party: SharingParty, form: Form | None, x: Array, known: Array, owner: int
) -> Steps[Array]:
    """Return shares of the product of the other party's x and what the owner knows."""
    if form is None:
        raise CompilerBug("a product was marked as homomorphic that has no form")
    if party.index == owner:
        return party.encryption.multiply(form, np.ascontiguousarray(known))
    return party.encryption.encrypt(form, np.ascontiguousarray(x))
