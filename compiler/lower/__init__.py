"""Lowering: from the typed tree to IR."""

from .lowering import lower

__all__ = ["lower"]
