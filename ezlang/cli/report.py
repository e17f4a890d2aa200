"""Printing diagnostics, messages and JSON; diagnostics go to standard error."""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TextIO

import click

from ezlang.diagnostics.diagnostic import Diagnostic, PassSkipped
from ezlang.progress import Estimate, told_to

from .tables import may_style

BUG = 70
"""The exit code for a bug of ezlang (EX_SOFTWARE of sysexits.h)."""


_PLEASE_REPORT = (
    "Please report it where you got ezlang from, with the program and the command. "
    "EZLANG_TRACEBACK=1 shows where it happened."
)


def in_color() -> bool:
    """Return whether standard error may be written to in color (https://no-color.org)."""
    return may_style(sys.stderr)


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
        f"This is a bug of ezlang {__version__}, not of your program: "
        f"{type(error).__name__}: {error}\n{_PLEASE_REPORT}"
    )
    _show_traceback(error)


def _show_traceback(error: BaseException) -> None:
    if os.environ.get("EZLANG_TRACEBACK") == "1":
        traceback.print_exception(error, file=sys.stderr)


def progress_shown() -> AbstractContextManager[None]:
    """Print what takes long, if standard error is a terminal."""
    return told_to(lambda what: say(f"{what} …")) if sys.stderr.isatty() else nullcontext()


@contextmanager
def batches_shown() -> Iterator[Callable[[int, int], None]]:
    """Keep a line on standard error about how many batches are done, if it is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _count: None
        return
    estimate = Estimate()

    def told(done: int, count: int) -> None:
        click.echo(f"\r{estimate(done, count)}\x1b[K", err=True, nl=False)

    try:
        yield told
    finally:
        click.echo("", err=True)


@contextmanager
def skipped_passes_shown() -> Iterator[None]:
    """Print a message for each skipped pass, once; other warnings are shown as usual."""
    said: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("always", PassSkipped)
        others = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if not isinstance(message, PassSkipped):
                others(message, category, filename, lineno, file, line)
            elif message.name not in said:
                said.add(message.name)
                say(f"Warning: {message}\n{_PLEASE_REPORT}")
                _show_traceback(message.error)

        warnings.showwarning = show
        yield


def print_json(data: object) -> None:
    """Print one JSON object on standard output."""
    click.echo(json.dumps(data, ensure_ascii=False))


def print_lines(lines: Iterable[str]) -> None:
    """Print the lines of a report on standard output."""
    for line in lines:
        click.echo(line)
