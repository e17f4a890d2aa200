"""What the page shows while one types, as JSON.

The object has the diagnostics, as `ezlang check --json` prints them, and of a program without
errors the parties with the inputs that each is asked for; null for one with errors.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ezlang import api
from ezlang.analysis.warnings import warnings
from ezlang.diagnostics.diagnostic import EzError
from ezlang.diagnostics.render import to_json
from ezlang.typed.tree import Program
from ezlang.values.expected import expected_inputs


def diagnosed(path: str) -> dict[str, Any]:
    """Return the diagnostics of a program, and who takes part in it."""
    try:
        result = api.check_file(path)
        found = result.diagnostics or warnings(result)
    except EzError as error:
        return {"diagnostics": [to_json(one) for one in error.diagnostics], "parties": None}
    program = None if result.diagnostics else result.program
    return {
        "diagnostics": [to_json(one) for one in found],
        "parties": None if program is None else _parties(program),
    }


def _parties(program: Program) -> list[dict[str, Any]]:
    return [
        {
            "name": party,
            "inputs": [
                {"name": one.name, "type": f"{one.type}{', in turns' if one.turned else ''}"}
                for one in expected_inputs(program, party)
            ],
        }
        for party in program.parties
    ]


def main() -> None:
    """Print what is known of the program that is named."""
    print(json.dumps(diagnosed(sys.argv[1])))
