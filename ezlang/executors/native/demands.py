"""The demands of a run on what exists before it, determined before the run."""

from __future__ import annotations

from collections.abc import Callable

from ezlang.compiler.cost.predict import predict_demands
from ezlang.compiler.cost.walk import Control
from ezlang.compiler.protocols.ahead.backend import AHEAD
from ezlang.compiler.protocols.core.backend import Backend
from ezlang.compiler.protocols.dealt.backend import DEALT
from ezlang.compiler.protocols.dealt.demands import Demands
from ezlang.diagnostics.diagnostic import EzError
from ezlang.recursion import deep_recursion
from ezlang.session import errors
from ezlang.source import Span
from ezlang.store.errors import unknown as unknown_ahead

from .executable import Executable


def demands_of(executable: Executable) -> Demands:
    """Return the demands of a program on a dealer.

    Raises EzError with exit code 2 if they depend on values that the run reveals.
    """
    return _known(executable, DEALT, errors.demands_unknown)


def demands_ahead(executable: Executable) -> Demands:
    """Return what a run takes that the parties can make ahead of it.

    Raises EzError with exit code 2 if that depends on values that the run reveals.
    """
    return _known(executable, AHEAD, unknown_ahead)


def _known(
    executable: Executable, backend: Backend, failure: Callable[[str, Span], EzError]
) -> Demands:
    """Return what a run with a back end takes that exists before it; `failure` makes the error."""
    with deep_recursion():
        demands, unknown = predict_demands(executable.program, backend)
    if unknown:
        (first, *_) = unknown
        what = "how often a loop runs" if first.control is Control.LOOP else "which branch is taken"
        raise failure(f"what it takes depends on {what}, which only the run reveals", first.span)
    return demands
