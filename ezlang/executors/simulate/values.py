"""The values of a simulated run: known to one or all parties, or shared."""

from __future__ import annotations

from dataclasses import dataclass, field

from ezlang.compiler.ir.evaluate import Array
from ezlang.types.types import ScalarType

from .shares import Secret


@dataclass(slots=True)
class Known:
    """A value that everyone knows, or that only the party `owner` has.

    `shared` is its sharing, created when first needed.
    """

    element: ScalarType
    data: Array
    owner: int | None = None
    shared: Secret | None = field(default=None, repr=False)


Value = Known | Secret
