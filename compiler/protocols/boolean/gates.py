"""AND gates and netlists on XOR-shared bits [GMW87].

Packed bits: instance 8i + j is bit j of byte i. Vectors of n bits have N = ceil(n/8) bytes; all 8N
bits are computed on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, Protocol, TypeVar

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ...circuits.netlist import Netlist, Opcode
from ..core.parts import Part, Witness
from ..core.party import Planes, Registers, SharingParty
from ..core.preprocessing import BitTriples
from ..core.purposes import Purpose
from ..core.steps import Array, Bytes, Steps

_REGISTER_BYTES: Final = 1 << 26
_TILE: Final = 512
_STOCK_BYTES: Final = 1 << 16
"""Triples of a netlist are generated at once up to this size, and group by group beyond it."""


def bit_triples(party: SharingParty, count: int) -> Steps[BitTriples]:
    """Generate `count` triples (a multiple of 8): `Preprocessing.bit_triples`."""
    return party.preprocessing.bit_triples(count)


def part_of(triples: BitTriples, start: int, stop: int) -> BitTriples:
    """Return bytes start … stop − 1 of triples."""
    part = slice(start, stop)
    return BitTriples(a=triples.a[part], b=triples.b[part], c=triples.c[part])


def and_bits(
    party: SharingParty, x: Bytes, y: Bytes, triples: BitTriples | None = None
) -> Steps[Bytes]:
    """Return the AND of two packed vectors of N bytes, of any shape [Bea91].

    Cost: 8N triples, if they aren't given, 2N bytes each way, one round. The parties open x ⊕ a and
    y ⊕ b, which are uniform because a and b are.
    """
    if triples is None:
        triples = yield from party.preprocessing.bit_triples(8 * x.size)
    a, b = triples.a, triples.b
    opened = np.empty((2, x.size), np.uint8)
    np.bitwise_xor(x.reshape(-1), a, out=opened[0])
    np.bitwise_xor(y.reshape(-1), b, out=opened[1])
    theirs = yield from party.swap(opened, Purpose.MASKED_BITS)
    opened ^= theirs.reshape(2, -1)
    d, e = opened
    product = closed(party, triples.c, d, b, e, a)
    if party.witness is not None:
        tell_ands(party.witness, x, y, (a, b, triples.c, d, e, product))
    return product.reshape(x.shape)


def and_both(party: SharingParty, x: Bytes, y: Bytes, z: Bytes) -> Steps[tuple[Bytes, Bytes]]:
    """Return x·y and x·z for packed vectors of N bytes.

    Cost: 8N pairs (OTs as for 8N triples), 3N bytes each way, one round.
    """
    pairs = yield from party.preprocessing.bit_pairs(8 * x.size)
    opened = np.empty((3, x.size), np.uint8)
    np.bitwise_xor(y.reshape(-1), pairs.b[0], out=opened[0])
    np.bitwise_xor(z.reshape(-1), pairs.b[1], out=opened[1])
    np.bitwise_xor(x.reshape(-1), pairs.a, out=opened[2])
    theirs = yield from party.swap(opened, Purpose.MASKED_BITS)
    opened ^= theirs.reshape(3, -1)
    one, other = closed(party, pairs.c, opened[2], pairs.b, opened[:2], pairs.a)
    if party.witness is not None:
        for i, (factor, product) in enumerate(((y, one), (z, other))):
            units = pairs.a, pairs.b[i], pairs.c[i]
            tell_ands(party.witness, x, factor, (*units, opened[2], opened[i], product))
    return one.reshape(x.shape), other.reshape(x.shape)


def tell_ands(witness: Witness, x: Bytes, y: Bytes, others: Sequence[Bytes]) -> None:
    """Tell a witness of ANDs: x and y, and a, b, c, d, e and z of the same sizes."""
    numbers = dict(zip("abcdez", (one.reshape(x.shape) for one in others), strict=True))
    witness.told_bits(Part.AND, {"x": x, "y": y, **numbers})


def closed(party: SharingParty, c: Bytes, d: Bytes, b: Bytes, e: Bytes, a: Bytes) -> Bytes:
    """Return the share of (d ⊕ a)·(e ⊕ b) where d and e are public and c = a·b [Bea91]."""
    product: Bytes = (b ^ e) & d if party.adds_known else b & d
    product ^= c
    product ^= e & a
    return product


def and_all(party: SharingParty, rows: Bytes, triples: BitTriples) -> Steps[Bytes]:
    """Return the AND of rows [D][N] as [N], by a tree of ceil(log2 D) rounds.

    It takes 8N(D − 1) triples and 2N(D − 1) bytes each way.
    """
    size, used = rows.shape[1], 0
    while len(rows) > 1:
        half = len(rows) // 2
        part = part_of(triples, used, used + half * size)
        used += half * size
        products = yield from and_bits(party, rows[:half], rows[half : 2 * half], part)
        odd = rows[2 * half :]
        rows = np.concatenate((products, odd)) if len(odd) else products
    result: Bytes = rows[0]
    return result


def open_bits(party: SharingParty, x: Bytes) -> Steps[Bytes]:
    """Open packed bits to both parties: N bytes each way, one round."""
    theirs = yield from party.swap(x, Purpose.OPENING)
    opened: Bytes = x ^ theirs.reshape(x.shape)
    return opened


@lru_cache(maxsize=256)
def segments(netlist: Netlist) -> tuple[tuple[int, int, int], ...]:
    """Split a netlist into runs of free instructions, each with the group of ANDs after it.

    (start, middle, end): instructions start … middle − 1 are free, middle + 1 … end − 1 ANDs;
    middle = end where no group follows.
    """
    code = netlist.code
    parts = []
    at = 0
    for group in np.flatnonzero(code[:, 0] == Opcode.GROUP).tolist():
        end = group + 1 + int(code[group, 1])
        parts.append((at, group, end))
        at = end
    if at < len(code):
        parts.append((at, len(code), len(code)))
    return tuple(parts)


T = TypeVar("T")


class Gates(Protocol[T]):
    """What parties do for the ANDs of a netlist, by triples in a form T of their own."""

    def make(self, count: int) -> Steps[T]:
        """Generate `count` triples, a multiple of 8."""

    def part(self, made: T, start: int, stop: int) -> T:
        """Return bytes start … stop − 1 of triples."""

    def ands(
        self, registers: Registers, start: int, end: int, size: int, triples: T
    ) -> Steps[None]:
        """Run the ANDs of a group, the instructions start … end − 1, on `size` bytes in all."""


@dataclass(frozen=True, slots=True)
class _OfPair:
    """The ANDs of two parties."""

    party: SharingParty

    def make(self, count: int) -> Steps[BitTriples]:
        return self.party.preprocessing.bit_triples(count)

    def part(self, made: BitTriples, start: int, stop: int) -> BitTriples:
        return part_of(made, start, stop)

    def ands(
        self, registers: Registers, start: int, end: int, size: int, triples: BitTriples
    ) -> Steps[None]:
        mine = registers.open(start, end, triples)
        theirs = yield from self.party.swap(mine, Purpose.MASKED_BITS)
        registers.close(start, end, triples, mine, theirs)


def _run(gates: Gates[T], netlist: Netlist, registers: Registers, size: int) -> Steps[None]:
    """Run a netlist on registers of N bytes."""
    total = netlist.ands * size
    stock = None
    if 0 < total <= _STOCK_BYTES:
        stock = yield from gates.make(8 * total)
    used = 0
    for start, middle, end in segments(netlist):
        if middle > start:
            registers.free(start, middle)
        if end == middle:
            return
        needed = (end - middle - 1) * size
        if stock is not None:
            triples = gates.part(stock, used, used + needed)
            used += needed
        else:
            triples = yield from gates.make(8 * needed)
        yield from gates.ands(registers, middle + 1, end, needed, triples)


def parts_of(registers: int, n: int) -> Iterator[slice]:
    """Split n instances of a netlist into parts whose registers take at most 64 MiB."""
    step = max(_REGISTER_BYTES // max(registers, 1) // _TILE, 1) * _TILE * 8
    return (slice(at, min(at + step, n)) for at in range(0, n, step))


def evaluate(
    party: SharingParty, netlist: Netlist, inputs: Sequence[Array], n: int
) -> Steps[Bytes]:
    """Run a netlist on n instances [GMW87].

    An input is [n] integers of the port's width, or packed bits [width][N]: shares for a secret
    port, values for a public one. Returns packed shares [outputs][N].

    Cost: an AND takes 8N triples and 2N bytes each way; a group of ANDs is one round. Instances are
    processed in parts whose registers take at most 64 MiB, each with its own rounds. Only masked
    operands are opened, as in `and_bits`.
    """

    return evaluated(party.planes, _OfPair(party), netlist, inputs, n)


def evaluated(
    planes: Planes, gates: Gates[T], netlist: Netlist, inputs: Sequence[Array], n: int
) -> Steps[Bytes]:
    """Run a netlist, with its ANDs by `gates`; see `evaluate`."""
    results: list[Bytes] = []
    for piece in parts_of(netlist.registers, n):
        at, count = piece.start, piece.stop - piece.start
        registers = planes.registers(netlist, count)
        register = 0
        for port, values in zip(netlist.ports, inputs, strict=True):
            if values.ndim == 1 and values.itemsize * 8 == port.width:
                registers.load(register, values[piece])
            elif values.shape == (port.width, -(-n // 8)):
                for i in range(port.width):
                    registers.set(register + i, values[i, at // 8 : -(-(at + count) // 8)])
            else:
                raise CompilerBug(f"an input of shape {values.shape} for a port of {port.width}")
            register += port.width
        yield from _run(gates, netlist, registers, -(-count // 8))
        results.append(np.stack([registers.get(output) for output in netlist.outputs]))
    if len(results) == 1:
        return results[0]
    return np.concatenate([np.empty((len(netlist.outputs), 0), np.uint8), *results], axis=1)
