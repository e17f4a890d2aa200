"""The table of the costs of all operations in docs/circuits.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ezlang.types.types import BOOL, UINT8, IntType

from ..ir.kinds import BinaryKind, Messages, UnaryKind
from .catalogue import PUBLIC, SAME, SECRET, Operand, binary, cast, choice, unary
from .netlist import Netlist

WIDTHS: Final = (8, 16, 32, 64)


def _unary(kind: UnaryKind) -> Callable[[int], Netlist]:
    return lambda width: unary(kind, IntType(width, True), SECRET)


def _has_ands(kind: UnaryKind) -> bool:
    return kind.traits.boolean is not Messages.NEVER


def _binary(
    kind: BinaryKind,
    *,
    signed: bool = False,
    y: Operand = SECRET,
    second: IntType | None = None,
) -> Callable[[int], Netlist]:
    return lambda width: binary(kind, IntType(width, signed), SECRET, y, second=second)


ROWS: Final[tuple[tuple[str, Callable[[int], Netlist]], ...]] = (
    ("`x + y`", _binary(BinaryKind.ADD)),
    ("`x - y`", _binary(BinaryKind.SUB)),
    *((f"`{kind.traits.written}`", _unary(kind)) for kind in UnaryKind if _has_ands(kind)),
    ("`x < y`, `<=`, `>`, `>=`", _binary(BinaryKind.LT)),
    ("`x == y`, `!=`", _binary(BinaryKind.EQ)),
    ("`bool(x)`", lambda width: cast(IntType(width, False), BOOL, SECRET)),
    ("`c ? x : y`", lambda width: choice(IntType(width, False), SECRET, SECRET, SECRET)),
    ("`min(x, y)`, `max`", _binary(BinaryKind.MIN)),
    ("`x & y`, `\\|`", _binary(BinaryKind.AND)),
    ("`x ^ y`, `~x`, casts between integers", _binary(BinaryKind.XOR)),
    ("`x * y`", _binary(BinaryKind.MUL)),
    ("`x * x`", _binary(BinaryKind.MUL, y=SAME)),
    ("`x * y`, y public", _binary(BinaryKind.MUL, y=PUBLIC)),
    ("`x * 10`", _binary(BinaryKind.MUL, y=10)),
    ("`x / y`, unsigned", _binary(BinaryKind.DIV)),
    ("`x / y`, signed", _binary(BinaryKind.DIV, signed=True)),
    ("`x % y`, unsigned", _binary(BinaryKind.MOD)),
    ("`x % y`, signed", _binary(BinaryKind.MOD, signed=True)),
    ("`x / 10`, unsigned", _binary(BinaryKind.DIV, y=10)),
    ("`x % 10`, unsigned", _binary(BinaryKind.MOD, y=10)),
    ("`x / 8`, signed", _binary(BinaryKind.DIV, signed=True, y=8)),
    ("`x << y`", _binary(BinaryKind.SHL)),
    ("`x << y`, y a `uint8`", _binary(BinaryKind.SHL, second=UINT8)),
    ("`x >> y`, signed", _binary(BinaryKind.SHR, signed=True)),
)


def render() -> str:
    """Return the table in Markdown: ANDs and AND depth of each operation at each width."""
    lines = [
        "| operation | " + " | ".join(f"{width} bits" for width in WIDTHS) + " |",
        "|---|" + "---|" * len(WIDTHS),
    ]
    for label, build in ROWS:
        netlists = [build(width) for width in WIDTHS]
        cells = [f"{netlist.ands} ({netlist.depth})" for netlist in netlists]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(render())
