"""The back end of runs whose preprocessing the parties have made by OTs before.

Units and correlated OTs exist, as with a dealer. Products consume units, since opening two masked
numbers takes a small part of the bytes of OTs with them. All else is as where OTs are made in the
run: comparisons, selections and conversions are cheapest by OTs themselves.
"""

from __future__ import annotations

from typing import Final

from ezlang.records import replace

from ...ir.windows import Window
from ..arithmetic.convolution import convolve_known_opened, convolve_opened
from ..arithmetic.matrices import matrix_multiply_known_opened, matrix_multiply_opened
from ..arithmetic.owned import Masked
from ..arithmetic.products import multiply, multiply_known_opened, square_opened
from ..core.backend import Backend, Source
from ..core.party import SharingParty
from ..core.steps import Array, Steps
from ..dealt.backend import dealt_batches
from ..ot.backend import OT


def _known_matrix_product(
    party: SharingParty, x: Array, known: Array, owner: int, left: bool, masked: Masked | None
) -> Steps[Array]:
    """`matrix_multiply_known`, by owned triples with a mask for each product."""
    return matrix_multiply_known_opened(party, x, known, owner, left, None)


def _known_convolution(
    party: SharingParty,
    x: Array,
    y: Array,
    owner: int,
    window: Window,
    images: bool,
    masked: Masked | None,
) -> Steps[Array]:
    """`convolve_known`, by an owned triple with a mask for each convolution."""
    return convolve_known_opened(party, x, y, owner, window, images, None)


AHEAD: Final = Backend(
    source=Source.AHEAD,
    variants=replace(
        OT.variants,
        product=multiply,
        known_product=multiply_known_opened,
        square=square_opened,
        matrix_product=matrix_multiply_opened,
        known_matrix_product=_known_matrix_product,
        convolution=convolve_opened,
        known_convolution=_known_convolution,
    ),
    batches=dealt_batches,
    making=None,
)
