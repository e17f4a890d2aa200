"""The back end without a third party: preprocessing is generated in the run by OTs.

Protocols use OTs directly where that is cheaper than generating units from them first.
"""

from __future__ import annotations

from typing import Final

from ..arithmetic.comparison import digit_rows, equal_by_digits
from ..arithmetic.convolution import convolve_by_matrices, convolve_known_by_matrices
from ..arithmetic.fits import near_digit_rows
from ..arithmetic.lookups import lookup_by_ots
from ..arithmetic.matrices import matrix_multiply_by_ots, matrix_multiply_known_by_ots
from ..arithmetic.owned import mask_by_zeros
from ..arithmetic.products import (
    multiply_known_by_ots,
    multiply_now,
    small_product_by_ots,
    square_by_ots,
)
from ..conversions.bits_and_numbers import (
    bits_to_numbers_by_ots,
    select_by_ots,
    to_numbers_by_ots,
)
from ..conversions.narrow import narrow_numbers_by_ots
from ..core.backend import Backend, Source, Variants
from ..core.sizes import DIGIT_BITS
from .preprocessing import OtPreprocessing
from .stock import batches_of

OT: Final = Backend(
    source=Source.OTS,
    variants=Variants(
        product=multiply_now,
        small_product=small_product_by_ots,
        known_product=multiply_known_by_ots,
        square=square_by_ots,
        matrix_product=matrix_multiply_by_ots,
        known_matrix_product=matrix_multiply_known_by_ots,
        encrypts=True,
        convolution=convolve_by_matrices,
        known_convolution=convolve_known_by_matrices,
        mask=mask_by_zeros,
        digit_bits=DIGIT_BITS,
        digit_rows=digit_rows,
        near_rows=near_digit_rows,
        equality=equal_by_digits,
        numbers_of_bits=bits_to_numbers_by_ots,
        selection=select_by_ots,
        numbers_of_words=to_numbers_by_ots,
        numbers_of_narrow=narrow_numbers_by_ots,
        lookup=lookup_by_ots,
    ),
    batches=batches_of,
    making=OtPreprocessing,
)
