"""Two parties in one process, with the native protocols at the level of shares and wire labels."""

from .run import has_sharings, run_two

__all__ = ["has_sharings", "run_two"]
