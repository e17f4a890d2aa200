"""The two-party simulation: native's protocols in one process, on shares and wire labels."""

from .run import has_sharings, run_two

__all__ = ["has_sharings", "run_two"]
