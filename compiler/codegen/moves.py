"""Sequences of copies equivalent to a parallel copy, which reads all sources before any write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

SCRATCH: Final = -1
"""Represents the space in which a target that is still to be read is saved."""


def schedule(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return (target, source) copies that, one after the other, have the effect of `pairs` at once.

    Targets are distinct. If copies form a cycle, one of its targets is first saved in `SCRATCH`,
    one cycle at a time.
    """
    waiting = {target: source for target, source in pairs if target != source}
    done: list[tuple[int, int]] = []
    while waiting:
        read = set(waiting.values())
        free = [target for target in waiting if target not in read]
        if free:
            done += [(target, waiting.pop(target)) for target in free]
            continue
        saved = next(iter(waiting))
        done.append((SCRATCH, saved))
        waiting = {t: SCRATCH if s == saved else s for t, s in waiting.items()}
    return done
