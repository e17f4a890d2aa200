"""`ezlang fmt`: formats programs."""

from __future__ import annotations

from pathlib import Path

import click

from ezlang.diagnostics.diagnostic import EzError

from .options import STDIN, standard_input, unfolded
from .report import say, show_diagnostics


@click.command(short_help="Format programs.")
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="Write nothing; exit with code 1 if a file would change.",
)
@click.pass_context
def fmt(context: click.Context, files: tuple[str, ...], only_check: bool) -> None:
    """Format FILES in place; `-` formats standard input to standard output.

    A folder stands for all programs and modules in it and below it. A file with syntax errors is
    left as it is.
    """
    code = 0
    for file in unfolded(files):
        try:
            changes = _format_stdin(only_check) if file == STDIN else _format(file, only_check)
        except EzError as error:
            show_diagnostics(error.diagnostics)
            code = max(code, error.exit_code)
            continue
        if changes and only_check:
            say(f"{file} is not formatted as `ezlang fmt` would format it.")
            code = max(code, 1)
    context.exit(code)


def _format_stdin(only_check: bool) -> bool:
    from ezlang.api import format_text

    text = standard_input()
    laid_out = format_text(text, "<standard input>")
    if not only_check:
        click.echo(laid_out, nl=False)
    return laid_out != text


def _format(file: str, only_check: bool) -> bool:
    from ezlang.api import format_file
    from ezlang.values.writing import write_whole

    path = Path(file)
    text, laid_out = format_file(path)
    if text != laid_out and not only_check:
        write_whole(path, laid_out)
    return text != laid_out
