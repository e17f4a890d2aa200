"""A report of a validation for people: one HTML file without scripts or links, made of a record.

Every plot stands beside a table of the same numbers, and is described for who can't see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Final

from ezlang.audit.files import Record

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1b1b; --soft: #5c5c5c; --line: #d0d0d0;
  --paper: #fff; --bar: #1f5fa8; --other: #b35c00; --on: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --soft: #aaa; --line: #444;
  --paper: #161616; --bar: #6fa8e8; --other: #e39a4a; --on: #111; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.pair { display: flex; flex-wrap: wrap; gap: 1.5rem 2.5rem; align-items: flex-start; }
table { border-collapse: collapse; } caption { text-align: left; color: var(--soft); }
th, td { border-bottom: 1px solid var(--line); padding: .2rem .8rem .2rem 0; text-align: left; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
code { font-size: .85rem; overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif;
  fill: var(--ink); } .bar { fill: var(--bar); } .other { fill: var(--other); }
.frame { fill: none; stroke: var(--line); } svg .inside { fill: var(--on); }
.scroll { max-height: 20rem; overflow: auto; }
"""
_SCROLL: Final = '<div class="scroll" tabindex="0">'
_WIDTH: Final = 460
_MOST_CLASSES: Final = 30
"""Larger confusion matrices are shown as tables alone."""


def report_of(record: Record) -> str:
    """Return the report of a validation as an HTML page."""
    return "\n".join(_page(record)) + "\n"


def _page(record: Record) -> Iterator[str]:
    samples = record["params"]["samples"]
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Validation on {samples:,} samples</title>\n<style>{_STYLE}</style>\n</head>"
    yield f"<body>\n<main>\n<h1>Validation on {samples:,} samples</h1>"
    told = " and ".join(map(escape, record["commitments"]))
    yield f"<p>From {escape(record['began'])} to {escape(record['ended'])}. "
    yield f"{told} were told the metrics below and nothing else. Both followed the protocol, and "
    yield "fed what they committed to: that is an assumption, not a finding.</p>"
    yield from _metrics(record["released"])
    for one in record["released"]:
        if one["metric"] == "confusion":
            yield from _confusion(one["value"])
    yield from _batches(record)
    yield from _facts(record)
    yield "</main>\n</body>\n</html>"


def _metrics(released: Sequence[Any]) -> Iterator[str]:
    plain = [(one["metric"], one["value"]) for one in released if one["metric"] != "confusion"]
    if not plain:
        return
    yield '<h2>Metrics</h2>\n<div class="pair">'
    rows = [(name, _value(value)) for name, value in plain]
    yield from _table("What both sides were told", ("metric", "value"), rows)
    bars = [(name, float(value)) for name, value in plain if _is_share(value)]
    if bars:
        yield from _shares(bars)
    yield "</div>"


def _is_share(value: Any) -> bool:
    return not isinstance(value, bool) and 0 <= value <= 1


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "reached" if value else "not reached"
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}"


def _shares(bars: Sequence[tuple[str, float]]) -> Iterator[str]:
    """Yield bars from 0 to 1."""
    left, full = 110, _WIDTH - 170
    height = 28 * len(bars) + 6
    said = ", ".join(f"{name} {value:.4f}" for name, value in bars)
    yield _svg(_WIDTH, height, f"Bars from 0 to 1: {said}")
    for row, (name, value) in enumerate(bars):
        y = 28 * row + 4
        yield f'<text x="{left - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>'
        yield f'<rect class="frame" x="{left}" y="{y}" width="{full}" height="20"/>'
        yield f'<rect class="bar" x="{left}" y="{y}" width="{full * value:.1f}" height="20"/>'
        yield f'<text x="{left + full + 8}" y="{y + 15}">{value:.4f}</text>'
    yield "</svg>"


def _confusion(table: Sequence[Sequence[int]]) -> Iterator[str]:
    yield '<h2>Confusion matrix</h2>\n<div class="pair">'
    classes = range(len(table))
    rows = [(f"is {label}", *(f"{n:,}" for n in row)) for label, row in enumerate(table)]
    head = ("", *(f"taken for {label}" for label in classes))
    yield _SCROLL
    yield from _table("Samples by their label, and what they were taken for", head, rows)
    yield "</div>"
    if len(table) <= _MOST_CLASSES:
        yield from _squares(table)
    yield "</div>"


