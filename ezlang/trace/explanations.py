"""The explanations: one paragraph for each topic, from explanations.md."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from ezlang.records import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """A title, and a paragraph that cites papers by their keys."""

    title: str
    text: str


@cache
def explanations() -> dict[str, Explanation]:
    """Return the explanations by topic, purpose of messages, and kind of preprocessing."""
    text = files("ezlang.trace").joinpath("explanations.md").read_text(encoding="utf-8")
    found = {}
    for part in text.split("\n## ")[1:]:
        heading, _, body = part.partition("\n")
        key, _, title = heading.partition(": ")
        found[key] = Explanation(title, " ".join(body.split()))
    return found
