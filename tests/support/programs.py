"""Golden programs: each says at its head what goes in and what comes out, in every executor.

`//! param n 4`, `//! input alice {…}`, `//! output alice {…}`, or `//! fails EZ4001 8`: the
code and line of a run-time failure.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.support.agreement import Result

PROGRAMS = Path(__file__).parents[1] / "programs"
FILES = sorted((PROGRAMS / "good").glob("*.ez")) + sorted((PROGRAMS / "fails").glob("*.ez"))
HEAD = re.compile(r"^//! (param|input|output|fails) (\S+) (.*)$", re.MULTILINE)


def head(path: Path) -> tuple[str, dict[str, int], dict[str, Any], Result]:
    """Return text, params, inputs and expected result of a golden program."""
    text = path.read_text()
    params: dict[str, int] = {}
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    failure = None
    for kind, name, rest in HEAD.findall(text):
        match kind:
            case "param":
                params[name] = json.loads(rest)
            case "input":
                inputs[name] = json.loads(rest)
            case "output":
                outputs[name] = json.loads(rest)
            case _:
                failure = (name, int(rest))
    return text, params, inputs, Result(failure=failure) if failure else Result(outputs=outputs)
