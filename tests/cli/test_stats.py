"""`ezlang run --stats`: what phases and lines took, as text and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ezlang.cli.stats_report import SHOWN_ROWS, stats_lines
from ezlang.compiler.protocols.core.phases import Phase
from ezlang.executors.meter import Line, Tally, stats_of
from tests.cli.conftest import Ez

INPUTS = ("--input", "alice=a.json", "--input", "bob=b.json")


@pytest.mark.parametrize("way", [(), ("--native",)], ids=["simulated", "native"])
@pytest.mark.parametrize("protocol", ["yao", "boolean"])
def test_json_adds_up(ez: Ez, way: tuple[str, ...], protocol: str) -> None:
    said = ez("run", "rich.ez", *way, *INPUTS, "--protocol", protocol, "--stats", "--json").json
    cost, stats = said["cost"], said["stats"]
    for parts in (list(stats["phases"].values()), stats["lines"]):
        assert sum(part["rounds"] for part in parts) == cost["rounds"]
        for party, sent in cost["bytes"].items():
            assert sum(part["bytes"][party] for part in parts) == sent
    assert list(stats["phases"])[-3:] == ["set-up", "preprocessing", "online"]
    assert any(
        line["text"] == 'output(all, a > b, "alice is richer");'
        for row in stats["lines"]
        for line in row["lines"]
    )


def test_text(ez: Ez, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = ez("run", "rich.ez", *INPUTS, "--stats")
    assert done.code == 0
    assert done.out == "alice is richer: true  (told to all)\n"
    for words in ("by phase", "compile", "in all", "by line, slowest first", "   6 | output("):
        assert words in done.err
    report = done.err[done.err.index("by phase") :].splitlines()
    assert max(map(len, report)) <= 80


def test_without_it_nothing_is_said(ez: Ez) -> None:
    done = ez("run", "rich.ez", *INPUTS)
    assert "by line" not in done.err
    assert "stats" not in ez("run", "rich.ez", *INPUTS, "--json").json


def test_in_the_clear_there_is_nothing_to_count(ez: Ez) -> None:
    done = ez("run", "rich.ez", *INPUTS, "--stats", "--clear")
    assert (done.code, done.out) == (2, "")
    assert "`--stats`" in done.err


def test_rows_that_are_not_shown_are_summed_up(folder: Path) -> None:
    tallies: dict[Any, Tally] = {}
    for number in range(SHOWN_ROWS + 3):
        tally = Tally(seconds=100.0 - number)
        tally.sent[0] = 1
        tallies[(Line("a.ez", number + 1, "x;"),), Phase.ONLINE] = tally
    tallies[(Line("a.ez", 1, "x;"), Line("b.ez", 7, "y;")), Phase.ONLINE] = Tally(seconds=101.0)
    lines = stats_lines("a.ez", stats_of(tallies, ("ann", "ben"), {}))
    text = "\n".join(lines)
    assert "  1; b.ez:7 | together" in text
    (rest,) = (line for line in lines if "4 more rows: see --json" in line)
    assert rest.split()[-4:-2] == ["4", "-"]
    assert "not divided among them" in text
