"""Prepared programs come from the cache, and only where they are the same."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ezlang import api
from ezlang.cli.cost_report import cost_object
from ezlang.compiler.cost.profiles import LAN, WAN, Profile, to_toml
from ezlang.compiler.passes import prepare
from ezlang.diagnostics.diagnostic import PassSkipped
from ezlang.executors.native import executable, prepared
from ezlang.executors.native.prepared import remembered, unpacked
from ezlang.typed.tree import Program
from ezlang.values.data import Inputs
from tests.support.native_parties import MILLIONAIRES

IMPORTING = """
import stats;
party alice, bob;
param int32 n = 3;
fn main() {
    secret int32[n] x = input(alice, "x");
    secret int32 y = input(bob, "y");
    output(all, stats.total(x) > y, "more");
}
"""
STATS = """
fn total<n>(int32[n] x) -> int32 {
    int32 whole = 0;
    for i in 0..n {
        whole += x[i];
    }
    return whole;
}
"""
INPUTS: Inputs = {"alice": {"x": [1, 2, 3]}, "bob": {"y": 5}}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use an empty cache, and use it at all: where passes are verified, nothing is kept."""
    monkeypatch.setenv("EZLANG_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("EZLANG_VERIFY")
    return tmp_path / "cache"


@pytest.fixture
def importing(tmp_path: Path) -> Path:
    (tmp_path / "main.ez").write_text(IMPORTING)
    (tmp_path / "stats.ez").write_text(STATS)
    return tmp_path / "main.ez"


def entries(cache: Path) -> list[Path]:
    return sorted(cache.glob("prepared-*"))


def fail(*_arguments: Any, **_named: Any) -> Any:
    raise AssertionError("the program is prepared again")


def test_the_second_time_nothing_is_prepared(
    importing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def results(program: Program) -> tuple[Any, ...]:
        ran = api.run_simulated(program, INPUTS)
        return (
            prepared.prepared(program).fingerprint,
            cost_object(api.cost(program)),
            cost_object(api.cost(program, explained=True)),
            (ran.outputs, ran.cost),
        )

    monkeypatch.setenv("EZLANG_VERIFY", "1")
    expected = results(api.load(importing))
    monkeypatch.delenv("EZLANG_VERIFY")
    assert results(api.load(importing)) == expected
    monkeypatch.setattr(executable, "executable_of", fail)
    monkeypatch.setattr(prepare, "run_passes", fail)
    assert results(api.load(importing)) == expected


def test_runs_of_three_parties_are_prepared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = MILLIONAIRES.replace("alice, bob", "alice, bob, carol")
    program = api.checked(api.check_text(text))
    inputs = {"alice": {"wealth": 7}, "bob": {"wealth": 6}, "carol": {}}
    expected = api.run_simulated(program, inputs).outputs
    monkeypatch.setattr("ezlang.compiler.passes.run_passes", fail)
    assert api.run_simulated(program, inputs).outputs == expected


def test_everything_that_decides_the_result_is_in_the_key(
    importing: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(protocol: str = "auto", network: str = "lan", **settings: int) -> int:
        api.run_simulated(
            api.load(importing, settings),
            {"alice": {"x": [1] * settings.get("n", 3)}, "bob": {"y": 5}},
            protocol=protocol,
            network=network,
        )
        return len(entries(cache))

    assert [count(), count(), count(n=3), count(n=4)] == [1, 1, 1, 2]
    assert [count("yao"), count("boolean"), count(network="wan")] == [3, 4, 5]
    importing.write_text(IMPORTING.replace(">", "<"))
    assert count() == 6
    (importing.parent / "stats.ez").write_text(STATS.replace("+=", "-="))
    assert [count(), count()] == [7, 7]
    monkeypatch.setattr(prepared, "code_identity", lambda: "changed")
    assert count() == 8


def test_profiles_with_the_same_name_differ(tmp_path: Path) -> None:
    program = api.checked(api.check_text(MILLIONAIRES))
    made = [
        api.cost(program, network=str(path))
        for path in written(tmp_path, LAN, replace(WAN, name="lan"), LAN)
    ]
    assert [one.profile.rtt for one in made] == [LAN.rtt, WAN.rtt, LAN.rtt]


def written(folder: Path, *profiles: Profile) -> Iterator[Path]:
    """Write one profile after the other to the same file."""
    for profile in profiles:
        (folder / "lan.toml").write_text(to_toml(profile))
        yield folder / "lan.toml"


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_a_damaged_entry_is_made_again(importing: Path, cache: Path, damage: str) -> None:
    program = api.load(importing)
    expected = prepared.prepared(program).fingerprint
    (entry,) = entries(cache)
    data = bytearray(entry.read_bytes())
    whole = bytes(data)
    data[len(data) // 2] ^= 1
    entry.write_bytes({"flip": bytes(data), "cut": whole[:-1], "empty": b""}[damage])
    assert prepared.prepared(program).fingerprint == expected
    assert len(entry.read_bytes()) == len(whole)


def test_nothing_is_kept_if_a_pass_was_skipped(cache: Path) -> None:
    program = api.checked(api.check_text(MILLIONAIRES))

    def make() -> int:
        warnings.warn(PassSkipped("cse", ValueError("wrong")), stacklevel=1)
        return 1

    for _ in range(2):
        with pytest.warns(PassSkipped, match="`cse`"):
            assert unpacked(remembered(("one",), program, make)) == 1
    assert not entries(cache)


def test_nothing_is_kept_where_passes_are_verified(
    importing: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EZLANG_VERIFY", "1")
    api.cost(api.load(importing))
    assert not entries(cache)


def test_two_commands_may_prepare_the_same_program(importing: Path, cache: Path) -> None:
    program = api.load(importing)
    made = prepared.packed(program)
    (entry,) = entries(cache)
    os.unlink(entry)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: prepared.prepared(program).fingerprint, range(8)))
    assert set(found) == {unpacked(made).fingerprint}
    assert entries(cache) == [entry]
