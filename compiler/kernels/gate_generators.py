"""The instructions of Yao's protocol as each of the two parties runs them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from ezlang.records import dataclass

from .abi import I64
from .build import BLOCK, PAIR, Kernel, Value
from .cipher import WINDOW_GATES, Cipher
from .context import TABLE_BYTES, ContextAccess
from .gates import HashKeys, evaluate, garble, load_pair
from .stream import CONTEXT_PARAMETER, EvaluatorStream, GarblerStream, Stream


@dataclass(frozen=True, slots=True)
class GateAddresses:
    """The addresses of an AND's operands and result."""

    a: Value
    b: Value
    out: Value


def repeat_block(block: Value, type: Any) -> Value:
    """Return a block, repeated to fill a vector type."""
    return block.shuffle([0, 1] * (type.count // 2))


class GateGenerator(ABC):
    """A party's side of each gate. `masks` are all ones where a public bit is 1."""

    is_garbler: bool
    copies: int
    """The number of hashes that each input of a gate takes."""

    def __init__(self, module: Any, cipher: Cipher, stream: Stream) -> None:
        self.module = module
        self.cipher = cipher
        self.stream = stream
        self._fill = self._write_fill()

    def _write_fill(self) -> Kernel:
        """Write `fill_window(context, gate)`: key schedules for 8 gates from `gate` on."""
        k = Kernel(
            self.module,
            "fill_window",
            (CONTEXT_PARAMETER, ("gate", I64)),
            internal=True,
            inline="noinline",
        )
        context = ContextAccess(k, k["context"])
        context.set("window_gate", k["gate"])
        self.cipher.window(k, context.block("start"), k["gate"] << 1, context.address("window"))
        k.finish()
        return k

    def tile(self, k: Kernel, context: ContextAccess, gates: Sequence[GateAddresses]) -> None:
        """Run 1, 2, 4 or 8 independent ANDs. Their first number is a multiple of their count."""
        count = len(gates)
        gate = (context.get("gate") + (count - 1)) & -count
        offset = gate & (WINDOW_GATES - 1)
        base = gate - offset
        with k.when(base.differs(context.get("window_gate")), likely=count == WINDOW_GATES):
            k.call(self._fill, context.pointer, base)
        context.set("gate", gate + count)
        context.set("ands", context.get("ands") + count)
        table = self.stream.reserve(k, context, TABLE_BYTES * count)
        size = max(1, self.cipher.pairs_at_once // self.copies)
        for at in range(0, count, size):
            part = gates[at : at + size]
            keys = HashKeys(self.cipher, context.address("window"), offset + at)
            pairs = [load_pair(k, g.a, g.b) for g in part]
            labels = self._gates(k, context, keys, pairs, table.at(TABLE_BYTES * at))
            for address, label in zip(part, labels, strict=True):
                k.store(label, address.out, align=16)

    @abstractmethod
    def _gates(
        self,
        k: Kernel,
        context: ContextAccess,
        keys: HashKeys,
        pairs: Sequence[Value],
        table: Value,
    ) -> list[Value]:
        """Write or read the tables at `table`; return the labels of the results."""

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
    copies = 2

    def __init__(self, module: Any, cipher: Cipher) -> None:
        super().__init__(module, cipher, GarblerStream(module))

    def _gates(
        self,
        k: Kernel,
        context: ContextAccess,
        keys: HashKeys,
        pairs: Sequence[Value],
        table: Value,
    ) -> list[Value]:
        delta, sigma = context.block("delta"), context.block("delta_sigma")
        outputs, tables = garble(k, keys, pairs, delta, sigma)
        for i, ciphertexts in enumerate(tables):
            k.store(ciphertexts, table.at(TABLE_BYTES * i))
        return outputs

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
    copies = 1

    def __init__(self, module: Any, cipher: Cipher) -> None:
        super().__init__(module, cipher, EvaluatorStream(module))

    def _gates(
        self,
        k: Kernel,
        context: ContextAccess,
        keys: HashKeys,
        pairs: Sequence[Value],
        table: Value,
    ) -> list[Value]:
        tables = [k.load(table.at(TABLE_BYTES * i), PAIR) for i in range(len(pairs))]
        return evaluate(k, keys, pairs, tables)

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
