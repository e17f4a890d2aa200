"""Whether a statement lets control go on to the next one."""

from __future__ import annotations

from dataclasses import dataclass

from ezlang.typed import tree as typed


@dataclass(frozen=True, slots=True)
class Ends:
    """Whether a statement returns on every way through it.

    `always`: whatever the sizes and constants. `here`: with those of this instance, where a
    branch on a constant is taken or not. `by_loop`: by never ending, not by a `return`.
    """

    always: bool
    here: bool
    by_loop: bool = False

    def then(self, after: Ends) -> Ends:
        """Return the end of two statements in a row."""
        return Ends(
            self.always or after.always, self.here or after.here, self.by_loop or after.by_loop
        )

    def either(self, other: Ends, decided: bool | None) -> Ends:
        """Return the end of two sides of a branch; `decided`: the first, the second, or either."""
        here = self.here and other.here
        if decided is not None:
            here = self.here if decided else other.here
        return Ends(self.always and other.always, here, self.by_loop or other.by_loop)


FALLS_THROUGH = Ends(False, False)
LEAVES = Ends(True, True)

Checked = tuple[typed.Statement | None, Ends]
"""A statement's node, if there is one, and how it ends."""
