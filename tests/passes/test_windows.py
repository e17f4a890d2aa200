"""Convolutions are found in loops, however these are nested; `windows/` has what they become."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.parse import parse_program
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import run_passes
from ezlang.compiler.passes.general.reduce import expand_products
from ezlang.compiler.passes.pipeline import vectorised
from ezlang.executors.clear import run_clear
from ezlang.executors.simulate import run_simulated
from tests.passes.window_programs import OTHERS, PROGRAMS, Convolving
from tests.support.lowered import checked
from tests.support.plain_walk import run_plain

FOLDER = Path(__file__).parent / "windows"


def orders(one: Convolving) -> list[list[str]]:
    """As it stands, inside out, and with the innermost loop outermost."""
    loops = list(one.sizes)
    return [loops, loops[::-1], [loops[-1], *loops[:-1]]]


def found_in(program: ir.Program, kind: type[Any]) -> list[ir.Operation]:
    return [one for one in ir.walk(program.main.body) if isinstance(one, kind)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_becomes_of_it(name: str, golden: Callable[[Path, str], None]) -> None:
    made = run_passes(lower(checked(PROGRAMS[name].text())), "vectorised")
    text = print_program(made)
    golden(FOLDER / f"{name}.ir", text)
    assert print_program(parse_program(text)) == text
    assert len(found_in(made, ir.Convolution)) == 1
    assert not found_in(made, ir.For)


@pytest.mark.parametrize("name", PROGRAMS)
def test_any_order_means_the_same(name: str) -> None:
    one = PROGRAMS[name]
    expected = run_clear(checked(one.text()), one.inputs()).outputs
    shown = set()
    for order in orders(one) if name not in ("rows", "flat") else [list(one.sizes)]:
        made = run_passes(lower(checked(one.text(order))), "vectorised")
        (found,) = found_in(made, ir.Convolution)
        assert isinstance(found, ir.Convolution)
        shown.add((found.window, found.types))
        assert run_plain(made, one.inputs()) == expected
    assert len(shown) == 1


@pytest.mark.parametrize("budget", [100, 30_000, 1 << 30])
@pytest.mark.parametrize("name", PROGRAMS)
def test_expanded_it_means_the_same(name: str, budget: int) -> None:
    one = PROGRAMS[name]
    source = checked(one.text())
    passes = (*vectorised(1 << 30), expand_products.given(budget=budget))
    compiled = run_passes(lower(source), passes)
    assert not found_in(compiled, ir.Product)
    expected = run_clear(source, one.inputs()).outputs
    assert run_simulated(compiled, one.inputs(), record=False).outputs == expected


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_convolution(name: str) -> None:
    made = run_passes(lower(checked(OTHERS[name].text())), "vectorised")
    assert found_in(made, ir.MatrixProduct)
    assert not found_in(made, ir.Convolution)


def test_in_strips() -> None:
    """A strip of rows reads a part of the image, of which it makes no copy of each patch."""
    one = Convolving(
        *((2, 12, 12), (3, 2, 3, 3), (3, 10, 10)),
        {"i": 10, "f": 3, "j": 10, "c": 2, "u": 3, "v": 3},
        "z[f][i][j] += x[c][i + u][j + v] * y[f][c][u][v];",
    )
    source = checked(one.text())
    made = run_passes(lower(source), vectorised(300_000))
    (found,) = found_in(made, ir.Convolution)
    assert isinstance(found, ir.Convolution)
    assert found_in(made, ir.For)
    rows = found.types[0].shape[2]
    assert 3 < rows < 12
    assert re.search(rf"\[2\]\[{rows}\]\[12\] secret", print_program(made))
    assert run_plain(made, one.inputs()) == run_clear(source, one.inputs()).outputs
