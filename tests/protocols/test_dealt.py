"""Dealt preprocessing: the two parties' units fit, each alone is uniform, nothing comes twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ezlang.compiler.protocols.core.preprocessing import (
    BitPair,
    BitTriple,
    ConvolutionTriple,
    MaskedTriple,
    MatrixTriple,
    OwnedTriple,
    RandomBit,
    RingSquare,
    RingTriple,
    Unit,
)
from ezlang.compiler.protocols.core.sizes import WIDTHS
from ezlang.compiler.protocols.core.steps import Steps
from ezlang.compiler.protocols.dealt import demands as kinds
from ezlang.compiler.protocols.dealt.demands import (
    CorrelatedOt,
    Demands,
    Kind,
    LabelOt,
    demanded,
)
from ezlang.compiler.protocols.dealt.expansion import (
    PART_BYTES,
    DealtUnits,
    GivenOtReceiver,
    GivenOtSender,
    GivenPreprocessing,
    Stream,
    corrections,
    stream_key,
)
from ezlang.compiler.protocols.native.calls import Native
from ezlang.diagnostics.diagnostic import CompilerBug
from tests.support.convolutions import convolution
from tests.support.sharing_parties import assert_uniform, unpacked

SEEDS = bytes(range(16)), bytes(range(100, 116))
Found = dict[str, np.ndarray[Any, Any]]

RINGS: list[Kind] = [
    kind(bits=bits) for bits in WIDTHS for kind in (RingTriple, RingSquare, RandomBit)
]
MATRICES: list[Kind] = [
    *(MatrixTriple(bits=bits, rows=3, inner=5, columns=2) for bits in WIDTHS),
    *(
        ConvolutionTriple(
            bits=bits,
            images=(2, 4, 7, 6),
            filters=(4, 2, 3, 2),
            stride=(stride, 1),
            padding=(0, 1, 2, 0),
            dilation=(1, 2),
            groups=2,
        )
        for bits in WIDTHS
        for stride in (1, 2)
    ),
]
OWNED = [
    OwnedTriple(owner=owner, side=side, product=product)
    for owner in (0, 1)
    for side in (0, 1)
    for product in (MATRICES[3], MATRICES[-1])
    if isinstance(product, MatrixTriple | ConvolutionTriple)
]
KINDS: list[Kind] = [
    BitTriple(),
    BitPair(),
    CorrelatedOt(sender=0),
    CorrelatedOt(sender=1),
    LabelOt(),
    *RINGS,
    *MATRICES,
    *OWNED,
]


@pytest.fixture(scope="module")
def native() -> Native:
    return Native()


def deal(native: Native, wanted: Demands) -> tuple[DealtUnits, DealtUnits]:
    """Deal to two parties, as the dealer does."""
    parties = [DealtUnits(native, party, SEEDS[party], wanted) for party in (0, 1)]
    for place, sent in zip(parties[1].places(), corrections(native, SEEDS, wanted), strict=True):
        assert len(place) == sent.nbytes
        place[:] = sent.reshape(-1).view(np.uint8).data
    return parties[0], parties[1]


def check(kind: Kind, zero: Found, one: Found, delta: Any) -> None:
    """Hold two parties' units against what they are to be, by sums over all of them."""

    def total(name: str) -> Any:
        return zero[name] + one[name]

    match kind:
        case BitTriple():
            a, b, c = (zero[name] ^ one[name] for name in "abc")
            assert np.array_equal(a & b, c)
        case BitPair():
            for i in "01":
                a, b, c = (zero[name] ^ one[name] for name in ("a", f"b{i}", f"c{i}"))
                assert np.array_equal(a & b, c)
        case RingTriple():
            assert np.array_equal(total("a") * total("b"), total("c"))
        case RingSquare():
            assert np.array_equal(total("a") ** 2, total("c"))
        case RandomBit():
            assert np.array_equal(zero["bit"] ^ one["bit"], total("number"))
            assert {0, 1} == set(total("number").tolist())
        case MatrixTriple():
            for a, b, c in zip(total("a"), total("b"), total("c"), strict=True):
                assert np.array_equal(a @ b, c)
        case ConvolutionTriple():
            for a, b, c in zip(total("a"), total("b"), total("c"), strict=True):
                assert np.array_equal(convolution(a, b, kind.window), c)
        case OwnedTriple(product=product):
            factors = (zero["factor"], one["factor"])
            left, right = factors if kind.side_of(0) == 0 else factors[::-1]
            for a, b, c in zip(left, right, total("c"), strict=True):
                if isinstance(product, MatrixTriple):
                    assert np.array_equal(a @ b, c)
                else:
                    assert np.array_equal(convolution(a, b, product.window), c)
        case _:
            q, other = (zero, one) if "q" in zero else (one, zero)
            masks = np.where(other["r"][:, None] == 1, delta, np.uint64(0))
            assert np.array_equal(q["q"] ^ masks, other["t"])
            assert {0, 1} == set(other["r"].tolist())


