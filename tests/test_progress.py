"""What takes long is told to whoever listens; on a terminal, to the user."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from itertools import count
from threading import Event

import pytest

from ezlang import progress
from ezlang.cli.report import Voice, speaking
from ezlang.progress import doing, running, told_to
from ezlang.progress import shown as listeners
from ezlang.progress.shown import JsonLines, status_line
from ezlang.progress.status import Estimate, Expected, Status
from tests.support.patience import PATIENCE


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


class Heard:
    """A listener that keeps what it is told; `wanted` is set after the second."""

    name = "terminal"
    pause = 0.01

    def __init__(self) -> None:
        self.said: list[str] = []
        self.shown: list[Status] = []
        self.ended: list[Status] = []
        self.wanted = Event()

    def say(self, what: str) -> None:
        self.said.append(what)
        self.wanted.set()

    def show(self, status: Status) -> None:
        self.shown.append(status)
        if len(self.shown) == 2:
            self.wanted.set()

    def end(self, status: Status) -> None:
        self.ended.append(status)


def told(monkeypatch: pytest.MonkeyPatch, seconds: float, patience: float) -> list[str]:
    """Return what is told of something that is over at once when it has been told."""
    monkeypatch.setattr(progress, "PATIENCE", patience)
    heard = Heard()
    with told_to(heard), doing("Waiting"):
        heard.wanted.wait(seconds)
    return heard.said


def test_what_takes_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, PATIENCE, 0.01) == ["Waiting"]


def test_what_is_quick_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, 0.0, 1000.0) == []


def test_a_long_run_is_told_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    heard, rounds = Heard(), count(1)
    with told_to(heard), running(lambda: status(rounds=next(rounds))):
        assert heard.wanted.wait(PATIENCE)
    assert [one.rounds for one in heard.shown[:2]] == [1, 2]
    assert [one.rounds for one in heard.ended] == [len(heard.shown) + 1]


def test_a_short_run_is_told_at_its_end_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 1000.0)
    heard = Heard()
    with told_to(heard), running(status):
        pass
    assert (heard.shown, heard.ended) == ([], [status()])


def test_nobody_looks_where_nobody_listens() -> None:
    with running(lambda: pytest.fail("it looked")):
        pass


def test_a_terminal_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with speaking(Voice.TEXT), doing("Comparing"):
        while not terminal.getvalue().endswith("\n"):
            Event().wait(0.01)
    assert terminal.getvalue() == "Comparing …\n"


def test_only_a_terminal_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    other = io.StringIO()
    monkeypatch.setattr(sys, "stderr", other)
    with speaking(Voice.TEXT), doing("Comparing"):
        Event().wait(0.1)
    assert other.getvalue() == ""


EXPECTED = Expected(rounds=10, bytes=1000, seconds=40.0, waiting=10.0)


def status(
    rounds: int = 4,
    sent: int = 200,
    line: tuple[str, int, str] | None = ("main.ez", 3, "x = x * y;"),
    expected: Expected | None = None,
) -> Status:
    return Status(
        phase="online", line=line, rounds=rounds, bytes=sent, seconds=8.0, expected=expected
    )


def test_what_is_left_is_first_predicted_and_then_measured() -> None:
    fresh = replace(status(0, 0, expected=EXPECTED), seconds=0.0)
    assert (fresh.done, fresh.left) == (0.0, 40.0)
    # A quarter of the time is for rounds.
    part = status(expected=EXPECTED)
    assert part.done == pytest.approx(0.25 * 0.4 + 0.75 * 0.2)
    assert part.left == pytest.approx(0.75 * (8 + 0.75 * 40))
    over = status(10, 1000, expected=EXPECTED)
    assert (over.done, over.left) == (1.0, 0.0)
    assert status(11, 1001, expected=EXPECTED).done == 1.0


def test_the_model_has_no_times_of_simulations() -> None:
    expected = Expected(rounds=10, bytes=1000, seconds=None)
    assert status(expected=expected).done == 0.2
    assert status(expected=expected).left == pytest.approx(32.0)
    assert status(0, 10, expected=expected).left is None
    assert status().done is None
    assert status().left is None


@pytest.mark.parametrize("width", [10, 40, 79, 200])
def test_a_line_fits(width: int) -> None:
    line = status_line(status(1234567, 98_700_000_000, expected=EXPECTED), width)
    assert len(line) <= width
    whole = "━━━━━━━━━━ 100% · online · line 3 · 1,234,567 rounds · 98.7 GB · about 0 s left · "
    assert line.rstrip("…") in whole + "x = x * y;"


def test_a_line_without_an_estimate() -> None:
    assert status_line(status(line=None), 79) == "online · 4 rounds · 200 bytes"


@pytest.mark.parametrize(
    ("term", "shown"),
    [
        ("xterm", "\ronline · 4 rounds · 200 bytes\x1b[K\r\x1b[K"),
        ("dumb", "online · 4 rounds · 200 bytes\n"),
    ],
)
def test_the_line_disappears_where_the_cursor_moves(
    term: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLUMNS", "80")
    stream = Terminal()
    listener = listeners.Terminal(stream)
    listener.show(status(line=None))
    listener.end(status(line=None))
    assert stream.getvalue() == shown


def test_json_has_an_object_a_line() -> None:
    stream = io.StringIO()
    listener = JsonLines(stream)
    listener.say("Compiling")
    listener.show(status(expected=EXPECTED))
    listener.end(status(line=None))
    doing, running, ended = map(json.loads, stream.getvalue().splitlines())
    assert doing == {"event": "doing", "what": "Compiling"}
    common = {"phase": "online", "rounds": 4, "bytes": 200, "seconds": 8.0}
    line = {"file": "main.ez", "line": 3, "text": "x = x * y;"}
    assert running == {"event": "running", **common, "line": line, "left": 28.5}
    assert ended == {"event": "ended", **common, "line": None}


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
