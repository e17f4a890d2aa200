"""The demands of a run on a dealer, determined before the run."""

from __future__ import annotations

from ezlang.compiler.cost.predict import predict_demands
from ezlang.compiler.cost.walk import Control
from ezlang.compiler.protocols.dealt.demands import Demands
from ezlang.recursion import deep_recursion
from ezlang.session import errors

from .executable import Executable


def demands_of(executable: Executable) -> Demands:
    """Return a program's demands on a dealer.

    Raises EzError, exit code 2, if they depend on values revealed during the run.
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
