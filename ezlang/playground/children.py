"""Runs the command line on a program of the page, in a process of its own, which can be ended.

Each request gets a new folder with its files, and a new process with limits (`limits.py`). The
language can neither read nor write other files, so that what a program can take is time and memory.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore, Lock
from typing import Final

_COMMANDS: Final = {
    "diagnose": ("ezlang.playground.diagnose", "main.ez"),
    "check": ("ezlang.__main__", "check", "main.ez"),
    "leaks": ("ezlang.__main__", "leaks", "main.ez"),
    "cost": ("ezlang.__main__", "cost", "main.ez"),
    "run": ("ezlang.__main__", "run", "main.ez", "--json"),
    "trace": ("ezlang.__main__", "trace", "main.ez", "-o", "trace.html", "--reruns", "0"),
}
"""What the page can ask for: the module whose `main` is called, and its arguments."""

_TYPED = "diagnose"
"""The command that runs after each change of a text."""

_FILE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}\.(ez|json)")
_MOST_TEXT = 1_000_000
"""Bytes of each stream of a command that the page gets."""

_AT_ONCE = 4
"""How many commands run at the same time."""

_OUT_OF_TIME = 24
"""The signal SIGXCPU, by which the system ends a process that has used its CPU time."""

_LONGEST_QUEUE = 5.0
"""Seconds that a request waits for its turn."""


class RefusedError(Exception):
    """A request that can't be answered: why, and the HTTP status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Limits:
    """What a command may take: seconds, by the clock and of CPU time, and memory."""

    seconds: int
    megabytes: int


@dataclass(frozen=True, slots=True)
class Done:
    """What a command printed. `limit` says which limit ended it; `page` is that of a trace."""

    command: str
    code: int
    out: str
    err: str
    limit: str | None = None
    page: bytes | None = None


class _Child:
    """A process that waits for the files of its folder, and then runs a command on them."""

    def __init__(self, action: str, limits: Limits) -> None:
        self._limits = limits
        self._module, *self._arguments = _COMMANDS[action]
        self._temporary = TemporaryDirectory(prefix="ezlang-playground-")
        self._folder = Path(self._temporary.name)
        bounds = (str(limits.seconds), str(limits.megabytes))
        with (self._folder / "out").open("wb") as out, (self._folder / "err").open("wb") as err:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "ezlang.playground.limits", *bounds),
                    *(self._module, *self._arguments),
                ],
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONUTF8": "1"},
                start_new_session=True,  # Ctrl-C is for the server, which then ends this
            )

    def run(self, files: Mapping[str, str]) -> Done:
        """Run the command, within the limit of time."""
        for name, text in files.items():
            (self._folder / name).write_bytes(text.encode("utf-8", "replace"))
        limit = None
        try:
            self.process.communicate(b"\n", self._limits.seconds)
        except subprocess.TimeoutExpired:
            limit = self._exceeded("time")
            self.process.kill()
        code = self.process.wait()
        if limit is None and code < 0:
            limit = self._exceeded("time" if -code == _OUT_OF_TIME else "memory")
        page = self._folder / "trace.html"
        return Done(
            " ".join(("ezlang", *(one for one in self._arguments if one != "--json"))),
            code,
            _text(self._folder / "out"),
            _text(self._folder / "err"),
            limit,
            page.read_bytes() if code == 0 and page.is_file() else None,
        )

    def end(self) -> None:
        """End the process, if it still runs, and remove its folder."""
        self.process.kill()
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        self._temporary.cleanup()

    def _exceeded(self, which: str) -> str:
        if which == "time":
            return f"It was ended: it took longer than {self._limits.seconds} seconds."
        return f"It was ended: it needed more than {self._limits.megabytes} MB of memory."


class Children:
    """The processes that run commands for the page.

    One is kept ready that checks what is typed next: to import the checker takes longer than to
    check a short program.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._turns = BoundedSemaphore(_AT_ONCE)
        self._lock = Lock()
        self._running: set[_Child] = set()
        self._ready: _Child | None = None
        self._stopped = False

    def run(self, action: object, files: object) -> Done:
        """Run a command on files, name → text. Raises RefusedError if they aren't that."""
        if not isinstance(action, str) or action not in _COMMANDS:
            raise RefusedError(400, "There is no such action.")
        if not isinstance(files, dict) or "main.ez" not in files:
            raise RefusedError(400, "There is no program main.ez.")
        if not all(_FILE.fullmatch(name) and isinstance(files[name], str) for name in files):
            raise RefusedError(400, "Files are NAME.ez and NAME.json, with text.")
        if not self._turns.acquire(timeout=_LONGEST_QUEUE):
            raise RefusedError(503, "Other programs are running: try again when they have ended.")
        try:
            child = self._take(action)
            try:
                return child.run(files)
            finally:
                self._end(child)
        finally:
            self._turns.release()

    def prepare(self) -> None:
        """Start the process that checks what is typed next, unless there is one."""
        with self._lock:
            if self._ready is None and not self._stopped:
                self._ready = self._started(_TYPED)

    def stop(self) -> None:
        """End all processes, and start no further ones."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for child in running:  # their folders are removed when the server ends
            child.process.kill()
            child.process.wait()

    def _take(self, action: str) -> _Child:
        with self._lock:
            if self._stopped:
                raise RefusedError(503, "The playground was stopped.")
            ready = self._ready if action == _TYPED else None
            if ready is None:
                return self._started(action)
            self._ready = None
            return ready

    def _started(self, action: str) -> _Child:
        child = _Child(action, self._limits)
        self._running.add(child)
        return child

    def _end(self, child: _Child) -> None:
        child.end()
        with self._lock:
            self._running.discard(child)


def _text(path: Path) -> str:
    with path.open("rb") as file:
        text = file.read(_MOST_TEXT).decode("utf-8", "replace")
        return f"{text}\n… (the rest is left out)" if file.read(1) else text
