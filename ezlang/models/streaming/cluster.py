"""Workers in a Dask cluster of this side, one batch at a time on each.

A batch is a task that only one worker of the cluster may take, since it keeps a connection to the
other side. A worker that is lost takes its task with it: the task is given up, and the batch is run
again in the next attempt.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.native.outcome import PartyOutcome
from ezlang.records import dataclass
from ezlang.values.data import Data

from .crews import Crew
from .pairs import Failed, Job, Run, here, lost

POLL: Final = 1.0
"""How often it is checked that a worker is still there, in seconds."""


@dataclass(slots=True)
class _Open:
    stack: ExitStack
    run: Run


_OPEN: Final[dict[str, _Open]] = {}
"""In a process of the cluster: the connections of jobs."""


def cluster_crew(client: Any, most: int | None) -> Crew:
    """Return the workers of a cluster, of which there is a `distributed.Client`, or the first ones.

    `most`: how many at most.
    """
    names: list[str] = []

    def hosts() -> tuple[str, ...]:
        names[:] = _workers(client)[:most]
        return tuple(urlsplit(name).hostname or "" for name in names)

    @contextmanager
    def worker(job: Job) -> Iterator[Run]:
        place = _Place(client, names[job.index])
        place.call(_open, job)
        try:
            yield lambda inputs: place.call(_run, inputs)
        finally:
            with suppress(EzError):
                place.call(_close)

    return Crew(hosts=hosts, worker=worker)


def _workers(client: Any) -> list[str]:
    return sorted(client.scheduler_info(n_workers=-1)["workers"])


class _Place:
    """The worker of a cluster on which a job is done."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name
        self._key = os.urandom(8).hex()

    def call(self, function: Any, *arguments: Any) -> Any:
        """Call a function of this module there. Raises EzError if it fails, or nobody is there."""
        future = self._client.submit(
            function,
            self._key,
            *arguments,
            workers=[self._name],
            allow_other_workers=False,
            pure=False,
        )
        said = self._result(future)
        if isinstance(said, Failed):
            raise EzError(*said.diagnostics, exit_code=said.exit_code)
        return said

    def _result(self, future: Any) -> Any:
        distributed: Any = import_module("distributed")
        while True:
            try:
                distributed.wait(future, timeout=POLL)
                break
            except TimeoutError:
                if self._name not in _workers(self._client):
                    break
        try:
            if future.status == "finished":
                return future.result()
        finally:
            future.cancel()
        raise lost()


def _open(key: str, job: Job) -> Failed | None:
    stack = ExitStack()
    try:
        _OPEN[key] = _Open(stack, stack.enter_context(here(job)))
    except EzError as error:
        return Failed(error.diagnostics, error.exit_code)
    return None


def _run(key: str, inputs: Mapping[str, Data]) -> tuple[str, PartyOutcome] | Failed:
    try:
        return _OPEN[key].run(inputs)
    except EzError as error:
        return Failed(error.diagnostics, error.exit_code)


def _close(key: str) -> None:
    opened = _OPEN.pop(key, None)
    if opened is not None:
        opened.stack.close()
