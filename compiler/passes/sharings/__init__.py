"""Passes that read or refine sharings."""
