"""`ezlang check`: diagnostics only."""

from __future__ import annotations

from pathlib import Path

import click

from .options import json_option, parse_settings, program_argument, set_option
from .report import print_json, say, show_diagnostics


@click.command(short_help="Find the errors of a program.")
@program_argument
@set_option
@json_option
@click.pass_context
def check(context: click.Context, program: Path, settings: tuple[str, ...], as_json: bool) -> None:
    """Find all errors of PROGRAM without running it.

    Exit code 1 means that there are errors. With --json, an object with the list "diagnostics" is
    printed, in which lines and columns count from 1.
    """
    from ezlang.api import check_file, exit_code
    from ezlang.diagnostics.diagnostic import EzError
    from ezlang.diagnostics.render import to_json

    given = parse_settings(settings)
    try:
        diagnostics = check_file(program, given).diagnostics
        code = exit_code(diagnostics)
    except EzError as error:
        diagnostics, code = error.diagnostics, error.exit_code
    if as_json:
        print_json({"diagnostics": [to_json(d) for d in diagnostics]})
    elif diagnostics:
        show_diagnostics(diagnostics)
    else:
        say(f"{program} has no errors.")
    context.exit(code if diagnostics else 0)
