"""Sizes that native code and those who reckon with it have in common."""

from __future__ import annotations

from typing import Final

LABEL_BYTES: Final = 16
"""What a wire label takes."""

TABLE_BYTES: Final = 32
"""A half-gates table: two ciphertexts an AND."""

TABLE_BUFFER: Final = 1 << 16
BIT_BUFFER: Final = 1 << 16
"""How much of tables, and of bits, is sent at a time."""
