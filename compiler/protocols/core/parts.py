"""Parts of protocols: what a witness is told, for traces of simulated runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import Enum

import numpy as np

from .bits import unpack
from .steps import Array, Bytes


class Part(Enum):
    """A part of a protocol, in which each party has numbers: vectors, one element per instance.

    x, y and z are operands and results, a, b and c a triple, and d, e and o opened numbers.
    ezlang/trace/parts.py says how the parties' numbers give one together.
    """

    AND = "an AND"
    AND_OF_ALL = "an AND of all"
    PRODUCT = "a product by a triple"
    PRODUCT_BY_OTS = "a product by OTs"
    PRODUCT_OF_ALL = "a product of all"
    KNOWN_PRODUCT = "a product with a known factor"
    SQUARE = "a square by a dealt square"
    SQUARE_BY_OTS = "a square by OTs"

    NUMBER_TO_BITS = "a number to bits"
    BIT_TO_NUMBER = "a bit to a number by an OT"
    BIT_OPENED = "a bit to a number, opened"
    BIT_OF_ALL = "a bit of all to a number"
    BIT_TIMES_NUMBER = "a bit times a number by an OT"
    BITS_TO_NUMBER = "the bits of a number by OTs"
    WEIGHTED_BITS = "weighted bits"

    SEEDED_LABEL = "a label from a seed"
    CHOSEN_LABEL = "a label by OT"
    SWAPPED_LABEL = "swapped labels"
    COLOR = "colors"

    __hash__ = object.__hash__


class Witness(ABC):
    """Is told a party's numbers in parts of protocols. It is for runs that are watched."""

    @abstractmethod
    def told(self, part: Part, numbers: Mapping[str, Array]) -> None:
        """Be told a party's numbers, by name."""

    def told_bits(self, part: Part, numbers: Mapping[str, Bytes]) -> None:
        """Be told packed bits, [rows][N] or [N]: one bit of each row, or all bits of the only one.

        The rows belong to gates, whose first instance is enough.
        """
        self.told(part, {name: _instances(packed) for name, packed in numbers.items()})


def _instances(packed: Bytes) -> Bytes:
    rows = packed.reshape(-1, packed.shape[-1]) if packed.size else packed.reshape(1, 0)
    if len(rows) == 1:
        return unpack(rows[0], 8 * rows.shape[1])
    firsts: Bytes = rows[:, 0] & np.uint8(1)
    return firsts
