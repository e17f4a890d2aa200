"""The report of `ezlang leaks`, as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .tables import HEAD, Sheet

if TYPE_CHECKING:
    from ezlang.analysis.dependence import InputName
    from ezlang.analysis.leaks import Release
    from ezlang.typed.tree import Program


def leak_lines(
    name: str, found: Sequence[Release], *, styled: bool = False, servers: Sequence[str] = ()
) -> list[str]:
    """Return a table with all releases of the program in the file `name`; nothing is cut.

    `servers` are the two that compute, if not all parties do.
    """
    sheet = Sheet(styled=styled)
    if not found:
        sheet.text("Nothing is released: no party learns anything.")
        _add_servers(sheet, servers)
        return sheet.lines
    decided = any(release.implicit for release in found)
    sheet.text(f"What {name} releases", style=HEAD)
    sheet.gap()
    head = ("line", "to", "what", "depends on", "is decided by")
    rows = [
        (
            _place(name, release),
            "everyone" if release.to is None else release.to,
            _what(release),
            _names(release.explicit) or "no input",
            _names(release.implicit),
        )
        for release in found
    ]
    kept = len(head) if decided else len(head) - 1
    sheet.texts(head[:kept], [row[:kept] for row in rows])
    _add_servers(sheet, servers)
    return sheet.lines


def _add_servers(sheet: Sheet, servers: Sequence[str]) -> None:
    if servers:
        sheet.gap()
        both = " and ".join(servers)
        sheet.text(f"{both} hold shares of all inputs: whoever has both shares can read them.")


def servers_of(program: Program) -> tuple[str, ...]:
    """Return the two that compute, if not all parties do."""
    return program.computing if program.clients else ()


def _place(name: str, release: Release) -> str:
    place = f"{release.span.line}:{release.span.column}"
    file = release.span.source.name
    return place if file == name else f"{file}:{place}"


def _what(release: Release) -> str:
    if release.kind == "output":
        return f'output "{release.name}":\n{release.expression}'
    return f"reveal:\n{release.expression}"


def _names(inputs: tuple[InputName, ...]) -> str:
    return ",\n".join(f'{i.party}\'s "{i.name}"' for i in inputs)
