"""Printing diagnostics, messages and JSON; diagnostics go to standard error."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterable

import click

from ezlang.diagnostics.diagnostic import Diagnostic

BUG = 70
"""The exit code for a bug of ezlang (EX_SOFTWARE of sysexits.h)."""


def in_color() -> bool:
    """Return whether standard error may be written to in color (https://no-color.org)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def say(text: str) -> None:
    """Print a message about a run on standard error."""
    click.echo(text, err=True)


def show_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics on standard error."""
    from ezlang.diagnostics.render import render_all

    click.echo(render_all(diagnostics, color=in_color()), err=True, nl=False)


def show_bug(error: BaseException) -> None:
    """Report a bug of ezlang."""
    from ezlang import __version__

    say(
        f"This is a bug of ezlang {__version__}, not of your program: {type(error).__name__}: "
        f"{error}\n"
        "Please report it where you got ezlang from, with the program and the command. "
        "EZLANG_TRACEBACK=1 shows where it happened."
    )
    if os.environ.get("EZLANG_TRACEBACK") == "1":
        traceback.print_exception(error, file=sys.stderr)


def print_json(data: object) -> None:
    """Print one JSON object on standard output."""
    click.echo(json.dumps(data, ensure_ascii=False))
