"""The purposes of messages, shown in simulated transcripts and used to select ideal OTs."""

from __future__ import annotations

from enum import Enum


class Purpose(Enum):
    """The purpose of a message.

    The first group starts sessions. The next ones belong to protocols on shares; to protocols on
    OTs, each of which has an ideal functionality in the simulation; and to Yao's protocol.
    """

    SET_UP = "set-up"
    BASE_OTS = "base OTs"
    OT_EXTENSION = "OT extension"
    PUBLIC_KEYS = "public keys"

    INPUT = "a share of an input"
    OPENING = "an opening"
    MASKED_BITS = "masked bits"
    MASKED_FACTORS = "masked factors"
    MASKED_MATRICES = "masked matrices"
    MASKED_IMAGES = "masked images and filters"
    MASKED_INDICES = "masked indices"

    BIT_PRODUCTS = "bit products"
    PRODUCTS = "products"
    BITWISE_PRODUCTS = "bitwise products"
    RANDOM_PRODUCTS = "random products"
    PRODUCTS_WITH_BITS = "products with bits"
    LEAVES = "leaves"
    ENTRIES = "entries of tables"
    LOOKUPS = "lookups"
    MATRIX_PRODUCTS = "matrix products"
    ENCRYPTED_MATRIX = "an encrypted matrix"
    ENCRYPTED_PRODUCT = "an encrypted product"

    CHOICES = "choices"
    TABLES = "tables"
    REVEAL = "reveal"

    __hash__ = object.__hash__  # members are singletons; Enum's own hashes their names
