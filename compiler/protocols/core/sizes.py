"""Numbers that fix what messages look like; kernels and formulas of lengths both hold to them."""

from __future__ import annotations

from typing import Final

WIDTHS: Final = (8, 16, 32, 64)
"""The ℓ of rings modulo 2^ℓ."""

CHUNK: Final = 128
"""How many OTs share a window of keys, and how many products or leaves are laid out together."""

KEYS_A_WINDOW: Final = 16

PANEL: Final = 128
"""How many columns of a matrix an OT carries at most."""

DIGIT_BITS: Final = 4
"""Bits of a digit of comparisons, and of an index into a table."""

TABLE_BITS: Final = (1, 2, 4)
"""How long the entries of tables are."""

BATCH_OTS: Final = 1 << 16
"""How many OTs a batch has at most, but for a row of a matrix: what bounds memory."""

BATCH_BYTES: Final = 1 << 20
"""How long a batch's message is at most, but for a row of a matrix."""

ROW_OTS: Final = 1 << 20
"""How many OTs a batch of one row of a matrix has at most; longer rows are cut."""

ROW_BYTES: Final = 1 << 26
"""How long its message is at most."""

PADDING: Final = 512
"""Bytes after the end of an array that native code may touch."""
