"""Passes that know nothing of sharings."""
