"""`ezlang playground`: a page on this machine in which programs are written and run."""

from __future__ import annotations

import click

from .options import usage_error
from .report import say


@click.command(short_help="Serve a page to write and run programs in, on this machine.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=7900,
    metavar="PORT",
    show_default=True,
    help="Where to listen on this machine; 0 is any free port.",
)
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@click.option(
    "--seconds",
    type=click.IntRange(1, 3600),
    default=30,
    metavar="N",
    show_default=True,
    help="How long a command of the page may take.",
)
@click.option(
    "--memory",
    type=click.IntRange(500, 1_000_000),
    default=4000,
    metavar="MB",
    show_default=True,
    help="How much memory a command of the page may take.",
)
def playground(port: int, opens: bool, seconds: int, memory: int) -> None:
    """Serve a page in which programs are written, checked, run and traced, until Ctrl-C.

    The page is reached from this machine alone and loads nothing from any network.
    """
    from ezlang.playground.children import Limits
    from ezlang.playground.server import Playground

    try:
        server = Playground(port, Limits(seconds, memory))
    except OSError as error:
        raise usage_error(
            f"Nothing can listen at port {port}: {error.strerror or error}",
            "choose another one: --port 0 is any that is free",
        ) from None
    click.echo(f"The playground is at {server.url} (Ctrl-C ends it).")
    if opens:
        click.launch(server.url)
    server.serve()
    say("The playground was stopped.")
