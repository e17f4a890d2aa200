"""What messages are for: transcripts of simulated runs show it, and ideal OTs go by it."""

from __future__ import annotations

from enum import Enum


class Purpose(Enum):
    """What a message is for.

    The first ones begin sessions; then those of protocols on shares; those of protocols on OTs, of
    which each has an ideal functionality in the simulation; and those of Yao's protocol.
    """

    SET_UP = "set-up"
    BASE_OTS = "base OTs"
    OT_EXTENSION = "OT extension"

    INPUT = "a share of an input"
    OPENING = "an opening"
    MASKED_BITS = "masked bits"
    MASKED_FACTORS = "masked factors"
    MASKED_MATRICES = "masked matrices"
    MASKED_IMAGES = "masked images and filters"

    BIT_PRODUCTS = "bit products"
    PRODUCTS = "products"
    BITWISE_PRODUCTS = "bitwise products"
    RANDOM_PRODUCTS = "random products"
    PRODUCTS_WITH_BITS = "products with bits"
    LEAVES = "leaves"
    ENTRIES = "entries of tables"
    MATRIX_PRODUCTS = "matrix products"

    CHOICES = "choices"
    TABLES = "tables"
    REVEAL = "reveal"

    __hash__ = object.__hash__  # members are alone; Enum's own hashes their names
