"""The process of one party: `python -m ezlang.executors.native.worker`, started by processes.py.

The worker reads its job from standard input and writes the result to standard output. It exits when
the process that started it exits.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from queue import SimpleQueue
from typing import IO

from ezlang.compiler.ir.sharings import PAIRED
from ezlang.diagnostics.diagnostic import EzError
from ezlang.progress import told_to
from ezlang.progress.shown import listener_of
from ezlang.session.address import DEFAULT_HOST, Address
from ezlang.values.data import Data, Outputs
from ezlang.values.draws import seeded
from ezlang.values.turns import Question, answered_by

from .executable import Executable
from .many import run_among
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
from .outcome import PartyOutcome
from .outsourced import run_outsourced
from .prepared import unpacked
from .single import run_at

_ABANDONED = 3


def main() -> None:
    """Run one job."""
    source, sink = sys.stdin.buffer, _claim_stdout()
    result = _result(source, sink)
    try:
        write_message(sink, result)
    except BrokenPipeError:
        os._exit(_ABANDONED)


def _claim_stdout() -> IO[bytes]:
    """Reserve standard output for messages; redirect all other output to standard error."""
    sys.stdout.flush()
    mine = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return mine


def _result(source: IO[bytes], sink: IO[bytes]) -> Message:
    try:
        job = read_message(source)
        if not isinstance(job, Job):
            return Broken("a worker was started without a job")
        executable = unpacked(job.program)
        answers: SimpleQueue[Answered] = SimpleQueue()

        def ask(question: Question, outputs: Outputs) -> Data | None:
            write_message(sink, Asked(question, outputs))
            return answers.get().data

        answer = ask if job.asks else None
        with told_to(listener_of(job.listener)), answered_by(answer), seeded(job.seed):
            return Done(_run(job, executable, source, sink, answers))
    except EzError as error:
        return Failed(error.diagnostics, error.exit_code)
    except Exception:
        return Broken(traceback.format_exc())


def _run(
    job: Job,
    executable: Executable,
    source: IO[bytes],
    sink: IO[bytes],
    answers: SimpleQueue[Answered],
) -> PartyOutcome:
    """Run a party, which is told where others listen, unless it is the first of only two.

    Once the process waits for others, all messages of the parent are answers.
    """

    def listening(address: Address) -> None:
        write_message(sink, Meeting((address.port,)))
        _watch(source, answers)

    def meet(address: Address) -> list[Address]:
        write_message(sink, Meeting((address.port,)))
        return met()

    def met() -> list[Address]:
        said = read_message(source)
        if not isinstance(said, Meeting):
            os._exit(_ABANDONED)
        _watch(source, answers)
        return [Address(DEFAULT_HOST, port) for port in said.ports]

    program = executable.program
    count = len(program.parties)
    listeners = count if program.clients else count - 1
    places = [Address(DEFAULT_HOST, 0)] * listeners
    if job.party >= listeners:
        places = met()
    if program.clients:
        return run_outsourced(
            executable, job.party, job.inputs, places, job.timeout, meet, metered=job.metered
        )
    if count != PAIRED:
        return run_among(
            executable, job.party, job.inputs, places, job.timeout, meet, metered=job.metered
        )
    return run_at(
        executable, job.party, job.inputs, places[0], job.timeout, listening, metered=job.metered
    )


def _watch(source: IO[bytes], answers: SimpleQueue[Answered]) -> None:
    threading.Thread(target=_listen, args=(source, answers), daemon=True).start()


def _listen(source: IO[bytes], answers: SimpleQueue[Answered]) -> None:
    """Pass answers on; exit at the end of standard input: the parent has closed it or died."""
    while (said := read_message(source)) is not None:
        answers.put(said)
    os._exit(_ABANDONED)


if __name__ == "__main__":
    main()
    # All work is done, and the thread that waits for the parent must not delay the exit.
    sys.stderr.flush()
    os._exit(0)
