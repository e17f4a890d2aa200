"""Both parties of a program as commands `ezlang run … --party P`, each pinned to a core."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .relay import Line, Relay


@dataclass(frozen=True, slots=True)
class Party:
    """The result of one process: its JSON object, its peak memory in bytes, its CPU seconds."""

    result: dict[str, Any]
    peak: int
    cpu: float


def two_parties(
    program: Path,
    settings: dict[str, int],
    inputs: list[Path],
    options: Sequence[str] = (),
    line: Line | None = None,
) -> list[Party]:
    """Run both parties of a program, party p on core p, over a slow line if there is one."""
    port = free_port()
    ports = [port, Relay(("127.0.0.1", port), line).address[1] if line else port]
    command = [sys.executable, "-m", "ezlang", "run", str(program), "--json", *options]
    sets = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    own = [["--party", str(party), "--address", f"127.0.0.1:{ports[party]}"] for party in (0, 1)]
    running = [
        subprocess.Popen(
            [*command, *own[party], "--input", str(inputs[party]), *sets],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            preexec_fn=partial(os.sched_setaffinity, 0, {party % (os.cpu_count() or 1)}),
        )
        for party in (0, 1)
    ]
    parties = []
    for process in running:
        assert process.stdout is not None
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{program.name} ended with exit code {process.returncode}")
        cpu = usage.ru_utime + usage.ru_stime
        parties.append(Party(json.loads(text), usage.ru_maxrss * 1024, cpu))
    return parties


def all_parties(program: Path, inputs: Sequence[Path]) -> list[dict[str, Any]]:
    """Run all parties of a program of more than two; return the JSON object of each."""
    places = ",".join(f"127.0.0.1:{free_port()}" for _ in inputs)
    command = [sys.executable, "-m", "ezlang", "run", str(program), "--json", "--address", places]
    running = [
        subprocess.Popen(
            [*command, "--party", str(party), "--input", str(own)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for party, own in enumerate(inputs)
    ]
    said = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise SystemExit(f"{program.name} ended with {[one.returncode for one in running]}")
    return [json.loads(text) for text in said]


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
