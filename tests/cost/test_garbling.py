"""The choice of the garbling scheme, and what its tables take."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ezlang import api
from ezlang.compiler.circuits import catalogue
from ezlang.compiler.circuits.netlist import Netlist, Opcode, Port
from ezlang.compiler.cost.garbling import choose_garbling, garbling_seconds
from ezlang.compiler.cost.profiles import LAN, LOOPBACK, WAN, parse_profile, profile_of, to_toml
from ezlang.compiler.ir.garbling import Garbling
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.compiler.kernels.layout import table_bytes
from ezlang.executors.native.executable import executable_of
from ezlang.types.types import INT32
from tests.support.agreement import checked

PRODUCTS = """
party alice, bob;

fn main() {
    secret int32[1000] a = input(alice, "a");
    secret int32[1000] b = input(bob, "b");
    output(all, a * b, "c");
}
"""
FEW = PRODUCTS.replace("1000", "4")
ANDS = catalogue.binary(BinaryKind.MUL, INT32, catalogue.SECRET, catalogue.SECRET).ands


def groups(*sizes: int) -> Netlist:
    """A netlist with groups of ANDs of the given sizes; nothing else of it matters."""
    code = []
    for size in sizes:
        code += [(Opcode.GROUP, size, 0, 0)] + [(Opcode.AND, 2, 0, 1)] * size
    shape = np.array(code, dtype=np.int32)
    return Netlist("groups", (Port(1), Port(1)), (2,), shape, 3, sum(sizes), len(sizes))


@pytest.mark.parametrize(
    ("sizes", "count", "control"),
    [
        ((1,), 1, 1),
        ((2,), 1, 2),
        ((3,), 1, 2 + 1),
        ((7,), 1, 3 + 2 + 1),
        ((8,), 1, 5),
        ((21,), 1, 5 + 5 + 3 + 1),
        ((3, 5), 1, 2 + 1 + 3 + 1),
        ((3, 5), 2, 3 + 2 + 5 + 2),
        ((3, 5), 8, 40),
        ((3, 5), 19, 80 + (5 + 1) + (5 + 3 + 2 + 1)),
    ],
)
def test_control_bits_are_packed_tile_by_tile(
    sizes: tuple[int, ...], count: int, control: int
) -> None:
    """Tiles of 8, 4, 2 and 1 gates have 5, 3, 2 and 1 bytes of control bits."""
    netlist = groups(*sizes)
    gates = sum(sizes) * count
    assert table_bytes(Garbling.HALF_GATES, netlist, count) == 32 * gates
    assert table_bytes(Garbling.THREE_HALVES, netlist, count) == 24 * gates + control


def test_the_line_decides() -> None:
    """Where garbling is faster than the network, sending less is; not for few gates."""
    many = 10_000_000
    for profile in (LAN, WAN):
        assert choose_garbling(profile, many) is Garbling.THREE_HALVES
        half, three = (garbling_seconds(one, profile, many) for one in Garbling)
        assert three == pytest.approx(half * 197 / 256)
        assert choose_garbling(profile, 1000) is Garbling.HALF_GATES
    fast = replace(LOOPBACK, bandwidth=1e11)
    assert choose_garbling(fast, many) is Garbling.HALF_GATES


@pytest.mark.parametrize("network", ["loopback", "lan", "wan"])
def test_a_scheme_can_be_asked_for(network: str) -> None:
    for name, garbling in (
        ("half-gates", Garbling.HALF_GATES),
        ("three-halves", Garbling.THREE_HALVES),
    ):
        profile = profile_of(network, name)
        assert all(choose_garbling(profile, count) is garbling for count in (0, 1000, 10**9))
    assert profile_of(network).garbling is None


def test_a_profiles_file_has_no_scheme() -> None:
    profile = profile_of("wan", "three-halves")
    assert "garbling" not in to_toml(profile)
    assert parse_profile({"rtt": 1.0}, "slow").garbling is None


@pytest.mark.parametrize(
    ("network", "text", "garbling"),
    [
        ("lan", FEW, Garbling.HALF_GATES),
        ("wan", FEW, Garbling.HALF_GATES),
        ("lan", PRODUCTS, Garbling.THREE_HALVES),
        ("wan", PRODUCTS, Garbling.THREE_HALVES),
    ],
)
def test_programs_get_the_cheapest_scheme(network: str, text: str, garbling: Garbling) -> None:
    program = checked(text)
    assert executable_of(program, "yao", profile_of(network)).program.garbling is garbling


def test_predicted_bytes_are_a_quarter_fewer() -> None:
    program = checked(PRODUCTS)
    half, three = (
        api.cost(program, protocol="yao", garbling=name).least
        for name in ("half-gates", "three-halves")
    )
    assert half.ands == three.ands == 1000 * ANDS
    assert half.tables == 32 * half.ands
    assert three.tables == 197 * (three.ands // 8)
    assert half.rounds == three.rounds


def test_parties_with_different_schemes_run_different_programs() -> None:
    """The fingerprint, which the handshake compares, covers the scheme; the options tell why."""
    program = checked(FEW)
    half, three = (
        executable_of(program, "yao", profile_of("lan", name))
        for name in ("half-gates", "three-halves")
    )
    assert half.fingerprint != three.fingerprint
    assert [y for x, y in zip(half.choices, three.choices, strict=True) if x != y] == [
        ("--garbling", "three-halves")
    ]
