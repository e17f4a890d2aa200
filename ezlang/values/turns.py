"""Inputs that a program asks for in turns, while it runs: from lists, or from who is asked.

Executors ask whoever answers in the context (`answered_by`), when a list has no value for a turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from ezlang.records import dataclass
from ezlang.types.types import Type

from .data import Data, Outputs


@dataclass(frozen=True, slots=True)
class Question:
    """A turn, from 0, in which a party is to give the input `name`, of `type`."""

    party: str
    name: str
    type: Type
    turn: int


Answer = Callable[[Question, Outputs], Data | None]
"""Returns checked data, or None if there are none, given the outputs so far that may be shown."""

_answer: ContextVar[Answer | None] = ContextVar("answer", default=None)


@contextmanager
def answered_by(answer: Answer | None) -> Iterator[None]:
    """Let runs in the block ask for what their lists don't have."""
    token = _answer.set(answer)
    try:
        yield
    finally:
        _answer.reset(token)


def who_answers() -> Answer | None:
    """Return who is asked in this context, if anybody is."""
    return _answer.get()


class Turns:
    """What parties give in turns, by party and name: lists, and what they are asked for."""

    def __init__(self, given: Mapping[str, Mapping[str, Data]]) -> None:
        self._given = given
        self._answer = who_answers()
        self._asked: dict[tuple[str, str, int], Data] = {}

    def value(self, question: Question, outputs: Callable[[], Outputs]) -> Data | None:
        """Return the data for a turn, or None if there are none. `outputs` returns those so far."""
        party, name, turn = question.party, question.name, question.turn
        values = self._given[party][name]
        if 0 <= turn < len(values):
            return values[turn]
        key = (party, name, turn)
        if key not in self._asked and turn >= 0 and self._answer is not None:
            self._asked[key] = self._answer(question, outputs())
        return self._asked.get(key)
