"""Two servers and their clients on the command line: whom one has to trust, keys, records."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Ez
from tests.cli.test_dealer_command import Run
from tests.cli.test_party import made, pin
from tests.cli.test_three_parties import folder_of
from tests.support.patience import PATIENCE
from tests.support.ports import free_address

NAMES = ("ann", "ben", "north", "south")
PROGRAM = """\
party ann, ben, north, south;
compute north, south;

fn main() {
    secret int64 total = 0;
    for p in clients {
        total += input(p, "x");
    }
    output(all, total, "total");
}
"""
TRUST = "north and south must not collude: whoever holds both shares reads every input"


@pytest.fixture
def program(folder: Path) -> Path:
    (folder / "sum.ez").write_text(PROGRAM)
    for name, x in (("ann", 1), ("ben", 2)):
        (folder / f"{name}.json").write_text(f'{{"x": {x}}}')
    return folder / "sum.ez"


def test_a_run_says_whom_one_has_to_trust(ez: Ez, program: Path) -> None:
    for way in ((), ("--native",)):
        done = ez("run", "sum.ez", *way)
        assert (done.code, done.out) == (0, "total: 3  (told to all)\n"), done.err
        assert f"Model: semi-honest; {TRUST}." in done.err
        assert "all clients 32." in done.err
    assert TRUST not in ez("run", "sum.ez", "--clear").err


def test_leaks_say_so_too(ez: Ez, program: Path) -> None:
    assert (
        "north and south hold shares of all inputs: whoever has both" in ez("leaks", "sum.ez").out
    )


def test_costs_have_a_column_for_all_clients(ez: Ez, program: Path) -> None:
    assert "32 sent by all clients" in ez("cost", "sum.ez").out
    found = ez("cost", "sum.ez", "--json").json
    assert found["parties"] == ["north", "south", "ann", "ben"]
    assert {one: found["totals"]["bytes"][one] for one in ("ann", "ben")} == {"ann": 16, "ben": 16}
    stats = ez("run", "sum.ez", "--stats").err
    assert "all clients" in stats


def test_protocols_for_two_serve_them(ez: Ez, program: Path) -> None:
    assert ez("run", "sum.ez", "--protocol", "yao").out == "total: 3  (told to all)\n"
    assert ez("cost", "sum.ez", "--dealer").code == 0


def test_traces_are_refused(ez: Ez, program: Path) -> None:
    done = ez("trace", "sum.ez")
    assert done.code == 2
    assert "A trace is for programs whose parties all compute" in done.err


def test_clients_know_the_servers_alone(ez: Ez, folder: Path) -> None:
    """Over TLS, with records that agree; ann has no card of ben, nor ben one of ann."""
    sides = {name: folder_of(folder / f"at-{name}", name, 7, PROGRAM) for name in NAMES}
    for name in ("north", "south"):
        (sides[name] / f"{name}.json").write_text("{}")
    for name, own in sides.items():
        listens = ("--address", free_address()) if name in ("north", "south") else ()
        made(ez, own, name, *listens)
    for name, own in sides.items():
        for other in NAMES:
            if other != name and {name, other} != {"ann", "ben"}:
                pin(ez, own, sides[other] / f"{other}.card")
    more = ("--yes", "--timeout", str(PATIENCE), "--record", "run.json")
    runs = [Run(sides[name], "run", "sum.ez", "--party", name, *more) for name in NAMES]
    for one in runs:
        code, out, err = one.end()
        assert (code, out) == (0, "total: 14\n"), err
    for name in ("ben", "north", "south"):
        done = ez("verify", str(sides["ann"] / "run.json"), str(sides[name] / "run.json"))
        assert (done.code, "They agree." in done.out) == (0, True), done.err
