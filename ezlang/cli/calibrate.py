"""`ezlang calibrate`: measures machines and the connections between them."""

from __future__ import annotations

from pathlib import Path

import click

from .agreement import known_parties
from .options import check_timeout, usage_error
from .report import say

MOST = 8
"""The largest number of parties."""


@click.command(short_help="Measure machines and their connections: a network profile.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--party", metavar="PARTY", help="Be this party; by default 0 and 1, both on this machine."
)
@click.option(
    "--among",
    metavar="NAMES",
    help="All parties, in the same order at each, such as hospital,vendor or a,b,c; by default "
    "there are two.",
)
@click.option(
    "--address",
    metavar="HOST:PORT",
    help="Where party 0 listens; others listen at the next ports, or at addresses after commas.",
)
@click.option(
    "--parties",
    "known",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Who is who and where, for TLS; by default parties.toml in the current folder, if it has "
    "one of the parties.",
)
@click.option("--insecure", is_flag=True, help="Allow an address off this machine.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="How long to wait for the other parties, by default 60.",
)
def calibrate(
    file: Path,
    party: str | None,
    among: str | None,
    address: str | None,
    known: Path | None,
    insecure: bool,
    timeout: float | None,
) -> None:
    """Measure, and write a network profile to FILE, for --network.

    With --party, this process is one of the parties that run the command at the same time, on the
    machines that will compute together. Without it, two run on this machine. All parties get the
    same profile.
    """
    from ezlang import api

    check_timeout(timeout)
    names = tuple(name.strip() for name in among.split(",")) if among is not None else ()
    if among is not None and (len(set(names)) != len(names) or not 2 <= len(names) <= MOST):
        raise usage_error(
            f"`--among {among}` isn't two to {MOST} different names", "separate them by commas"
        )
    if party is None and (names or known or address):
        raise usage_error("`--party` is missing", "say which of the parties this process is")
    found = known_parties(known, Path(), names, insecure=insecure) if names else None
    profile = api.calibrate(
        file,
        party=party,
        among=names,
        address=address,
        insecure=insecure,
        timeout=timeout,
        warn=say,
        parties=None if found is None else found.path,
    )
    click.echo(profile)
