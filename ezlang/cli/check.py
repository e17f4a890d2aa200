"""`ezlang check`: diagnostics only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .fixed_point import overflow_lines, overflows_object
from .options import json_option, parse_settings, program_argument, set_option
from .report import print_json, say, show_diagnostics

if TYPE_CHECKING:
    from ezlang.compiler.passes.analyses.overflow import Overflow


@click.command(short_help="Find the errors of a program.")
@program_argument
@set_option
@click.option(
    "--ranges",
    is_flag=True,
    help="List the fixed-point operations that may overflow, for all that is known of inputs.",
)
@json_option
@click.pass_context
def check(
    context: click.Context,
    program: Path,
    settings: tuple[str, ...],
    ranges: bool,
    as_json: bool,
) -> None:
    """Find all errors of PROGRAM without running it.

    Exit code 1 means that there are errors. With --json, an object with the list "diagnostics" is
    printed, in which lines and columns count from 1; with --ranges, it has the list "overflows",
    too.
    """
    from ezlang.api import check_file, exit_code, overflows
    from ezlang.diagnostics.diagnostic import EzError
    from ezlang.diagnostics.render import to_json

    given = parse_settings(settings)
    found: list[Overflow] | None = None
    try:
        result = check_file(program, given)
        diagnostics = result.diagnostics
        code = exit_code(diagnostics)
        if ranges and result.program is not None:
            found = overflows(result.program)
    except EzError as error:
        diagnostics, code = error.diagnostics, error.exit_code
    if as_json:
        listed = {} if found is None else {"overflows": overflows_object(found)}
        print_json({"diagnostics": [to_json(d) for d in diagnostics], **listed})
    elif diagnostics:
        show_diagnostics(diagnostics)
    else:
        say(f"{program} has no errors.")
        for line in overflow_lines(found or []) if ranges else ():
            click.echo(line)
    context.exit(code if diagnostics else 0)
