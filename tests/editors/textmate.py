"""A small interpreter of TextMate grammars: which scope has each character of a text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Found:
    """A piece of text with a scope."""

    start: int
    end: int
    scope: str


class Grammar:
    """A grammar; what no pattern matches has no scope."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._repository = data["repository"]
        self.patterns = list(self._resolved(data["patterns"]))

    def _resolved(self, patterns: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield patterns with includes and groups of patterns put in their places."""
        for pattern in patterns:
            if "include" in pattern:
                yield from self._resolved([self._repository[pattern["include"].removeprefix("#")]])
            elif "match" in pattern or "begin" in pattern:
                yield pattern
            else:
                yield from self._resolved(pattern["patterns"])

    def scopes(self, text: str) -> list[Found]:
        """Return what the patterns match, in order: the earliest wins, then the first listed."""
        found: list[Found] = []
        position = 0
        while True:
            matches = [
                (match.start(), order, match)
                for order, pattern in enumerate(self.patterns)
                if (match := _regex(pattern, "match", "begin").search(text, position))
            ]
            if not matches:
                return found
            _, order, match = min(matches, key=lambda m: m[:2])
            pattern, end = self.patterns[order], match.end()
            if "begin" in pattern:
                end = _end(pattern, text, end)
            if "name" in pattern:
                found.append(Found(match.start(), end, pattern["name"]))
            for number, capture in pattern.get("captures", {}).items():
                first, last = match.span(int(number))
                found.append(Found(first, last, capture["name"]))
            position = max(end, match.start() + 1)


def _end(pattern: dict[str, Any], text: str, position: int) -> int:
    """Return where a begin/end pattern ends: inner patterns take what they match first."""
    inner = "|".join(f"(?:{p['match']})" for p in pattern.get("patterns", []))
    ends = re.compile(f"(?P<end>{pattern['end']})" + (f"|{inner}" if inner else ""), re.MULTILINE)
    for found in ends.finditer(text, position):
        if found.group("end") is not None:
            return found.end()
    return len(text)


def _regex(pattern: dict[str, Any], *keys: str) -> re.Pattern[str]:
    return re.compile(next(pattern[k] for k in keys if k in pattern), re.MULTILINE)
