"""Vectorised runs of programs, simulated and native, compared with the clear executor."""

from collections.abc import Callable, Mapping

import pytest

from ezlang.check import check
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import PIPELINES, run_passes
from ezlang.compiler.passes.general.reduce import expand_products
from ezlang.compiler.passes.pipeline import vectorised
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.clear import run_clear
from ezlang.executors.native.executable import Executable, executable_of
from ezlang.executors.simulate import run_simulated
from ezlang.source import Source
from ezlang.typed import tree as typed
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs, Outputs
from tests.support.threads import run_threads


def executable(program: typed.Program) -> Executable:
    """A program vectorised and made ready for code generation."""
    return executable_of(program)


def failure(run: Callable[[], object]) -> tuple[str, int]:
    with pytest.raises(EzError) as caught:
        run()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.span is not None
    return diagnostic.code, diagnostic.span.line


def agrees(
    text: str,
    inputs: Inputs,
    run: Callable[[typed.Program], Outputs],
    settings: Mapping[str, int] | None = None,
) -> None:
    result = check(Source("main.ez", text), settings=settings or {})
    if result.program is None:
        return  # an index that the checker sees is out of range
    program = result.program
    try:
        expected = run_clear(program, inputs).outputs
    except EzError:
        code = failure(lambda: run_clear(program, inputs))
        assert failure(lambda: run(program)) == code
        return
    assert run(program) == expected


def simulated(inputs: Inputs, budget: int, program: typed.Program) -> Outputs:
    both = budget > 10_000
    passes = (
        *vectorised(budget, both=both),
        expand_products.given(budget=budget),
    )
    compiled = run_passes(lower(program), passes)
    return run_simulated(compiled, inputs, record=False).outputs


def in_pipeline(inputs: Inputs, name: str, program: typed.Program) -> Outputs:
    """Run a program simulated, after one of the named pipelines."""
    compiled = run_passes(lower(program), (*PIPELINES[name], expand_products))
    return run_simulated(compiled, inputs, record=False).outputs


def native(inputs: Inputs, program: typed.Program) -> Outputs:
    return run_threads(executable(program), check_inputs(program, inputs)).outputs
