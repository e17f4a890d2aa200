"""The run of all parties on this machine, as processes that share only connections.

Each process receives only its own inputs. When one process fails or dies, the others are ended too.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import IO, Any, Final

import ezlang
from ezlang.compiler.cost.profiles import LAN, Profile
from ezlang.compiler.ir.sharings import PAIRED
from ezlang.diagnostics.diagnostic import CompilerBug, Diagnostic, EzError
from ezlang.progress import listener
from ezlang.session import errors
from ezlang.session.address import TIMEOUT
from ezlang.typed import tree as typed
from ezlang.types.sharing import DEFAULT_MEMORY, DEFAULT_PROTOCOL
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs
from ezlang.values.draws import seed_of_draws
from ezlang.values.turns import who_answers

from .messages import (
    Answered,
    Asked,
    Broken,
    Done,
    Failed,
    Job,
    Meeting,
    Message,
    read_message,
    write_message,
)
from .numbers_of_parties import require_several_parties
from .outcome import NativeOutcome, Stopwatch, combine, first_cause
from .prepared import packed

GRACE_SECONDS: Final = 5.0
"""The time that a party has to notice the other party's failure before it is killed."""


def run_native(
    program: typed.Program,
    inputs: Inputs,
    *,
    timeout: float | None = None,
    protocol: str = DEFAULT_PROTOCOL,
    profile: Profile = LAN,
    memory: int = DEFAULT_MEMORY,
    metered: bool = False,
    watch: Stopwatch | None = None,
) -> NativeOutcome:
    """Run a checked program on loopback, with one process per party.

    `inputs`: party → name → value. `metered`: count by line and phase, too. `watch` has the time of
    what preceded, which counts as compilation. For `protocol`, `profile` and `memory`, see
    `executable_of`. Raises EzError with exit code 2 if the inputs don't fit, 3 if the run fails.
    """
    watch, told, asks = watch or Stopwatch(), listener(), who_answers() is not None
    require_several_parties(program.parties)
    wait = TIMEOUT if timeout is None else timeout
    with ExitStack() as stack:
        # They load the code that they need while this process prepares the program.
        workers = [stack.enter_context(_Worker(name)) for name in program.parties]
        content = packed(program, protocol, profile, memory)
        watch.lap("compile")
        checked = check_inputs(program, inputs)
        for party, worker in enumerate(workers):
            # What the first party says is enough.
            heard = None if party or told is None else told.name
            given = checked[worker.name]
            job = Job(content, party, given, wait, metered, heard, asks, seed_of_draws())
            worker.tell(job)
        listening = workers[: len(program.computing) if program.clients else -1]
        ports: list[int] = []
        for worker in listening:
            said = worker.hear()
            if not isinstance(said, Meeting):
                for other in workers:
                    if other is not worker:
                        other.kill()
                return _outcome([worker.result(said)], watch)
            ports += said.ports
        # Of two parties, the one that listens dials nobody.
        for worker in workers if len(workers) != PAIRED else workers[1:]:
            worker.tell(Meeting(tuple(ports)))
        return _outcome(_results(workers), watch)


class _Worker:
    """The process of one party; it is ended on exit from the `with` statement."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.given_up = False
        root = str(Path(ezlang.__file__).parent.parent)
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-P", "-m", "ezlang.executors.native.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            process_group=0,  # only this process handles Ctrl-C
        )

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    continue

    def kill(self) -> None:
        """Kill the process if it is still running."""
        if self.process.poll() is None:
            self.process.kill()

    def tell(self, message: Message) -> None:
        """Send a message; if the process has ended, `hear` reports it."""
        try:
            write_message(_pipe(self.process.stdin), message)
        except BrokenPipeError:
            return

    def hear(self) -> Any:
        """Return the process's next message, or None if it ended without one."""
        return read_message(_pipe(self.process.stdout))

    def hear_all(self, heard: SimpleQueue[tuple[_Worker, Any]]) -> None:
        """Put all messages up to the last one into a queue."""
        while True:
            said = self.hear()
            heard.put((self, said))
            if not isinstance(said, Asked):
                return

    def result(self, said: Any) -> Done | EzError:
        """Return the result of the process, given its last message."""
        match said:
            case Done():
                return said
            case Failed(diagnostics, exit_code):
                return EzError(*diagnostics, exit_code=exit_code)
            case Broken(text):
                raise CompilerBug(f"the process of {self.name} broke:\n{text}")
            case _ if self.given_up:
                return errors.peer_gone("was running")
            case _:
                return _died(self.name, self.process.wait())


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise CompilerBug("a worker has no pipes")
    return stream


def _results(workers: Sequence[_Worker]) -> list[Done | EzError]:
    """Answer what parties are asked for, and wait for all to end.

    After the first failure, the others have `GRACE_SECONDS` left.
    """
    heard: SimpleQueue[tuple[_Worker, Any]] = SimpleQueue()
    last: dict[_Worker, Any] = {}
    until: float | None = None
    with ThreadPoolExecutor(max_workers=len(workers)) as threads:
        for worker in workers:
            threads.submit(worker.hear_all, heard)
        try:
            while len(last) < len(workers):
                left = None if until is None else max(until - monotonic(), 0)
                try:
                    worker, said = heard.get(timeout=left)
                except Empty:
                    for one in workers:
                        if one not in last:
                            one.given_up = True
                            one.kill()
                    until = None
                    continue
                if isinstance(said, Asked):
                    worker.tell(_answered(said))
                    continue
                last[worker] = said
                if until is None and not isinstance(said, Done):
                    until = monotonic() + GRACE_SECONDS
        except BaseException:
            # The threads wait for the processes. An interrupted run must not wait for the threads.
            for worker in workers:
                worker.kill()
            raise
    return [worker.result(last[worker]) for worker in workers]


def _answered(said: Asked) -> Answered:
    answer = who_answers()
    return Answered(None if answer is None else answer(said.question, said.outputs))


def _outcome(results: list[Done | EzError], watch: Stopwatch) -> NativeOutcome:
    failed = [result for result in results if isinstance(result, EzError)]
    if failed:
        raise first_cause(failed)
    parties = [result.outcome for result in results if isinstance(result, Done)]
    return combine(parties, watch.seconds)


def _died(name: str, status: int) -> EzError:
    how = f"with exit code {status}"
    if status < 0:
        try:
            how = f"by the signal {signal.Signals(-status).name}"
        except ValueError:
            how = f"by signal {-status}"
    return EzError(
        Diagnostic(
            code="EZ5017",
            message=f"The process of {name} ended {how} before the run was over",
            span=None,
            help="see whether the machine is short of memory, then run the program again",
        ),
        exit_code=errors.FAILED,
    )
