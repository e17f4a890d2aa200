"""`ezlang plot`: what is drawn is what the cost report and the trace say."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ezlang.cli.figures import SHOWN_BARS, Bar, bars_of_cost, bars_of_trace, bytes_by_round
from tests.cli.conftest import Ez

INPUTS = ("--input", "alice=a.json", "--input", "bob=b.json")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = ("millionaires", "average-salary", "median")


def texts_of(path: Path) -> list[str]:
    """Return the texts in an SVG picture."""
    root = ElementTree.fromstring(path.read_text("utf-8"))
    return ["".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")]


def traced(ez: Ez, name: str, *options: str) -> Any:
    program = str(EXAMPLES / name / "main.ez")
    assert ez("trace", program, "--json", "t.json", "--reruns", "0", *options).code == 0
    return json.loads(Path("t.json").read_text("utf-8"))


def sent(bars: list[Bar]) -> Counter[str]:
    return sum((bar.bytes for bar in bars), Counter[str]())


def test_a_picture_shows_lines_and_parties(ez: Ez, folder: Path) -> None:
    done = ez("plot", "rich.ez", *INPUTS, "-o", "p.svg")
    assert (done.code, done.out) == (0, "")
    assert "The picture is p.svg." in done.err
    texts = texts_of(folder / "p.svg")
    for text in ("rich.ez", "alice sends", "bob sends", "Bytes by line", "Bytes by round"):
        assert text in texts
    assert any(text.startswith("6 | output(all, a > b,") for text in texts)


def test_png(ez: Ez, folder: Path) -> None:
    assert ez("plot", "rich.ez", *INPUTS, "-o", "p.png").code == 0
    assert (folder / "p.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("protocol", ["auto", "boolean"])
@pytest.mark.parametrize("name", NAMES)
def test_bars_of_a_trace_add_up(ez: Ez, name: str, protocol: str) -> None:
    trace = traced(ez, name, "--protocol", protocol)
    bars, rounds = bars_of_trace(trace), bytes_by_round(trace)
    whole = Counter(dict(zip(trace["parties"], trace["totals"]["bytes"], strict=True)))
    assert sent(bars) == whole
    assert sum(bar.rounds for bar in bars) == trace["totals"]["rounds"] == len(rounds)
    assert sum(rounds, Counter[str]()) == whole


@pytest.mark.parametrize("name", NAMES)
def test_bars_of_a_cost_report_add_up(ez: Ez, name: str) -> None:
    program = str(EXAMPLES / name / "main.ez")
    report = ez("cost", program, "--json").json
    bars = bars_of_cost(report, program)
    assert sent(bars) == Counter(report["totals"]["bytes"])
    assert sum(bar.rounds for bar in bars) == report["totals"]["rounds"]


def test_data_that_were_written_before(ez: Ez, folder: Path) -> None:
    traced(ez, "millionaires")
    report = ez("cost", "rich.ez", "--json").out
    (folder / "cost.json").write_text(report, "utf-8")
    assert ez("plot", "t.json", "-o", "t.svg").code == 0
    assert ez("plot", "cost.json", "-o", "c.svg").code == 0
    assert "Bytes by round" in texts_of(folder / "t.svg")
    assert "Bytes by round" not in texts_of(folder / "c.svg")
    first = (folder / "t.svg").read_bytes()
    ez("plot", "t.json", "-o", "t.svg")
    assert (folder / "t.svg").read_bytes() == first


def test_lines_that_are_not_shown_are_summed_up() -> None:
    lines = [
        {"file": "a.ez", "line": n, "text": "x;", "rounds": 1, "bytes": {"ann": n}}
        for n in range(1, SHOWN_BARS + 6)
    ]
    bars = bars_of_cost({"lines": lines}, "a.ez")
    assert len(bars) == SHOWN_BARS
    assert bars[0].name == f"{SHOWN_BARS + 5} | x;"
    assert (bars[-1].name, bars[-1].rounds) == ("6 more lines", 6)
    assert sent(bars)["ann"] == sum(range(1, SHOWN_BARS + 6))


@pytest.mark.parametrize("name", ["p.pdf", "p"])
def test_other_kinds_of_pictures(ez: Ez, name: str) -> None:
    done = ez("plot", "rich.ez", *INPUTS, "-o", name)
    assert done.code == 2
    assert "write a name that ends in .svg or .png" in done.err


def test_other_data(ez: Ez, folder: Path) -> None:
    for text in ("[]", "{}", "no json", '{"messages": 1, "parties": []}'):
        (folder / "x.json").write_text(text)
        done = ez("plot", "x.json", "-o", "p.svg")
        assert done.code == 2
        assert "neither a trace nor a cost report" in done.err
    assert "cannot be read" in ez("plot", "none.json", "-o", "p.svg").err


def test_without_matplotlib(ez: Ez, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = ez("plot", "rich.ez", *INPUTS, "-o", "p.svg")
    assert done.code == 2
    assert "python -m pip install 'ezlang[plot]'" in done.err
