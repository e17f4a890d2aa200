"""Passes from IR to IR, one per file."""

from .description import Pass, Transform
from .pipeline import NAMES, PIPELINES, up_to
from .run import run_passes

__all__ = ["NAMES", "PIPELINES", "Pass", "Transform", "run_passes", "up_to"]
