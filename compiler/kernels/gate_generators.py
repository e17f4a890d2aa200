"""The instructions of Yao's protocol as each of the two parties runs them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from .abi import I64
from .build import BLOCK, Kernel, Value
from .context import ContextAccess
from .layout import tile_bytes
from .schemes import GateAddresses, Scheme
from .stream import CONTEXT_PARAMETER, EvaluatorStream, GarblerStream, Stream


def repeat_block(block: Value, type: Any) -> Value:
    """Return a block, repeated to fill a vector type."""
    return block.shuffle([0, 1] * (type.count // 2))


class GateGenerator(ABC):
    """A party's side of each gate. `masks` are all ones where a public bit is 1."""

    is_garbler: bool

    def __init__(self, module: Any, scheme: Scheme, stream: Stream) -> None:
        self.module = module
        self.scheme = scheme
        self.stream = stream
        self._fill = self._write_fill()

    def _write_fill(self) -> Kernel:
        """Write `fill_window(context, gate)`: what gates need from `gate` on."""
        k = Kernel(
            self.module,
            "fill_window",
            (CONTEXT_PARAMETER, ("gate", I64)),
            internal=True,
            inline="noinline",
        )
        context = ContextAccess(k, k["context"])
        context.set("window_gate", k["gate"])
        self.scheme.fill(context, k["gate"], garbler=self.is_garbler)
        k.finish()
        return k

    def tile(self, k: Kernel, context: ContextAccess, gates: Sequence[GateAddresses]) -> None:
        """Run 1, 2, 4 or 8 independent ANDs. Their first number is a multiple of their count."""
        count, window = len(gates), self.scheme.window_gates
        gate = (context.get("gate") + (count - 1)) & -count
        offset = gate & (window - 1)
        base = gate - offset
        with k.when(base.differs(context.get("window_gate")), likely=count == window):
            k.call(self._fill, context.pointer, base)
        context.set("gate", gate + count)
        context.set("ands", context.get("ands") + count)
        table = self.stream.reserve(k, context, tile_bytes(self.scheme.garbling, count))
        run = self.scheme.garble if self.is_garbler else self.scheme.evaluate
        run(context, offset, gates, table)

    @abstractmethod
    def negate(self, context: ContextAccess, labels: Value) -> Value:
        """NOT."""

    @abstractmethod
    def add_public(self, context: ContextAccess, labels: Value, masks: Value) -> Value:
        """XOR with public bits."""

    @abstractmethod
    def known(self, context: ContextAccess, masks: Value) -> Value:
        """Labels of public bits."""


class Garbler(GateGenerator):
    """The garbler, which holds W⁰ of every wire, and Δ."""

    is_garbler = True

    def __init__(self, module: Any, scheme: Scheme) -> None:
        super().__init__(module, scheme, GarblerStream(module))

    def negate(self, context: ContextAccess, labels: Value) -> Value:
        """W⁰ ⊕ Δ."""
        return labels ^ repeat_block(context.block("delta"), labels.type)

    def add_public(self, context: ContextAccess, labels: Value, masks: Value) -> Value:
        """W⁰ ⊕ b·Δ."""
        return labels ^ self.known(context, masks)

    def known(self, context: ContextAccess, masks: Value) -> Value:
        """b·Δ: the evaluator's active label is zero."""
        return repeat_block(context.block("delta"), masks.type) & masks


class Evaluator(GateGenerator):
    """The evaluator, which holds the active label of every wire."""

    is_garbler = False

    def __init__(self, module: Any, scheme: Scheme) -> None:
        super().__init__(module, scheme, EvaluatorStream(module))

    def negate(self, context: ContextAccess, labels: Value) -> Value:
        """The active label is unchanged; its meaning changes at the garbler."""
        return labels

    def add_public(self, context: ContextAccess, labels: Value, masks: Value) -> Value:
        """As for NOT."""
        return labels

    def known(self, context: ContextAccess, masks: Value) -> Value:
        """Zero."""
        return masks.kernel.constant(masks.type, 0)


def block_mask(k: Kernel, bit: Value) -> Value:
    """Return the public or secret bit (an integer 0 or 1) as a block of zeros or ones."""
    return k.splat(k.hide(-bit.to(I64)), BLOCK.count)
