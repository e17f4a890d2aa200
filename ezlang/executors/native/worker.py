"""The process of one party: `python -m ezlang.executors.native.worker`, started by processes.py.

The worker reads its job from standard input and writes the result to standard output. It exits when
the process that started it exits.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from typing import IO

from ezlang.compiler.ir.sharings import PAIRED
from ezlang.diagnostics.diagnostic import EzError
from ezlang.progress import told_to
from ezlang.progress.shown import listener_of
from ezlang.session.address import DEFAULT_HOST, Address

from .executable import Executable
from .many import run_among
from .messages import Broken, Done, Failed, Job, Meeting, Message, read_message, write_message
from .outcome import PartyOutcome
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
        with told_to(listener_of(job.listener)):
            return Done(_run(job, executable, source, sink))
    except EzError as error:
        return Failed(error.diagnostics, error.exit_code)
    except Exception:
        return Broken(traceback.format_exc())


def _run(job: Job, executable: Executable, source: IO[bytes], sink: IO[bytes]) -> PartyOutcome:
    """Run a party: each but the last listens, and of more than two is told where the others do.

    All messages of the parent have been read before the process waits for others.
    """

    def listening(address: Address) -> None:
        write_message(sink, Meeting((address.port,)))
        _watch(source)

    def meet(address: Address) -> list[Address]:
        write_message(sink, Meeting((address.port,)))
        return met()

    def met() -> list[Address]:
        said = read_message(source)
        if not isinstance(said, Meeting):
            os._exit(_ABANDONED)
        _watch(source)
        return [Address(DEFAULT_HOST, port) for port in said.ports]

    count = len(executable.program.parties)
    places = [Address(DEFAULT_HOST, 0)] * (count - 1)
    if job.party == count - 1:
        places = met()
    if count != PAIRED:
        return run_among(
            executable, job.party, job.inputs, places, job.timeout, meet, metered=job.metered
        )
    return run_at(
        executable, job.party, job.inputs, places[0], job.timeout, listening, metered=job.metered
    )


def _watch(source: IO[bytes]) -> None:
    threading.Thread(target=_leave_with_parent, args=(source,), daemon=True).start()


def _leave_with_parent(source: IO[bytes]) -> None:
    """Exit at the end of standard input, which occurs when the parent closes it or dies."""
    source.read()
    os._exit(_ABANDONED)


if __name__ == "__main__":
    main()
    # All work is done, and the thread that waits for the parent must not delay the exit.
    sys.stderr.flush()
    os._exit(0)
