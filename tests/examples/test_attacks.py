"""Every attack finds the real secret, whatever the seed, and names a rule that is there."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from ezlang import api
from tests.docs.pages import anchors

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples" / "attacks"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py"))
SEEDS = range(5)


def script(name: str) -> dict[str, Any]:
    """Return the names that a script defines."""
    return runpy.run_path(str(FOLDER / f"{name}.py"))


def test_there_are_six() -> None:
    shown = re.findall(r"^\$ python (\w+)\.py", (FOLDER / "README.md").read_text(), re.MULTILINE)
    assert len(SCRIPTS) == 6
    assert sorted(shown) == SCRIPTS


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_secret_is_found(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    attack = script(name)["attack"]
    secrets = set()
    for seed in SEEDS:
        secret, found = attack(seed)
        assert found == secret
        secrets.add(secret)
        assert str(secret) in capsys.readouterr().out
    assert len(secrets) > 1


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_rule_stands_where_it_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    script(name)["attack"](0)
    rule, where = capsys.readouterr().out.splitlines()[-2:]
    assert rule.startswith("Rule: ")
    page, code = where.removeprefix("Where: ").split(", ")
    path, anchor = page.split("#")
    assert anchor in anchors((ROOT / path).read_text(encoding="utf-8"))
    assert (ROOT / code).is_file()


def test_the_right_program_sends_the_same_for_every_secret() -> None:
    names = script("branch_on_a_secret")
    right = names["ez"].loads(names["RIGHT"])
    found = {names["bytes_of"](right, years=n) for n in range(9)}
    assert len(found) == 1


def test_a_second_triple_hides_the_secret() -> None:
    opened = script("triple_used_twice")["opened"]
    for seed in SEEDS:
        for triples in (1, 2):
            first, second = opened(5, 70_000, seed, triples)
            assert ((second + 5 - first) % 2**64 == 70_000) == (triples == 1)


def test_the_hash_answers_for_labels_of_the_circuit_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    attack = script("garbled_twice")["attack"]
    for seed in SEEDS:
        attack(seed)
        assert "With fresh labels on Tuesday, the evaluator has a label" in capsys.readouterr().out


def test_no_seed_fits_a_run_without_one() -> None:
    names = script("predictable_generator")
    program = names["ez"].loads(names["PROGRAM"])
    for seed, tries in ((7, 3), (None, names["SECONDS"])):
        told = program.run(alice={"salary": 30_000}, seed=seed)["bob"]
        found, again = names["replayed"](program, told, 9)
        assert found == tries
        assert (again is None) == (seed is None)


def test_who_does_not_cheat_is_told_nothing() -> None:
    opened = script("cheating_party")["opened"]
    assert opened(0, 2**63 + 1, 1, cheat=False) == 0
    assert opened(1, 2**63 + 1, 1, cheat=False) == 2**63 + 1


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.ez")), ids=lambda path: path.stem)
def test_each_of_the_programs_is_allowed(path: Path) -> None:
    assert not api.check_file(path).diagnostics
    text, formatted = api.format_file(path)
    assert text == formatted
