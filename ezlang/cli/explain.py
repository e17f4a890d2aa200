"""`ezlang explain`: prints the page about an error."""

from __future__ import annotations

import click

from .options import usage_error


def _codes(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Return the codes that begin as typed, for the completion of shells."""
    from ezlang.diagnostics.catalogue import all_codes

    return [code for code in all_codes() if code.startswith(begun.upper())]


@click.command(short_help="Explain an error, with a wrong and a right program.")
@click.argument("code", metavar="CODE", shell_complete=_codes)
def explain(code: str) -> None:
    """Print the page about the error CODE, for example EZ3001."""
    from ezlang.diagnostics.catalogue import all_codes
    from ezlang.diagnostics.catalogue import explain as page_on
    from ezlang.values.names import did_you_mean

    page = page_on(code)
    if page is None:
        raise usage_error(
            f"There is no error with the code `{code}`",
            did_you_mean(code.strip().upper(), all_codes(), listed=False),
        )
    click.echo(page, nl=False)
