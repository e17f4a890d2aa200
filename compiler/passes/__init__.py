"""Passes from IR to IR, one per file."""

from .pipeline import NAMES, PIPELINES, Pass, run_passes, up_to

__all__ = ["NAMES", "PIPELINES", "Pass", "run_passes", "up_to"]
