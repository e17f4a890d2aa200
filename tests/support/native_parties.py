"""Parties as processes of their own, and a proxy that can cut or stall their connection."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.patience import PATIENCE

MILLIONAIRES = """
party alice, bob;
param int32 step = 0;
fn main() {
    secret int32 a = input(alice, "wealth");
    secret int32 b = input(bob, "wealth");
    output(all, a + step > b, "alice is richer");
}
"""

LONG = """
party alice, bob;
param int32 turns = 100;
fn main() {
    secret int64 a = input(alice, "x");
    secret int64 b = input(bob, "x");
    for i in 0..turns { a = a * b + i; }
    output(all, a, "product");
}
"""
"""About 65 KB of garbled tables a turn."""

PARTY = """
import json, sys
from ezlang import api
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.native.single import run_party
path, settings, party, inputs, options = sys.argv[1], *map(json.loads, sys.argv[2:])
try:
    outcome = run_party(api.load(path, settings), party, inputs, **options)
    said = {"outputs": outcome.outputs, "memory": outcome.memory, "ands": outcome.ands}
    code = 0
except EzError as error:
    said = {"codes": [one.code for one in error.diagnostics], "says": error.summary}
    code = error.exit_code
import resource
print(json.dumps({**said, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
sys.exit(code)
"""


@dataclass
class Party:
    """A process that runs `run_party`; `result` waits for its exit code and what it printed."""

    process: subprocess.Popen[bytes]

    def result(self) -> tuple[int, dict[str, Any]]:
        out, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, json.loads(out) if out else {}

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)


def start(
    path: Path,
    party: int,
    port: int,
    inputs: Mapping[str, Any],
    timeout: float = PATIENCE,
    protocol: str = "yao",
    **settings: int,
) -> Party:
    options = {"address": f"127.0.0.1:{port}", "timeout": timeout, "protocol": protocol}
    arguments = [str(path), *map(json.dumps, (settings, party, inputs, options))]
    root = Path(__file__).parents[2]
    return Party(
        subprocess.Popen(
            [sys.executable, "-c", PARTY, *arguments],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
    )


def dial(port: int) -> socket.socket:
    """Connect to a port as soon as somebody listens there."""
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            time.sleep(0.02)


@dataclass
class Proxy:
    """Stands between party 1, which dials `port`, and party 0, which listens at `target`.

    After `limit` bytes from party 0 it calls `act` once. It then passes nothing on if `stall`.
    """

    target: int
    limit: int
    act: Callable[[], None]
    stall: bool = False
    done: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        near, _ = self.listener.accept()
        far = dial(self.target)
        threading.Thread(target=self._pass, args=(near, far, None), daemon=True).start()
        self._pass(far, near, self.limit)

    def _pass(self, source: socket.socket, sink: socket.socket, limit: int | None) -> None:
        passed = 0
        while True:
            try:
                data = source.recv(1 << 16)
                if not data:
                    break
                if self.stall and self.done.is_set():
                    continue
                sink.sendall(data)
            except OSError:
                break
            passed += len(data)
            if limit is not None and passed >= limit and not self.done.is_set():
                self.act()
                self.done.set()
        for end in (source, sink):
            # A socket that the other thread still reads is closed in name only.
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self.done.set()
        self.listener.close()
