"""IR to IR, one pass a file."""

from .pipeline import PIPELINES, Pass, run_passes

__all__ = ["PIPELINES", "Pass", "run_passes"]
