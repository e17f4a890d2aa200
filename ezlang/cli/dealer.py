"""`ezlang dealer`: a third process that deals preprocessing to both parties of a run."""

from __future__ import annotations

from pathlib import Path

import click

from .options import check_timeout, usage_error
from .report import say, show_diagnostics

TIMEOUT = 60.0
"""How long a party waits for the other one, and how long it may be silent, in seconds."""


@click.command(short_help="Deal preprocessing to both parties of a run.")
@click.option(
    "--address",
    metavar="HOST:PORT",
    help="The address to listen at; by default port 7801 of this machine.",
)
@click.option("--runs", type=click.IntRange(min=1), metavar="N", help="Deal for N runs, not one.")
@click.option("--keep", is_flag=True, help="Deal for any number of runs, until interrupted.")
@click.option(
    "--parties",
    "known",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file with this dealer's key and the cards of both parties, for TLS; by default "
    "parties.toml in the current folder, if there is one.",
)
@click.option(
    "--party", metavar="NAME", help="This dealer's name in that file, if it has several keys."
)
@click.option(
    "--insecure",
    is_flag=True,
    help="Allow an address off this machine, although anybody between it and "
    "the parties can read and change what is dealt.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="How long to wait for the parties; by default as long as it takes.",
)
@click.option(
    "--max-gigabytes",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Refuse runs that take more preprocessing than that; by default 1099.",
)
@click.option(
    "--max-multiplications",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Refuse runs whose matrix triples take more billions of multiplications than that; by "
    "default 1000, a minute or two of a core.",
)
def dealer(
    address: str | None,
    runs: int | None,
    keep: bool,
    known: Path | None,
    party: str | None,
    insecure: bool,
    timeout: float | None,
    max_gigabytes: float | None,
    max_multiplications: float | None,
) -> None:
    """Deal to two parties that run with `--dealer`, before they share their inputs.

    Run the dealer at a third party that doesn't collude with either of the two.
    """
    from ezlang.diagnostics.diagnostic import EzError
    from ezlang.session.address import DEALER_PORT, Address, parse_address, require_private
    from ezlang.session.dealer import Limits, Served, run_dealer
    from ezlang.session.parties import find_parties, load_parties

    if keep and runs is not None:
        raise usage_error("--runs and --keep exclude each other", "give only one of them")
    check_timeout(timeout)
    path = None if insecure else find_parties(known, Path())
    if path is None:
        place = parse_address(address, DEALER_PORT)
    else:
        place = load_parties(path).dealing(party, address)
    warning = require_private(place, insecure=insecure)
    if warning is not None:
        say(warning)

    usual = Limits()
    limits = Limits(
        bytes=_scaled(max_gigabytes, usual.bytes),
        multiplications=_scaled(max_multiplications, usual.multiplications),
    )

    def listening(there: Address) -> None:
        say(f"Dealer: listening at {there} for two parties that run with `--dealer {there}`.")
        say(
            "Model: the dealer learns which program is run and how much preprocessing it takes, "
            "but no input and no share. Together with either party it could learn the other's "
            "inputs."
        )

    def served(one: Served) -> None:
        say(f"Dealt for the program {one.program[:16]}: {one.bytes_sent:,} bytes to party 1.")

    def failed(error: EzError) -> None:
        show_diagnostics(error.diagnostics)

    run_dealer(
        place,
        TIMEOUT if timeout is None else timeout,
        None if keep else runs or 1,
        patient=timeout is None,
        listening=listening,
        served=served,
        failed=failed,
        limits=limits,
    )


def _scaled(billions: float | None, usual: int) -> int:
    """Return a number of billions, if it is given."""
    return usual if billions is None else int(billions * 1e9)
