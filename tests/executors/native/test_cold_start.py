"""The first run after an installation: nothing is compiled while the other party waits."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ezlang import api
from ezlang.compiler.kernels.engine import Engine, Precompiler
from ezlang.executors.native import single
from ezlang.executors.native.executable import executable_of
from ezlang.executors.native.outcome import PartyOutcome
from ezlang.executors.native.party import compile_for
from ezlang.executors.native.processes import run_native
from ezlang.session.address import DEFAULT_HOST, Address
from ezlang.values.check import check_inputs
from tests.executors.native.test_with_dealer import PROGRAMS
from tests.support.native_parties import MILLIONAIRES
from tests.support.patience import PATIENCE
from tests.support.ports import free_port
from tests.support.threads import run_threads

INPUTS = {"alice": {"wealth": 7}, "bob": {"wealth": 6}}


@pytest.mark.parametrize("protocol", ["yao", "boolean"])
def test_an_empty_cache_is_no_silence(
    protocol: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EZLANG_CACHE", str(tmp_path))
    program = api.checked(api.check_text(MILLIONAIRES))
    outcome = run_native(program, INPUTS, timeout=2.0, protocol=protocol)
    assert outcome.outputs["bob"] == {"alice is richer": True}
    assert list(tmp_path.glob("*.o"))


def test_a_party_waits_while_the_other_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    program = api.checked(api.check_text(MILLIONAIRES))
    executable, inputs = executable_of(program), check_inputs(program, INPUTS)

    def slow(*arguments: Any, **named: Any) -> Any:
        if arguments[1] == 1:
            time.sleep(2.5)
        return compile_for(*arguments, **named)

    monkeypatch.setattr(single, "compile_for", slow)
    place = Address(DEFAULT_HOST, free_port())

    def run(party: int) -> PartyOutcome:
        own = inputs[program.parties[party]]
        return single.run_at(executable, party, own, place, timeout=1.0)

    with ThreadPoolExecutor(2) as threads:
        outcomes = [one.result(PATIENCE) for one in [threads.submit(run, p) for p in (0, 1)]]
    assert [one.outputs for one in outcomes] == [{"alice is richer": True}] * 2


@pytest.mark.parametrize("protocol", ["yao", "boolean", "arithmetic", "auto"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_no_kernel_is_loaded_that_was_not_compiled_before(
    name: str, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, given = PROGRAMS[name]
    program = api.checked(api.check_text(text))
    executable = executable_of(program, protocol)
    before: set[str] = set()
    add = Engine.add_unit

    def note(engine: Engine, unit: str, *others: Any) -> None:
        before.add(unit)
        add(engine, unit, *others)

    def check(engine: Engine, unit: str, *others: Any) -> None:
        assert unit in before or isinstance(engine, Precompiler)
        add(engine, unit, *others)

    monkeypatch.setattr(Engine, "add_unit", note)
    for party in (0, 1):
        compile_for(executable, party)
    monkeypatch.setattr(Engine, "add_unit", check)
    run_threads(executable, check_inputs(program, given))
