"""Passes that are independent of sharings."""
