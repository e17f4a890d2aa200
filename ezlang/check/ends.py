"""Whether control can continue after a statement."""

from __future__ import annotations

from ezlang.records import dataclass
from ezlang.typed import tree as typed


@dataclass(frozen=True, slots=True)
class Ends:
    """Whether a statement returns, or leaves a turn of the loop around it, on every path.

    `always`: whatever the sizes and constants. `here`: with those of this instance, where branches
    on constants are decided. `by_loop`: because it never ends, not because it leaves.
    """

    always: bool
    here: bool
    by_loop: bool = False

    def then(self, after: Ends) -> Ends:
        """Return the end of two consecutive statements."""
        return Ends(
            self.always or after.always, self.here or after.here, self.by_loop or after.by_loop
        )

    def either(self, other: Ends, decided: bool | None) -> Ends:
        """Return the end of a branch; `decided` is the condition if it is known."""
        here = self.here and other.here
        if decided is not None:
            here = self.here if decided else other.here
        return Ends(self.always and other.always, here, self.by_loop or other.by_loop)

    def unless(self, goes_on: tuple[bool, bool]) -> Ends:
        """Return the end of a statement after which the run goes on if something in it says so.

        That may happen for any constants, and for those of this instance.
        """
        always, here = self.always and not goes_on[0], self.here and not goes_on[1]
        return Ends(always, here, self.by_loop and always)


FALLS_THROUGH = Ends(False, False)
LEAVES = Ends(True, True)

Checked = tuple[typed.Statement | None, Ends]
"""The node of a statement, if there is one, and how the statement ends."""