@pytest.mark.parametrize("kind", KINDS, ids=kinds.describe)
def test_units_of_both_parties_fit(native: Native, kind: Kind) -> None:
    counts = [1, 3, 0, 100, 29]
    zero, one = deal(native, {kind: sum(counts)})
    delta = None
    if isinstance(kind, CorrelatedOt | LabelOt):
        delta = (zero, one)[kinds.sender_of(kind)].delta(kind)
        assert delta[0] & np.uint64(1)
    whole: list[list[Found]] = [[], []]
    for count in counts:
        for found, party in zip(whole, (zero, one), strict=True):
            found.append(party.take(kind, count))
    joined = [
        {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        for parts in whole
    ]
    for fields, index in zip(joined, (0, 1), strict=True):
        for field in kinds.layout(kind, index):
            assert fields[field.name].shape == (sum(counts), *field.shape)
            assert fields[field.name].dtype == field.dtype
    check(kind, joined[0], joined[1], delta)
    assert zero.left() == one.left() == {}


@pytest.mark.parametrize(
    "kind", [BitTriple(), RingTriple(bits=8), RingTriple(bits=64), RingSquare(bits=16)], ids=repr
)
def test_units_of_several_parts_fit(native: Native, kind: Kind) -> None:
    count = 2 * PART_BYTES // kinds.unit_bytes(kind, 0) + 77
    zero, one = deal(native, {kind: count, RandomBit(bits=8): 5})
    check(kind, zero.take(kind, count), one.take(kind, count), None)
    assert one.left() == {RandomBit(bits=8): 5}


@pytest.mark.parametrize("kind", KINDS, ids=kinds.describe)
def test_each_party_sees_uniform_data(native: Native, kind: Kind) -> None:
    count = (
        max(1 << 13, 1)
        if not isinstance(kind, MatrixTriple | ConvolutionTriple | OwnedTriple)
        else 300
    )
    for party in deal(native, {kind: count}):
        found = party.take(kind, count)
        for field in kinds.layout(kind, party.party):
            data = found[field.name]
            if field.bits:
                data = np.packbits(np.tile(data, 4)[: 8 * 4096], bitorder="little")
                ones = int(found[field.name].sum())
                assert abs(ones - count / 2) < 6 * (count / 4) ** 0.5
            elif data.nbytes >= 4096:
                assert_uniform(np.ascontiguousarray(data).tobytes())


def test_what_party_1_gets_is_no_function_of_its_own_seed(native: Native) -> None:
    """The corrections are masked by party 0's fields: another seed there, other corrections."""
    wanted: Demands = {RingTriple(bits=64): 1024}
    first = np.concatenate(list(corrections(native, SEEDS, wanted)))
    second = np.concatenate(list(corrections(native, (bytes(16), SEEDS[1]), wanted)))
    assert_uniform((first - second).tobytes())


def test_no_block_of_a_stream_comes_twice(native: Native) -> None:
    """All keys differ, and each stream goes through its counters once, however it is read."""
    keys = [
        stream_key(seed, f"{kinds.describe(kind)}: {field.name} of party {party}")
        for party, seed in enumerate(SEEDS)
        for kind in KINDS
        for field in kinds.layout(kind, party)
        if not field.dealt
    ]
    assert len(set(keys)) == len(keys)
    parted, whole = Stream(native, keys[0]), Stream(native, keys[0])
    counts = [1, 15, 16, 0, 17, 4095, 4096, 4097, 1, 100_000, 3, 8192, 5]
    read = np.concatenate([parted.read(count) for count in counts])
    assert np.array_equal(read, whole.read(sum(counts)))
    blocks = read[: len(read) // 16 * 16].reshape(-1, 16)
    assert len(np.unique(blocks, axis=0)) == len(blocks)


def test_what_was_read_is_the_callers(native: Native) -> None:
    parted, whole = Stream(native, bytes(16)), Stream(native, bytes(16))
    for _ in range(40):
        expected = whole.read(333).copy()
        data = parted.read(333)
        assert np.array_equal(data, expected)
        data[:] = 0


def test_nothing_is_handed_out_that_was_not_dealt(native: Native) -> None:
    for party in deal(native, {RingTriple(bits=32): 10}):
        party.take(RingTriple(bits=32), 8)
        with pytest.raises(CompilerBug, match="11 units of ring triple 32 are used, and 10"):
            party.take(RingTriple(bits=32), 3)
        with pytest.raises(CompilerBug, match="were dealt"):
            party.take(BitTriple(), 1)
        assert party.left() == {RingTriple(bits=32): 2}


def test_bytes_of_corrections(native: Native) -> None:
    wanted: dict[Kind, int] = {
        BitTriple(): 10,
        BitPair(): 7,
        RingTriple(bits=64): 3,
        RingSquare(bits=16): 5,
        MatrixTriple(bits=32, rows=3, inner=1000, columns=2): 2,
        RandomBit(bits=8): 9,
        CorrelatedOt(sender=0): 4,
        CorrelatedOt(sender=1): 2,
        LabelOt(): 1,
    }
    expected = 10 + 2 * 7 + 8 * 3 + 2 * 5 + 4 * 6 * 2 + 9 + 16 * 7
    assert kinds.correction_bytes(wanted) == expected
    assert sum(sent.nbytes for sent in corrections(native, SEEDS, wanted)) == expected
    assert all(sent.nbytes <= PART_BYTES for sent in corrections(native, SEEDS, wanted))


def run_steps(steps: Steps[Any]) -> Any:
    """Run a protocol that asks for nothing."""
    with pytest.raises(StopIteration) as end:
        next(steps)
    return end.value.value


def test_preprocessing_as_protocols_take_it(native: Native) -> None:
    used: dict[Unit, int] = {
        BitTriple(): 80,
        BitPair(): 40,
        RingTriple(bits=16): 9,
        RingSquare(bits=8): 6,
        MatrixTriple(bits=64, rows=2, inner=3, columns=4): 5,
        RandomBit(bits=32): 11,
    }
    parties = deal(native, {unit: demanded(unit, count) for unit, count in used.items()})
    zero, one = (GivenPreprocessing(party) for party in parties)

    def both(name: str, *arguments: int) -> list[Any]:
        return [run_steps(getattr(party, name)(*arguments)) for party in (zero, one)]

    x, y = both("bit_triples", 80)
    assert x.a.shape == (10,)
    assert np.array_equal((x.a ^ y.a) & (x.b ^ y.b), x.c ^ y.c)
    x, y = both("bit_pairs", 40)
    assert x.b.shape == x.c.shape == (2, 5)
    assert x.b.flags.c_contiguous
    assert np.array_equal((x.a ^ y.a) & (x.b ^ y.b), x.c ^ y.c)
    x, y = both("triples", 9, 16)
    assert np.array_equal((x.a + y.a) * (x.b + y.b), x.c + y.c)
    x, y = both("squares", 6, 8)
    assert np.array_equal((x.a + y.a) ** 2, x.c + y.c)
    x, y = both("matrix_triples", 5, 2, 3, 4, 64)
    assert x.c.shape == (5, 2, 4)
    assert np.array_equal((x.a + y.a) @ (x.b + y.b), x.c + y.c)
    x, y = both("da_bits", 11, 32)
    assert np.array_equal(unpacked(x.bits ^ y.bits, 11), x.numbers + y.numbers)
    assert parties[0].left() == parties[1].left() == {}


def test_dealt_ots_as_protocols_take_them(native: Native) -> None:
    zero, one = deal(native, {CorrelatedOt(sender=0): 50, CorrelatedOt(sender=1): 60})
    for sender, receiver, count in ((zero, one, 50), (one, zero, 60)):
        source, sink = GivenOtSender(sender), GivenOtReceiver(receiver)
        for part in (1, count - 1):
            q, (r, t) = source.take(part), sink.take(part)
            assert np.array_equal(q ^ (r[:, None] * source.delta), t)
    assert not np.array_equal(GivenOtSender(zero).delta, GivenOtSender(one).delta)
    assert not np.array_equal(GivenOtSender(zero).delta, zero.delta(LabelOt()))


@pytest.mark.parametrize("owned", OWNED, ids=kinds.describe)
def test_masked_triples_have_one_mask(native: Native, owned: OwnedTriple) -> None:
    masked = MaskedTriple(number=7, owned=owned)
    other = replace(masked, number=8)
    units = deal(native, {masked.mask: 1, masked: 3, other.mask: 1, other: 1})
    owner = owned.owner
    mask, different = (units[owner].take(kind, 1)["mask"][0] for kind in (masked.mask, other.mask))
    assert not np.array_equal(mask, different)
    assert units[1 - owner].take(masked.mask, 1) == {}
    found = [units[party].take(masked, 3) for party in (0, 1)]
    assert "factor" not in found[owner]
    shape = owned.product.shapes[owned.side]
    found[owner]["factor"] = np.broadcast_to(mask.reshape(shape), (3, *shape))
    check(owned, found[0], found[1], None)
    factors = found[1 - owner]["factor"]
    assert not np.array_equal(factors[0], factors[1])
    with pytest.raises(CompilerBug, match="were dealt"):
        units[owner].take(masked.mask, 1)


def test_demands_survive_the_wire() -> None:
    masked = [MaskedTriple(number=3, owned=one) for one in OWNED]
    masks = {kind.mask: 1 for kind in masked}
    wanted = {kind: number + 1 for number, kind in enumerate([*KINDS, *masked])} | masks
    assert kinds.decode(kinds.encode(wanted)) == wanted
    assert kinds.encode({BitTriple(): 0}) == {}
    assert kinds.decode({}) == {}


MOVES = "1x1 0x0x0x0 1x1 1"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([], "no list"),
        ({str(i): 1 for i in range(5000)}, "no list"),
        ({"ring triple 64": 0}, "no positive number"),
        ({"ring triple 64": -3}, "no positive number"),
        ({"ring triple 64": True}, "no positive number"),
        ({"ring triple 64": 1.5}, "no positive number"),
        ({"ring triple 64": 1 << 50}, "more than"),
        ({"ring triple 63": 1}, "width"),
        ({"ring triple": 1}, "doesn't know"),
        ({"ring triple 64 64": 1}, "doesn't know"),
        ({"ring triple -8": 1}, "is none"),
        ({"ring triple ٨": 1}, "is none"),
        ({"ring triple 99999999999999999999": 1}, "is none"),
        ({"ring": 1}, "doesn't know"),
        ({"": 1}, "doesn't know"),
        ({"correlated OT 2": 1}, "a party that there isn't"),
        ({"matrix triple 64 0 1 1": 1}, "size of zero"),
        ({"matrix triple 64 100000 100000 100000": 1}, "units of more than"),
        ({f"convolution triple 64 1x1x8000x8000 1x1x4000x4000 {MOVES}": 1}, "units of more than"),
        ({"convolution triple 8 1x1x2x2 1x1x3x3 1x1 0x0x9999999x9999999 1x1 1": 1}, "more than"),
        ({f"convolution triple 8 1x1x2x2 1x1x3x3 {MOVES}": 1}, "don't fit"),
        ({"convolution triple 8 1x1x3x3 1x1x3x3 1x0 0x0x0x0 1x1 1": 1}, "don't fit"),
        ({"convolution triple 8 1x1x3x3 1x1x3 1x1 0x0x0x0 1x1 1": 1}, "doesn't know"),
        ({"matrix triple 64 2x2 1 1": 1}, "doesn't know"),
        ({"owned 2 0 matrix triple 64 1 1 1": 1}, "a party or a factor"),
        ({"owned 0 1 matrix triple 64 1 0 1": 1}, "size of zero"),
        ({"owned 0 1 ring triple 64": 1}, "doesn't know"),
        ({"owned 0 1 owned 0 1 matrix triple 64 1 1 1": 1}, "doesn't know"),
        ({"owned 0": 1}, "doesn't know"),
        ({"mask 64 5 0 3": 2}, "more than once"),
        ({"mask 64 5 2 3": 1}, "of nobody"),
        ({"mask 64 0 0 3": 1}, "of nothing"),
        ({"mask 63 5 0 3": 1}, "width"),
        ({"masked 3 matrix triple 64 1 1 1": 1}, "doesn't know"),
        ({"masked": 1}, "doesn't know"),
        ({"ring triple 64x": 1}, "is none"),
    ],
)
def test_demands_that_make_no_sense(said: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        kinds.decode(said)
