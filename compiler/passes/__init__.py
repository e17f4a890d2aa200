"""IR to IR, one pass a file."""

from .pipeline import NAMES, PIPELINES, Pass, run_passes, up_to

__all__ = ["NAMES", "PIPELINES", "Pass", "run_passes", "up_to"]
