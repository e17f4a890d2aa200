"""Phrases that several error messages use."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from ezlang.source import Span

_LONGEST = 40
_LENGTHS = 3
_MANY = 100


def near(name: str, known: Iterable[str]) -> str | None:
    """Return a question that offers the most similar known name, if one is similar enough."""
    alike = {k for k in known if abs(len(k) - len(name)) <= _LENGTHS}
    if len(alike) > _MANY:
        alike = {k for k in alike if k[0] == name[0] and k[-1] == name[-1]}
    found = get_close_matches(name, sorted(alike)[:_MANY], n=1, cutoff=0.7)
    return f"Did you mean `{found[0]}`?" if found else None


def listed(names: Iterable[str]) -> str:
    """Return names in back quotes, separated by commas."""
    return ", ".join(f"`{n}`" for n in names)


def short(number: int) -> str:
    """Return a number, or its size in bits if it is very long."""
    if number.bit_length() <= 128:
        return str(number)
    return f"a number of {number.bit_length()} bits"


def code(span: Span) -> str:
    """Return a piece of the program in back quotes, on one line and not too long."""
    text = " ".join(span.text.split())
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[: _LONGEST - 1]}…`"


def sentence(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def a(word: object) -> str:
    """Return a type or label in back quotes, with its article."""
    return f"{'an' if str(word)[0] in 'aeio' else 'a'} `{word}`"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
