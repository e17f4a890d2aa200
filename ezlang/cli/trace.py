"""`ezlang trace`: plays a simulated run, as a page or as data."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

import click

from ezlang.types.sharing import Choices

from .options import (
    choice_options,
    input_option,
    parse_settings,
    program_argument,
    set_option,
    usage_error,
)
from .report import say, voice_options


@click.command(short_help="Play a simulated run: all messages and shares, as a page or as JSON.")
@program_argument
@input_option
@set_option
@choice_options
@voice_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The page to write; by default trace.html, unless --json is given.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the trace as JSON to this file.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="N",
    help="Draw all randomness from this number, so that the same trace is made again.",
)
@click.option("--dealer", is_flag=True, help="Show a run of two parties with a dealer.")
@click.option(
    "--lines",
    metavar="A-B",
    help="Record these lines of the program in full, also where a run is summarised.",
)
@click.option(
    "--reruns",
    type=click.IntRange(min=0),
    metavar="N",
    help="How many runs to make with each of two secrets, to compare what the other party sees; "
    "by default as many as fit in some seconds, up to 200.",
)
def trace(
    program: Path,
    inputs: tuple[str, ...],
    settings: tuple[str, ...],
    output: Path | None,
    json_file: Path | None,
    seed: int | None,
    dealer: bool,
    lines: str | None,
    reruns: int | None,
    **choices: Unpack[Choices],
) -> None:
    """Run PROGRAM simulated, and write what happened: every message, share and label.

    The page plays the run. It is one file and loads nothing from a network. It shows all secrets:
    use sample inputs. Inputs are given as for `ezlang run`.
    """
    from ezlang import api
    from ezlang.values.writing import require_folder, write_whole

    from . import output as told
    from .inputs import gather_inputs

    page = Path("trace.html") if output is None and json_file is None else output
    for path in (page, json_file):
        if path is not None:
            require_folder(path)
    loaded = api.load(program, parse_settings(settings))
    values = gather_inputs(loaded, inputs, program.parent)
    told.say_model(loaded, "simulated")
    if dealer:
        api.require_several_parties(loaded, dealer=True)
        told.say_dealer(loaded)
    made = api.trace(
        loaded, values, seed=seed, dealer=dealer, lines=_lines(lines), reruns=reruns, **choices
    )
    if json_file is not None:
        write_whole(json_file, made.text())
        say(f"The trace is in {json_file}.")
    if page is not None:
        write_whole(page, made.page())
        say(f"The page is {page}. It shows the secrets of all parties.")


def _lines(text: str | None) -> range:
    """Return the lines A to B."""
    if text is None:
        return range(0)
    first, _, last = text.partition("-")
    if not (first.isdecimal() and (last or first).isdecimal()):
        raise usage_error(f"`--lines {text}` names no lines", "write --lines 12 or --lines 12-18")
    return range(int(first), int(last or first) + 1)
