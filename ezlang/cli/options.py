"""The arguments and options that several commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from math import isfinite, nan
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.types.scalar import Setting
from ezlang.types.sharing import (
    DEFAULT_GARBLING,
    DEFAULT_MEMORY,
    DEFAULT_NETWORK,
    DEFAULT_PROTOCOL,
    GARBLING_CHOICES,
    PROTOCOL_CHOICES,
)
from ezlang.values.names import USAGE

_MEGABYTE: Final = 1_000_000

LONGEST_WAIT = 86_400.0
"""The longest time-out that can be given, in seconds."""

Function = TypeVar("Function", bound=Callable[..., Any])


def program_argument(function: Function) -> Function:
    """Add the argument PROGRAM, a path. An unreadable file is reported like any other error."""
    return click.argument("program", type=click.Path(path_type=Path))(function)


STDIN: Final = "-"
"""The name of standard input where files are named."""


def unfolded(files: Iterable[str]) -> Iterator[str]:
    """Yield files, and for a folder all programs and modules in it and below it."""
    for file in files:
        folder = Path(file)
        if file == STDIN or not folder.is_dir():
            yield file
            continue
        found = sorted(folder.rglob("*.ez"))
        if not found:
            raise usage_error(f"There is no .ez file in {file}")
        yield from map(str, found)


def standard_input() -> str:
    """Return the text on standard input."""
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise usage_error("Standard input is not UTF-8 text") from None


def input_option(function: Function) -> Function:
    """Add `--input PARTY=FILE`, which may be given several times."""
    return click.option(
        "--input",
        "inputs",
        multiple=True,
        metavar="PARTY=FILE",
        help="A party's inputs by name: JSON, .npz, or a table (.csv, .parquet, .arrow) by its "
        "columns. PARTY:NAME=FILE gives a single input: JSON, .npy, or a table by its rows. May be "
        "given several times.",
    )(function)


def set_option(function: Function) -> Function:
    """Add `--set NAME=VALUE`, which may be given several times."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="Set a param of the program; may be given several times.",
    )(function)


def json_option(function: Function) -> Function:
    """Add `--json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object on standard output."
    )(function)


def protocol_option(function: Function) -> Function:
    """Add `--protocol`."""
    return click.option(
        "--protocol",
        type=click.Choice(PROTOCOL_CHOICES),
        default=DEFAULT_PROTOCOL,
        show_default=True,
        help="How secrets are kept: arithmetic (as sums where possible), boolean (as exclusive "
        "ors), yao (in garbled circuits), or auto (each as is cheapest). Both parties must "
        "give the same.",
    )(function)


def network_option(function: Function) -> Function:
    """Add `--network`."""
    return click.option(
        "--network",
        default=DEFAULT_NETWORK,
        metavar="PROFILE",
        show_default=True,
        help=(
            "The network to choose sharings for: loopback, lan, wan, or a file written by "
            "`ezlang calibrate`. Both parties must give the same."
        ),
    )(function)


def garbling_option(function: Function) -> Function:
    """Add `--garbling`."""
    return click.option(
        "--garbling",
        type=click.Choice(GARBLING_CHOICES),
        default=DEFAULT_GARBLING,
        show_default=True,
        help="How garbled circuits are garbled: half-gates (less computation), three-halves (a "
        "quarter less to send), or auto (as is cheapest). Both parties must give the same.",
    )(function)


def memory_option(function: Function) -> Function:
    """Add `--memory MB`, which gives the function a number of bytes."""
    return click.option(
        "--memory",
        type=click.IntRange(min=1),
        callback=lambda _context, _parameter, megabytes: megabytes * _MEGABYTE,
        default=DEFAULT_MEMORY // _MEGABYTE,
        metavar="MB",
        show_default=True,
        help="How many megabytes of wire labels or shares iterations of loops may make together. "
        "Both parties must give the same.",
    )(function)


def choice_options(function: Function) -> Function:
    """Add the options that give the function its `Choices`."""
    for option in (memory_option, garbling_option, network_option, protocol_option):
        function = option(function)
    return function


address_option: Final = click.option(
    "--address",
    metavar="HOST:PORT",
    help="Where party 0 listens, and of more than two parties each further one but the last at "
    "the next port; or where each of them listens, separated by commas. By default on this "
    "machine.",
)

known_option: Final = click.option(
    "--parties",
    "known",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file that says who is who and where, for TLS between all parties; by default "
    "parties.toml beside the program or in the current folder, if there is one.",
)

yes_option: Final = click.option(
    "--yes", is_flag=True, help="Run a program that is new to this side without being asked."
)

insecure_option: Final = click.option(
    "--insecure",
    is_flag=True,
    help="Allow an address off this machine, although anybody between "
    "the parties can read and change what they send.",
)

timeout_option: Final = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="How long to wait for another party that is silent, by default 60.",
)

dealer_option: Final = click.option(
    "--dealer",
    metavar="HOST:PORT",
    help="Where `ezlang dealer` listens, which deals to both parties before they share their "
    "inputs; or its name in the file of --parties.",
)

store_option: Final = click.option(
    "--store",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where what is prepared is kept, by default among the user's data.",
)


def connection_options(function: Function) -> Function:
    """Add the options that say where the other party is, and by what it is known."""
    for option in (timeout_option, insecure_option, yes_option, known_option, address_option):
        function = option(function)
    return function


def usage_error(message: str, help: str | None = None) -> EzError:
    """Return the error for an invalid command line."""
    diagnostic = Diagnostic(code="EZ4106", message=message, span=None, help=help)
    return EzError(diagnostic, exit_code=USAGE)


def check_timeout(timeout: float | None) -> None:
    """Reject a time-out that is not positive, or too long."""
    if timeout is not None and not timeout <= LONGEST_WAIT:
        raise usage_error(
            f"`--timeout {timeout:g}` is not a valid number of seconds",
            f"write a positive number up to {LONGEST_WAIT:.0f}, which is a day",
        )


def parse_settings(settings: tuple[str, ...]) -> dict[str, Setting]:
    """Return the params that `--set` gives."""
    found: dict[str, Setting] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip()
        if not equals or not name:
            raise usage_error(f"`--set {setting}` sets nothing", "write --set NAME=VALUE")
        if name in found:
            raise usage_error(f"`--set` is given twice for `{name}`")
        found[name] = _value(name, text.strip())
    return found


def _value(name: str, text: str) -> Setting:
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text, 0)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        number = nan
    if not isfinite(number):
        raise usage_error(
            f"`{text}` is not a valid value for the param `{name}`",
            "a param is a number, true or false",
        ) from None
    return number
