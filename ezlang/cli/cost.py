"""`ezlang cost`: what a run will cost, before it."""

from __future__ import annotations

from pathlib import Path

import click

from .options import (
    json_option,
    network_option,
    parse_settings,
    program_argument,
    protocol_option,
    set_option,
)


@click.command(short_help="Tell what a run will cost: rounds, bytes, memory, time.")
@program_argument
@set_option
@protocol_option
@network_option
@click.option("--lines", "every_line", is_flag=True, help="List every line that costs something.")
@click.option("--explain", is_flag=True, help="Say why each sharing was picked.")
@click.option("--ranges", is_flag=True, help="Prove what is computed in fewer bits than it has.")
@json_option
def cost(
    program: Path,
    settings: tuple[str, ...],
    protocol: str,
    network: str,
    every_line: bool,
    explain: bool,
    ranges: bool,
    as_json: bool,
) -> None:
    """Predict what PROGRAM costs between two parties, and run nothing.

    Rounds and bytes are exact: those that `ezlang run` counts. Where a program branches or loops on
    what it reveals, they are bounds, and it is said what one turn costs. Memory is about right, and
    time is what a simple model makes of the network. With --json, an object is printed.
    """
    from ezlang import api

    from .cost_report import cost_lines, cost_object
    from .ranges import range_lines, ranges_object
    from .report import print_json

    loaded = api.load(program, parse_settings(settings))
    report = api.cost(loaded, policy=protocol, network=network, explained=explain)
    proofs = api.ranges(loaded) if ranges else []
    if as_json:
        print_json(cost_object(report) | ({"ranges": ranges_object(proofs)} if ranges else {}))
        return
    for line in cost_lines(report, every_line=every_line):
        click.echo(line)
    if ranges:
        for line in range_lines(proofs):
            click.echo(line)
