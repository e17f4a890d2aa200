"""Workers: worker i of one side and worker i of the other run batches with each other.

A worker is a function that runs one batch, inside of a `with` statement during which it is
connected: in this process, or in one of its own. They listen at consecutive ports.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.connection import Connection, wait
from typing import Final

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.executors.native.outcome import PartyOutcome
from ezlang.executors.native.prepared import unpacked
from ezlang.executors.native.single import connected
from ezlang.records import dataclass
from ezlang.session.address import Address
from ezlang.session.dealing import agree_on_tag
from ezlang.session.errors import FAILED
from ezlang.values.data import Data

Run = Callable[[Mapping[str, Data]], tuple[str, PartyOutcome]]
"""Runs a batch on its checked inputs; returns the tag of the run, and its outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a worker does: `program` is an executable as `packed` returns it.

    `inputs`: the checked inputs that are the same in every batch. `index`: which worker of the side
    it is, from 0.
    """

    program: bytes
    inputs: Mapping[str, Data]
    party: int
    index: int
    address: Address
    timeout: float
    dealer: Address | None = None


Worker = Callable[[Job], AbstractContextManager[Run]]


@contextmanager
def here(job: Job) -> Iterator[Run]:
    """Run batches in this process."""
    executable = unpacked(job.program)
    with connected(executable, job.party, job.address, job.timeout, dealer=job.dealer) as session:

        def run(inputs: Mapping[str, Data]) -> tuple[str, PartyOutcome]:
            # The arrays of the last run are in cycles of few objects, so that Python may keep them.
            gc.collect()
            tag = agree_on_tag(session.channel, job.party)
            return tag, session.run({**job.inputs, **inputs})

        yield run


@contextmanager
def elsewhere(job: Job) -> Iterator[Run]:
    """Run batches in a process of their own."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, job), daemon=True)
    process.start()
    theirs.close()

    def run(inputs: Mapping[str, Data]) -> tuple[str, PartyOutcome]:
        try:
            mine.send(inputs)
            said = mine.recv()
        except (EOFError, OSError):
            raise lost() from None
        if isinstance(said, Failed):
            raise EzError(*said.diagnostics, exit_code=said.exit_code)
        tag, outcome = said
        return tag, outcome

    try:
        yield run
    finally:
        mine.close()
        process.kill()
        process.join()


@dataclass(frozen=True, slots=True)
class Failed:
    """The error of a worker in another process."""

    diagnostics: tuple[Diagnostic, ...]
    exit_code: int


def _serve(connection: Connection, job: Job) -> None:
    """Run batches until there are no more: the process of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # to end at once, without a traceback
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        with here(job) as run:
            while True:
                try:
                    inputs = connection.recv()
                except EOFError:
                    return
                connection.send(run(inputs))
    except EzError as error:
        connection.send(Failed(error.diagnostics, error.exit_code))


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(_ABANDONED)


_ABANDONED: Final = 3


def lost() -> EzError:
    """Return the error for a worker that has gone."""
    return EzError(
        Diagnostic(
            code="EZ5017",
            message="The process of a worker ended before its batch was over",
            span=None,
            help="see whether the machine is short of memory",
        ),
        exit_code=FAILED,
    )
