"""The reasons for labels: the path by which secrecy spread, for the notes of an error.

Every label below `public` comes with a `Why`. It is cheap until an error is reported: operators
only join the reasons of their operands.
"""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import Note
from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.types.labels import Label

from .messages.wording import sentence

_LONGEST_WAY = 5


@dataclass(frozen=True, slots=True, eq=False)
class Why:
    """One step of the path: a sentence about a place, and the earlier steps that caused it.

    A step without a sentence only joins its causes.
    """

    message: str
    span: Span | None
    causes: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class Traced:
    """A label and the reason for it."""

    label: Label
    why: Why | None = None


def combine(first: Traced, second: Traced) -> Traced:
    """Return the meet of two labels, with the reasons of those labels that account for it."""
    label = first.label.meet(second.label)
    if first.label == label:
        return first
    if second.label == label:
        return second
    causes = tuple(k.why for k in (first, second) if k.why is not None)
    return Traced(label, Why("", None, causes))


def way(why: Why | None) -> tuple[Note, ...]:
    """Return the notes that lead from a use back to the source of secrecy.

    Of a long path, the first steps and the end are kept.
    """
    notes: list[Note] = []
    seen: set[int] = set()
    pending = [why] if why is not None else []
    while pending:
        step = pending.pop()
        if id(step) in seen:
            continue
        seen.add(id(step))
        if step.message:
            note = Note(message=sentence(step.message), span=step.span)
            if note not in notes:
                notes.append(note)
        pending.extend(reversed(step.causes))
        if len(notes) > 200:
            break
    if len(notes) <= _LONGEST_WAY:
        return tuple(notes)
    left_out = len(notes) - _LONGEST_WAY
    between = Note(message=f"And so on, through {left_out} more steps, until")
    return (*notes[: _LONGEST_WAY - 1], between, notes[-1])
