"""The process that fuzzes: `python -m tests.fuzz.child`, which reads tasks as lines of JSON.

It counts what memory parsers take, for as long as it lives. Python may crash where counting stops
while other threads take memory, so a process of tests can't do it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import traceback
import tracemalloc
import warnings
from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from ezlang.diagnostics.diagnostic import EzError
from ezlang.diagnostics.render import render_all
from tests.fuzz.damage import damaged
from tests.fuzz.targets import Target, targets

MEMORY = 64 << 20
"""The most that a parser may take, whatever the bytes say."""


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Fail if the block takes too much memory."""
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    yield
    _, most = tracemalloc.get_traced_memory()
    assert most - before < MEMORY, f"{(most - before) >> 20} MB"


def attempt(target: Target, data: bytes, folder: Path) -> None:
    """Parse; what is refused is refused in a few plain sentences."""
    refused = None
    with warnings.catch_warnings(), bounded():
        warnings.simplefilter("ignore")
        try:
            target.parse(data, folder)
        except EzError as error:
            refused = error
    if refused is not None:
        assert refused.exit_code in (1, 2, 3)
        assert len(render_all(refused.diagnostics)) < 20_000


def fuzz(target: Target, folder: Path, examples: int) -> None:
    """Try damaged examples; without a number, the examples, of which none is refused."""
    if not examples:
        for data in target.examples:
            with bounded():
                target.parse(data, folder)
        return

    @settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(damaged(target.examples))
    def run(data: bytes) -> None:
        attempt(target, data, folder)

    run()


def main() -> None:
    """Answer each task: the name of a target, and how many damaged examples to try."""
    tracemalloc.start()
    said = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory() as folder:
        table = targets(Path(folder))
        for line in sys.stdin:
            name, examples = json.loads(line)
            try:
                fuzz(table[name], Path(folder), examples[table[name].slow])
                answer = None
            except BaseException:
                answer = traceback.format_exc()
            said.write(json.dumps(answer) + "\n")
            said.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
