"""The state of a run, and how long the rest of it will take."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from ezlang.records import dataclass

_LEAST = 0.02
"""The part of a run from which the time of the rest is estimated by that part alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the cost model expects of a run.

    `bytes` are those that are seen where the run is followed. Of its `seconds`, `waiting` are spent
    on rounds; None if the model isn't for such a run.
    """

    rounds: int
    bytes: int
    seconds: float | None
    waiting: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The state of a run after so many seconds.

    `line`: file, number and text of the line that it works on, if that is known. `bytes` are those
    that were sent or received by whoever follows the run. `expected` is None if the cost depends on
    what the run reveals.
    """

    phase: str
    line: tuple[str, int, str] | None
    rounds: int
    bytes: int
    seconds: float
    expected: Expected | None = None

    @property
    def done(self) -> float | None:
        """The part of the run that is over, from 0 to 1: a mean of rounds and bytes by their time.

        Where rounds take no time, bytes alone count. None if nothing is expected.
        """
        expected = self.expected
        if expected is None or not (expected.rounds and expected.bytes):
            return None
        weight = expected.waiting / expected.seconds if expected.seconds else 0.0
        rounds = min(self.rounds / expected.rounds, 1.0)
        sent = min(self.bytes / expected.bytes, 1.0)
        return weight * rounds + (1 - weight) * sent

    @property
    def left(self) -> float | None:
        """The seconds that the rest takes: at first as predicted, then as measured."""
        done = self.done
        if done is None or self.expected is None:
            return None
        if self.expected.seconds is not None:
            return (1 - done) * (self.seconds + (1 - done) * self.expected.seconds)
        return self.seconds * (1 - done) / done if done >= _LEAST else None


class Estimate:
    """How far a series of equal parts is, and how long the rest will take.

    The first call says how many parts were done before; their time doesn't count.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._start: tuple[int, float] | None = None

    def __call__(self, done: int, count: int) -> str:
        """Return a line about `done` parts of `count`, called batches."""
        now = self._clock()
        self._start = self._start or (done, now)
        before, began = self._start
        line = f"{done:,} of {count:,} batches are done"
        if not before < done < count:
            return line
        left = (now - began) / (done - before) * (count - done)
        return f"{line}, {left_over(left)}"


def left_over(seconds: float) -> str:
    """Return how long something still takes, in two units at most: 40 s, 12 min, 3 h 20 min."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"about {seconds:.0f} s left"
    if minutes < 90:
        return f"about {minutes} min left"
    return f"about {minutes // 60} h {minutes % 60} min left"
