"""Fixed-point operations whose results may not fit in 64 bits, for all that is known of inputs."""

from __future__ import annotations

from collections.abc import Collection

from ezlang.records import dataclass, replace
from ezlang.source import Span
from ezlang.types.types import INT64, IntType

from ...ir import tree as ir
from ...ir.intervals import Interval, full, signed_bits_of
from .ranges import ranges_of

_WIDE = IntType(4096, signed=True)
"""A type in which no operation on numbers of 64 bits overflows."""


@dataclass(frozen=True, slots=True)
class Overflow:
    """A place where an exact result may need `bits` bits, with its sign, and has 64."""

    span: Span
    bits: int


def overflows(program: ir.Program, spans: Collection[Span]) -> list[Overflow]:
    """Return the operations at the given places whose exact results aren't known to fit in int64.

    The program is one that was just lowered, so that its operations are those of the text. Each
    place is reported once, in source order.
    """
    ranges = ranges_of(program)
    wanted = {_key(span) for span in spans}
    found: dict[tuple[str, int, int], Overflow] = {}
    for function in program.functions:
        known = ranges[function.name]
        for operation in ir.walk(function.body):
            key = _key(operation.span)
            if key not in wanted or not isinstance(operation, ir.Computation):
                continue
            x = [known[value.id] for value in operation.operands]
            bits = _exact_bits(operation, x)
            if bits > INT64.width and (key not in found or found[key].bits < bits):
                found[key] = Overflow(operation.span, bits)
    return [found[key] for key in sorted(found)]


def _exact_bits(operation: ir.Computation, x: list[Interval]) -> int:
    """Return the bits of an operation's results if they didn't wrap around; 0 if unknown."""
    result = operation.result
    if not result.type.is_integer:
        return 0
    wide = replace(result.type, element=_WIDE)
    found = replace(operation, results=(replace(result, type=wide),)).range(x)
    return 0 if found == full(wide) else signed_bits_of(found)


def _key(span: Span) -> tuple[str, int, int]:
    return span.source.name, span.start, span.end
