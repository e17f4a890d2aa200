"""Pages of traces: their sizes, and how long they take to make and to open in headless Chromium."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from ezlang import api

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
_CLICKS = 20
_SHOWN = "body[data-ready]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this measurement."""
    parser.add_argument("--runs", type=int, default=5, help="how often each page is opened")
    parser.add_argument("--names", nargs="*", help="the examples, by default all")


def run(arguments: argparse.Namespace) -> None:
    """Print a line for each example."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser")
    print("| example | parties | steps | messages | kB | made, s | opened, ms | a step, ms |")
    print("|---|---|---|---|---|---|---|---|")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for main in sorted(EXAMPLES.glob("*/main.ez")):
            name = main.parent.name
            if not arguments.names or name in arguments.names:
                page = Path(folder) / f"{name}.html"
                print(_line(name, main, page, browser, arguments.runs), flush=True)
        browser.close()


def _line(name: str, main: Path, path: Path, browser: Any, runs: int) -> str:
    program = api.load(main)
    inputs = {
        party: json.loads((main.parent / f"{party}.json").read_text("utf-8"))
        for party in program.parties
    }
    start = process_time()
    trace = api.trace(program, inputs, seed=1)
    text = trace.page()
    made = process_time() - start
    path.write_text(text, "utf-8")
    times = [_opened(browser, path) for _ in range(runs)]
    opened, step = (1000 * median(each) for each in zip(*times, strict=True))
    data, size = trace.data, len(text.encode()) / 1000
    return (
        f"| {name} | {len(data['parties'])} | {len(data['steps']):,} "
        f"| {sum(data['totals']['messages']):,} | {size:,.0f} "
        f"| {made:.1f} | {opened:.0f} | {step:.0f} |"
    )


def _opened(browser: Any, path: Path) -> tuple[float, float]:
    """Return the seconds until a page is ready, and of each of some steps."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    start = perf_counter()
    page.goto(path.as_uri())
    page.wait_for_selector(_SHOWN, state="attached")
    ready = perf_counter()
    for _ in range(_CLICKS):
        page.keyboard.press("ArrowRight")
    page.evaluate("document.body.dataset.step")
    stepped = perf_counter()
    page.close()
    return ready - start, (stepped - ready) / _CLICKS
