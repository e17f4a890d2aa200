"""`ezlang doc`: what the standard library has."""

from __future__ import annotations

import click

from .options import usage_error
from .report import print_lines


def _names(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Return the modules and entries that begin as typed, for the completion of shells."""
    from ezlang.library import modules

    every = [one.name for one in modules()]
    every += [f"{one.name}.{entry.name}" for one in modules() for entry in one.entries]
    return [name for name in every if name.startswith(begun)]


@click.command(short_help="Print what the standard library has.")
@click.argument("name", metavar="[MODULE[.NAME]]", default="", shell_complete=_names)
def doc(name: str) -> None:
    """List the modules of the standard library, what a module has, or one entry of it.

    A name without a module is looked for in all of them.
    """
    from ezlang.library import module, modules
    from ezlang.values.names import did_you_mean

    every = [one.name for one in modules()]
    if not name:
        print_lines(_listed([(one.name, one.summary) for one in modules()]))
        return
    first, _, second = name.partition(".")
    if first in every and not second:
        found = module(first)
        print_lines([*found.doc.splitlines(), ""])
        print_lines(_listed([(one.name, one.summary) for one in found.entries]))
        return
    homes = [module(first)] if first in every else list(modules())
    wanted = second if first in every else name
    entries = [(home, entry) for home in homes if (entry := home.find(wanted)) is not None]
    if not entries:
        known = [f"{home.name}.{one.name}" for home in homes for one in home.entries]
        similar = did_you_mean(name, [*every, *known], listed=False)
        raise usage_error(f"The library has nothing called `{name}`", similar)
    for number, (home, entry) in enumerate(entries):
        print_lines([""] if number else [])
        print_lines([f"import {home.name};", entry.head, "", *entry.doc.splitlines()])


def _listed(rows: list[tuple[str, str]]) -> list[str]:
    """Return names and sentences as a table."""
    from .tables import Sheet

    sheet = Sheet()
    sheet.texts(("name", "what"), rows)
    return sheet.lines
