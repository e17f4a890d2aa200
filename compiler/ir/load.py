"""IR that a user gives as text: read and verified, with its mistakes as diagnostics."""

from __future__ import annotations

import re

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.source import NO_SPAN, Span

from . import tree as ir
from .parse import IrSyntaxError, parse_program
from .verify import BrokenRule, verify

CODE = "EZ4107"

_HEAD = re.compile(r"(\s|//[^\n]*\n)*party\s+\w+(\s*,\s*\w+)*[ \t]*(//[^\n]*)?\n")


def is_ir(text: str) -> bool:
    """Return whether a text begins as IR does: with its parties, and no semicolon after them."""
    return _HEAD.match(text) is not None


def load_program(text: str, name: str) -> ir.Program:
    """Return the program that a text says; places in it are told by line, in the file `name`.

    Raises EzError (exit code 1) if the text can't be read, or breaks a rule of the IR.
    """
    try:
        program = parse_program(text, name)
        verify(program)
    except IrSyntaxError as error:
        raise _refused("This is not IR", error.reason, error.span) from None
    except BrokenRule as error:
        raise _refused("This breaks a rule of the IR", error.reason, error.span) from None
    return program


def _refused(message: str, label: str, span: Span) -> EzError:
    return EzError(
        Diagnostic(
            code=CODE,
            message=f"{message}: {label}",
            span=None if span is NO_SPAN else span,
            help="docs/ir.md describes the text, the operations and their rules",
        )
    )
