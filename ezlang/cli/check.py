"""`ezlang check`: diagnostics only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ezlang.records import dataclass

from .fixed_point import overflow_lines, overflows_object
from .options import STDIN, json_option, parse_settings, set_option, standard_input, unfolded
from .report import print_json, say, show_diagnostics

if TYPE_CHECKING:
    from ezlang.compiler.passes.analyses.overflow import Overflow
    from ezlang.diagnostics.diagnostic import Diagnostic
    from ezlang.types.scalar import Setting


@click.command(short_help="Find the errors of programs.")
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@set_option
@click.option(
    "--ranges",
    is_flag=True,
    help="List the fixed-point operations that may overflow, for all that is known of inputs.",
)
@click.option(
    "--deny-warnings", is_flag=True, help="Let warnings count as errors: exit with code 1."
)
@json_option
@click.pass_context
def check(
    context: click.Context,
    files: tuple[str, ...],
    settings: tuple[str, ...],
    ranges: bool,
    deny_warnings: bool,
    as_json: bool,
) -> None:
    """Find all errors of FILES without running them, and warn of what is hardly meant.

    A folder stands for all programs and modules in it and below it, and `-` for standard input.
    Exit code 1 means that there are errors. With --json, an object with the list "diagnostics" is
    printed, in which lines and columns count from 1; with --ranges, it has the list "overflows",
    too. The codes of warnings begin with EZ6.
    """
    from ezlang.diagnostics.render import to_json

    given = parse_settings(settings)
    checked = [_check(file, given, ranges=ranges) for file in unfolded(files)]
    diagnostics = [one for found in checked for one in found.diagnostics]
    code = max(found.code for found in checked)
    if deny_warnings and diagnostics:
        code = max(code, 1)
    if as_json:
        overflows = [one for found in checked for one in found.overflows]
        listed = {"overflows": overflows_object(overflows)} if ranges and not code else {}
        print_json({"diagnostics": [to_json(one) for one in diagnostics], **listed})
    else:
        _show(checked, ranges=ranges)
    context.exit(code)


@dataclass(frozen=True, slots=True)
class _Checked:
    """The result of checking one file."""

    name: str
    diagnostics: tuple[Diagnostic, ...] = ()
    code: int = 0
    overflows: tuple[Overflow, ...] = ()


def _check(file: str, settings: dict[str, Setting], *, ranges: bool) -> _Checked:
    from ezlang.analysis.warnings import warnings
    from ezlang.api import check_file, check_text, exit_code, overflows
    from ezlang.diagnostics.diagnostic import EzError

    try:
        if file == STDIN:
            file = "Standard input"
            result = check_text(standard_input(), "<standard input>", settings)
        else:
            result = check_file(Path(file), settings)
        if result.diagnostics:
            return _Checked(file, result.diagnostics, exit_code(result.diagnostics))
        found = overflows(result.program) if ranges and result.program is not None else []
        return _Checked(file, warnings(result), overflows=tuple(found))
    except EzError as error:
        return _Checked(file, error.diagnostics, error.exit_code)


def _show(checked: list[_Checked], *, ranges: bool) -> None:
    right = [found.name for found in checked if not found.code]
    if right:
        these = f"{len(right)} files have" if len(right) > 1 else f"{right[0]} has"
        say(f"{these} no errors.")
    show_diagnostics([one for found in checked for one in found.diagnostics])
    for found in checked if ranges else ():
        for line in () if found.code else overflow_lines(list(found.overflows)):
            click.echo(line)
