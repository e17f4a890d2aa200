"""Following a native run: its phase and line, and what its channels have counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

from ezlang.compiler.codegen.interface import Interface
from ezlang.executors.meter import Meter, lines_of
from ezlang.progress import listener, running
from ezlang.progress.status import Expected, Status
from ezlang.session.channel import SocketChannel


@contextmanager
def followed(
    channels: Mapping[int, SocketChannel],
    interface: Interface,
    mark: Callable[[], int],
    expected: Expected | None,
    meter: Meter | None,
) -> Iterator[None]:
    """Tell of the run of a party in the block, if anybody listens.

    `mark` returns the last mark of its code (`codegen/marks.py`). The run may have a `meter`.
    """
    if listener() is None:
        yield
        return
    phases = meter or Meter()
    if meter is None:
        for channel in channels.values():
            channel.within = phases.within
    began, any_channel = perf_counter(), next(iter(channels.values()))

    def look() -> Status:
        number = mark()
        lines = lines_of([one.span for one in interface.marks[number - 1]]) if number else ()
        return Status(
            phase=phases.phase.value,
            line=lines[0] if lines else None,
            rounds=any_channel.rounds,
            bytes=sum(one.bytes_sent + one.bytes_received for one in channels.values()),
            seconds=perf_counter() - began,
            expected=expected,
        )

    with running(look):
        yield
