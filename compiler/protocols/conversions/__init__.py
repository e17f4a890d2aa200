"""Conversions between boolean and arithmetic shares."""
