"""`ezlang from-ezpc`: translates programs of EzPC."""

from __future__ import annotations

from pathlib import Path

import click

from .options import STDIN, standard_input
from .report import say, show_diagnostics


@click.command("from-ezpc", short_help="Translate a program of EzPC.")
@click.argument("program")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The file to write.  [default: standard output]",
)
@click.pass_context
def from_ezpc(context: click.Context, program: str, output: Path | None) -> None:
    """Write PROGRAM, in the language EzPC, as a program of Ez; `-` is standard input.

    What has no translation is an error, and nothing is written. A program that is translated, but
    isn't allowed in Ez, is written with its errors on standard error, and the exit code is 1.
    """
    from ezlang.api import check_text, format_text
    from ezlang.ezpc.program import translate
    from ezlang.source import Source
    from ezlang.syntax.reader import read_source
    from ezlang.values.writing import write_whole

    if program == STDIN:
        source = Source("<standard input>", standard_input())
    else:
        source = read_source(program)
    name = "<translation>" if output is None else str(output)
    text = format_text(translate(source), name)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_whole(output, text)
        say(f"Wrote {output}.")
    found = check_text(text, name).diagnostics
    show_diagnostics(found)
    if any(not one.is_warning for one in found):
        context.exit(1)
