"""Local operations on bit planes in NumPy; native code has kernels for them.

A register is a row of packed bits, with one bit per instance. The ANDs of a group are masked in
their order in the netlist.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ezlang.compiler.circuits.netlist import Netlist, Opcode
from ezlang.compiler.ir.dtypes import word_dtype
from ezlang.compiler.protocols.boolean.comparison_tree import Level
from ezlang.compiler.protocols.boolean.gates import tell_ands
from ezlang.compiler.protocols.core.parts import Witness
from ezlang.compiler.protocols.core.preprocessing import BitTriples
from ezlang.compiler.protocols.core.steps import Array, Bytes
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

_OPCODES: Final = tuple(Opcode)


def sliced(x: Array) -> Bytes:
    """Return packed bits [ℓ][N] of integers [n] of ℓ bits; N = ceil(n/8)."""
    bytes_ = np.ascontiguousarray(x).reshape(-1, 1).view(np.uint8)
    bits = np.unpackbits(bytes_, axis=1, bitorder="little")
    return np.packbits(bits.T, axis=1, bitorder="little")


def gathered(planes: Bytes, n: int) -> Array:
    """Return unsigned integers [n] of ℓ bits from packed bits [ℓ][N]."""
    bits = np.unpackbits(planes, axis=1, count=n, bitorder="little")
    packed = np.packbits(np.ascontiguousarray(bits.T), axis=1, bitorder="little")
    return packed.view(word_dtype(len(planes))).reshape(n)


@dataclass(frozen=True, slots=True)
class NumpyPlanes:
    """The bit-plane operations of one party; its `witness`, if any, is told the ANDs."""

    adds_known: bool
    witness: Witness | None = None

    def registers(self, netlist: Netlist, n: int) -> NumpyRegisters:
        """Return registers for n instances."""
        return NumpyRegisters(self.adds_known, netlist, n, self.witness)

    def tree(self, rows: Bytes, levels: tuple[Level, ...], pairs: BitTriples) -> NumpyTree:
        """Return a comparison tree with the given rows as its leaves."""
        return NumpyTree(self.adds_known, rows, pairs)

    def slice(self, x: Array) -> Bytes:
        """Return packed bits [ℓ][N] of integers [n]."""
        return sliced(x)

    def words(self, planes: Bytes, n: int) -> Array:
        """Return integers [n] of ℓ bits from packed bits [ℓ][N]."""
        return gathered(planes, n)

    def rotated_sums(self, vectors: Array, table: Array, offsets: Array) -> Array:
        """Return Σ_j vectors[i][j] · table[w][(j + offsets[i]) mod n] as [m][words]."""
        entries = table.shape[1]
        places = (np.arange(entries) + offsets.astype(np.int64)[:, None]) % entries
        return np.stack([(vectors * words[places]).sum(1, table.dtype) for words in table]).T


class NumpyRegisters:
    """The registers of a netlist for n instances."""

    def __init__(
        self, adds_known: bool, netlist: Netlist, n: int, witness: Witness | None = None
    ) -> None:
        self._adds_known, self._witness = adds_known, witness
        self._code = netlist.code
        self._bytes = -(-n // 8)
        self._memory = np.zeros((netlist.registers, self._bytes), np.uint8)
        self._rows = list(self._memory)

    def load(self, register: int, values: Array) -> None:
        """Write the bits of integers [n] to registers from `register` on, the lowest bit first."""
        planes = sliced(values)
        self._memory[register : register + len(planes)] = planes

    def set(self, register: int, packed: Bytes) -> None:
        """Write packed bits [N] to a register."""
        self._memory[register] = packed

    def get(self, register: int) -> Bytes:
        """Return a register's packed bits."""
        packed: Bytes = self._memory[register].copy()
        return packed

    def free(self, start: int, stop: int) -> None:
        """Run instructions start … stop − 1, none of which is an AND."""
        rows, first = self._rows, self._adds_known
        for number, out, a, b in self._code[start:stop].tolist():
            opcode = _OPCODES[number]
            if opcode is Opcode.XOR or opcode is Opcode.PUBLIC_XOR:
                np.bitwise_xor(rows[a], rows[b], rows[out])
            elif opcode is Opcode.AND_PUBLIC or opcode is Opcode.PUBLIC_AND:
                np.bitwise_and(rows[a], rows[b], rows[out])
            elif opcode is Opcode.XOR_PUBLIC:
                np.bitwise_xor(rows[a], rows[b] if first else 0, rows[out])
            elif opcode is Opcode.PUBLIC_NOT or opcode is Opcode.NOT:
                flips = first or opcode is Opcode.PUBLIC_NOT
                np.bitwise_xor(rows[a], 255 if flips else 0, rows[out])
            elif opcode is Opcode.COPY:
                rows[out][:] = rows[a]
            elif opcode is Opcode.PUBLIC_CONSTANT or opcode is Opcode.CONSTANT:
                known = first or opcode is Opcode.PUBLIC_CONSTANT
                rows[out][:] = 255 if a and known else 0
            elif opcode is Opcode.AND:
                raise CompilerBug("an AND takes an exchange")

    def open(self, start: int, stop: int, triples: BitTriples) -> Bytes:
        """Return the masked operands of ANDs start … stop − 1: x ⊕ a of all, then y ⊕ b of all."""
        x, y = self._operands(start, stop)
        return np.concatenate([x ^ triples.a, y ^ triples.b])

    def close(self, start: int, stop: int, triples: BitTriples, mine: Bytes, theirs: Bytes) -> None:
        """Write shares of the products to registers, given both parties' masked operands."""
        d, e = np.split(mine ^ theirs, 2)
        z = triples.c ^ (d & triples.b) ^ (e & triples.a)
        if self._adds_known:
            z ^= d & e
        if self._witness is not None:
            x, y = (one.reshape(stop - start, -1) for one in self._operands(start, stop))
            tell_ands(self._witness, x, y, (triples.a, triples.b, triples.c, d, e, z))
        self._memory[self._code[start:stop, 1]] = z.reshape(stop - start, self._bytes)

    def _operands(self, start: int, stop: int) -> tuple[Bytes, Bytes]:
        code = self._code[start:stop]
        return self._memory[code[:, 2]].reshape(-1), self._memory[code[:, 3]].reshape(-1)


