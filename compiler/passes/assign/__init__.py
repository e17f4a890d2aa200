"""Assignment of arithmetic, boolean or Yao sharing to secrets; see choice.py."""

from .choice import Explained, Explanation, assign, explain, model_of, solve
from .solution import ProtocolChoice, Solution

__all__ = [
    "Explained",
    "Explanation",
    "ProtocolChoice",
    "Solution",
    "assign",
    "explain",
    "model_of",
    "solve",
]
