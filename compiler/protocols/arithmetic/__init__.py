"""Protocols on additively shared numbers."""
