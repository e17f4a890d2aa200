"""Listeners that show on standard error what takes long: on a terminal, or as JSON."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TextIO

from . import Listener
from .status import Status, left_over

_BAR = 10
_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def listener_of(name: str | None) -> Listener | None:
    """Return the listener with a name, in this process."""
    match name:
        case Terminal.name:
            return Terminal(sys.stderr)
        case JsonLines.name:
            return JsonLines(sys.stderr)
    return None


class Terminal:
    """A line on a terminal that shows the state of a run and disappears at its end.

    Where the cursor can't be moved (TERM is `dumb`), a new line is written at times.
    """

    name = "terminal"

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._moves = os.environ.get("TERM") not in ("dumb", "unknown")
        self._shown = False
        self.pause = 0.2 if self._moves else 1.0

    def say(self, what: str) -> None:
        """Show what is being done."""
        self.remove()
        self._write(f"{what} …\n")

    def show(self, status: Status) -> None:
        """Show the state of a run."""
        width = shutil.get_terminal_size((80, 0)).columns
        self.line(status_line(status, width - 1))
        if not self._moves:
            self.pause *= 2

    def end(self, status: Status) -> None:
        """Show no more of a run."""
        self.remove()

    def line(self, text: str) -> None:
        """Show a text in place of the last one."""
        self._write(f"\r{text}\x1b[K" if self._moves else f"{text}\n")
        self._shown = self._moves

    def remove(self) -> None:
        """Remove the line."""
        if self._shown:
            self._write("\r\x1b[K")
            self._shown = False

    def leave(self) -> None:
        """Leave the line where it is."""
        if self._shown:
            self._write("\n")
            self._shown = False

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def status_line(status: Status, width: int) -> str:
    """Return the state of a run in at most so many columns; what doesn't fit is cut."""
    parts = [f"{status.rounds:,} rounds", _size(status.bytes)]
    if status.left is not None:
        parts.append(left_over(status.left))
    if status.line is not None:
        _, number, code = status.line
        parts = [f"line {number}", *parts, code]
    parts.insert(0, status.phase)
    if status.done is not None:
        full = int(status.done * _BAR)
        parts.insert(0, f"{'━' * full}{'┄' * (_BAR - full)} {int(100 * status.done):3}%")
    text = " · ".join(parts)
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"


def _size(count: int) -> str:
    """Return a number of bytes in its largest fitting unit."""
    for unit, size in _UNITS:
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


class JsonLines:
    """One JSON object a line: {"event": "doing" | "running" | "ended", …}."""

    name = "json"
    pause = 1.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def say(self, what: str) -> None:
        """Write what is being done."""
        self._write({"event": "doing", "what": what})

    def show(self, status: Status) -> None:
        """Write the state of a run."""
        left = None if status.left is None else round(status.left, 3)
        self._write({"event": "running", **_object(status), "left": left})

    def end(self, status: Status) -> None:
        """Write the last state of a run."""
        self._write({"event": "ended", **_object(status)})

    def _write(self, event: dict[str, object]) -> None:
        self._stream.write(json.dumps(event, ensure_ascii=False) + "\n")
        self._stream.flush()


def _object(status: Status) -> dict[str, object]:
    line = None
    if status.line is not None:
        line = dict(zip(("file", "line", "text"), status.line, strict=True))
    return {
        "phase": status.phase,
        "line": line,
        "rounds": status.rounds,
        "bytes": status.bytes,
        "seconds": round(status.seconds, 3),
    }
