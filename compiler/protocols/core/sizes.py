"""Constants that determine message layouts, shared by kernels and length formulas."""

from __future__ import annotations

from typing import Final

WIDTHS: Final = (8, 16, 32, 64)
"""The ℓ of rings modulo 2^ℓ."""

CHUNK: Final = 128
"""The number of OTs that share a window of keys, and of products or leaves laid out together."""

KEYS_A_WINDOW: Final = 16

PANEL: Final = 128
"""The maximum number of matrix columns that an OT carries."""

DIGIT_BITS: Final = 4
"""Bits of a digit of comparisons, and of an index into a table."""

TABLE_BITS: Final = (1, 2, 4)
"""The possible lengths of table entries, in bits."""

LOOKUP_KEY_BYTES: Final = 1 << 10
"""The bytes of a table's entries that a window of keys serves: 64 blocks."""

BATCH_OTS: Final = 1 << 16
"""The maximum number of OTs in a batch, except for a matrix row; it bounds memory."""

BATCH_BYTES: Final = 1 << 20
"""The maximum length of a batch's message, except for a matrix row."""

ROW_OTS: Final = 1 << 20
"""The maximum number of OTs in a batch of one matrix row; longer rows are split."""

ROW_BYTES: Final = 1 << 26
"""The maximum length of the message of such a batch."""

IN_FLIGHT: Final = 1 << 22
"""The number of bytes of a flight that are sent before the oldest of them has to have arrived."""

MOST_LAG: Final = 8
"""The maximum number of batches between two stages of a transfer: it bounds the OTs held."""

PADDING: Final = 512
"""The number of bytes past the end of an array that native code may touch."""
