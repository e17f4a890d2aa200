"""The garbling and evaluation of netlists, gate by gate for both parties.

Half-gates [ZRE15] or three-halves [RR21], with free-XOR [KS08] and point-and-permute [BMR90]; the
formulas are those of kernels/gates.py and circuits/three_halves.py. The hash is ideal: a random
oracle [BR93], which draws a value when it is first asked for it; native code makes a hash from a
cipher instead. As every gate has tweaks of its own, the garbler's four or six values are new, and
the evaluator asks for half of them again.

A register is one integer with 128 bits per instance, so each free gate is one operation for all
instances. A public register has either all or none of the bits of an instance set, at both parties.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from functools import lru_cache
from math import prod
from typing import Final

import numpy as np

from ezlang.compiler.circuits import three_halves
from ezlang.compiler.circuits.netlist import Netlist, Opcode
from ezlang.compiler.ir.evaluate import Array
from ezlang.compiler.ir.garbling import Garbling as Scheme
from ezlang.compiler.kernels.layout import CIPHERTEXTS
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ..observer import GarbledGate
from ..randomness import Randomness
from .secret_values import LABEL_BYTES, Bits, Parts, labels_type

_BITS: Final = 8 * LABEL_BYTES
_HALF: Final = _BITS // 2
_ON_ROWS: Final = {
    **{code: code for code in Opcode},
    Opcode.PUBLIC_XOR: Opcode.XOR,
    Opcode.PUBLIC_AND: Opcode.AND_PUBLIC,
}
"""The instruction that does the same to rows, which have all or none of a public bit's bits."""

Instruction = tuple[Opcode, int, int, int]
Gate = tuple[int, int, int]
Table = tuple[int, ...]
"""T_G and T_E of a gate for all instances, or three ciphertexts, and five control bits as masks."""


@dataclass(slots=True)
class Rows:
    """The registers of both parties: W⁰ at the garbler, the active labels at the evaluator."""

    zeros: list[int]
    active: list[int]

    def add(self, other: Rows) -> None:
        """Append registers."""
        self.zeros += other.zeros
        self.active += other.active


@dataclass(frozen=True, slots=True)
class ElementRows:
    """The rows of all bits of the elements of an array of a shape."""

    rows: Rows
    shape: tuple[int, ...]

    def parts(self) -> Parts:
        """Return both parties' labels as arrays."""
        count = prod(self.shape)
        zeros, active = self.rows.zeros, self.rows.active
        return labels_of(zeros, self.shape, count), labels_of(active, self.shape, count)


@dataclass(frozen=True, slots=True)
class _Instances:
    """`count` instances side by side: Δ for all of them, and the lowest bit of each."""

    count: int
    each: int
    deltas: int

    @classmethod
    def of(cls, count: int, delta: int) -> _Instances:
        """Return a number of instances of a session."""
        each = ((1 << _BITS * count) - 1) // ((1 << _BITS) - 1)
        return cls(count, each, delta * each)

    @property
    def ones(self) -> int:
        """A mask of all bits of all instances."""
        return _mask(self.each)


