"""Protocols on numbers shared additively."""
