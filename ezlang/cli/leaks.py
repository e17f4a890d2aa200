"""`ezlang leaks`: the complete list of what a program tells to whom."""

from __future__ import annotations

from pathlib import Path

import click

from .options import json_option, parse_settings, program_argument, set_option
from .report import print_json


@click.command(short_help="List every release: what, where, to whom, from which inputs.")
@program_argument
@set_option
@json_option
def leaks(program: Path, settings: tuple[str, ...], as_json: bool) -> None:
    """List everything that a run of PROGRAM can tell to anybody.

    For each `reveal` and `output`: its place, what is told to whom, the inputs that it is computed
    from, and those that decide whether, or which value, it is. With --json, an object with the list
    "releases" is printed.
    """
    from ezlang import api
    from ezlang.analysis.leaks import release_json, render_releases

    found = api.leaks(api.load(program, parse_settings(settings)))
    if as_json:
        print_json({"releases": [release_json(release) for release in found]})
        return
    for line in render_releases(found):
        click.echo(line)
