"""`ezlang plot`: pictures of what a program costs, by line and by round."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

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

if TYPE_CHECKING:
    from collections import Counter

    from .figures import Bar

_KINDS = ("svg", "png")


@click.command(short_help="Draw the cost by line, and the bytes of each round, as SVG or PNG.")
@program_argument
@input_option
@set_option
@choice_options
@voice_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("cost.svg"),
    show_default=True,
    metavar="FILE",
    help="The picture to write; its name ends in .svg or .png.",
)
def plot(
    program: Path,
    inputs: tuple[str, ...],
    settings: tuple[str, ...],
    output: Path,
    **choices: Unpack[Choices],
) -> None:
    """Draw what PROGRAM costs: bytes and rounds of each line, and bytes of each round.

    Lines are those that `ezlang cost` predicts, rounds those of a simulated run, whose inputs are
    given as for `ezlang run`. PROGRAM may also be what `ezlang trace --json` or `ezlang cost
    --json` has written; a cost report has no rounds over time.
    """
    from ezlang.values.writing import require_folder, write_whole

    from .figures import picture, require_matplotlib

    kind = output.suffix.removeprefix(".").lower()
    if kind not in _KINDS:
        raise usage_error(
            f"`{output}` is no name of a picture", "write a name that ends in .svg or .png"
        )
    require_matplotlib()
    require_folder(output)
    if program.suffix == ".json":
        title, parties, bars, rounds = _of_data(program)
    else:
        title, parties, bars, rounds = _of_program(program, inputs, settings, choices)
    write_whole(output, picture(title, parties, bars, rounds, kind))
    say(f"The picture is {output}.")


_Drawn = tuple[str, list[str], "list[Bar]", "list[Counter[str]] | None"]


def _of_program(
    program: Path, inputs: tuple[str, ...], settings: tuple[str, ...], choices: Choices
) -> _Drawn:
    """Return what is to be drawn of a program, by the objects that `--json` writes."""
    from ezlang import api

    from .cost_report import cost_object
    from .figures import bars_of_cost, bytes_by_round
    from .inputs import gather_inputs

    loaded = api.load(program, parse_settings(settings))
    values = gather_inputs(loaded, inputs, program.parent)
    trace = api.trace(loaded, values, reruns=0, **choices).data
    name = loaded.main.span.source.name
    bars = bars_of_cost(cost_object(api.cost(loaded, **choices)), name)
    return str(program), list(loaded.parties), bars, bytes_by_round(trace)


def _of_data(path: Path) -> _Drawn:
    """Return what is to be drawn of a trace or a cost report. Raises EzError (exit code 2)."""
    from .figures import bars_of_cost, bars_of_trace, bytes_by_round

    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if "messages" in data:
            return str(path), data["parties"], bars_of_trace(data), bytes_by_round(data)
        named = [one["file"] for one in data["lines"] if one["file"] is not None]
        name = named[0] if named else ""
        return str(path), data["parties"], bars_of_cost(data, name), None
    except OSError as error:
        raise usage_error(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, TypeError, LookupError):
        raise usage_error(
            f"{path} is neither a trace nor a cost report",
            "give what `ezlang trace --json FILE` or `ezlang cost --json` writes, or a program",
        ) from None
