"""The costs of a program's lines, computed by a process of its own, which can be ended.

`python -m ezlang.server.costs NAME` reads a program from standard input, and prints for each line
that costs something its number, rounds and bytes, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable

from ezlang.check.watch import Watch
from ezlang.diagnostics.diagnostic import EzError
from ezlang.records import dataclass
from ezlang.source import Source
from ezlang.syntax import tree
from ezlang.types.types import Scalar, element_of

from .resolve import children

_LONGEST = 120.0
"""Seconds after which a cost is given up."""

_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
_NAMES = {"*": "product", "/": "quotient", "%": "remainder", "**": "power"}
_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class LineCost:
    """The rounds of a line, and the bytes that all parties send for it."""

    rounds: int
    sent: int


class Costs:
    """The costs of the lines of documents, each for the text that it was last computed for."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, dict[int, LineCost]]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    def of(self, uri: str, source: Source) -> dict[int, LineCost]:
        """Return the costs by line, as far as they are known of this very text."""
        text, found = self._known.get(uri, ("", {}))
        return found if text == source.text else {}

    def forget(self, uri: str) -> None:
        """End the computation for a document, if one is running."""
        running = self._running.pop(uri, None)
        if running is not None:
            running.cancel()

    def compute(self, uri: str, source: Source) -> None:
        """Begin to compute the costs of a document's lines, in place of what is being computed."""
        self.forget(uri)
        self._running[uri] = asyncio.get_running_loop().create_task(self._compute(uri, source))

    async def _compute(self, uri: str, source: Source) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ezlang.server.costs", source.name),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            given = source.text.encode()
            printed, _ = await asyncio.wait_for(process.communicate(given), _LONGEST)
        except TimeoutError:
            return
        finally:
            if process.returncode is None:
                process.kill()
        if process.returncode == 0:
            found = {line: LineCost(rounds, sent) for line, rounds, sent in json.loads(printed)}
            self._known[uri] = (source.text, found)


def described(cost: LineCost, source: Source, line: int, module: tree.Module, watch: Watch) -> str:
    """Return the cost of a line in words: what it takes, and for which operations."""
    rounds = f"{cost.rounds:,} round{'' if cost.rounds == 1 else 's'}"
    size = f"{cost.sent:,} bytes" if cost.sent < 1000 else f"{cost.sent / 1000:,.1f} kB"
    what = _operations(source, line, module, watch)
    return f"This line: {rounds}, {size}" + (f": {', '.join(what)}" if what else "")


def _operations(source: Source, line: int, module: tree.Module, watch: Watch) -> list[str]:
    """Return the operations on secrets of a line in words, each kind once."""
    found: dict[str, None] = {}
    pending: list[tree.Node] = list(module.items)
    while pending:
        node = pending.pop()
        first, last = node.span.line, source.position(node.span.end)[0]
        if not first <= line <= last:
            continue
        pending.extend(reversed(list(children(node))))
        if first == line and (name := _operation(node)):
            found[f"{name}{_operand(node, watch)}"] = None
    return list(found)[:_MOST_NAMES]


def _operation(node: tree.Node) -> str | None:
    match node:
        case tree.Binary(operator=operator) if operator in _COMPARISONS:
            return "a comparison"
        case tree.Binary(operator=operator) if operator in _NAMES:
            return f"a {_NAMES[operator]}"
        case tree.Conditional():
            return "a selection"
        case tree.Input():
            return "an input that is shared"
        case tree.Call(callee=callee):
            return f"a call of `{' '.join(callee.span.text.split())}`"
        case _:
            return None


def _operand(node: tree.Node, watch: Watch) -> str:
    """Return what a comparison or product is of, if it is known; public ones cost nothing."""
    if not isinstance(node, tree.Binary):
        return ""
    for side in (node.left, node.right):
        for fact in watch.expressions.get(side.span, {}).values():
            scalar = element_of(fact.type)
            if isinstance(scalar, Scalar) and fact.label is not None and not fact.label.is_public:
                return f" of {scalar.width}-bit secrets"
    return ""


def _lines(name: str, text: str) -> Iterable[tuple[int, int, int]]:
    """Compute the costs of a program's own lines."""
    from ezlang import api

    program = api.checked(api.check_text(text, name))
    for line, cost in api.cost(program).lines:
        if line.source is not None and line.source.name == name:
            yield line.number, cost.rounds, sum(cost.bytes_sent.values())


def main() -> None:
    """Print the costs of the program on standard input; exit with 1 if it has none."""
    text = sys.stdin.buffer.read().decode()
    try:
        print(json.dumps(list(_lines(sys.argv[1], text))))
    except EzError:
        sys.exit(1)


if __name__ == "__main__":
    main()
