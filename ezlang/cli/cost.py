"""`ezlang cost`: predicts what a run will cost."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Unpack

import click

from ezlang.types.sharing import Choices

from .options import (
    choice_options,
    json_option,
    parse_settings,
    program_argument,
    set_option,
)


@click.command(short_help="Predict what a run will cost: rounds, bytes, memory, time.")
@program_argument
@set_option
@choice_options
@click.option(
    "--dealer", is_flag=True, help="Predict a run with a dealer, and how much that deals."
)
@click.option(
    "--prepared",
    is_flag=True,
    help="Predict a run on what `ezlang prepare` has made, and what that takes.",
)
@click.option("--lines", "every_line", is_flag=True, help="List every line that costs something.")
@click.option("--explain", is_flag=True, help="Explain why each sharing was chosen.")
@click.option(
    "--ranges",
    is_flag=True,
    help="List operations that need fewer bits than their type, with proofs.",
)
@json_option
def cost(
    program: Path,
    settings: tuple[str, ...],
    dealer: bool,
    prepared: bool,
    every_line: bool,
    explain: bool,
    ranges: bool,
    as_json: bool,
    **choices: Unpack[Choices],
) -> None:
    """Predict what PROGRAM costs, without running it.

    Rounds and bytes are exactly those that `ezlang run` counts. Where a program branches or loops
    on a value that it reveals, they are bounds, and the cost of one iteration is given. Memory is
    approximate, and time comes from a simple model of the network. With --json, an object is
    printed.
    """
    from ezlang import api

    from .cost_report import cost_lines, cost_object
    from .ranges import range_lines, ranges_object
    from .report import print_json, print_lines
    from .tables import may_style

    loaded = api.load(program, parse_settings(settings))
    report = api.cost(loaded, explained=explain, dealer=dealer, prepared=prepared, **choices)
    proofs = api.ranges(loaded) if ranges else []
    if as_json:
        print_json(cost_object(report) | ({"ranges": ranges_object(proofs)} if ranges else {}))
        return
    styled = may_style(sys.stdout)
    print_lines(cost_lines(report, every_line=every_line, styled=styled))
    if ranges:
        print_lines(range_lines(proofs, styled=styled))
