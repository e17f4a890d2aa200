"""`ezlang headroom`: how close the fixed-point numbers of a run come to overflow."""

from __future__ import annotations

from pathlib import Path

import click

from .options import input_option, json_option, parse_settings, program_argument, set_option
from .report import print_json


@click.command(short_help="Tell how many bits fixed-point numbers have left, for sample inputs.")
@program_argument
@input_option
@set_option
@json_option
def headroom(
    program: Path, inputs: tuple[str, ...], settings: tuple[str, ...], as_json: bool
) -> None:
    """Run PROGRAM in the clear on sample inputs, and list its fixed-point operations.

    For each operation, the list gives the largest exact result, before it is rounded, and how many
    bits are left before it overflows. Below, it says for each f how many bits after the binary
    point there might be for these inputs. Nothing is protected: use sample inputs. With --json, an
    object with the list "headroom" is printed.
    """
    from ezlang import api

    from .fixed_point import headroom_lines, headroom_object
    from .inputs import gather_inputs

    loaded = api.load(program, parse_settings(settings))
    found = api.headroom(loaded, gather_inputs(loaded, inputs, program.parent))
    if as_json:
        print_json({"headroom": headroom_object(found)})
        return
    for line in headroom_lines(found):
        click.echo(line)