def _squares(table: Sequence[Sequence[int]]) -> Iterator[str]:
    """Yield a square for each entry, darker the more samples of the row it has."""
    size = max(14, min(64, 380 // len(table)))
    left = 40
    side = left + size * len(table) + 2
    right = sum(row[label] for label, row in enumerate(table))
    total = sum(map(sum, table))
    yield _svg(side, side, f"{right:,} of {total:,} samples are on the diagonal")
    for label, row in enumerate(table):
        middle = left + size * (label + 0.5)
        yield f'<text x="{left - 8}" y="{middle + 4:.0f}" text-anchor="end">{label}</text>'
        yield f'<text x="{middle:.0f}" y="{left - 8}" text-anchor="middle">{label}</text>'
        for place, number in enumerate(row):
            share = number / max(sum(row), 1)
            x, y = left + size * place, left + size * label
            kind = "bar" if label == place else "other"
            where = f'x="{x}" y="{y}" width="{size}" height="{size}"'
            yield f'<rect class="{kind}" fill-opacity="{share:.2f}" {where}/>'
            yield f'<rect class="frame" {where}/>'
            if size >= 28:
                at = f'x="{x + size / 2:.0f}" y="{y + size / 2 + 4:.0f}" text-anchor="middle"'
                inside = ' class="inside"' if share > 0.6 else ""
                yield f"<text {at}{inside}>{number:,}</text>"
    yield "</svg>"


def _batches(record: Record) -> Iterator[str]:
    batches = record["batches"]
    seconds = [one["seconds"] for one in batches]
    megabytes = [(one["bytes_sent"] + one["bytes_received"]) / 1e6 for one in batches]
    yield '<h2>Batches</h2>\n<div class="pair">'
    rows = [
        (f"{n + 1}", f"{time:.3f}", f"{size:,.2f}")
        for n, (time, size) in enumerate(zip(seconds, megabytes, strict=True))
    ]
    yield _SCROLL
    size, every = record["params"]["batch"], record["params"]["samples"]
    fewer = f", {every % size:,} in the last one" if every % size else ""
    samples = f"{size:,} {'sample' if size == 1 else 'samples'} each{fewer}"
    caption = f"{samples}; bytes of both directions"
    yield from _table(caption, ("batch", "seconds", "megabytes"), rows, numbers=0)
    yield "</div>\n<div>"
    yield from _columns("Seconds of each batch", seconds, "bar")
    yield from _columns("Megabytes of each batch", megabytes, "other")
    yield "</div>\n</div>"


def _columns(title: str, values: Sequence[float], kind: str) -> Iterator[str]:
    """Yield a column for each batch, from 0 to the largest."""
    most, high = max(values), 110
    step = (_WIDTH - 20) / len(values)
    mean = sum(values) / len(values)
    yield _svg(_WIDTH, high + 40, f"{title}: {mean:.3g} on average, at most {most:.3g}")
    yield f'<text x="10" y="16">{title}: at most {most:.3g}, on average {mean:.3g}</text>'
    for place, value in enumerate(values):
        tall = high * value / most if most else 0
        x, y = 10 + step * place, 26 + high - tall
        where = f'x="{x:.2f}" y="{y:.1f}" width="{max(step * 0.85, 0.5):.2f}" height="{tall:.1f}"'
        yield f'<rect class="{kind}" {where}/>'
    base = 26 + high
    yield f'<path class="frame" d="M10 {base} H{_WIDTH - 10}"/>\n</svg>'


def _facts(record: Record) -> Iterator[str]:
    costs = record["costs"]
    yield "<h2>What was run</h2>"
    rows = [
        ("session", record["session"]),
        *((f"program: {name}", value) for name, value in record["programs"].items()),
        *((f"commitment of {name}", value) for name, value in record["commitments"].items()),
        *((f"param {name}", str(value)) for name, value in record["params"].items()),
    ]
    shown = [(name, f"<code>{escape(value)}</code>") for name, value in rows]
    costly = [
        ("workers", f"{record['workers']:,}"),
        ("rounds", f"{costs['rounds']:,}"),
        ("bytes sent and received", f"{costs['bytes_sent']:,} and {costs['bytes_received']:,}"),
        *((f"seconds: {part}", f"{time:,}") for part, time in costs["seconds"].items()),
        ("written by", f"{escape(record['party'])}, with ezlang {escape(record['ezlang'])}"),
    ]
    yield from _table("", ("what", "value"), [*shown, *costly], raw=True, numbers=2)


def _table(
    caption: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: int = 1,
    raw: bool = False,
) -> Iterator[str]:
    """Yield a table; its first column names rows, and columns from `numbers` on are numbers."""

    def kind(column: int) -> str:
        return ' class="n"' if column >= numbers else ""

    yield "<table>" + (f"<caption>{escape(caption)}</caption>" if caption else "")
    cells = (f'<th scope="col"{kind(n)}>{escape(name)}</th>' for n, name in enumerate(head))
    yield f"<thead><tr>{''.join(cells)}</tr></thead>\n<tbody>"
    for first, *rest in rows:
        shown = (one if raw else escape(one) for one in rest)
        others = (f"<td{kind(n)}>{one}</td>" for n, one in enumerate(shown, 1))
        yield f'<tr><th scope="row"{kind(0)}>{escape(first)}</th>{"".join(others)}</tr>'
    yield "</tbody></table>"


def _svg(width: int, height: int, said: str) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg {size} role="img" aria-label="{escape(said)}">'
