"""Passes that depend on sharings or refine them."""
