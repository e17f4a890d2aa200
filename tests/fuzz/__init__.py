"""Damaged and hostile bytes for every parser."""
