"""`ezlang leaks`: lists everything that a program releases, and to whom."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .options import json_option, parse_settings, program_argument, set_option
from .report import print_json, print_lines


@click.command(short_help="List every release: what, where, to whom, from which inputs.")
@program_argument
@set_option
@json_option
def leaks(program: Path, settings: tuple[str, ...], as_json: bool) -> None:
    """List everything that a run of PROGRAM can release to anybody.

    For each `reveal` and `output`, the list gives its place, the value and its receivers, the
    inputs that the value is computed from, and the inputs that decide whether, or which value, is
    released. With --json, an object with the list "releases" is printed.
    """
    from ezlang import api
    from ezlang.analysis.leaks import release_json

    from .leaks_report import leak_lines, servers_of
    from .tables import may_style

    loaded = api.load(program, parse_settings(settings))
    found = api.leaks(loaded)
    if as_json:
        print_json({"releases": [release_json(release) for release in found]})
        return
    name = loaded.main.span.source.name
    print_lines(leak_lines(name, found, styled=may_style(sys.stdout), servers=servers_of(loaded)))
