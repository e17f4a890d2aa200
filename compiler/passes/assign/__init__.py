"""Assignment of arithmetic, boolean or Yao sharing to secrets; see choice.py."""

from .choice import Explained, Explanation, assign, explain, model_of, solve
from .solution import Policy, Solution

__all__ = [
    "Explained",
    "Explanation",
    "Policy",
    "Solution",
    "assign",
    "explain",
    "model_of",
    "solve",
]
