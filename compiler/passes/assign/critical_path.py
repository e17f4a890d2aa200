"""The critical path of a program: how long it waits for messages, for a choice of sharings.

Independent operations wait at the same time. The operations of a problem's blocks are numbered, so
that those of inner blocks and of callees come first, and those of a block follow one another. When
an operation ends then depends on numbers before its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass

from .problem import Block, Node, Problem


@dataclass(frozen=True, slots=True)
class _Step:
    """An operation: the numbers of those that it waits for.

    `uses` are pairs of such a number, and of the use of a secret whose delay is added to it. An
    operation with blocks takes as long as the longest of `inner`, if it `branches`, otherwise
    `times` as long as all of them together.
    """

    variable: int | None
    before: tuple[int, ...]
    uses: tuple[tuple[int, int], ...]
    inner: tuple[range, ...]
    times: float
    branches: bool

    def length(self, ends: Sequence[float]) -> float:
        """Return the time of its blocks, given when their operations end."""
        lengths = [max(ends[block.start : block.stop], default=0.0) for block in self.inner]
        return max(lengths) if self.branches else self.times * sum(lengths)


class CriticalPath:
    """The critical path of a problem."""

    def __init__(self, problem: Problem) -> None:
        self._steps: list[_Step] = []
        self._functions: dict[str, range] = {}
        for function in problem.program.functions:
            self._functions[function.name] = self._block(problem.blocks[function.name])
        self._main = self._functions[problem.program.main.name]

    @property
    def size(self) -> int:
        """The number of operations."""
        return len(self._steps)

    def length(
        self, lengths: Sequence[float], delays: Sequence[float], places: Sequence[int]
    ) -> float:
        """Return the time of a run.

        `lengths` are those of the operations of variables. A use waits for a conversion for as long
        as the one of `delays` at its place says.
        """
        # Parameters are there at the beginning: they have the number −1.
        ends = [0.0] * (len(self._steps) + 1)
        for number, step in enumerate(self._steps):
            start = 0.0
            for one in step.before:
                if ends[one] > start:
                    start = ends[one]
            for one, use in step.uses:
                end = ends[one] + delays[places[use]]
                if end > start:
                    start = end
            if step.variable is not None:
                start += lengths[step.variable]
            elif step.inner:
                start += step.length(ends)
            ends[number] = start
        return max(ends[self._main.start : self._main.stop], default=0.0)

    def _block(self, block: Block) -> range:
        """Number the operations of a block; return their numbers."""
        inner = [tuple(map(self._block, item.blocks)) for item in block.items]
        first = len(self._steps)
        made = dict.fromkeys(block.parameters, -1)
        for number, (item, blocks) in enumerate(zip(block.items, inner, strict=True), first):
            self._steps.append(self._step(item, blocks, made))
            made.update(dict.fromkeys(item.makes, number))
        return range(first, len(self._steps))

    def _step(self, item: Node, inner: tuple[range, ...], made: dict[int, int]) -> _Step:
        before = {made[value] for value in item.reads if value in made} - {-1}
        uses = tuple((made[value], use) for value, use in item.uses if value in made)
        if item.calls:
            inner = (self._functions[item.calls],)
        return _Step(item.variable, tuple(before), uses, inner, item.times, item.branches)
