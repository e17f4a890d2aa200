"""Traces for tests: of examples, with the inputs that come with them, and of short programs."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from ezlang import api
from ezlang.trace import Trace
from ezlang.typed.tree import Program

ROOT = Path(__file__).resolve().parents[2]
OF_CLIENTS = {"hospitals"}
"""Programs with clients have no trace."""

EXAMPLES = sorted({path.parent.name for path in (ROOT / "examples").glob("*/main.ez")} - OF_CLIENTS)

Data = dict[str, Any]


def program_of(name: str) -> tuple[Program, Data]:
    """Return an example and its inputs."""
    folder = ROOT / "examples" / name
    program = api.load(folder / "main.ez")
    texts = {party: (folder / f"{party}.json").read_text("utf-8") for party in program.parties}
    return program, {party: json.loads(text) for party, text in texts.items()}


@cache
def trace_of(name: str, protocol: str = "auto", *, dealer: bool = False) -> Trace:
    """Return the trace of an example, with a fixed seed and without re-runs."""
    program, inputs = program_of(name)
    return api.trace(program, inputs, seed=1, protocol=protocol, dealer=dealer, reruns=0)


def words(data: Data, value: Data, held: Data) -> list[int]:
    """Return the words that the parts of a value give, computed here from the parts alone."""
    mask = (1 << value["width"]) - 1
    if held["sharing"] == "yao":
        zero, active = (part["colors"] for part in held["parts"])
        bits = [int(x != y) for x, y in zip(zero, active, strict=True)]
        return [sum(bit << n for n, bit in enumerate(bits))] if bits else []
    found = []
    for shares in zip(*held["parts"], strict=True):
        numbers = [int(share, 16) for share in shares]
        total = sum(numbers)
        if held["sharing"] == "boolean":
            total = 0
            for number in numbers:
                total ^= number
        found.append(total & mask)
    return found
