"""The operators that can be imported: a function from a node to a line of Ez for each."""

from __future__ import annotations

from typing import Final

from . import (
    elementwise,
    linear,
    ml,
    moves,
    normalisation,
    picks,
    pools,
    recurrent,
    reductions,
    resizing,
    svms,
    unary,
)
from .layer import Emit

OPERATORS: Final[dict[tuple[str, str], Emit]] = {
    ("", name): emit
    for family in (
        *(linear, pools, normalisation, recurrent),
        *(unary, elementwise, reductions, moves, picks, resizing),
    )
    for name, emit in family.OPERATORS.items()
} | {("ai.onnx.ml", name): emit for family in (ml, svms) for name, emit in family.OPERATORS.items()}
"""A domain and an operator's name → what writes it. Messages and the documentation follow it."""
