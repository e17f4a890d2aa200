"""The interface of back ends: the source of preprocessing, and the cheapest protocols for it.

Each back end is a folder (`ot/`, `dealt/`) that defines one `Backend`. Code that runs protocols, or
only counts their messages, receives this object and needs nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ...circuits.catalogue import Narrow
from ...ir.ots import OtKind
from ...ir.parties import Side
from ...ir.windows import Window
from .lookups import Table
from .preprocessing import Preprocessing
from .steps import Array, Bytes, Steps

if TYPE_CHECKING:
    from ..arithmetic.owned import Masked
    from ..ot.stock import Batches
    from .party import OtProtocols, SharingParty

Random = Callable[[int], Bytes]
"""A function that returns the given number of private random bytes."""

Unary = Callable[["SharingParty", Array], Steps[Array]]
Binary = Callable[["SharingParty", Array, Array], Steps[Array]]
SmallProduct = Callable[["SharingParty", Array, Array, int, int], Steps[Array]]
OwnedOperandProtocol = Callable[["SharingParty", Array, Array | None, int], Steps[Array]]
"""A protocol on shares and on an operand known to one party, given by its number; the other party
passes None, or an array of the same shape.
"""

OwnedMatrix = Callable[["SharingParty", Array, Array, int, bool, "Masked | None"], Steps[Array]]
"""A product of a shared matrix and one known to a party; the bool says whether it is the left one.
The known matrix may have been masked.
"""

OwnedConvolution = Callable[
    ["SharingParty", Array, Array, int, Window, bool, "Masked | None"], Steps[Array]
]
"""The same for a convolution of images and filters; the bool says whether the images are known."""


class Source(Enum):
    """The source of preprocessing.

    OTS: the parties generate it during the run, by oblivious transfers. AHEAD: they have generated
    it so before the run. DEALT: a dealer distributes it before the run.
    """

    OTS = "ots"
    AHEAD = "ahead"
    DEALT = "dealt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """The protocols on shares that each back end implements in its own form.

    Each is called by the function named in its comment, which documents the result and the costs of
    the forms. All other protocols are the same with every back end.
    """

    product: Binary  # arithmetic/products.py: product
    small_product: SmallProduct  # arithmetic/products.py: small_product
    known_product: OwnedOperandProtocol  # arithmetic/products.py: multiply_known
    square: Unary  # arithmetic/products.py: square
    matrix_product: Binary  # arithmetic/matrices.py: matrix_multiply
    known_matrix_product: OwnedMatrix  # arithmetic/matrices.py: matrix_multiply_known
    encrypts: bool  # whether products that are marked so are homomorphic: homomorphic/products.py
    convolution: Callable[[SharingParty, Array, Array, Window], Steps[Array]]  # convolve
    known_convolution: OwnedConvolution  # arithmetic/convolution.py: convolve_known
    mask: Callable[[SharingParty, Array, int, int], Steps[Array]]  # arithmetic/owned.py: mask_known
    digit_bits: int  # arithmetic/comparison.py: compare_parts
    digit_rows: Callable[[SharingParty, Array, Sequence[int]], Steps[Bytes]]
    near_rows: Callable[[SharingParty, Array, Sequence[int]], Steps[tuple[Bytes, Bytes]]]  # fits.py
    equality: Callable[[SharingParty, Array], Steps[Bytes]]  # arithmetic/comparison.py: equal
    numbers_of_bits: Callable[[SharingParty, Bytes, int, int], Steps[Array]]  # bits_to_numbers
    selection: Callable[[SharingParty, Bytes, Array], Steps[Array]]  # conversions/: select
    numbers_of_words: Unary  # conversions/bits_and_numbers.py: to_numbers
    numbers_of_narrow: Callable[[SharingParty, Array, Narrow], Steps[Array]]  # narrow_numbers
    lookup: Callable[[SharingParty, Table, Array], Steps[Array]]  # arithmetic/lookups.py: lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A back end.

    `batches` gives the batches of correlated OTs of a kind: their sizes and the messages sent for
    them. `making` returns, from a party's side, randomness and OTs, the preprocessing that
    generates units during the run; it is None if units exist before the run.
    """

    source: Source
    variants: Variants
    batches: Callable[[OtKind], Batches]
    making: Callable[[Side, Random, OtProtocols], Preprocessing] | None

    def preprocessing(self, side: Side, random: Random, ots: OtProtocols) -> Preprocessing:
        """Return a party's preprocessing, which generates units during the run."""
        if self.making is None:
            raise CompilerBug("this preprocessing isn't made in the run")
        return self.making(side, random, ots)
