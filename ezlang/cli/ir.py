"""`ezlang ir`: the intermediate representation of a program, as text, before and after passes."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ezlang.diagnostics.diagnostic import EzError

from .options import (
    garbling_option,
    network_option,
    parse_settings,
    program_argument,
    protocol_option,
    set_option,
    usage_error,
)

if TYPE_CHECKING:
    from ezlang.compiler.cost.profiles import Profile
    from ezlang.compiler.ir import tree
    from ezlang.compiler.passes import Pass
    from ezlang.compiler.passes.assign import ProtocolChoice
    from ezlang.source import Source

STDIN = "-"


def _list_passes(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print all passes and exit."""
    if not wanted:
        return
    from ezlang.compiler.passes.catalogue import passes_for

    passes = passes_for().values()
    longest = max(len(one.name) for one in passes)
    for one in passes:
        needed = " (required)" if one.is_required else ""
        click.echo(f"{one.name:<{longest}}  {one.purpose}{needed}")
    context.exit()


@click.command(short_help="Print the intermediate representation of a program.")
@program_argument
@set_option
@click.option("--after", "stage", metavar="PASS", help="Print the IR after this pass.")
@click.option(
    "--pass",
    "names",
    multiple=True,
    metavar="PASS",
    help="Apply this pass; may be given several times.",
)
@click.option(
    "--passes",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_passes,
    help="List all passes, and exit.",
)
@protocol_option
@network_option
@garbling_option
def ir(
    program: Path,
    settings: tuple[str, ...],
    stage: str | None,
    names: tuple[str, ...],
    protocol: str,
    network: str,
    garbling: str,
) -> None:
    """Print the intermediate representation of PROGRAM: as it is lowered, or after passes.

    With --after, the passes up to the given one run in order; if it occurs several times, up to its
    last run. After `share`, `assign` and `schedule`, the text is the program as two parties run it,
    with sharings from `assign` on.

    With --pass, only the named passes are applied, in the given order. --protocol and --network are
    options of these passes. --passes lists them.

    PROGRAM may also be IR as text: a file whose name ends in `.ir`, or whose text begins as IR
    does; `-` is standard input. docs/ir.md describes the text, the operations and the passes.
    """
    from ezlang.compiler.cost.profiles import profile_of
    from ezlang.compiler.ir.text import print_program
    from ezlang.compiler.passes import run_passes
    from ezlang.compiler.passes.assign import ProtocolChoice

    choice, profile = ProtocolChoice(protocol), profile_of(network, garbling)
    chosen = _chosen(names, choice, profile)
    found = _loaded(_source(program), settings, stage, choice, profile)
    for one in chosen:
        if one.before_sharings and _has_sharings(found):
            raise usage_error(
                f"The pass `{one.name}` is for programs whose secrets have no sharings yet",
                "apply it before `assign`",
            )
        found = run_passes(found, (one,), strict=True)
    click.echo(print_program(found), nl=False)


def _has_sharings(program: tree.Program) -> bool:
    """Return whether any value of a program has a sharing."""
    from ezlang.compiler.ir.tree import walk

    operations = (one for function in program.functions for one in walk(function.body))
    return any(value.type.sharing for one in operations for value in one.results)


def _chosen(names: tuple[str, ...], protocol: ProtocolChoice, profile: Profile) -> list[Pass[[]]]:
    """Return the passes with the given names, with their options."""
    from ezlang.compiler.passes.catalogue import passes_for

    passes = passes_for(protocol, profile)
    for name in names:
        if name not in passes:
            raise _no_pass(name, passes)
    return [passes[name] for name in names]


def _no_pass(name: str, known: Iterable[str]) -> EzError:
    return usage_error(f"There is no pass `{name}`", f"The passes are {', '.join(known)}")


def _source(program: Path) -> Source:
    from ezlang.source import Source
    from ezlang.syntax.reader import read_source

    if str(program) != STDIN:
        return read_source(program)
    try:
        return Source("<standard input>", sys.stdin.buffer.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise usage_error("Standard input is not UTF-8 text") from None


def _loaded(
    source: Source,
    settings: tuple[str, ...],
    stage: str | None,
    protocol: ProtocolChoice,
    profile: Profile,
) -> tree.Program:
    """Return the program of IR text, or the IR of a program, after a pass if asked."""
    from ezlang import api
    from ezlang.compiler.ir.load import load_program
    from ezlang.compiler.lower import lower
    from ezlang.compiler.passes import NAMES, run_passes, up_to
    from ezlang.compiler.passes.prepare import STAGES, up_to_stage

    if stage is not None and stage not in (*NAMES, *STAGES):
        raise _no_pass(stage, (*NAMES, *STAGES))
    if _is_ir(source):
        for option, given in (("--after", stage), ("--set", settings)):
            if given:
                raise usage_error(
                    f"`{option}` is for programs, and {source.name} is IR",
                    "give --pass for each pass to apply",
                )
        return load_program(source.text, source.name)
    loaded = api.checked(api.check_text(source.text, source.name, parse_settings(settings)))
    lowered = lower(loaded)
    if stage is None:
        return lowered
    if stage in STAGES:
        return up_to_stage(lowered, stage, protocol, profile)
    return run_passes(lowered, up_to(stage))


def _is_ir(source: Source) -> bool:
    """Return whether a text is IR: by its extension or, if that doesn't tell, by its beginning."""
    from ezlang.compiler.ir.load import is_ir

    suffix = Path(source.name).suffix
    return suffix == ".ir" or (suffix != ".ez" and is_ir(source.text))
