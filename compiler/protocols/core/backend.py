"""What a back end is: where preprocessing comes from, and which protocols are cheapest with it.

A back end has a folder (`ot/`, `dealt/`) that registers it with one `Backend`. Whoever runs
protocols, or only counts what they send, is given that and asks nothing else about it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from ezlang.diagnostics.diagnostic import CompilerBug

from ...circuits.catalogue import Narrow
from ...ir.ots import OtKind
from ...ir.parties import Side
from .preprocessing import Preprocessing
from .steps import Array, Bytes, Steps

if TYPE_CHECKING:
    from ..ot.stock import Batches
    from .party import OtBox, SharingParty

Random = Callable[[int], Bytes]
"""So many private random bytes."""

Unary = Callable[["SharingParty", Array], Steps[Array]]
Binary = Callable[["SharingParty", Array, Array], Steps[Array]]
Known = Callable[["SharingParty", Array, Array | None, int], Steps[Array]]
"""Of shares and of what one party, by its number, knows; the other party gives None, or an array of
the same shape."""


class Source(Enum):
    """Where preprocessing comes from.

    OTS: the parties make it in the run, by oblivious transfers. DEALT: a dealer deals it before.
    """

    OTS = "ots"
    DEALT = "dealt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """The protocols on shares that a back end has its own forms of.

    Each is called by the function that its comment names, which says what it computes and what the
    forms cost. What isn't here is the same with every back end.
    """

    product: Binary  # arithmetic/products.py: product
    known_product: Known  # arithmetic/products.py: multiply_known
    square: Unary  # arithmetic/products.py: square
    matrix_product: Binary  # arithmetic/matrices.py: matrix_multiply
    known_matrix_product: Known  # arithmetic/matrices.py: matrix_multiply_known
    convolution: Callable[[SharingParty, Array, Array, int], Steps[Array]]  # .../convolution.py
    digit_bits: int  # arithmetic/comparison.py: compare_parts
    digit_rows: Callable[[SharingParty, Array, Sequence[int]], Steps[Bytes]]
    equality: Callable[[SharingParty, Array], Steps[Bytes]]  # arithmetic/comparison.py: equal
    numbers_of_bits: Callable[[SharingParty, Bytes, int, int], Steps[Array]]  # bits_to_numbers
    selection: Callable[[SharingParty, Bytes, Array], Steps[Array]]  # conversions/: select
    numbers_of_words: Unary  # conversions/bits_and_numbers.py: to_numbers
    numbers_of_narrow: Callable[[SharingParty, Array, Narrow], Steps[Array]]  # narrow_numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A back end.

    `batches` says how many correlated OTs of a kind there are at a time, and what is sent for them.
    `making`, given a party's side, randomness and OTs, is the protocol that makes units in the run;
    it is None if they are there before it.
    """

    source: Source
    forms: Forms
    batches: Callable[[OtKind], Batches]
    making: Callable[[Side, Random, OtBox], Preprocessing] | None

    def preprocessing(self, side: Side, random: Random, ots: OtBox) -> Preprocessing:
        """Return where a party gets units from that are made in the run."""
        if self.making is None:
            raise CompilerBug("this preprocessing isn't made in the run")
        return self.making(side, random, ots)
