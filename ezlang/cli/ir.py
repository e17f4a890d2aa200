"""`ezlang ir`: the intermediate representation of a program, as text."""

from __future__ import annotations

from pathlib import Path

import click

from .options import (
    network_option,
    parse_settings,
    program_argument,
    protocol_option,
    set_option,
    usage_error,
)


@click.command(short_help="Print the intermediate representation of a program.")
@program_argument
@set_option
@click.option("--after", "name", metavar="PASS", help="Print the representation after this pass.")
@protocol_option
@network_option
def ir(
    program: Path, settings: tuple[str, ...], name: str | None, protocol: str, network: str
) -> None:
    """Print the intermediate representation of PROGRAM: as it is lowered, or after a pass.

    The passes up to the given one run in order; if it occurs several times, up to its last run.
    After `share`, `assign` and `schedule`, the text is the program as two parties run it, with
    sharings from `assign` on. docs/ir.md describes the text, the operations and the passes.
    """
    from ezlang import api
    from ezlang.compiler.cost.profiles import profile_of
    from ezlang.compiler.ir.text import print_program
    from ezlang.compiler.lower import lower
    from ezlang.compiler.passes import NAMES, run_passes, up_to
    from ezlang.compiler.passes.assign import Policy
    from ezlang.compiler.passes.prepare import STAGES, up_to_stage

    known = (*NAMES, *STAGES)
    if name is not None and name not in known:
        raise usage_error(f"There is no pass `{name}`", f"The passes are {', '.join(known)}")
    loaded = api.load(program, parse_settings(settings))
    if name in STAGES:
        api.require_two_parties(loaded)
        profile = profile_of(network)
        found = up_to_stage(lower(loaded), name, Policy(protocol), profile)
        click.echo(print_program(found), nl=False)
        return
    passes = () if name is None else up_to(name)
    click.echo(print_program(run_passes(lower(loaded), passes)), nl=False)
