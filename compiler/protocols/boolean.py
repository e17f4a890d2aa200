"""Bits shared by exclusive or: triples, ANDs, netlists [GMW87].

Packed bits: instance 8i + j is bit j of byte i. Vectors of n bits have N = ceil(n/8) bytes, and all
8N bits are computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ..circuits.netlist import Netlist, Opcode
from ..kernels.gmw import TILE
from ..kernels.pads import PADS
from .correlated import Bytes
from .cot import Blocks
from .native import PADDING, Array, empty, padded, zeros
from .sharing import BATCH_OTS, Batch, Hash, ReceiveJob, SendJob, SharingParty, slices

_REGISTER_BYTES: Final = 1 << 26
_STOCK_BYTES: Final = 1 << 16
"""Triples of a netlist are made at once up to this size, group by group beyond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BitTriples:
    """This party's shares of packed random bits a, b and c = a·b, with padding.

    For pairs, b and c have two rows: c_i = a·b_i.
    """

    a: Bytes
    b: Bytes
    c: Bytes


def bit_triples(party: SharingParty, count: int) -> BitTriples:
    """Make `count` triples (a multiple of 8) [ALSZ13].

    Each party's a are its random choices as receiver, its b the differences of its pads as sender;
    the two cross terms are the pads' sums. Cost: an OT a triple in each direction, no bytes
    besides, no rounds. Nothing is sent, so nothing is seen.
    """
    return _random_products(party, count, copies=1)


def bit_pairs(party: SharingParty, count: int) -> BitTriples:
    """Make `count` pairs of triples with the same a, at the cost of one triple each.

    The pads' second bits make the second triple [ALSZ13, RRK+20].
    """
    return _random_products(party, count, copies=2)


def _random_products(party: SharingParty, count: int, copies: int) -> BitTriples:
    if count % 8:
        raise CompilerBug("bit triples come in multiples of eight")
    size = count // 8
    a: Bytes = empty(size, np.uint8)
    rows = [np.zeros((copies, size + PADDING), np.uint8) for _ in range(3)]
    name = ("triples", "pairs")[copies - 1]
    party.exchange(
        _batch(party, name, at, min(BATCH_OTS, count - at), a, rows)
        for at in range(0, count, BATCH_OTS)
    )
    u, v, b = (row[:, :size] for row in rows)
    return BitTriples(a=a, b=_flat(b), c=_flat((a & b) ^ u ^ v))


def _flat(rows: Array) -> Bytes:
    """Return rows without gaps, with padding; a single one as a vector."""
    result = padded(rows)
    return result if len(rows) == 1 else result.reshape(rows.shape)


