"""`ezlang ir`: the intermediate representation of a program, as text."""

from __future__ import annotations

from pathlib import Path

import click

from .options import parse_settings, program_argument, set_option, usage_error


@click.command(short_help="Print the intermediate representation of a program.")
@program_argument
@set_option
@click.option("--after", "name", metavar="PASS", help="Print it as it is after a pass.")
def ir(program: Path, settings: tuple[str, ...], name: str | None) -> None:
    """Print the intermediate representation of PROGRAM: as it is lowered, or after a pass.

    The passes up to that one are run in their order; where one comes several times, the last time
    counts. docs/ir.md describes the text, the operations and the passes.
    """
    from ezlang import api
    from ezlang.compiler.ir.text import print_program
    from ezlang.compiler.lower import lower
    from ezlang.compiler.passes import NAMES, run_passes, up_to

    if name is not None and name not in NAMES:
        raise usage_error(f"There is no pass `{name}`", f"The passes are {', '.join(NAMES)}")
    loaded = api.load(program, parse_settings(settings))
    passes = () if name is None else up_to(name)
    click.echo(print_program(run_passes(lower(loaded), passes)), nl=False)
