"""Running passes: in order, verified, and without an optional pass that fails."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence

from ezlang.diagnostics.diagnostic import CompilerBug, EzError, PassSkipped
from ezlang.recursion import deep_recursion

from ..ir import tree as ir
from ..ir.verify import verify
from .description import Pass, Transform
from .pipeline import PIPELINES
from .rewriting.rewrite import unchanged


def run_passes(
    program: ir.Program, passes: Sequence[Transform] | str, *, strict: bool | None = None
) -> ir.Program:
    """Return the program after the passes, or those of a named pipeline, in order.

    The program is verified before and after all of them. A pass that has left a program as it is
    isn't run on it again. An optional pass that raises, or breaks a rule of the IR, is left out
    with the warning `PassSkipped`; any other failure is raised.

    `strict`: verify after each pass, and leave none out. Without it, the environment variable
    EZLANG_VERIFY decides, which tests set. Raises CompilerBug where a pass breaks a rule.
    """
    chosen = PIPELINES[passes] if isinstance(passes, str) else passes
    strict = _is_strict(strict)
    with deep_recursion():
        verify(program)
        made = _run(program, chosen, strict=strict, each=strict)
        if made is program or strict:
            return made
        try:
            verify(made)
        except CompilerBug:
            # Which pass broke a rule shows only when each result is verified.
            return _run(program, chosen, strict=False, each=True)
        return made


def run_pass(
    program: ir.Program, run: Transform, *, strict: bool | None = None, verified: bool = False
) -> ir.Program:
    """Return the program after one pass, or as it is where an optional pass fails.

    `strict` is as for `run_passes`; `verified`: verify the result.

    Passes are deterministic: one that fails at one party fails at the other, too. So both leave out
    the same, and what they prepare has the same fingerprint. Running out of memory is not
    deterministic, and is raised.
    """
    try:
        made = unchanged(program, run(program))
        if verified and made is not program:
            verify(made)
        return made
    except (EzError, MemoryError):
        raise
    except Exception as error:
        if _is_strict(strict) or not isinstance(run, Pass) or run.is_required:
            raise
        warnings.warn(PassSkipped(run.name, error), stacklevel=2)
        return program


def _is_strict(strict: bool | None) -> bool:
    return bool(os.environ.get("EZLANG_VERIFY")) if strict is None else strict


def _run(
    program: ir.Program, passes: Sequence[Transform], *, strict: bool, each: bool
) -> ir.Program:
    idle: dict[Transform, ir.Program] = {}
    for run in passes:
        if idle.get(run) is program:
            continue
        made = run_pass(program, run, strict=strict, verified=each)
        if made is program:
            idle[run] = program
        program = made
    return program
