"""Crews: the workers of one side, in this process, on this machine or in a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable

from ezlang.records import dataclass

from .pairs import Worker, elsewhere, here


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The workers of one side.

    `hosts` returns the hosts on which they run at this time, "" for that of the side's address; it
    is asked before each agreement. `worker` runs the batches of one of them.
    """

    hosts: Callable[[], tuple[str, ...]]
    worker: Worker


def local_crew(workers: int) -> Crew:
    """Return workers on this machine: in this process if there is only one."""
    return Crew(hosts=lambda: ("",) * workers, worker=here if workers == 1 else elsewhere)
