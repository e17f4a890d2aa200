"""The reports on fixed-point numbers of `ezlang check --ranges` and `ezlang headroom`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from ezlang.source import Span
from ezlang.types.types import RING

if TYPE_CHECKING:
    from ezlang.compiler.passes.analyses.overflow import Overflow
    from ezlang.executors.headroom import Headroom

_LONGEST: Final = 48
"""The most characters of an expression in a line of a report."""


def overflow_lines(found: Sequence[Overflow]) -> Iterator[str]:
    """Yield the lines of `check --ranges`."""
    if not found:
        yield "All fixed-point numbers are known to fit in 64 bits."
        return
    yield "These fixed-point results are not known to fit in 64 bits. To bound them, declare inputs"
    yield "with as many bits before the point as they need, as in `fixed<8, 16>`; `ezlang headroom`"
    yield "tells what sample inputs need."
    rows = [(_place(one.span), str(one.bits), _text(one.span)) for one in found]
    yield from _table(("line", "bits", "expression"), rows)


def overflows_object(found: Sequence[Overflow]) -> list[dict[str, Any]]:
    """Return the same report as JSON."""
    return [
        {"file": one.span.source.name, "line": one.span.line, "bits": one.bits, "of": one.span.text}
        for one in found
    ]


def headroom_lines(found: Sequence[Headroom]) -> Iterator[str]:
    """Yield the lines of `headroom`: a table, and what it says of every type."""
    if not found:
        yield "The program computed no fixed-point numbers."
        return
    rows = [
        (_place(one.span), _spare(one), _number(one), str(one.type), _text(one.span))
        for one in found
    ]
    yield from _table(("line", "bits left", "largest", "type", "expression"), rows)
    yield ""
    most: dict[int, list[Headroom]] = defaultdict(list)
    for one in found:
        if one.type.width < RING:
            yield from _narrow(one)
        else:
            most[one.type.fraction].append(one)
    for fraction, ones in sorted(most.items()):
        yield _advice(fraction, min(ones, key=lambda one: (one.most_fraction, one.span.start)))


def _narrow(one: Headroom) -> Iterator[str]:
    if one.spare < 0:
        yield (
            f"`{one.type}`: line {_place(one.span)} overflows, so that the outputs are wrong. "
            f"These inputs need `fixed<{one.whole_bits}, {one.type.fraction}>`."
        )


def _advice(fraction: int, least: Headroom) -> str:
    place = f"line {_place(least.span)}"
    if least.spare < 0:
        return (
            f"f = {fraction}: {place} overflows, so that the outputs are wrong. "
            f"With f = {least.most_fraction} or less, these inputs would fit."
        )
    return (
        f"f = {fraction}: everything fits. Up to f = {least.most_fraction} would fit for these "
        f"inputs; {place} decides."
    )


def headroom_object(found: Sequence[Headroom]) -> list[dict[str, Any]]:
    """Return the same report as JSON; `most_f` is the largest f that an operation has room for."""
    return [
        {
            "file": one.span.source.name,
            "line": one.span.line,
            "of": one.span.text,
            "type": str(one.type),
            "largest": float(one.value),
            "bits_left": one.spare,
            "most_f": one.most_fraction if one.type.width == RING else None,
        }
        for one in found
    ]


def _spare(one: Headroom) -> str:
    return str(one.spare) if one.spare >= 0 else "overflow"


def _number(one: Headroom) -> str:
    return f"{float(one.value):.6g}"


def _place(span: Span) -> str:
    """Return the line of a place, after the name of the library's module if it is in one."""
    from ezlang.check.modules import LIBRARY

    folder, _, name = span.source.name.rpartition("/")
    return f"{name}:{span.line}" if f"{folder}/" == LIBRARY else str(span.line)


def _text(span: Span) -> str:
    text = " ".join(span.text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield lines with aligned columns; all but the last are aligned to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        left = [cell.rjust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        yield "  ".join((*left, row[-1]))
