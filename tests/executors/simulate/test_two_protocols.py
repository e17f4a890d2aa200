"""Ideal OTs, bit-slicing in NumPy and the driver of two parties, compared with native code."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import pytest

from ezlang.compiler.circuits import catalogue
from ezlang.compiler.circuits.catalogue import PUBLIC, SECRET
from ezlang.compiler.circuits.netlist import Opcode
from ezlang.compiler.cost.ledger import Ledger
from ezlang.compiler.ir import parties as parts
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.compiler.protocols.arithmetic import comparison, truncation
from ezlang.compiler.protocols.arithmetic import products as products_of_shares
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.preprocessing import BitTriples
from ezlang.compiler.protocols.core.steps import Round, Steps, ask, together
from ezlang.compiler.protocols.native.calls import Native
from ezlang.compiler.protocols.native.planes import NativePlanes
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.executors.simulate.randomness import Randomness
from ezlang.executors.simulate.two.planes import NumpyPlanes
from ezlang.executors.simulate.two.sharing import SharingSession
from ezlang.executors.simulate.two.wire import Wire
from ezlang.types.types import INT16
from tests.support.sharing_parties import Pair

Numbers = np.ndarray[Any, Any]


def session() -> SharingSession:
    own = Randomness("alice", 1), Randomness("bob", 1)
    return SharingSession(Wire(record=True), own, Randomness("ideal", 1))


def drawn(party: int, count: int, bits: int = 64) -> Numbers:
    """What a party puts in: the same whenever it is asked."""
    raw = np.random.default_rng(party).integers(0, 256, count * bits // 8, np.uint8)
    return raw.view(f"u{bits // 8}")


def bits_drawn(party: int, count: int) -> Numbers:
    return drawn(party, count, 8) & 1


def products(bits: int, sent: int, received: int) -> Callable[[SharingParty], Steps[Any]]:
    def run(party: SharingParty) -> Steps[Any]:
        counts = (sent, received) if party.index == 0 else (received, sent)
        mine, theirs = drawn(party.index, counts[0], bits), drawn(party.index, counts[1], bits)
        return party.ots.products(mine, theirs)

    return run


def bitwise(party: SharingParty) -> Steps[Any]:
    return party.ots.products(drawn(party.index, 9, 16), drawn(party.index, 9, 16), bitwise=True)


def random_products(party: SharingParty) -> Steps[Any]:
    return party.ots.random_products(drawn(party.index, 1500))


def additive(party: SharingParty) -> Steps[Any]:
    return party.ots.additive(drawn(party.index, 300, 32), bits_drawn(party.index, 300))


def many_additive(party: SharingParty) -> Steps[Any]:
    return party.ots.additive(drawn(party.index, 70_000, 8), bits_drawn(party.index, 70_000))


def bit_triples(copies: int, count: int) -> Callable[[SharingParty], Steps[Any]]:
    return lambda party: party.ots.bit_products(count, copies)


def leaves(fields: int) -> Callable[[SharingParty], Steps[Any]]:
    def run(party: SharingParty) -> Steps[Any]:
        digits, masks = drawn(party.index, 150, 8) & np.uint8(15), drawn(party.index + 2, 150, 8)
        masks &= (1 << fields) - 1
        return party.ots.leaves(digits, masks, digits, fields)

    return run


def tables(fields: int) -> Callable[[SharingParty], Steps[Any]]:
    def run(party: SharingParty) -> Steps[Any]:
        if party.index == 0:
            words = drawn(0, 21) if fields == 4 else drawn(0, 21, 16 * fields)
            return party.ots.tables(words, None, fields)
        return party.ots.tables(None, drawn(1, 21, 8) & np.uint8(15), fields)

    return run


def matrices(*shape: int, one_way: bool) -> Callable[[SharingParty], Steps[Any]]:
    *items, m, k, n = shape

    def run(party: SharingParty) -> Steps[Any]:
        choosing = drawn(party.index, prod(items) * m * k, 32).reshape(*items, m, k)
        carried = drawn(party.index + 2, prod(items) * k * n, 32).reshape(*items, k, n)
        if one_way and party.index == 0:
            return party.ots.matrices(choosing, None, shape)
        if one_way:
            return party.ots.matrices(None, carried, shape)
        return party.ots.matrices(choosing, carried, shape)

    return run


PROTOCOLS: dict[str, Callable[[SharingParty], Steps[Any]]] = {
    "products": products(64, 5, 5),
    "products one way": products(32, 0, 130),
    "products of bytes": products(8, 129, 3),
    "many products": products(64, 2500, 1100),
    "no products": products(64, 0, 0),
    "bitwise products": bitwise,
    "random products": random_products,
    "additive": additive,
    "many additive": many_additive,
    "bit triples": bit_triples(1, 800),
    "bit pairs": bit_triples(2, 800),
    "many bit triples": bit_triples(1, (1 << 16) + 64),
    "no bit triples": bit_triples(1, 0),
    "leaves": leaves(2),
    "equal leaves": leaves(1),
    "tables": tables(4),
    "matrices": matrices(3, 4, 5, one_way=False),
    "wide matrices": matrices(40, 30, 200, one_way=False),
    "matrices one way": matrices(6, 2, 7, one_way=True),
    "a batch of matrices": matrices(9, 3, 4, 5, one_way=False),
    "many matrices": matrices(700, 3, 2, 5, one_way=False),
    "a batch of matrices one way": matrices(3, 2, 2, 130, one_way=True),
    "two at once": lambda party: together([products(64, 3, 3)(party), leaves(2)(party)]),
    "unlike ones": lambda party: together(
        [random_products(party), bit_triples(2, 80)(party), matrices(2, 2, 2, one_way=True)(party)]
    ),
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_messages_are_as_long_as_native_ones(name: str) -> None:
    protocol = PROTOCOLS[name]
    native = Pair(real=True)
    native.run(products(8, 1, 1))
    found = native.run(protocol)
    mine = session()
    mine.run(products(8, 1, 1))
    mine.wire.transcript.clear()
    before = mine.wire.ledger.bytes_sent
    results = mine.run(protocol)
    after = mine.wire.ledger.bytes_sent
    assert (after[0] - before[0], after[1] - before[1]) == found.bytes
    assert all(len(m.data) == m.size for m in mine.wire.transcript)
    for own, real in zip(results, found.results, strict=True):
        assert shapes(own) == shapes(real)


def shapes(value: Any) -> Any:
    match value:
        case np.ndarray():
            return value.shape, value.dtype
        case BitTriples():
            return shapes((value.a, value.b, value.c))
        case tuple() | list():
            return [shapes(one) for one in value]
        case _:
            return value


@pytest.mark.parametrize(("bits", "sent", "received"), [(8, 3, 5), (64, 4, 0), (32, 0, 0)])
def test_products(bits: int, sent: int, received: int) -> None:
    (one, other), (theirs, mine) = session().run(products(bits, sent, received))
    assert (one + mine == drawn(0, sent, bits) * drawn(1, sent, bits)).all()
    assert (other + theirs == drawn(1, received, bits) * drawn(0, received, bits)).all()


def test_products_of_other_kinds() -> None:
    x, y = drawn(0, 9, 16), drawn(1, 9, 16)
    (one, other), (theirs, mine) = session().run(bitwise)
    assert (one + mine + 2 * (x & y) == 0).all()
    assert (other + theirs + 2 * (x & y) == 0).all()
    f, g = drawn(0, 1500), drawn(1, 1500)
    (a, c), (b, d) = session().run(random_products)
    assert (c + d == a * g + b * f).all()
    (one, other), (theirs, mine) = session().run(additive)
    assert (one + mine == drawn(0, 300, 32) * bits_drawn(1, 300)).all()
    assert (other + theirs == drawn(1, 300, 32) * bits_drawn(0, 300)).all()


@pytest.mark.parametrize("copies", [1, 2])
def test_bit_products(copies: int) -> None:
    one, other = session().run(bit_triples(copies, 4096))
    assert ((one.a ^ other.a) & (one.b ^ other.b) == one.c ^ other.c).all()
    assert one.a.size == 512
    assert one.c.size == 512 * copies
    assert len(np.unique(one.a ^ other.a)) > 200


@pytest.mark.parametrize("fields", [1, 2])
def test_leaves(fields: int) -> None:
    found = session().run(leaves(fields))
    digits = [drawn(party, 150, 8) & 15 for party in (0, 1)]
    for receiver in (0, 1):
        x, y = digits[1 - receiver], digits[receiver]
        masks = drawn(1 - receiver + 2, 150, 8) & (1 << fields) - 1
        less, equal = (x < y).astype(np.uint8), (x == y).astype(np.uint8)
        wanted = equal if fields == 1 else less | equal << 1
        assert (found[receiver] ^ masks == wanted).all()


def test_any_two_parties_may_compute() -> None:
    """Protocols go by roles, whatever the numbers are of the parties that have them."""
    parties = parts.Pair(first=5, second=2)
    own = Randomness("alice", 1), Randomness("bob", 1)
    wire = Wire(record=True, ledger=Ledger(parties))
    computing = SharingSession(wire, own, Randomness("ideal", 1), pair=parties)
    shares = {5: drawn(0, 40), 2: drawn(1, 40)}
    whole, known = shares[5] + shares[2], drawn(2, 40)

    def protocol(party: SharingParty) -> Steps[list[Any]]:
        mine = shares[party.index]
        given = known if party.index == 2 else None
        return together(
            [
                truncation.truncate(party, mine, 9),
                products_of_shares.multiply_known(party, mine, given, 2),
                products_of_shares.square(party, mine),
                comparison.msb(party, mine),
            ]
        )

    one, others = computing.run(protocol)
    shift, product, square, top = one
    assert (shift + others[0] == (whole.view(np.int64) >> 9).view(np.uint64)).all()
    assert (product + others[1] == whole * known).all()
    assert (square + others[2] == whole * whole).all()
    assert (np.unpackbits(top ^ others[3], bitorder="little") == whole >> np.uint64(63)).all()
    assert {(m.sender, m.receiver) for m in wire.transcript} == {(5, 2), (2, 5)}
    assert set(wire.ledger.bytes_sent) == {5, 2}


def test_tables() -> None:
    nothing, entries = session().run(tables(4))
    assert nothing is None
    words, digits = drawn(0, 21), (drawn(1, 21, 8) & np.uint8(15)).astype(np.uint64)
    assert (entries == (words >> (4 * digits) & 15)).all()


@pytest.mark.parametrize("shift", [1, 3, 6, 9, 14, 22, 35, 63])
def test_trees_with_rows_that_are_kept(shift: int) -> None:
    """Levels with an odd number of digits, in one part or both."""
    own = drawn(0, 40), drawn(1, 40)
    whole = own[0] + own[1]
    first, second = session().run(lambda p: truncation.truncate(p, own[p.index], shift))
    assert (first + second == (whole.view(np.int64) >> shift).view(np.uint64)).all()
    low = [one & np.uint64((1 << shift) - 1) for one in own]
    less = session().run(lambda p: comparison.millionaires(p, low[p.index], shift))
    found = np.unpackbits(less[0] ^ less[1], count=40, bitorder="little")
    assert (found == (low[0] < low[1])).all()


@pytest.mark.parametrize("one_way", [False, True])
@pytest.mark.parametrize("items", [(), (6,)])
def test_matrices(items: tuple[int, ...], one_way: bool) -> None:
    (one, other), (theirs, mine) = session().run(matrices(*items, 3, 4, 5, one_way=one_way))
    count = prod(items)
    choosing = [drawn(party, count * 12, 32).reshape(*items, 3, 4) for party in (0, 1)]
    carried = [drawn(party + 2, count * 20, 32).reshape(*items, 4, 5) for party in (0, 1)]
    assert (other + theirs == choosing[0] @ carried[1]).all()
    wanted = np.zeros((*items, 3, 5), np.uint32) if one_way else choosing[1] @ carried[0]
    assert (one + mine == wanted).all()


@pytest.mark.parametrize("count", [1, 8, 77])
def test_planes_are_native_ones(count: int) -> None:
    own, native = NumpyPlanes(True), NativePlanes(Native(), adds_known=True)
    for bits in (8, 16, 32, 64):
        x = drawn(0, count, bits)
        planes = own.slice(x)
        mask = np.packbits(np.ones(count, np.uint8), bitorder="little")
        assert (planes & mask == native.slice(x) & mask).all()
        assert (own.words(planes, count) == x).all()


@pytest.mark.parametrize(
    ("kind", "y"), [(BinaryKind.ADD, SECRET), (BinaryKind.MUL, PUBLIC), (BinaryKind.DIV, SECRET)]
)
def test_free_gates_are_native_ones(kind: BinaryKind, y: catalogue.OperandRole) -> None:
    """Up to the first ANDs, all registers are the same bits at either party."""
    netlist = catalogue.binary(kind, INT16, SECRET, y)
    end = int(np.flatnonzero(netlist.code[:, 0] == Opcode.GROUP)[0])
    native = Native()
    for party in (0, 1):
        both = [
            planes.registers(netlist, 24)
            for planes in (NumpyPlanes(party == 0), NativePlanes(native, adds_known=party == 0))
        ]
        for registers in both:
            registers.load(0, drawn(0, 24, 16))
            registers.load(16, drawn(1, 24, 16))
            registers.free(0, end)
        for number in range(netlist.registers):
            assert both[0].get(number).tolist() == both[1].get(number)[:3].tolist()


def test_parties_must_fit() -> None:
    def uneven(party: SharingParty) -> Steps[Any]:
        if party.index:
            yield from party.swap(np.zeros(1, np.uint8))
        yield from party.swap(np.zeros(1, np.uint8))

    def too_long(party: SharingParty) -> Steps[Any]:
        return ask(Round(peer=party.side.other, send=(np.zeros(3, np.uint8),), receive=2))

    for protocol in (uneven, too_long):
        with pytest.raises(CompilerBug):
            session().run(protocol)
