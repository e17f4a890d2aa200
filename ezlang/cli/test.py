"""`ezlang test`: runs programs on the inputs beside them, and compares with expected.json."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import click

from ezlang.diagnostics.diagnostic import EzError
from ezlang.values.data import Outputs
from ezlang.values.draws import seeded
from ezlang.values.files import read_inputs

from .options import parse_settings, set_option, usage_error
from .report import say, show_diagnostics

_EXPECTED: Final = "expected.json"
_MAIN: Final = "main.ez"
_LONGEST: Final = 60


class _Executor(StrEnum):
    CLEAR = "clear"
    SIMULATED = "simulated"
    NATIVE = "native"


@click.command(short_help="Compare programs' outputs with expected.json.")
@click.argument(
    "folders", nargs=-1, metavar="[FOLDERS]...", type=click.Path(path_type=Path, exists=True)
)
@set_option
@click.option("--clear", "executor", flag_value=_Executor.CLEAR, help="Evaluate in the clear.")
@click.option(
    "--simulated",
    "executor",
    flag_value=_Executor.SIMULATED,
    default=True,
    help="Simulate the protocol (the default).",
)
@click.option("--native", "executor", flag_value=_Executor.NATIVE, help="Run native code.")
@click.option(
    "--seed", type=int, metavar="N", help="Draw the same random numbers each time, known to all."
)
@click.pass_context
def test(
    context: click.Context,
    folders: tuple[Path, ...],
    settings: tuple[str, ...],
    executor: str,
    seed: int | None,
) -> None:
    """Run the program of each folder, and compare its outputs with those in expected.json.

    The folders are all those with the files main.ez and expected.json among FOLDERS and below
    them, by default the current one. A party's inputs are in PARTY.json beside the program.
    expected.json has an object of outputs by name for each party, as `ezlang run --json` prints
    them under "outputs". Exit code 1 means that outputs differ.
    """
    given = parse_settings(settings)
    found = [one for folder in folders or (Path(),) for one in _tests(folder)]
    if not found:
        raise usage_error(f"No folder here has both {_MAIN} and {_EXPECTED}")
    code = 0
    failed = 0
    for folder in found:
        try:
            with seeded(seed):
                differences = list(_differences(*_run(folder, given, _Executor(executor))))
        except EzError as error:
            show_diagnostics(error.diagnostics)
            differences = ["it did not run to its end"]
            code = max(code, error.exit_code)
        click.echo(f"{'FAILED' if differences else 'passed'}  {folder}")
        for line in differences:
            click.echo(f"        {line}")
        failed += bool(differences)
    say(f"{len(found) - failed} of {len(found)} passed.")
    context.exit(code or int(failed > 0))


def _tests(folder: Path) -> Iterator[Path]:
    for expected in sorted(folder.rglob(_EXPECTED)):
        if (expected.parent / _MAIN).is_file():
            yield expected.parent


def _run(
    folder: Path, settings: dict[str, Any], executor: _Executor
) -> tuple[Outputs, dict[str, Any]]:
    """Return what a program gives, and what it should give."""
    from ezlang import api

    program = api.load(folder / _MAIN, settings)
    files = {party: folder / f"{party}.json" for party in program.parties}
    inputs = {party: read_inputs(file) for party, file in files.items() if file.is_file()}
    expected = read_inputs(folder / _EXPECTED)
    match executor:
        case _Executor.CLEAR:
            result = api.run_clear(program, inputs)
        case _Executor.SIMULATED:
            result = api.run_simulated(program, inputs)
        case _Executor.NATIVE:
            result = api.run_native(program, inputs)
    return result.outputs, expected


def _differences(given: Outputs, expected: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence for each output that isn't as expected."""
    for party in dict.fromkeys((*given, *expected)):
        own, wanted = given.get(party, {}), expected.get(party, {})
        if not isinstance(wanted, dict):
            yield f"{_EXPECTED} has no object of outputs for {party}"
            continue
        for name in dict.fromkeys((*own, *wanted)):
            if name not in wanted:
                yield f"{party} is told `{name}`, of which {_EXPECTED} says nothing"
            elif name not in own:
                yield f"{party} is not told `{name}`, which {_EXPECTED} has"
            elif own[name] != wanted[name]:
                shown = f"{_short(own[name])}, and not {_short(wanted[name])}"
                yield f"{party}'s output `{name}` is {shown}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
