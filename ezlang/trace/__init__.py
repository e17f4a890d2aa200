"""Traces: a simulated run as data, and as a page that plays it (docs/trace.md)."""

from .record import Limits
from .run import Trace, traced

__all__ = ["Limits", "Trace", "traced"]
