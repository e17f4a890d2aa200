"""Programs as text, checked, lowered and run: helpers of the tests of lowering."""

from functools import lru_cache
from typing import TypeVar

from ezlang.check import check
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.verify import verify
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import PIPELINES, run_passes
from ezlang.executors.clear import run_clear
from ezlang.executors.simulate import run_simulated
from ezlang.source import Source
from ezlang.typed import tree as typed
from ezlang.values.data import Inputs, Outputs

Kind = TypeVar("Kind")


def checked(text: str) -> typed.Program:
    result = check(Source("test.ez", text), settings={})
    assert not result.diagnostics, [d.message for d in result.diagnostics]
    assert result.program is not None
    return result.program


def lowered(text: str) -> ir.Program:
    program = lower(checked(text))
    verify(program)
    return program


@lru_cache(maxsize=4)
def compiled(text: str) -> tuple[typed.Program, dict[str, ir.Program]]:
    """Return a checked program, and what it is after each pipeline."""
    program = checked(text)
    return program, {name: run_passes(lower(program), name) for name in PIPELINES}


def run(text: str, inputs: Inputs | None = None) -> Outputs:
    """Run a program in the clear, and simulated after each pipeline: all must agree."""
    program, passed = compiled(text)
    given = {party: (inputs or {}).get(party, {}) for party in program.parties}
    expected = run_clear(program, given).outputs
    for name, code in passed.items():
        assert run_simulated(code, given, record=False).outputs == expected, name
    return expected


def operations(text: str, kind: type[Kind], function: str = "main") -> list[Kind]:
    """Return the operations of a kind in a function, as lowered."""
    program = lowered(text)
    (found,) = [f for f in program.functions if f.name.split("<")[0].split("[")[0] == function]
    return [operation for operation in ir.walk(found.body) if isinstance(operation, kind)]