class NumpyTree:
    """A comparison tree: rows that are joined level by level."""

    def __init__(self, adds_known: bool, rows: Bytes, pairs: BitTriples) -> None:
        size = rows.shape[1]
        self.rows = rows
        self._adds_known = adds_known
        self._a = pairs.a.reshape(-1, size)
        self._b = pairs.b.reshape(2, -1, size)
        self._c = pairs.c.reshape(2, -1, size)
        self._opened = rows
        self._used = 0

    def open(self, level: Level) -> Bytes:
        """Return y₀ ⊕ b₀, y₁ ⊕ b₁ and x ⊕ a, without the skipped rows."""
        part = slice(self._used, self._used + level.pairs)
        masks = np.concatenate((*self._b[:, part], self._a[part]))
        opened: Bytes = self.rows[level.places[: 3 * level.pairs]] ^ masks
        self._opened = opened
        return opened[level.skipped :].reshape(-1)

    def close(self, level: Level, theirs: Bytes) -> None:
        """Compute x·y₀ and less_high ⊕ x·y₁; append the kept rows to each."""
        pairs = level.pairs
        part = slice(self._used, self._used + pairs)
        self._used += pairs
        opened = self._opened
        opened[level.skipped :] ^= theirs.reshape(-1, opened.shape[1])
        e, d = opened[: 2 * pairs].reshape(2, pairs, -1), opened[2 * pairs :]
        product = self._c[:, part] ^ (d & self._b[:, part]) ^ (e & self._a[part])
        if self._adds_known:
            product ^= e & d
        equal, low = product
        less, same = self.rows[level.kept].reshape(2, -1, opened.shape[1])
        high = self.rows[level.places[3 * pairs : 4 * pairs]]
        self.rows = np.concatenate((high ^ low, less, equal, same))
