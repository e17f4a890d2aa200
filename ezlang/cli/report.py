"""Printing diagnostics, messages and JSON; diagnostics go to standard error."""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import TextIO

import click

from ezlang.diagnostics.diagnostic import Diagnostic, PassSkipped
from ezlang.progress import listener, told_to
from ezlang.progress.shown import Terminal, listener_of
from ezlang.progress.status import Estimate

from .options import Function
from .tables import may_style

BUG = 70
"""The exit code for a bug of ezlang (EX_SOFTWARE of sysexits.h)."""


_PLEASE_REPORT = (
    "Please report it where you got ezlang from, with the program and the command. "
    "EZLANG_TRACEBACK=1 shows where it happened."
)


class Voice(Enum):
    """What is written on standard error.

    TEXT: what a run does, what it took, and errors; QUIET: errors alone; JSON: all as JSON.
    """

    TEXT = "text"
    QUIET = "quiet"
    JSON = "json"


_voice: ContextVar[Voice] = ContextVar("voice", default=Voice.TEXT)


@contextmanager
def speaking(voice: Voice) -> Iterator[None]:
    """Write on standard error in this way in the block, until `speak_as` changes it."""
    token = _voice.set(voice)
    is_terminal = voice is Voice.TEXT and sys.stderr.isatty()
    try:
        with told_to(listener_of("terminal" if is_terminal else None)):
            yield
    finally:
        _voice.reset(token)


def voice_options(function: Function) -> Function:
    """Add `--quiet` and `--log-json`."""

    def speak_as(voice: Voice) -> Callable[[click.Context, click.Parameter, bool], None]:
        def chosen(context: click.Context, _parameter: click.Parameter, given: bool) -> None:
            if given:
                _voice.set(voice)
                heard = "json" if voice is Voice.JSON else None
                context.with_resource(told_to(listener_of(heard)))

        return chosen

    for name, voice, help in (
        (
            ("--log-json",),
            Voice.JSON,
            "On standard error, write what a run does, what it took, and errors as JSON, an "
            "object a line.",
        ),
        (
            ("-q", "--quiet"),
            Voice.QUIET,
            "Write nothing but results and errors.",
        ),
    ):
        function = click.option(
            *name, is_flag=True, expose_value=False, callback=speak_as(voice), help=help
        )(function)
    return function


def in_color() -> bool:
    """Return whether standard error may be written to in color (https://no-color.org)."""
    return may_style(sys.stderr)


def say(text: str) -> None:
    """Print a message about a run on standard error, if it is for text."""
    if _voice.get() is Voice.TEXT:
        click.echo(text, err=True)


def log(event: str, content: dict[str, object], text: Callable[[], str]) -> None:
    """Write what was asked for on standard error, as JSON or as text."""
    if _voice.get() is Voice.JSON:
        click.echo(json.dumps({"event": event, **content}, ensure_ascii=False), err=True)
    else:
        click.echo(text(), err=True)


def show_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics on standard error."""
    from ezlang.diagnostics.render import render_all, to_json

    if _voice.get() is Voice.JSON:
        for one in diagnostics:
            log("error", to_json(one), str)
        return
    click.echo(render_all(diagnostics, color=in_color()), err=True, nl=False)


def show_failure(text: str) -> None:
    """Print why a command failed."""
    log("error", {"message": text}, lambda: text)


def show_bug(error: BaseException) -> None:
    """Report a bug of ezlang."""
    from ezlang import __version__

    show_failure(
        f"This is a bug of ezlang {__version__}, not of your program: "
        f"{type(error).__name__}: {error}\n{_PLEASE_REPORT}"
    )
    _show_traceback(error)


def _show_traceback(error: BaseException) -> None:
    if os.environ.get("EZLANG_TRACEBACK") == "1":
        traceback.print_exception(error, file=sys.stderr)


@contextmanager
def batches_shown() -> Iterator[Callable[[int, int], None]]:
    """Keep a line on standard error about how many batches are done, if it is a terminal."""
    shown = listener()
    if not isinstance(shown, Terminal):
        yield lambda _done, _count: None
        return
    estimate = Estimate()
    try:
        yield lambda done, count: shown.line(estimate(done, count))
    finally:
        shown.leave()


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
