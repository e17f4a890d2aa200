"""Sizes that native code and cost models share."""

from __future__ import annotations

from typing import Final

LABEL_BYTES: Final = 16
"""The size of a wire label."""

TABLE_BYTES: Final = 32
"""The size of a half-gates table: two ciphertexts for each AND."""

TABLE_BUFFER: Final = 1 << 16
BIT_BUFFER: Final = 1 << 16
"""The number of bytes of tables, and of bits, that are sent at a time."""
