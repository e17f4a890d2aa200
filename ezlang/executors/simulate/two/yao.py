"""Yao's protocol between the two simulated parties, the garbler and the evaluator.

The messages and their order are those of protocols/yao/session.py and kernels/wire_labels.py. The
correlated OTs come from an ideal box, which counts the messages of the OT protocol it replaces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from ezlang.compiler.circuits.catalogue import SECRET, binary
from ezlang.compiler.circuits.netlist import Netlist
from ezlang.compiler.cost.ledger import Phase
from ezlang.compiler.ir.evaluate import Array
from ezlang.compiler.ir.garbling import Garbling as Scheme
from ezlang.compiler.ir.parties import COMPUTING, Link
from ezlang.compiler.ir.tree import BinaryKind, OtKind, Sharing, TensorType
from ezlang.compiler.kernels.layout import set_up_bytes, table_bytes
from ezlang.compiler.protocols.core.parts import Part
from ezlang.compiler.protocols.core.purposes import Purpose
from ezlang.compiler.protocols.dealt.backend import DEALT
from ezlang.compiler.protocols.ot.backend import OT
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.types.types import ScalarType

from ..clear_values import ClearValue
from ..randomness import Randomness
from .dealer import Dealer
from .garbling import ElementRows, Garbling, Rows, masks_of, rows_of, wire_tables
from .secret_values import Bits, Shared, bits_of, from_bits, labels_type, words_from
from .stock import OtStock
from .watching import tell
from .wire import Packet, Wire

_TO_EVALUATOR = Link(COMPUTING.garbler, COMPUTING.evaluator)
_TO_GARBLER = _TO_EVALUATOR.back

Labels = tuple[Array, Array]
"""W⁰ and the active labels, each of shape [bits][2]."""


class Yao:
    """A session. `randomness` has one generator per party; `ideal` is that of the OT box.

    With a `dealer`, the OTs come from it.
    """

    def __init__(
        self,
        wire: Wire,
        randomness: tuple[Randomness, Randomness],
        ideal: Randomness,
        kind: OtKind,
        scheme: Scheme = Scheme.HALF_GATES,
        dealer: Dealer | None = None,
    ) -> None:
        self.wire = wire
        self._ideal, self._dealer = ideal, dealer
        garbler, _ = randomness
        shared = garbler.random.randbytes(set_up_bytes(scheme))
        with wire.ledger.within(Phase.SET_UP):
            self._send(_TO_EVALUATOR, shared, Purpose.SET_UP)
        # The Δ of dealt OTs is expanded from the garbler's seed.
        deltas = garbler if dealer is None else dealer.randomness
        delta = deltas.random.getrandbits(128) | 1
        oracle = Randomness("hash", int.from_bytes(shared[:16], "little"))
        watch = None
        if wire.observer is not None:
            wire.observer.keyed(delta)
            watch = wire.observer.garbled
        self.garbling = Garbling(
            delta=delta, oracle=oracle, coins=garbler, scheme=scheme, watch=watch
        )
        self._delta = np.frombuffer(delta.to_bytes(16, "little"), np.uint64)
        self._labels = Randomness("labels", int.from_bytes(shared[16:32], "little"))
        backend = OT if dealer is None else DEALT
        self._stock = OtStock(wire, ideal, _TO_EVALUATOR, backend.batches(kind))

    def share(self, known: ClearValue, repeated: bool) -> Shared:
        """Convert a known value to labels, of one element if it is `repeated` (see ir/facts.py)."""
        data = known.data.reshape(-1)[0] if repeated else known.data
        bits = bits_of(data, known.element)
        if known.owner is None:
            active = np.zeros((bits.size, 2), np.uint64)
            labels = self._times_delta(bits), active
        elif known.owner == COMPUTING.garbler:
            labels = self._garblers(bits)
        else:
            labels = self._chosen(bits)
        made = _labelled(labels, known.element, data.shape)
        first, second = (np.broadcast_to(part, known.data.shape) for part in made.parts)
        return Shared(made.sharing, made.element, (first, second))

    def enter(self, secrets: Sequence[Shared]) -> list[Shared]:
        """Convert arithmetic and boolean shares to labels.

        The evaluator's shares of all secrets come first.
        """
        entered = []
        for secret in secrets:
            own, chosen = (bits_of(part, secret.element) for part in secret.parts)
            zeros, active = self._chosen(chosen)
            if secret.sharing is Sharing.BOOLEAN:
                before, zeros = zeros, zeros ^ self._times_delta(own)
                self._tell(
                    Part.SWAPPED_LABEL,
                    {"x": own, "w": before, "z": zeros},
                    {"x": chosen, "t": active},
                )
            entered.append(_labelled((zeros, active), secret.element, secret.parts[0].shape))
        return [
            self._added(secret, labels) if secret.sharing is Sharing.ARITHMETIC else labels
            for secret, labels in zip(secrets, entered, strict=True)
        ]

    def _added(self, secret: Shared, evaluators: Shared) -> Shared:
        """Add the garbler's shares to the evaluator's, which already have labels."""
        shape = secret.parts[0].shape
        own, _ = secret.parts
        garblers = _labelled(self._garblers(bits_of(own, secret.element)), secret.element, shape)
        netlist = binary(BinaryKind.ADD, secret.element, SECRET, SECRET)
        return self.circuit(netlist, [garblers, evaluators], secret.element, shape)

    def leave(self, secret: Shared) -> Shared:
        """Convert labels to boolean shares, their lowest bits [DSZ15], without communication."""
        shape, width = secret.parts[0].shape, secret.width
        colors = [_colors(part) for part in secret.parts]
        first, second = (
            np.ascontiguousarray(part).reshape(-1).view(labels_type(1)) for part in secret.parts
        )
        self._tell(Part.COLOR, {"w": first, "z": colors[0]}, {"t": second, "z": colors[1]})
        parts = [words_from(each.reshape(-1, width), secret.element, shape) for each in colors]
        return Shared(Sharing.BOOLEAN, secret.element, (parts[0], parts[1]))

    def reveal(self, secrets: Sequence[Shared], types: Sequence[TensorType]) -> list[Array]:
        """Open secrets to the readers in `types`: all to the evaluator, then all to the garbler."""
        garblers, evaluators = zip(*(map(_colors, secret.parts) for secret in secrets), strict=True)
        for link, colors in ((_TO_EVALUATOR, garblers), (_TO_GARBLER, evaluators)):
            for own, type in zip(colors, types, strict=True):
                if type.size and type.label.readable_by(link.receiver):
                    data = np.packbits(own, bitorder="little").tobytes()
                    self._send(link, data, Purpose.REVEAL)
        return [
            from_bits((one ^ other).reshape(-1, type.width), type)
            for one, other, type in zip(garblers, evaluators, types, strict=True)
        ]

    def circuit(
        self,
        netlist: Netlist,
        ports: Sequence[Shared | ClearValue],
        element: ScalarType,
        shape: tuple[int, ...],
    ) -> Shared:
        """Evaluate a netlist on each element of the operands."""
        rows = Rows([], [])
        for operand, port in zip(ports, netlist.ports, strict=True):
            if isinstance(operand, Shared):
                rows.add(_rows(operand, port.width, shape))
            else:
                data = np.broadcast_to(operand.data, shape)
                masks = masks_of(bits_of(data, operand.element))
                rows.add(Rows(masks, masks))
            if port.public is isinstance(operand, Shared):
                raise CompilerBug(f"{netlist.name}: a port doesn't fit its operand")
        count = prod(shape)
        made = self.garbling.run(netlist, rows, count)
        tables, scheme = self.garbling.tables, self.garbling.scheme
        size = table_bytes(scheme, netlist, count)
        packet = Packet(size, Purpose.TABLES, lambda: wire_tables(scheme, tables, count, size))
        self.wire.send(_TO_EVALUATOR, packet)
        return Shared(Sharing.YAO, element, None, rows=ElementRows(made, shape))

    def _garblers(self, bits: Bits) -> Labels:
        """Share bits of the garbler; both parties expand the active labels from a common seed."""
        active = self._labels.array(np.dtype(np.uint64), (bits.size, 2))
        zeros = active ^ self._times_delta(bits)
        self._tell(Part.SEEDED_LABEL, {"x": bits, "w": zeros}, {"t": active})
        return zeros, active

    def _chosen(self, bits: Bits) -> Labels:
        """Share bits x of the evaluator.

        An ideal box or the dealer deals q, t = q ⊕ r·Δ and r. The evaluator sends d = x ⊕ r.
        """
        count = bits.size
        if self._dealer is not None:
            random, active = self._dealer.labels(count, self._delta)
        else:
            random = self._ideal.array(np.dtype(np.bool_), (count,)).view(np.uint8)
            active = self._ideal.array(np.dtype(np.uint64), (count, 2))
        flips = bits.reshape(-1) ^ random
        done = 0
        while done < count:
            part = self._stock.take(count - done)
            data = np.packbits(flips[done : done + part], bitorder="little").tobytes()
            self._send(_TO_GARBLER, data, Purpose.CHOICES)
            done += part
        own = active ^ self._times_delta(random)
        zeros = own ^ self._times_delta(flips)
        chosen = {"x": bits, "r": random, "d": flips, "t": active}
        self._tell(Part.CHOSEN_LABEL, {"q": own, "d": flips, "w": zeros}, chosen)
        return zeros, active

    def _times_delta(self, bits: Bits) -> Array:
        """Return b·Δ for each bit b, of shape [bits][2]."""
        masks = np.negative(bits.reshape(-1).astype(np.uint64))
        return masks[:, None] & self._delta

    def _tell(self, part: Part, garblers: Mapping[str, Array], other: Mapping[str, Array]) -> None:
        """Tell the observer, if there is one, the numbers of both; labels may be [bits][2]."""
        if self.wire.observer is not None:
            sides = [{name: _vector(one) for name, one in own.items()} for own in (garblers, other)]
            tell(self.wire.observer, part, tuple(COMPUTING), sides)

    def _send(self, link: Link, data: bytes, purpose: Purpose) -> None:
        self.wire.send(link, Packet(len(data), purpose, lambda: data))


def _rows(secret: Shared, width: int, shape: tuple[int, ...]) -> Rows:
    """Return the rows of a secret that is repeated to a shape."""
    known = secret.rows
    if isinstance(known, ElementRows) and known.shape == shape:
        return known.rows
    zeros, active = secret.parts
    if zeros.shape != shape:
        zeros, active = (np.broadcast_to(part, shape) for part in secret.parts)
    return Rows(rows_of(zeros, width), rows_of(active, width))


def _labelled(labels: Labels, element: ScalarType, shape: tuple[int, ...]) -> Shared:
    """Return both parties' labels [elements · width][2] as a secret."""
    type = labels_type(element.width)
    zeros, active = (
        np.ascontiguousarray(part).reshape(-1).view(type).reshape(shape) for part in labels
    )
    return Shared(Sharing.YAO, element, (zeros, active))


def _vector(numbers: Array) -> Array:
    """Return bits or labels as a vector."""
    is_label = numbers.dtype == np.uint64
    data = np.ascontiguousarray(numbers).reshape(-1)
    return data.view(labels_type(1)) if is_label else data


def _colors(labels: Array) -> Bits:
    """Return the lowest bit of each label."""
    lowest = np.ascontiguousarray(labels).reshape(-1).view(np.uint8)[::16]
    return lowest & np.uint8(1)