@dataclass(slots=True)
class Garbling:
    """The garbling state of a session: Δ, the random oracle, and the number of ANDs so far.

    `coins` are the garbler's own, for three-halves. `watch`, if it is given, is called with each
    AND gate of a circuit's first instance.
    """

    delta: int
    oracle: Randomness
    coins: Randomness
    scheme: Scheme = Scheme.HALF_GATES
    watch: Callable[[GarbledGate], None] | None = None
    ands: int = 0
    tables: list[Table] = field(default_factory=list)

    def run(self, netlist: Netlist, rows: Rows, count: int) -> Rows:
        """Run `count` instances from the rows of the ports; return the rows of the outputs.

        Afterwards, `tables` has the garbled tables.
        """
        self.tables = []
        spare = [0] * (netlist.registers - len(rows.zeros))
        zeros, active = rows.zeros + spare, rows.active + spare
        instances = _Instances.of(count, self.delta)
        ones, deltas = instances.ones, instances.deltas
        for opcode, out, a, b in _code(netlist):
            if opcode is Opcode.XOR:
                zeros[out], active[out] = zeros[a] ^ zeros[b], active[a] ^ active[b]
            elif opcode is Opcode.AND:
                self._and(zeros, active, (out, a, b), instances)
            elif opcode is Opcode.NOT:
                zeros[out], active[out] = zeros[a] ^ deltas, active[a]
            elif opcode is Opcode.XOR_PUBLIC:
                zeros[out], active[out] = zeros[a] ^ zeros[b] & deltas, active[a]
            elif opcode is Opcode.AND_PUBLIC:
                zeros[out], active[out] = zeros[a] & zeros[b], active[a] & active[b]
            elif opcode is Opcode.COPY:
                zeros[out], active[out] = zeros[a], active[a]
            elif opcode is Opcode.CONSTANT:
                zeros[out], active[out] = deltas if a else 0, 0
            elif opcode is Opcode.PUBLIC_NOT:
                zeros[out], active[out] = zeros[a] ^ ones, active[a] ^ ones
            else:  # PUBLIC_CONSTANT
                zeros[out] = active[out] = ones if a else 0
        outputs = netlist.outputs
        return Rows([zeros[wire] for wire in outputs], [active[wire] for wire in outputs])

    def _and(self, zeros: list[int], active: list[int], gate: Gate, instances: _Instances) -> None:
        """Garble and evaluate a gate in all instances."""
        self.ands += instances.count
        run = self._half_gates if self.scheme is Scheme.HALF_GATES else self._three_halves
        if self.watch is None:
            run(zeros, active, gate, instances)
            return
        out, x, y = gate
        inputs = (zeros[x], zeros[y]), (active[x], active[y])
        run(zeros, active, gate, instances)
        labels = (*inputs[0], zeros[out], *inputs[1], active[out])
        self.watch(self._first(labels, self.tables[-1]))

    def _half_gates(
        self, zeros: list[int], active: list[int], gate: Gate, instances: _Instances
    ) -> None:
        out, x, y = gate
        count, each, deltas = instances.count, instances.each, instances.deltas
        a, b = zeros[x], zeros[y]
        a_hashes, b_hashes = self._drawn(count), self._drawn(count)
        b_color = _mask(b & each)
        generator = a_hashes[0] ^ a_hashes[1] ^ (b_color & deltas)
        evaluator = b_hashes[0] ^ b_hashes[1] ^ a
        a_part = a_hashes[0] ^ (_mask(a & each) & generator)
        zeros[out] = a_part ^ b_hashes[0] ^ (b_color & (evaluator ^ a))
        self.tables.append((generator, evaluator))
        a_hash = _asked(a_hashes, a ^ active[x], each, deltas)
        b_hash = _asked(b_hashes, b ^ active[y], each, deltas)
        a, b = active[x], active[y]
        a_part = a_hash ^ (_mask(a & each) & generator)
        active[out] = a_part ^ b_hash ^ (_mask(b & each) & (evaluator ^ a))

    def _three_halves(
        self, zeros: list[int], active: list[int], gate: Gate, instances: _Instances
    ) -> None:
        out, x, y = gate
        count, each, deltas = instances.count, instances.each, instances.deltas
        ones, low = instances.ones, (each << _HALF) - each
        a, b = zeros[x], zeros[y]
        p_a, p_b = _mask(a & each), _mask(b & each)
        # The labels of color 0.
        a, b = a ^ (p_a & deltas), b ^ (p_b & deltas)
        drawn = (*self._drawn(count), *self._drawn(count), *self._drawn(count))
        coins = self.coins.bits(_BITS * count)
        (left, right, *ciphertexts), control = three_halves.garble(
            (*_halves(a, low), *_halves(b, low), *_halves(deltas, low)),
            [value & low for value in drawn],
            [_mask((value >> _HALF) & each) for value in drawn],
            (ones ^ p_a, ones ^ p_b, _mask(coins & each), _mask((coins >> 1) & each)),
        )
        zeros[out] = left | right << _HALF
        self.tables.append((*ciphertexts, *control))
        own_a, own_b = active[x], active[y]
        asked = (
            _asked(drawn[:2], a ^ own_a, each, deltas),
            _asked(drawn[2:4], b ^ own_b, each, deltas),
            _asked(drawn[4:], a ^ own_a ^ b ^ own_b, each, deltas),
        )
        left, right = three_halves.evaluate(
            (*_halves(own_a, low), *_halves(own_b, low)),
            [value & low for value in asked],
            [_mask((value >> _HALF) & each) for value in asked],
            (ciphertexts, control),
            (_mask(own_a & each), _mask(own_b & each)),
        )
        active[out] = left | right << _HALF

    def _first(self, labels: Sequence[int], table: Table) -> GarbledGate:
        """Return what the last gate is in the first instance."""
        halves = self.scheme is not Scheme.HALF_GATES
        parts, bits = (CIPHERTEXTS, _HALF) if halves else (len(table), _BITS)
        a, b, c, own_a, own_b, own_c = (label & (1 << _BITS) - 1 for label in labels)
        return GarbledGate(
            number=len(self.tables) - 1,
            zeros=(a, b, c),
            active=(own_a, own_b, own_c),
            tables=tuple(text & (1 << bits) - 1 for text in table[:parts]),
            control=tuple(mask & 1 for mask in table[parts:]),
        )

    def _drawn(self, count: int) -> tuple[int, int]:
        """Return hashes of new labels: of W⁰, and of W⁰ ⊕ Δ."""
        return self.oracle.bits(_BITS * count), self.oracle.bits(_BITS * count)


