"""The failures of stores, and of the agreement of two parties on what is in theirs."""

from __future__ import annotations

from pathlib import Path

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.session.errors import FAILED, USAGE
from ezlang.source import Span


def _error(code: str, exit_code: int, message: str, help: str | None) -> EzError:
    return EzError(
        Diagnostic(code=code, message=message, span=None, help=help), exit_code=exit_code
    )


def nothing_held(message: str) -> EzError:
    """This side has nothing prepared for a run that must have it."""
    return _error(
        "EZ5060", USAGE, message, "run `ezlang prepare` at both parties, with the same options"
    )


def nothing_common(who: str) -> EzError:
    """The two parties have nothing unused in common, and one of them must have it."""
    return _error(
        "EZ5060",
        FAILED,
        f"The two parties have no unused prepared material in common, and {who} runs with it only",
        "run `ezlang prepare` at both parties, or leave out `--prepared yes`",
    )


def unusable(message: str, help: str | None = None) -> EzError:
    """A store, or an entry of it, can't be read or written as it has to be."""
    return _error("EZ5061", USAGE, message, help)


def damaged(path: Path, why: str) -> EzError:
    """A file of a store is not what was written."""
    return _error(
        "EZ5062",
        FAILED,
        f"The prepared material {path} is damaged: {why}",
        f"remove it: ezlang prepare --forget {path.stem}",
    )


def unknown(why: str, span: Span) -> EzError:
    """What a run takes isn't known before it."""
    return EzError(
        Diagnostic(
            code="EZ5063",
            message=f"Nothing can be prepared for this program: {why}",
            span=span,
            help="run it without, so that the parties make their preprocessing as they go",
        ),
        exit_code=USAGE,
    )
