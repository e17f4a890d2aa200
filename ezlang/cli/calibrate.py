"""`ezlang calibrate`: measures two machines and the connection between them."""

from __future__ import annotations

from pathlib import Path

import click

from .options import check_timeout
from .report import say


@click.command(short_help="Measure two machines and their connection: a network profile.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--party", type=click.IntRange(0, 1), help="Be this party; by default both, on this machine."
)
@click.option("--address", metavar="HOST:PORT", help="Where party 0 listens and party 1 dials.")
@click.option("--insecure", is_flag=True, help="Allow an address off this machine.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="How long to wait for the other party, by default 60.",
)
def calibrate(
    file: Path, party: int | None, address: str | None, insecure: bool, timeout: float | None
) -> None:
    """Measure, and write a network profile to FILE, for --network.

    With --party, this process is one of two parties that run the command at the same time, on the
    machines that will compute together. Without it, both run on this machine. Both parties get the
    same profile.
    """
    from ezlang import api

    check_timeout(timeout)
    profile = api.calibrate(
        file, party=party, address=address, insecure=insecure, timeout=timeout, warn=say
    )
    click.echo(profile)
