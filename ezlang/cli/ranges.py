"""The report of `ezlang cost --ranges`: operations that need fewer bits, with proofs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .tables import HEAD, Sheet

if TYPE_CHECKING:
    from ezlang.compiler.passes.sharings.narrow import Fact, Narrowed


def range_lines(found: Sequence[Narrowed], *, styled: bool = False) -> list[str]:
    """Return the lines: a paragraph for each operation, followed by its proof."""
    sheet = Sheet(styled=styled)
    sheet.gap()
    if not found:
        sheet.text("  no operation is known to need fewer bits than its type has")
        return sheet.lines
    sheet.text("  operations that need fewer bits than their type has, and why:", style=HEAD)
    for one in found:
        sign = "unsigned" if one.nonnegative else "in two's complement"
        line = one.span.source.line(one.span.line).strip()
        sheet.text(f"    {one.span.line:>3} | {line}", hanging=4)
        sheet.text(f"          {one.text}, {one.bits} bits {sign}", hanging=2)
        for fact in one.facts:
            sheet.text(f"          {'  ' * fact.depth}{_fact(fact)}", hanging=2)
    return sheet.lines


def _fact(fact: Fact) -> str:
    where = f", line {fact.span.line}" if fact.span.source.text else ""
    return f"{fact.range.low} … {fact.range.high}: {fact.text}{where}"


def ranges_object(found: Sequence[Narrowed]) -> list[dict[str, Any]]:
    """Return the same report as JSON."""
    return [
        {
            "line": one.span.line,
            "operation": one.text,
            "bits": one.bits,
            "nonnegative": one.nonnegative,
            "proof": [
                {
                    "depth": fact.depth,
                    "of": fact.text,
                    "low": fact.range.low,
                    "high": fact.range.high,
                    "line": fact.span.line if fact.span.source.text else None,
                }
                for fact in one.facts
            ],
        }
        for one in found
    ]
