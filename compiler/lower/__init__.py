"""Typed tree to IR."""
