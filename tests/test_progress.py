"""What takes long is told to whoever listens; on a terminal, to the user."""

from __future__ import annotations

import io
import sys
from threading import Event

import pytest

from ezlang import progress
from ezlang.cli.report import progress_shown
from ezlang.progress import Estimate, doing, told_to
from tests.support.patience import PATIENCE


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


def told(monkeypatch: pytest.MonkeyPatch, seconds: float, patience: float) -> list[str]:
    """Return what is told of something that is over at once when it has been told."""
    monkeypatch.setattr(progress, "PATIENCE", patience)
    found: list[str] = []
    heard = Event()

    def listen(what: str) -> None:
        found.append(what)
        heard.set()

    with told_to(listen), doing("Waiting"):
        heard.wait(seconds)
    return found


def test_what_takes_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, PATIENCE, 0.01) == ["Waiting"]


def test_what_is_quick_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, 0.0, 1000.0) == []


def test_a_terminal_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress_shown(), doing("Comparing"):
        while not terminal.getvalue().endswith("\n"):
            Event().wait(0.01)
    assert terminal.getvalue() == "Comparing …\n"


def test_only_a_terminal_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    other = io.StringIO()
    monkeypatch.setattr(sys, "stderr", other)
    with progress_shown(), doing("Comparing"):
        Event().wait(0.1)
    assert other.getvalue() == ""


def test_estimates() -> None:
    now = 0.0
    estimate = Estimate(lambda: now)
    assert estimate(2, 63) == "2 of 63 batches are done"
    now = 20.0
    assert estimate(3, 63) == "3 of 63 batches are done, about 20 min left"
    now = 40.0
    assert estimate(60, 63) == "60 of 63 batches are done, about 2 s left"
    assert estimate(63, 63) == "63 of 63 batches are done"
    now = 0.0
    slow = Estimate(lambda: now)
    slow(0, 10)
    now = 1200.0
    assert slow(1, 10) == "1 of 10 batches are done, about 3 h 0 min left"
