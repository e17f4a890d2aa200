"""The values of a simulated run: known values and shared secrets."""

from __future__ import annotations

from dataclasses import field

from ezlang.compiler.ir.evaluate import Array
from ezlang.records import dataclass
from ezlang.types.types import ScalarType

from .shares import Secret


@dataclass(slots=True)
class ClearValue:
    """A public value, or a value that only the party `owner` holds.

    A value without dimensions is a scalar of NumPy. `shared` is its sharing, or None until one is
    needed. `fresh`: no other value has any of its memory, so that a write may change it if nothing
    else reads it.
    """

    element: ScalarType
    data: Array
    owner: int | None = None
    shared: Secret | None = field(default=None, repr=False)
    fresh: bool = False

    def unshared(self) -> ClearValue:
        """Return the same value without a sharing; its memory is no longer its own."""
        self.fresh = False
        return ClearValue(self.element, self.data, self.owner)


Value = ClearValue | Secret
