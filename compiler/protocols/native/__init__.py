"""Protocols as a party runs them: kernels, sessions and groups of operations."""
