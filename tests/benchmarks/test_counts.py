"""Benchmarks do the work that they say, and end if they don't."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import compile, homomorphic, ot, products, programs, sharing
from benchmarks.counts import ExpectedSession, expect, expect_prediction
from ezlang import api
from ezlang.compiler.kernels.ntt import SIZES
from ezlang.compiler.kernels.polynomials import add_polynomials
from ezlang.compiler.protocols.native.calls import Native


@pytest.mark.parametrize("make", [programs.comparisons, programs.products])
@pytest.mark.parametrize("times", [1, 5])
def test_each_turn_of_a_loop_costs_the_same(
    make: Callable[[Path, int], programs.Workload], times: int, tmp_path: Path
) -> None:
    """Nothing is moved out of the loop, nor left to a party alone."""
    workload = make(tmp_path, times)
    program = api.load(workload.program, workload.settings)
    assert api.cost(program, protocol="yao").least.ands == workload.ands


def test_aes_costs_its_s_boxes(tmp_path: Path) -> None:
    workload = programs.aes(tmp_path, 3)
    program = api.load(workload.program, workload.settings)
    assert api.cost(program, protocol="yao").least.ands == workload.ands == 32 * 520


@pytest.mark.parametrize("name", compile.BODIES)
def test_compiled_programs_do_what_they_say(name: str) -> None:
    compile.check(name, 8)
    compile.check(name, 32)


def test_products_of_kernels_are_those_of_numpy() -> None:
    """A comparison ends otherwise."""
    products.compare("small", (3, 5, 7), 1)


def test_a_wrong_count_ends_a_benchmark() -> None:
    expect("work", "ANDs", 5, 5)
    with pytest.raises(SystemExit, match="work: counted 4 ANDs, but the formula says 5"):
        expect("work", "ANDs", 4, 5)


def test_a_run_is_held_to_its_prediction(tmp_path: Path) -> None:
    workload = programs.comparisons(tmp_path, 1)
    report = api.cost(api.load(workload.program, workload.settings), protocol="yao")
    sent, least = report.least.bytes_sent, report.least
    results = [
        {"cost": {"bytes_sent": sent[p], "rounds": least.rounds, "ands": least.ands}}
        for p in (0, 1)
    ]
    expect_prediction(workload.program, workload.settings, results, protocol="yao")
    results[1]["cost"]["bytes_sent"] += 1
    with pytest.raises(SystemExit, match="bytes sent"):
        expect_prediction(workload.program, workload.settings, results, protocol="yao")


def test_work_on_shares_has_the_bytes_of_its_protocol() -> None:
    """128 products of 64 bits, with OTs from a dealer: 276 bytes each way, in two rounds."""
    works = {one.name: one for one in sharing.workloads(0.004)}
    work = works["64-bit products"]
    wanted = ExpectedSession(0, None)
    wanted.check(work.name, work.run, (276 * 128, 276 * 128, 2))
    with pytest.raises(SystemExit, match="bytes sent, bytes received and rounds"):
        wanted.check(work.name, work.run, (276 * 128, 276 * 128, 9))


def test_extended_ots_come_in_batches() -> None:
    """Of 1,024 to 65,536, the first of which is left over from the set-up."""
    made, carried = ot.expected(2, 1 << 16, 1)
    assert made == 1 << 16
    assert carried == made // 8 * 63
    assert ot.expected(2, 100, 1) == (0, 0)


@pytest.mark.parametrize("size", SIZES)
def test_kernels_of_polynomials_multiply_them(size: int) -> None:
    native = Native()
    native.load(add_polynomials, size)
    homomorphic.check(native, size)
