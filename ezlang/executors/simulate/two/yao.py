"""Yao's protocol between the two simulated parties: party 0 garbles, party 1 evaluates.

What is sent, in which order and when, is compiler/protocols/yao.py's and kernels/values.py's. The
correlated OTs are an ideal box's, which counts what it stands for.
"""

from __future__ import annotations

import numpy as np

from ezlang.compiler.circuits.netlist import Netlist
from ezlang.compiler.ir.evaluate import Array
from ezlang.compiler.ir.tree import Sharing, TensorType
from ezlang.diagnostics.diagnostic import CompilerBug

from ..randomness import Randomness
from ..values import Known
from .garbling import TABLE_BYTES, Garbling, Rows, labels_of, masks_of, rows_of, table_bytes
from .stock import OtStock
from .values import Bits, Shared, bits_of, from_bits, labels_type
from .wire import Wire

_GARBLER = 0
_EVALUATOR = 1
_SET_UP_BYTES = 32


class Yao:
    """A session. `randomness` has a generator a party."""

    def __init__(self, wire: Wire, randomness: tuple[Randomness, Randomness]) -> None:
        self.wire = wire
        self._evaluator = randomness[_EVALUATOR]
        garbler = randomness[_GARBLER]
        shared = garbler.random.randbytes(_SET_UP_BYTES)
        self._send(_GARBLER, shared, "set-up")
        delta = garbler.random.getrandbits(128) | 1
        self.garbling = Garbling(delta=delta, start=shared[:16])
        self._delta = np.frombuffer(delta.to_bytes(16, "little"), np.uint64)
        self._labels = Randomness("labels", int.from_bytes(shared[16:], "little"))
        self._stock = OtStock(wire)

    def share(self, known: Known) -> Shared:
        """Turn a known value into labels."""
        bits = bits_of(known.data, known.element)
        count = bits.size
        if known.owner is None:
            active = np.zeros((count, 2), np.uint64)
            zeros = self._times_delta(bits)
        elif known.owner == _GARBLER:
            active = self._labels.array(np.dtype(np.uint64), (count, 2))
            zeros = active ^ self._times_delta(bits)
        else:
            zeros, active = self._chosen(bits.reshape(-1))
        type = labels_type(bits.shape[1])
        parts = (zeros.reshape(-1).view(type), active.reshape(-1).view(type))
        shape = known.data.shape
        return Shared(
            Sharing.YAO, known.element, (parts[0].reshape(shape), parts[1].reshape(shape))
        )

    def reveal(self, secret: Shared, type: TensorType) -> Array:
        """Open a secret to the readers of `type`; return it."""
        count = type.size * type.width
        if not count:
            return np.zeros(type.shape, bool)
        colors = [_colors(part) for part in secret.parts]
        for sender in (_GARBLER, _EVALUATOR):
            if type.label.readable_by(1 - sender):
                data = np.packbits(colors[sender], bitorder="little").tobytes()
                self._send(sender, data, "reveal")
        return from_bits((colors[0] ^ colors[1]).reshape(-1, type.width), type)

    def circuit(self, netlist: Netlist, ports: list[Shared | Known], type: TensorType) -> Shared:
        """Run a netlist on each element of the operands, giving a secret of `type`."""
        rows = Rows([], [])
        for operand, port in zip(ports, netlist.ports, strict=True):
            if isinstance(operand, Shared):
                zeros, active = (np.broadcast_to(part, type.shape) for part in operand.parts)
                rows.add(rows_of(zeros, port.width), rows_of(active, port.width))
            else:
                data = np.broadcast_to(operand.data, type.shape)
                masks = masks_of(bits_of(data, operand.element))
                rows.add(masks, masks)
            if port.public is isinstance(operand, Shared):
                raise CompilerBug(f"{netlist.name}: a port doesn't fit its operand")
        made = self.garbling.run(netlist, rows, type.size)
        tables = self.garbling.tables
        self.wire.ledger.add("ANDs", netlist.ands * type.size)
        size = TABLE_BYTES * netlist.ands * type.size
        self.wire.send(_GARBLER, size, "tables", lambda: table_bytes(tables, type.size))
        parts = [labels_of(rows, type.shape, type.size) for rows in (made.zeros, made.active)]
        return Shared(Sharing.YAO, type.element, (parts[0], parts[1]))

    def _chosen(self, bits: Bits) -> tuple[Array, Array]:
        """Let the evaluator share bits: q and t = q ⊕ r·Δ, and d = x ⊕ r sent."""
        count = len(bits)
        random = self._evaluator.array(np.dtype(np.bool_), (count,)).view(np.uint8)
        active = self._evaluator.array(np.dtype(np.uint64), (count, 2))
        flips = bits ^ random
        done = 0
        while done < count:
            part = self._stock.take(count - done)
            data = np.packbits(flips[done : done + part], bitorder="little").tobytes()
            self._send(_EVALUATOR, data, "choices")
            done += part
        zeros = active ^ self._times_delta(random) ^ self._times_delta(flips)
        return zeros, active

    def _times_delta(self, bits: Bits) -> Array:
        """Return b·Δ for each bit, [bits][2]."""
        masks = np.negative(bits.reshape(-1).astype(np.uint64))
        return masks[:, None] & self._delta

    def _send(self, sender: int, data: bytes, purpose: str) -> None:
        self.wire.send(sender, len(data), purpose, lambda: data)


def _colors(labels: Array) -> Bits:
    """Return the lowest bit of each label."""
    lowest = np.ascontiguousarray(labels).reshape(-1).view(np.uint8)[::16]
    return lowest & np.uint8(1)
