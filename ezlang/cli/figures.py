"""Pictures of costs, drawn by matplotlib from data alone: a cost report, a trace (docs/)."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from ezlang.records import dataclass

from .options import usage_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Json = Mapping[str, Any]

SHOWN_BARS: Final = 16
"""The number of lines that have bars of their own; the others share one."""

_TEXT: Final = 44
_NAMES_IN_A_ROW: Final = 6
_COLORS: Final = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#f0e442",
    "#999999",
)
"""Colours that people with any colour vision can tell apart (Okabe and Ito)."""


@dataclass(slots=True)
class Bar:
    """What a line of the program costs: rounds, and bytes by the name of the sender."""

    name: str
    rounds: int = 0
    bytes: Counter[str] = field(default_factory=Counter)


def bars_of_cost(report: Json, name: str) -> list[Bar]:
    """Return a bar for each line of a cost report about the program in the file `name`."""
    bars = [
        Bar(_line_name(one["file"], one["line"], one["text"], name), one["rounds"])
        for one in report["lines"]
    ]
    for bar, one in zip(bars, report["lines"], strict=True):
        bar.bytes.update(one["bytes"])
    return _sorted(bars)


def bars_of_trace(trace: Json) -> list[Bar]:
    """Return a bar for the lines of each step of a trace: those of a step exchange together.

    Rounds are those of the party that has most.
    """
    bars: dict[tuple[tuple[int, int], ...], Bar] = {}
    waiter = max(range(len(trace["parties"])), key=lambda p: _last_round(trace, p))
    seen: set[int] = set()
    for one in trace["messages"]:
        lines = _lines_of_step(trace, one["step"])
        bar = bars.setdefault(lines, Bar(_step_name(trace, lines)))
        bar.bytes[trace["parties"][one["sender"]]] += one["bytes"]
        if one["receiver"] == waiter and one["round"] not in seen:
            seen.add(one["round"])
            bar.rounds += 1
    return _sorted(list(bars.values()))


def bytes_by_round(trace: Json) -> list[Counter[str]]:
    """Return, for each round in order, the bytes that each party sends."""
    parties = trace["parties"]
    return [Counter(dict(zip(parties, one["bytes"], strict=True))) for one in trace["rounds"]]


def _last_round(trace: Json, party: int) -> int:
    rounds = (one["round"] for one in trace["messages"] if one["receiver"] == party)
    return max(rounds, default=0)


def _lines_of_step(trace: Json, step: int) -> tuple[tuple[int, int], ...]:
    operations = (trace["operations"][number] for number in trace["steps"][step]["operations"])
    return tuple(sorted({(o["source"], o["line"]) for o in operations if o["source"] is not None}))


def _step_name(trace: Json, lines: Sequence[tuple[int, int]]) -> str:
    if not lines:
        return "the session"
    if len(lines) > 1:
        return ", ".join(str(number) for _, number in lines) + " | together"
    ((source, number),) = lines
    given = trace["sources"][source]
    text = given["text"].split("\n")[number - 1].strip()
    return _line_name(given["name"], number, text, trace["sources"][0]["name"])


def _line_name(file: str | None, number: int, text: str, program: str) -> str:
    if file is None:
        return "the session"
    place = str(number) if file == program else f"{PurePath(file).name}:{number}"
    return f"{place} | {text}"


def _sorted(bars: list[Bar]) -> list[Bar]:
    """Return the bars with the most bytes, first those with most; one bar has the rest."""
    bars = sorted(bars, key=lambda bar: (-bar.bytes.total(), -bar.rounds))
    bars = [bar for bar in bars if bar.bytes.total() or bar.rounds]
    if len(bars) <= SHOWN_BARS:
        return bars
    rest = Bar(f"{len(bars) - SHOWN_BARS + 1} more lines")
    for bar in bars[SHOWN_BARS - 1 :]:
        rest.rounds += bar.rounds
        rest.bytes.update(bar.bytes)
    return [*bars[: SHOWN_BARS - 1], rest]


def picture(
    title: str,
    parties: Sequence[str],
    bars: Sequence[Bar],
    rounds: Sequence[Counter[str]] | None,
    kind: str,
) -> bytes:
    """Return a picture as SVG or PNG: cost by line and, if they are given, bytes by round."""
    figure = _figure(title, parties, bars, rounds)
    made = io.BytesIO()
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "ezlang"}):
        # The same data give the same file.
        figure.savefig(
            made, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None
        )
    return made.getvalue()


def _figure(
    title: str,
    parties: Sequence[str],
    bars: Sequence[Bar],
    rounds: Sequence[Counter[str]] | None,
) -> Figure:
    require_matplotlib()
    from matplotlib.figure import Figure

    height = 1.2 + 0.3 * max(len(bars), 3)
    figure = Figure(figsize=(10, height + (3.4 if rounds is not None else 0)), layout="constrained")
    figure.suptitle(title, parse_math=False)
    rows = 1 if rounds is None else 2
    grid = figure.add_gridspec(rows, 2, width_ratios=(3, 1), height_ratios=(height, 3.4)[:rows])
    left = figure.add_subplot(grid[0, 0])
    _draw_lines(left, figure.add_subplot(grid[0, 1], sharey=left), parties, bars)
    if rounds is not None:
        _draw_rounds(figure.add_subplot(grid[1, :]), parties, rounds)
    # Outside of the drawings, so that it covers none.
    names = left.get_legend_handles_labels()
    figure.legend(*names, loc="outside lower center", ncols=min(len(parties), _NAMES_IN_A_ROW))
    return figure


def _draw_lines(left: Axes, right: Axes, parties: Sequence[str], bars: Sequence[Bar]) -> None:
    from matplotlib.ticker import MaxNLocator

    places = range(len(bars))
    names = [one.name if len(one.name) <= _TEXT else one.name[: _TEXT - 1] + "…" for one in bars]
    before = [0] * len(bars)
    for party, color in _colored(parties):
        sent = [bar.bytes[party] for bar in bars]
        left.barh(places, sent, left=before, color=color, label=f"{party} sends")
        before = [a + b for a, b in zip(before, sent, strict=True)]
    left.set_yticks(places, names, parse_math=False, family="monospace", fontsize="small")
    left.invert_yaxis()
    left.set(title="Bytes by line", xlabel="bytes", xlim=(0, _room(before)))
    left.xaxis.set_major_locator(MaxNLocator(nbins=5))
    left.xaxis.set_major_formatter("{x:,.0f}")
    drawn = right.barh(places, [bar.rounds for bar in bars], color="#777777")
    right.bar_label(drawn, [str(bar.rounds or "") for bar in bars], padding=2, fontsize="small")
    most = _room(bar.rounds for bar in bars)
    right.set(title="Rounds by line", xlabel="rounds", xlim=(0, 1.15 * most))
    right.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    right.tick_params(axis="y", length=0, labelleft=False)


def _draw_rounds(axes: Axes, parties: Sequence[str], rounds: Sequence[Counter[str]]) -> None:
    from matplotlib.ticker import MaxNLocator

    numbers = range(1, len(rounds) + 1)
    before = [0] * len(rounds)
    for party, color in _colored(parties):
        sent = [one[party] for one in rounds]
        axes.bar(numbers, sent, bottom=before, color=color)
        before = [a + b for a, b in zip(before, sent, strict=True)]
    axes.set(title="Bytes by round", xlabel="round", ylabel="bytes", ylim=(0, _room(before)))
    axes.set_xlim(0.4, len(rounds) + 0.6)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    total, sums = 0, []
    for count in before:
        total += count
        sums.append(total)
    beside = axes.twinx()
    beside.step(numbers, sums, where="mid", color="black")
    beside.set(ylabel="line: all bytes up to a round", ylim=(0, _room(sums)))
    beside.yaxis.set_major_formatter("{x:,.0f}")


def _room(amounts: Iterable[int]) -> float:
    """Return the end of an axis from 0 that has room for amounts."""
    return 1.05 * max((*amounts, 1))


def _colored(parties: Sequence[str]) -> Iterator[tuple[str, str]]:
    for number, party in enumerate(parties):
        yield party, _COLORS[number % len(_COLORS)]


def require_matplotlib() -> None:
    """Raise an EzError with the command that installs matplotlib, if it is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise usage_error(
            "`ezlang plot` takes the package `matplotlib`",
            "install it: python -m pip install 'ezlang[plot]'",
        ) from None
