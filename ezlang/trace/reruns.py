"""Runs with another secret: what one party sees of them, compared number by number.

A run is repeated with fresh randomness, half of the times with other inputs of one party, the
*owner*. What another party, the *viewer*, receives and holds is counted: the lowest bits of each
message and of each of its shares and labels. A chi-square test compares the counts of both secrets.
That is a look at single numbers of a simulation, not a proof: numbers may differ in combination,
and what is ideal in the simulation isn't tested.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from functools import partial
from itertools import count
from random import Random
from time import perf_counter
from typing import Any, Final

import numpy as np

from ezlang.compiler.ir import tree as ir
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.simulate import SimulatedOutcome
from ezlang.executors.simulate.clear_values import ClearValue
from ezlang.executors.simulate.network import Message
from ezlang.executors.simulate.observer import GarbledGate, Observed, Observer, Told
from ezlang.executors.simulate.shares import Secret
from ezlang.executors.simulate.two.secret_values import Shared
from ezlang.progress import doing
from ezlang.records import dataclass
from ezlang.values.data import Inputs

from .record import Recorder
from .values import Json, content_of, is_noise, sharings_of

OWNER: Final = 0
VIEWER: Final = 1
MOST_RUNS: Final = 200
_LEAST_RUNS: Final = 20
_SECONDS: Final = 8.0
"""About how long runs may take together, if their number isn't given."""
_MOST_OBSERVED: Final = 48
_BITS: Final = 4
_FEW_RUNS: Final = 80
"""With fewer runs, numbers of two bits are counted, so that each is seen often enough."""
_TRIES: Final = 10
_TEXT: Final = 240
"""The most characters of the inputs that are shown."""

Key = tuple[int, int, str, int]
"""The first operation of a step, its execution, and the kind and number of what is seen in it."""


@dataclass(slots=True)
class _Watch:
    """An observer that notes the lowest bits of what the viewer sees in a run.

    `wanted`: what is noted; None: everything.
    """

    wanted: frozenset[Key] | None = None
    seen: dict[Key, int] = field(default_factory=dict)
    titles: dict[Key, str] = field(default_factory=dict)
    told: set[Key] = field(default_factory=set)
    _executed: dict[int, Iterator[int]] = field(default_factory=dict)
    _step: tuple[int, int] = (-1, 0)
    _tells: bool = False
    _numbers: Iterator[int] = field(default_factory=count)

    def begun(
        self, operations: Sequence[ir.Operation], operands: Sequence[Sequence[Observed]]
    ) -> None:
        """Begin a step."""
        number = operations[0].number
        self._step = number, next(self._executed.setdefault(number, count()))
        self._tells = any(isinstance(one, ir.Reveal) for one in operations)
        self._numbers = count()

    def made(self, operation: ir.Operation, results: Sequence[Observed]) -> None:
        """Note the viewer's parts of secrets."""
        for value in results:
            if not isinstance(value, ClearValue):
                self._note("held", "", partial(_own_part, value))

    def sent(self, message: Message) -> None:
        """Note a message to the viewer, unless its content is simulated."""
        if message.receiver == VIEWER and not is_noise(message.purpose):
            self._note("message", message.purpose, partial(content_of, message, 1))

    def _note(self, kind: str, title: str, read: Callable[[], bytes]) -> None:
        key = (*self._step, kind, next(self._numbers))
        if self.wanted is not None and key not in self.wanted:
            return
        data = read()
        if data:
            self.seen[key] = data[0]
            self.titles[key] = title
            if self._tells:
                self.told.add(key)

    def dealt(
        self, what: str, parts: Sequence[object], given: Sequence[Sequence[object]] = ()
    ) -> None:
        """Ignore preprocessing, whose parts are random by definition."""

    @property
    def wants_parts(self) -> bool:
        """What is sent in parts of protocols are messages, which are noted."""
        return False

    def part(self, told: Told) -> None:
        """Ignore parts of protocols."""

    def keyed(self, delta: int) -> None:
        """Ignore Δ, which the evaluator doesn't see."""

    def garbled(self, gate: GarbledGate) -> None:
        """Ignore gates, whose tables are messages."""


