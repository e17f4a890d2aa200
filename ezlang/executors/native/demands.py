"""What a run asks of a dealer, found out before it."""

from __future__ import annotations

from ezlang.compiler.cost.predict import predict_demands
from ezlang.compiler.cost.walk import Control
from ezlang.compiler.protocols.dealt.demands import Demands
from ezlang.recursion import deep_recursion
from ezlang.session import errors

from .executable import Executable


def demands_of(executable: Executable) -> Demands:
    """Return what a program asks of a dealer.

    Raises EzError, exit code 2, if that depends on what the run reveals.
    """
    with deep_recursion():
        demands, unknown = predict_demands(executable.program)
    if unknown:
        (first, *_) = unknown
        what = "how often a loop runs" if first.control is Control.LOOP else "which branch is taken"
        raise errors.demands_unknown(
            f"what it takes depends on {what}, which only the run reveals", first.span
        )
    return demands
