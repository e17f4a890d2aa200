"""How a run of a checked program can fail."""

from __future__ import annotations

from enum import Enum


class Failure(Enum):
    """The kinds of failure. All depend on public data alone, so that they reveal nothing.

    Only INPUT also depends on how many values a party gives.
    """

    DIVISION = "division"
    SHIFT = "shift"
    INDEX = "index"
    ASSERTION = "assertion"
    OUTPUT = "output"
    SLICE = "slice"
    INPUT = "input"
    TURN = "turn"

    @property
    def code(self) -> str:
        """The code of the diagnostic, which `ezlang explain` has a page about."""
        return _CODES[self]


_CODES = {
    Failure.DIVISION: "EZ4001",
    Failure.SHIFT: "EZ4002",
    Failure.INDEX: "EZ4003",
    Failure.ASSERTION: "EZ4004",
    Failure.OUTPUT: "EZ4005",
    Failure.SLICE: "EZ4006",
    Failure.INPUT: "EZ4007",
    Failure.TURN: "EZ4008",
}

RANDOM_BELOW = "`random_below` takes a number of at least 1"
"""The message of the assertion that a random number has."""
