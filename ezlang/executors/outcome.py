"""The result of a run."""

from __future__ import annotations

from dataclasses import field

from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.values.data import Data, Outputs


@dataclass(frozen=True, slots=True)
class Shown:
    """A value that a party was told by a `reveal` (without a name) or an `output`."""

    name: str | None
    value: Data
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`outputs`: party → name → value. `views`: party → everything that it was told, in order."""

    outputs: Outputs
    views: dict[str, list[Shown]]
