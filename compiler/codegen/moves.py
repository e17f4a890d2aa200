"""Parallel copies in sequence: all sources are read before any target is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

SCRATCH: Final = -1
"""Stands for the room in which a target that is still to be read is kept."""


def schedule(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return (target, source) copies that do, one after the other, what `pairs` do at once.

    Targets are distinct. Where copies form a cycle one of the targets is saved in `SCRATCH`
    first; one at a time is.
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
