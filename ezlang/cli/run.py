"""`ezlang run`: in the clear, simulated, natively with all parties, or natively as one party."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import Unpack

import click

from ezlang.types.sharing import Choices

from .options import (
    Function,
    address_option,
    check_timeout,
    choice_options,
    dealer_option,
    input_option,
    insecure_option,
    json_option,
    known_option,
    parse_settings,
    program_argument,
    set_option,
    store_option,
    timeout_option,
    usage_error,
    yes_option,
)
from .report import say, voice_options

_OPTIONS = (
    input_option,
    set_option,
    click.option(
        "--native", "native", is_flag=True, help="Run native code, in one process for each party."
    ),
    click.option(
        "--clear", "clear", is_flag=True, help="Evaluate in the clear: nothing is protected."
    ),
    click.option(
        "--party", metavar="PARTY", help="Be this party alone: its name, or its number from 0."
    ),
    address_option,
    dealer_option,
    known_option,
    yes_option,
    insecure_option,
    timeout_option,
    click.option(
        "--stats",
        is_flag=True,
        help="Say what each phase and each line of the program took: time, rounds, bytes.",
    ),
    choice_options,
    voice_options,
    json_option,
)


def run_options(function: Function) -> Function:
    """Add the options that say how a program is run, and with which inputs."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.command(short_help="Run a program: simulated, or between real parties.")
@program_argument
@run_options
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the outputs to this file instead: .json, .csv or .npz.",
)
@click.option(
    "--seed",
    type=int,
    metavar="N",
    help="Draw the same random numbers in each run in the clear, and in each simulated run.",
)
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write what was run, with whom, on what inputs both committed to, and what came out, for "
    "`ezlang verify`; all parties must.",
)
@click.option(
    "--prepared",
    type=click.Choice(("auto", "yes", "no")),
    default="auto",
    show_default=True,
    help="Whether to run on what both parties have made by `ezlang prepare`; auto: if there is "
    "any.",
)
@store_option
def run(
    program: Path,
    inputs: tuple[str, ...],
    settings: tuple[str, ...],
    native: bool,
    clear: bool,
    party: str | None,
    address: str | None,
    dealer: str | None,
    known: Path | None,
    yes: bool,
    insecure: bool,
    timeout: float | None,
    seed: int | None,
    stats: bool,
    as_json: bool,
    file: Path | None,
    record: Path | None,
    prepared: str,
    store: Path | None,
    **choices: Unpack[Choices],
) -> None:
    """Run PROGRAM, by default simulated, with every party in this process.

    Without --input, the inputs of a party are read from PARTY.json next to the program. On a
    terminal, missing numbers and bools are asked for. Outputs are printed on standard output, or
    written to a file.
    """
    from ezlang import api
    from ezlang.values.names import party_number
    from ezlang.values.results import results_file

    from . import output
    from .agreement import agree_to, known_parties
    from .asking import asking
    from .inputs import gather_inputs

    _one_way(native, clear, party, timeout)
    if stats and clear:
        raise usage_error(
            "`--stats` is for runs that send something", "leave it out, or leave out --clear"
        )
    if seed is not None and (native or party is not None):
        raise usage_error(
            "`--seed` is not for real parties, which draw from the operating system's generator",
            "leave it out, or simulate the run: leave out --native and --party",
        )
    only = {"--address": address, "--dealer": dealer, "--insecure": insecure}
    also = {"--parties": known is not None, "--yes": yes, "--record": record is not None}
    also |= {"--prepared": prepared == "yes", "--store": store is not None}
    _for_one_party(party, {**only, **also})
    start = perf_counter()
    loaded = api.load(program, parse_settings(settings))
    checking = perf_counter() - start
    if native or party is not None:
        api.require_several_parties(loaded, dealer=dealer is not None)
    if party is not None:
        own = loaded.parties[party_number(loaded.parties, party)]
        others = known_parties(known, program.parent, loaded.parties, insecure=insecure)
        agree_to(loaded, others, program, yes=yes)
        target = results_file(file, loaded, own)
        values = gather_inputs(loaded, inputs, program.parent, own, asks=record is None)
        output.say_model(loaded, "party", own)
        if dealer is not None:
            output.say_dealer(loaded)
        with asking(loaded, own) if record is None else nullcontext():
            mine = api.run_party(
                loaded,
                own,
                values[own],
                address=address,
                dealer=dealer,
                insecure=insecure,
                timeout=timeout,
                warn=say,
                stats=stats,
                checking=checking,
                parties=None if others is None else others.path,
                record=record,
                use_prepared={"yes": True, "no": False}.get(prepared),
                store=store,
                **choices,
            )
        output.print_party_result(loaded, mine, as_json, target)
        return
    target = results_file(file, loaded)
    values = gather_inputs(loaded, inputs, program.parent)
    output.say_model(loaded, "clear" if clear else "native" if native else "simulated")
    with asking(loaded):
        if clear:
            result = api.run_clear(loaded, values, seed=seed)
        elif native:
            result = api.run_native(
                loaded, values, timeout=timeout, stats=stats, checking=checking, **choices
            )
        else:
            result = api.run_simulated(
                loaded, values, seed=seed, stats=stats, checking=checking, **choices
            )
    output.print_result(loaded, result, as_json, target)


def _one_way(
    native: bool,
    clear: bool,
    party: str | None,
    timeout: float | None,
) -> None:
    """Reject options that exclude each other, or that would have no effect."""
    ways = [
        name
        for name, given in (
            ("--native", native),
            ("--clear", clear),
            ("--party", party is not None),
        )
        if given
    ]
    if len(ways) > 1:
        raise usage_error(f"{' and '.join(ways)} exclude each other", "give only one of them")
    check_timeout(timeout)
    if party is None and not native and timeout is not None:
        raise usage_error(
            "`--timeout` is for runs between processes", "give --native or --party, or leave it out"
        )


def _for_one_party(party: str | None, options: dict[str, str | bool | None]) -> None:
    """Reject options that apply only to a run of one party."""
    for option, given in options.items():
        if party is None and given not in (None, False):
            raise usage_error(
                f"`{option}` is for a run of one party", "give --party too, or leave it out"
            )
