"""The back end with a dealer: units and correlated OTs exist before the run and cost nothing in it.

Protocols therefore consume units, in forms with few rounds and bytes.
"""

from __future__ import annotations

from typing import ClassVar, Final

from ezlang.records import dataclass

from ...ir.ots import OtKind
from ..arithmetic.comparison import bit_rows, equal_by_bits
from ..arithmetic.convolution import convolve_known_opened, convolve_opened
from ..arithmetic.fits import near_bit_rows
from ..arithmetic.lookups import lookup_opened
from ..arithmetic.matrices import matrix_multiply_known_opened, matrix_multiply_opened
from ..arithmetic.owned import mask_opened
from ..arithmetic.products import (
    multiply,
    multiply_known_opened,
    plain_product,
    square_opened,
)
from ..conversions.bits_and_numbers import (
    bits_to_numbers_opened,
    select_by_product,
    to_numbers_by_bits,
)
from ..conversions.narrow import narrow_numbers_by_bits
from ..core.backend import Backend, Source, Variants
from ..ot.stock import LARGEST_BATCH, Batches, Flight, Made


@dataclass(slots=True)
class DealtBatches:
    """Batches of dealt OTs: the requested number, up to a limit on memory. Neither side sends."""

    position: ClassVar[int] = 0
    sender_speaks: ClassVar[bool] = False
    exist: ClassVar[bool] = True

    def next(self, wanted: int) -> Made:
        """Return the next batch."""
        return Made(count=min(wanted, LARGEST_BATCH), bytes=0)

    def row(self, wanted: int) -> tuple[int, Made]:
        """Return the next batches."""
        return max(wanted // LARGEST_BATCH, 1), self.next(wanted)

    def set_up(self) -> tuple[Flight, ...]:
        """Return no flights."""
        return ()


def dealt_batches(kind: OtKind) -> Batches:
    """Return the batches of dealt OTs, which are the same for all kinds."""
    return DealtBatches()


DEALT: Final = Backend(
    source=Source.DEALT,
    variants=Variants(
        product=multiply,
        small_product=plain_product,
        known_product=multiply_known_opened,
        square=square_opened,
        matrix_product=matrix_multiply_opened,
        known_matrix_product=matrix_multiply_known_opened,
        encrypts=False,
        convolution=convolve_opened,
        known_convolution=convolve_known_opened,
        mask=mask_opened,
        digit_bits=1,
        digit_rows=bit_rows,
        near_rows=near_bit_rows,
        equality=equal_by_bits,
        numbers_of_bits=bits_to_numbers_opened,
        selection=select_by_product,
        numbers_of_words=to_numbers_by_bits,
        numbers_of_narrow=narrow_numbers_by_bits,
        lookup=lookup_opened,
    ),
    batches=dealt_batches,
    making=None,
)