def _batch(
    party: SharingParty, name: str, at: int, count: int, a: Bytes, rows: Sequence[Bytes]
) -> Batch:
    u, v, b = (row[:, at // 8 :] for row in rows)
    stride = rows[0].shape[1]
    call = party.native.call

    def send(hash: Hash, blocks: Blocks, _: Bytes) -> None:
        arguments = (hash.start, hash.first, blocks, party.delta, v, b, count, stride)
        call(f"{name}_sender", *arguments)

    def receive(hash: Hash, choices: Bytes, blocks: Blocks, _: Bytes) -> None:
        call(f"{name}_receiver", hash.start, hash.first, blocks, u, count, stride)
        a[at // 8 : (at + count) // 8] = np.packbits(choices, bitorder="little")

    windows = -(-count // PADS)
    return (
        SendJob(ots=count, windows=windows, message_bytes=0, chosen=False, run=send),
        ReceiveJob(ots=count, windows=windows, message_bytes=0, choices=None, run=receive),
    )


class BitStock:
    """Triples and pairs made at once for several rounds; `singles` and `doubles` are bytes."""

    def __init__(self, party: SharingParty, singles: int, doubles: int) -> None:
        self._triples = bit_triples(party, 8 * singles)
        self._pairs = bit_pairs(party, 8 * doubles)
        self._singles = self._doubles = 0

    def triples(self, size: int) -> BitTriples:
        """Return the next triples; what lies behind them may be read."""
        part = slice(self._singles, self._singles + size)
        self._singles += size
        made = self._triples
        return BitTriples(a=made.a[part], b=made.b[part], c=made.c[part])

    def pairs(self, size: int) -> BitTriples:
        """Return the next pairs."""
        part = slice(self._doubles, self._doubles + size)
        self._doubles += size
        made = self._pairs
        return BitTriples(a=made.a[part], b=made.b[:, part], c=made.c[:, part])


def and_bits(party: SharingParty, x: Bytes, y: Bytes) -> Bytes:
    """AND two packed vectors of N bytes, of any shape [Bea91].

    Cost: 8N triples, 2N bytes each way, one round. Opened: x ⊕ a and y ⊕ b, uniform since a and b
    are.
    """
    nothing = np.empty(0, np.uint8)
    return and_mixed(party, (x, y), (nothing, nothing, nothing))[0]


def and_both(party: SharingParty, x: Bytes, y: Bytes, z: Bytes) -> tuple[Bytes, Bytes]:
    """Return x·y and x·z for packed vectors of N bytes.

    Cost: 8N pairs (OTs as for 8N triples), 3N bytes each way, one round.
    """
    nothing = np.empty(0, np.uint8)
    return and_mixed(party, (nothing, nothing), (x, y, z))[1:]


def and_mixed(
    party: SharingParty,
    single: tuple[Bytes, Bytes],
    double: tuple[Bytes, Bytes, Bytes],
    stock: BitStock | None = None,
) -> tuple[Bytes, Bytes, Bytes]:
    """`and_bits` of two vectors and `and_both` of three others in one round, maybe from a stock."""
    if stock is None:
        stock = BitStock(party, single[0].size, double[0].size)
    triples, pairs = stock.triples(single[0].size), stock.pairs(double[0].size)
    masks = (triples.a, triples.b, pairs.a, *pairs.b)
    values = [value.reshape(-1) for value in (*single, *double)]
    opened = np.concatenate([v ^ m for v, m in zip(values, masks, strict=True)])
    opened ^= party.swap(opened)
    edges = np.cumsum([value.size for value in values])[:-1]
    d, e, f, g, h = np.split(opened, edges)
    products = (
        _product(party, triples.c, d, triples.b, e, triples.a),
        _product(party, pairs.c[0], f, pairs.b[0], g, pairs.a),
        _product(party, pairs.c[1], f, pairs.b[1], h, pairs.a),
    )
    shapes = (single[0].shape, double[0].shape, double[0].shape)
    one, two, three = (p.reshape(shape) for p, shape in zip(products, shapes, strict=True))
    return one, two, three


def _product(party: SharingParty, c: Bytes, d: Bytes, b: Bytes, e: Bytes, a: Bytes) -> Bytes:
    """The share of (d ⊕ a)·(e ⊕ b) where d and e are known [Bea91]."""
    product: Bytes = c ^ (d & b) ^ (e & a)
    if party.index == 0:
        product ^= d & e
    return product


def open_bits(party: SharingParty, x: Bytes) -> Bytes:
    """Tell both parties packed bits: N bytes each way, one round."""
    return x ^ party.swap(np.ascontiguousarray(x)).reshape(x.shape)


class Registers:
    """The registers of a netlist for n instances; see `kernels/gmw.py`."""

    def __init__(self, party: SharingParty, netlist: Netlist, n: int) -> None:
        self.party = party
        self.netlist = netlist
        self.n = n
        self.bytes = -(-n // 8)
        tiles = -(-self.bytes // TILE)
        self.memory = zeros(tiles * netlist.registers * TILE, np.uint8)
        self._tiles = self.memory.reshape(tiles, netlist.registers, TILE)
        self._code = np.ascontiguousarray(netlist.code, dtype=np.int32)

    def load(self, register: int, values: Array) -> None:
        """Put integers' bits into registers from `register` on."""
        bits = 8 * values.itemsize
        self.party.need_ring(bits)
        first = self.memory[register * TILE :]
        arguments = (padded(values), first, self.n, self.netlist.registers)
        self.party.native.call(f"to_planes{bits}", *arguments)

    def set(self, register: int, packed: Bytes) -> None:
        """Put packed bits into a register."""
        row: Bytes = np.zeros(len(self._tiles) * TILE, np.uint8)
        row[: self.bytes] = packed
        self._tiles[:, register, :] = row.reshape(-1, TILE)

    def get(self, register: int) -> Bytes:
        """Return a register's packed bits."""
        return self._tiles[:, register, :].reshape(-1)[: self.bytes]

    def run(self) -> None:
        """Run the netlist: see `evaluate`."""
        code = self._code
        at = 0
        total = self.netlist.ands * self.bytes
        stock = BitStock(self.party, total, 0) if total <= _STOCK_BYTES else None
        while at < len(code):
            groups = np.flatnonzero(code[at:, 0] == Opcode.GROUP)
            end = at + int(groups[0]) if len(groups) else len(code)
            if end > at:
                self._free(code[at:end])
            if end == len(code):
                return
            ands = int(code[end, 1])
            size = ands * self.bytes
            triples = stock.triples(size) if stock else bit_triples(self.party, 8 * size)
            self._group(code[end + 1 : end + 1 + ands], triples)
            at = end + 1 + ands

    def _free(self, code: Array) -> None:
        sizes = (self.netlist.registers, self.bytes, self.party.first_mask)
        self.party.native.call("gmw_free", code, len(code), self.memory, *sizes)

    def _group(self, code: Array, triples: BitTriples) -> None:
        size = len(code) * self.bytes
        stride = size + PADDING
        mine, theirs = empty(2 * stride, np.uint8), empty(2 * stride, np.uint8)
        common = (code, len(code), self.memory, self.netlist.registers, self.bytes)
        call = self.party.native.call
        call("gmw_open", *common, triples.a, triples.b, mine, mine[stride:])
        for at in (0, stride):
            self.party.send(mine[at : at + size])
        for at in (0, stride):
            self.party.channel.receive_into(theirs[at : at + size].data)
        masks = (triples.a, triples.b, triples.c, mine, theirs)
        call("gmw_close", *common, *masks, stride, self.party.first_mask)


def evaluate(party: SharingParty, netlist: Netlist, inputs: Sequence[Array], n: int) -> Bytes:
    """Run a netlist on n instances [GMW87].

    An input is [n] integers of a port's width, or packed bits [width][N]; shares for a secret port,
    the values for a public one. Returns packed shares [outputs][N].

    Cost: an AND takes 8N triples and 2N bytes each way; a group of ANDs is a round. Instances are
    worked on in parts whose registers take at most 64 MiB, each with rounds of its own.
    Only masked operands are opened, as in `and_bits`.
    """
    part = max(_REGISTER_BYTES // max(netlist.registers, 1) // TILE, 1) * TILE * 8
    results: list[Bytes] = [np.empty((len(netlist.outputs), 0), np.uint8)]
    for piece in slices(n, part):
        at, count = piece.start, piece.stop - piece.start
        registers = Registers(party, netlist, count)
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
        registers.run()
        results.append(np.stack([registers.get(output) for output in netlist.outputs]))
    return np.concatenate(results, axis=1)


def to_words(party: SharingParty, planes: Bytes, n: int, bits: int) -> Array:
    """Return integers of ℓ bits from packed bits [ℓ][N]. Local."""
    party.need_ring(bits)
    size = planes.shape[1]
    tiles = -(-size // TILE)
    rows = np.zeros((bits, tiles * TILE), np.uint8)
    rows[:, :size] = planes
    layout = padded(rows.reshape(bits, tiles, TILE).transpose(1, 0, 2))
    result = empty(n, np.dtype(f"u{bits // 8}"))
    party.native.call(f"from_planes{bits}", result, layout, n, bits)
    return result
