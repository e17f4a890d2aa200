"""What a side agrees to before it runs a program with another one: with whom, and what is told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import usage_error
from .report import say

if TYPE_CHECKING:
    from ezlang.session.parties import Parties
    from ezlang.typed.tree import Program


def known_parties(
    given: Path | None, folder: Path, names: tuple[str, ...], *, insecure: bool
) -> Parties | None:
    """Return the content of parties.toml if it is for the parties of a program.

    It is the file that is `given`, or one in the program's folder or the current one. None means
    plain TCP, which is for this machine, unless `insecure`.
    """
    from ezlang.session.parties import find_parties, load_parties

    if insecure:
        if given is not None:
            raise usage_error(
                "`--insecure` and `--parties` exclude each other", "leave out --insecure"
            )
        return None
    path = find_parties(given, folder)
    if path is None:
        return None
    found = load_parties(path)
    if given is None and not any(found.named(name) for name in names):
        say(f"{path} names no party of this program: plain TCP, on this machine only.")
        return None
    return found


def agree_to(program: Program, parties: Parties | None, shown: Path, *, yes: bool) -> None:
    """Ask whether this side agrees to run a program that is new to it, after showing what it tells.

    Nothing is asked without parties.toml. Raises EzError if there is nobody to ask.
    """
    if parties is None or yes:
        return
    from ezlang import api
    from ezlang.session.errors import not_approved
    from ezlang.session.parties import approve, program_digest

    from .leaks_report import leak_lines, servers_of
    from .tables import may_style

    digest = program_digest(program)
    if digest in parties.approved:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise not_approved(
            f"Nobody has approved {shown} with these params at this side, and there is no "
            "terminal to ask at",
            f"read what it tells: ezlang leaks {shown}; then give --yes, or write "
            f'"{digest}" = "{shown.name}" below [approved] in {parties.path}',
        )
    # With --quiet as well: nobody agrees to what isn't shown.
    name = program.main.span.source.name
    click.echo(f"{shown} is new to this side.", err=True)
    for line in leak_lines(
        name, api.leaks(program), styled=may_style(sys.stderr), servers=servers_of(program)
    ):
        click.echo(line, err=True)
    click.confirm("Do you agree to run it, now and later?", abort=True, err=True)
    approve(parties.path, digest, shown.name)