def reruns(
    parties: Sequence[str],
    inputs: Inputs,
    checked: Callable[[Inputs], Inputs],
    simulated: Callable[[Inputs, int, Observer], SimulatedOutcome],
    recorder: Recorder,
    seed: int,
    runs: int | None,
) -> Json | None:
    """Return what the viewer sees in runs with two secrets of the owner; None without any.

    `checked` raises an error for inputs that the program doesn't take. `simulated` runs it on
    inputs, with a seed and an observer. `runs`: how many with each
    secret; None: as many as fit in some seconds, at most `MOST_RUNS`.
    """
    owner, viewer = (parties[party] for party in (OWNER, VIEWER))
    if runs == 0 or not inputs[owner]:
        return None
    seeds = count(seed + 1)

    def run(given: Inputs, watch: _Watch) -> SimulatedOutcome:
        return simulated(given, next(seeds), watch)

    start, first = perf_counter(), _Watch()
    told = _told(run(inputs, first), viewer)
    took = perf_counter() - start

    def same(given: Inputs) -> bool:
        return _told(run(given, _Watch(frozenset())), viewer) == told

    found = _other(inputs, owner, checked, same)
    if found is None:
        return None
    if runs is None:
        runs = min(MOST_RUNS, max(_LEAST_RUNS, int(_SECONDS / 2 / took)))
    wanted = _chosen(first, recorder)
    watches: tuple[list[_Watch], list[_Watch]] = [], []
    with doing(f"Running {2 * runs} times to compare what {viewer} sees"):
        for _ in range(runs):
            for given, into in zip((inputs, found[0]), watches, strict=True):
                into.append(watch := _Watch(wanted))
                run(given, watch)
    bits = _BITS if runs >= _FEW_RUNS else _BITS // 2
    return {
        "viewer": VIEWER,
        "owner": OWNER,
        "runs": runs,
        "bits": bits,
        "same_outputs": found[1],
        "secrets": [_text(given[owner]) for given in (inputs, found[0])],
        "observed": _observed(first, watches, recorder, bits),
    }


def _text(data: Any) -> str:
    """Return inputs as JSON, or its beginning."""
    text = json.dumps(data, default=str)
    return text if len(text) <= _TEXT else f"{text[:_TEXT]}…"


def _told(outcome: SimulatedOutcome, viewer: str) -> list[Any]:
    """Return all that the program tells the viewer."""
    return [(one.name, one.value) for one in outcome.views[viewer]]


def _own_part(value: Secret | Shared) -> bytes:
    """Return the viewer's part of a secret's first element."""
    parts = next(iter(sharings_of(value).values()))
    return np.asarray(parts[VIEWER]).flat[:1].tobytes()


def _chosen(first: _Watch, recorder: Recorder) -> frozenset[Key]:
    """Return what to compare: parts of recorded steps, evenly spread over the run."""
    keys = [key for key in first.seen if key[:2] in recorder.at]
    return frozenset(keys[:: -(-len(keys) // _MOST_OBSERVED) or 1])


def _observed(
    first: _Watch, watches: tuple[list[_Watch], list[_Watch]], recorder: Recorder, bits: int
) -> list[Json]:
    """Return the counts of what was seen in all runs."""
    everywhere = set.intersection(*(set(one.seen) for both in watches for one in both))
    found: list[Json] = []
    for key in filter(everywhere.__contains__, first.seen):
        counts = [
            np.bincount([one.seen[key] % (1 << bits) for one in both], minlength=1 << bits).tolist()
            for both in watches
        ]
        found.append(
            {
                "step": recorder.at[key[:2]],
                "kind": key[2],
                "what": first.titles[key],
                "told": key in first.told,
                "counts": counts,
                "p": round(equality(*counts), 6),
            }
        )
    return found


def equality(one: Sequence[int], other: Sequence[int]) -> float:
    """Return the p-value of the chi-square test that two samples of one size are alike."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a + b]
    return tail(sum((a - b) ** 2 / (a + b) for a, b in pairs), len(pairs) - 1)


def tail(x: float, freedom: int) -> float:
    """Return the probability that a chi-square variable of `freedom` degrees is at least x."""
    if x <= 0 or freedom == 0:
        return 1.0
    half = x / 2
    if freedom % 2 == 0:
        term = total = math.exp(-half)
        for k in range(1, freedom // 2):
            term *= half / k
            total += term
        return total
    total = math.erfc(math.sqrt(half))
    term = math.sqrt(2 * x / math.pi) * math.exp(-half)
    for k in range(1, freedom // 2 + 1):
        total += term
        term *= x / (2 * k + 1)
    return total


# Another secret


def _other(
    inputs: Inputs,
    owner: str,
    checked: Callable[[Inputs], Inputs],
    same: Callable[[Inputs], bool],
) -> tuple[Inputs, bool] | None:
    """Return inputs with others of the owner, and whether the viewer is told the same.

    Changes become smaller until it is, if it ever is.
    """
    random, fallback = Random(0), None
    for attempt in range(_TRIES):
        changed = _changed(inputs[owner], random, 0.5 ** (attempt + 1))
        try:
            given = checked({**inputs, owner: changed})
            if given[owner] == inputs[owner]:
                continue
            if same(given):
                return given, True
        except EzError:
            continue
        fallback = fallback or given
    return None if fallback is None else (fallback, False)


def _changed(data: Any, random: Random, part: float) -> Any:
    """Return data with other numbers, each changed by up to a part of itself, and other bools."""
    match data:
        case dict():
            return {name: _changed(one, random, part) for name, one in data.items()}
        case list():
            return [_changed(one, random, part) for one in data]
        case bool():
            return data ^ (random.random() < part)
        case int():
            most = max(1, int(abs(data) * part))
            return data + random.randint(-most, most)
        case float():
            return data * (1 + part * random.uniform(-1, 1))
        case _:
            return data