def _halves(label: int, low: int) -> tuple[int, int]:
    """Return the left halves of labels, which have the lowest bits, and the right halves."""
    return label & low, (label >> _HALF) & low


@lru_cache(maxsize=1024)
def _code(netlist: Netlist) -> list[Instruction]:
    rows = [(_ON_ROWS[code], out, a, b) for code, out, a, b in netlist.code.tolist()]
    return [row for row in rows if row[0] is not Opcode.GROUP]


def _mask(colors: int) -> int:
    """Return a mask with all bits set in the instances whose color bit is set."""
    return (colors << _BITS) - colors


def _asked(hashes: Sequence[int], differences: int, each: int, deltas: int) -> int:
    """Return the hashes of active labels, which differ from W⁰ by nothing or by Δ."""
    ones = _mask(differences & each)
    if differences != ones & deltas:
        raise CompilerBug("the evaluator has a label that the garbler doesn't know")
    return hashes[0] ^ (ones & (hashes[0] ^ hashes[1]))


# Conversions between arrays and rows


def rows_of(labels: Array, width: int) -> list[int]:
    """Return a row for each bit of an array of labels."""
    count = labels.size
    data = np.ascontiguousarray(labels).reshape(-1).view(np.uint8)
    wires = data.reshape(count, width, LABEL_BYTES).transpose(1, 0, 2)
    return _integers(wires.tobytes(), width)


def masks_of(bits: Bits) -> list[int]:
    """Return a row for each bit of public elements [elements][width]."""
    wires = np.repeat(np.negative(bits.T), LABEL_BYTES, axis=1)
    return _integers(wires.tobytes(), len(wires))


def labels_of(rows: Sequence[int], shape: tuple[int, ...], count: int) -> Array:
    """Return an array of labels, given a row for each bit."""
    data = b"".join(row.to_bytes(LABEL_BYTES * count, "little") for row in rows)
    wires = np.frombuffer(data, np.uint8).reshape(len(rows), count, LABEL_BYTES)
    elements = np.ascontiguousarray(wires.transpose(1, 0, 2)).reshape(-1)
    return elements.view(labels_type(len(rows))).reshape(shape)


def wire_tables(scheme: Scheme, tables: Sequence[Table], count: int, size: int) -> bytes:
    """Return tables as `size` bytes: gate by gate, instance by instance, T_G before T_E.

    The control bits of three-halves follow their ciphertexts. (Native code sends them tile by tile,
    in as many bytes.)
    """
    halves = scheme is not Scheme.HALF_GATES
    parts, each = (CIPHERTEXTS, LABEL_BYTES // 2) if halves else (2, LABEL_BYTES)
    rows = [
        row.to_bytes(LABEL_BYTES * count, "little") for table in tables for row in table[:parts]
    ]
    data = np.frombuffer(b"".join(rows), np.uint8).reshape(len(tables), parts, count, LABEL_BYTES)
    ciphertexts = data[..., :each].transpose(0, 2, 1, 3).tobytes()
    bits = [
        row.to_bytes(LABEL_BYTES * count, "little") for table in tables for row in table[parts:]
    ]
    control = np.packbits(np.frombuffer(b"".join(bits), np.uint8)[::LABEL_BYTES])
    return (ciphertexts + control.tobytes()).ljust(size, b"\0")


def _integers(data: bytes, count: int) -> list[int]:
    """Split bytes into `count` numbers; all are 0 if there are no bytes."""
    size = len(data) // count
    return [int.from_bytes(data[row * size : (row + 1) * size], "little") for row in range(count)]
