"""Operations with secret results, computed on shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from ezlang.compiler.circuits import catalogue
from ezlang.compiler.circuits.netlist import Netlist
from ezlang.compiler.ir import evaluate
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.evaluate import Array
from ezlang.compiler.ir.tree import BinaryKind, UnaryKind
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass
from ezlang.types.sharing import Sharing
from ezlang.types.types import BOOL, ScalarType

from .clear_values import ClearValue, Value
from .protocol import Protocol
from .shares import Secret, Shares, at_first, local, pairwise, secret, word


@dataclass(frozen=True, slots=True)
class Secrets:
    """Computations on shared values; operands may also be public or owned by one party.

    Sums, products and multiples are computed on the arithmetic sharing, all other operations by
    circuits on the boolean sharing. A sharing that an operand lacks is computed once and kept.
    """

    protocol: Protocol

    def share(self, values: Sequence[Value]) -> list[Secret]:
        """Return sharings of values; values owned by parties are shared once, in one round."""
        own: dict[int, ClearValue] = {}
        for value in values:
            if isinstance(value, ClearValue) and value.shared is None:
                if value.owner is None:
                    value.shared = self.protocol.known(value.element, value.data)
                else:
                    own[id(value)] = value
        if own:
            wanted = [(v.element, v.data, v.owner) for v in own.values() if v.owner is not None]
            for value, shared in zip(own.values(), self.protocol.share(wanted), strict=True):
                value.shared = shared
        return [_shared(value) for value in values]

    def compute(self, operation: ir.Operation, operands: Sequence[Value]) -> Secret:
        """Compute an operation with a secret result."""
        result = operation.result.type
        match operation:
            case ir.Relabel():
                return self.share(operands)[0]
            case ir.Unary():
                return self._unary(operation.kind, self.share(operands)[0])
            case ir.Binary():
                return self.binary(operation.kind, operands[0], operands[1])
            case ir.Select():
                return self._select(operands[0], operands[1], operands[2])
            case ir.Cast():
                return self._cast(self.share(operands)[0], result.element)
            case ir.Bit():
                return self._bit(self.share(operands)[0], operation.position)
            case ir.Reduce():
                return self._reduce(operation.kind, self.share(operands)[0], operation.axis)
            case ir.Move():
                return self._move(operation, operands)
            case _:
                raise CompilerBug(f"{type(operation).__name__} cannot give a secret")

    # Element-wise

    def _unary(self, kind: UnaryKind, x: Secret) -> Secret:
        match kind:
            case UnaryKind.NEG:
                shares = self._in(x, Sharing.ARITHMETIC)
                return _like(x, arithmetic=local(shares, lambda s: np.zeros_like(s) - s))
            case UnaryKind.NOT | UnaryKind.BITNOT:
                return _like(
                    x,
                    boolean=at_first(x.boolean, lambda s: ~s) if x.boolean else None,
                    arithmetic=_complement(x.arithmetic) if x.arithmetic else None,
                )
            case _:
                netlist = catalogue.unary(kind, x.element, catalogue.SECRET)
                return self._circuit(netlist, (x,), x.element, kind.value)

    def binary(self, kind: BinaryKind, x: Value, y: Value) -> Secret:
        """Compute a binary operation, at least one operand of which is not public."""
        public = [v for v in (x, y) if isinstance(v, ClearValue) and v.owner is None]
        if kind in (BinaryKind.ADD, BinaryKind.SUB):
            return self._sum(kind, *self.share((x, y)))
        if kind is BinaryKind.MUL:
            return self._multiple(x, y) if public else self._product(*self.share((x, y)))
        if kind.traits.shifts and isinstance(y, ClearValue) and y.owner is None:
            return self._shifted(kind, self.share((x,))[0], y)
        if kind in (BinaryKind.AND, BinaryKind.OR, BinaryKind.XOR) and public:
            return self._masked(kind, x, y)
        if kind is BinaryKind.XOR:
            one, other = self.share((x, y))
            left, right = self._in(one, Sharing.BOOLEAN), self._in(other, Sharing.BOOLEAN)
            return _like(one, boolean=pairwise(left, right, lambda a, b: a ^ b))
        operands = self._for_circuit((x, y))
        roles = [_role(operand) for operand in operands]
        netlist = catalogue.binary(kind, x.element, *roles, second=y.element)
        element = BOOL if kind.traits.gives_bool else x.element
        return self._circuit(netlist, operands, element, kind.value)

    def _sum(self, kind: BinaryKind, x: Secret, y: Secret) -> Secret:
        self.protocol.ensure((x, y), Sharing.ARITHMETIC)
        left, right = self._in(x, Sharing.ARITHMETIC), self._in(y, Sharing.ARITHMETIC)
        add = kind is BinaryKind.ADD
        return _like(x, arithmetic=pairwise(left, right, lambda a, b: a + b if add else a - b))

    def _product(self, x: Secret, y: Secret) -> Secret:
        self.protocol.ensure((x, y), Sharing.ARITHMETIC)
        left, right = self._in(x, Sharing.ARITHMETIC), self._in(y, Sharing.ARITHMETIC)
        return _like(x, arithmetic=self.protocol.multiply(left, right))

    def _multiple(self, x: Value, y: Value) -> Secret:
        """Multiply by a public value."""
        known, other = (x, y) if isinstance(x, ClearValue) and x.owner is None else (y, x)
        assert isinstance(known, ClearValue)
        (shared,) = self.share((other,))
        factor = known.data.astype(word(known.element))
        shares = self._in(shared, Sharing.ARITHMETIC)
        return _like(shared, arithmetic=local(shares, lambda s: s * factor))

    def _shifted(self, kind: BinaryKind, x: Secret, amount: ClearValue) -> Secret:
        """Shift by a public amount: every party shifts its own share."""
        element = x.element
        signed = evaluate.dtype(element)
        if kind is BinaryKind.SHR:
            self.protocol.ensure((x,), Sharing.BOOLEAN)

        def shift(share: Array) -> Array:
            moved = evaluate.binary(kind, share.astype(signed), amount.data)
            return moved.astype(share.dtype)

        multiple = x.arithmetic if kind is BinaryKind.SHL else None
        return _like(
            x,
            boolean=local(x.boolean, shift) if x.boolean else None,
            arithmetic=local(multiple, shift) if multiple else None,
        )

    def _masked(self, kind: BinaryKind, x: Value, y: Value) -> Secret:
        """Combine shared bits with public bits."""
        known, other = (x, y) if isinstance(x, ClearValue) and x.owner is None else (y, x)
        assert isinstance(known, ClearValue)
        (shared,) = self.share((other,))
        mask = known.data.astype(word(known.element))
        shares = self._in(shared, Sharing.BOOLEAN)
        if kind is BinaryKind.AND:
            return _like(shared, boolean=local(shares, lambda s: s & mask))
        if kind is BinaryKind.OR:
            shares = local(shares, lambda s: s & ~mask)
        return _like(shared, boolean=at_first(shares, lambda s: s ^ mask))

    def _select(self, condition: Value, x: Value, y: Value) -> Secret:
        if isinstance(condition, ClearValue) and condition.owner is None:
            return self._chosen(condition.data, *self.share((x, y)))
        bit, *sides = self._for_circuit((condition, x, y))
        if all(not isinstance(side, Secret) or side.has(Sharing.BOOLEAN) for side in sides):
            roles = [_role(operand) for operand in (bit, *sides)]
            netlist = catalogue.choice(x.element, *roles)
            return self._circuit(netlist, (bit, *sides), x.element, "select", _shape(x))
        return self._product_select(self.share((bit,))[0], *self.share(sides))

    def _chosen(self, condition: Array, x: Secret, y: Secret) -> Secret:
        sharings = self._common((x, y))
        made = {
            sharing: pairwise(
                self._in(x, sharing), self._in(y, sharing), lambda a, b: np.where(condition, a, b)
            )
            for sharing in sharings
        }
        return _made(x.element, x.shape, made, max(x.bits, y.bits))

    def _product_select(self, condition: Secret, x: Secret, y: Secret) -> Secret:
        """Select on additive shares: y + c · (x − y), where c is the condition as 0 or 1."""
        self.protocol.ensure((x, y), Sharing.ARITHMETIC)
        left, right = self._in(x, Sharing.ARITHMETIC), self._in(y, Sharing.ARITHMETIC)
        bit = self.protocol.bit_to_word(condition, x.element)
        factor = local(bit, lambda s: np.broadcast_to(s, x.shape))
        difference = pairwise(left, right, lambda a, b: a - b)
        product = self.protocol.multiply(factor, difference)
        return _like(x, arithmetic=pairwise(product, right, lambda a, b: a + b))

    def _cast(self, x: Secret, element: ScalarType) -> Secret:
        if element.is_logical:
            if x.element == element:
                return x
            netlist = catalogue.cast(x.element, element, catalogue.SECRET)
            return self._circuit(netlist, (x,), element, "cast")
        type = word(element)
        wider = element.width > x.width
        if wider:
            self.protocol.ensure((x,), Sharing.BOOLEAN)
        sign = wider and x.element.signed and x.bits == x.width
        source = evaluate.dtype(x.element) if sign else word(x.element)
        bits = element.width if sign else x.bits
        boolean = local(x.boolean, lambda s: s.astype(source).astype(type)) if x.boolean else None
        kept = None if wider or x.arithmetic is None else x.arithmetic
        arithmetic = local(kept, lambda s: s.astype(type)) if kept else None
        return secret(element, x.shape, boolean=boolean, arithmetic=arithmetic, bits=bits)

    def _bit(self, x: Secret, position: int) -> Secret:
        """Extract a bit; the lowest bit of a sum mod 2^w is the XOR of the shares' lowest bits."""
        shares = x.arithmetic if x.boolean is None and position == 0 else None
        if shares is None:
            shares = self._in(x, Sharing.BOOLEAN)
        place = shares[0].dtype.type(position)
        picked = local(shares, lambda s: np.asarray(s >> place) & s.dtype.type(1) != 0)
        return secret(BOOL, x.shape, boolean=picked)

    # Whole tensors

    def _reduce(self, kind: BinaryKind, x: Secret, axis: int | None) -> Secret:
        shape = () if axis is None else x.shape[:axis] + x.shape[axis + 1 :]
        size = x.size if axis is None else x.shape[axis]
        if size == 0:
            value = np.full(shape, evaluate.identity(kind, x.element), evaluate.dtype(x.element))
            return self.protocol.known(x.element, value)
        if kind is BinaryKind.ADD:
            shares = self._in(x, Sharing.ARITHMETIC)
            total = local(shares, lambda s: np.add.reduce(_lines(s, axis), dtype=s.dtype))
            return secret(x.element, shape, arithmetic=total)
        if kind is BinaryKind.XOR:
            shares = self._in(x, Sharing.BOOLEAN)
            total = local(shares, lambda s: np.bitwise_xor.reduce(_lines(s, axis)))
            return secret(x.element, shape, boolean=total)
        rest = _mapped(x, (size, *shape), lambda s: _lines(s, axis))
        while rest.shape[0] > 1:  # halve each time, for logarithmic depth
            half = rest.shape[0] // 2
            left, right = _items(rest, 0, half), _items(rest, half, 2 * half)
            combined = self.binary(kind, left, right)
            rest = self._joined(combined, _items(rest, 2 * half, rest.shape[0]))
        return _mapped(rest, shape, lambda s: s.reshape(shape))

    def _joined(self, x: Secret, y: Secret) -> Secret:
        if y.size == 0:
            return x
        made = {
            sharing: pairwise(
                self._in(x, sharing), self._in(y, sharing), lambda a, b: np.concatenate([a, b])
            )
            for sharing in self._common((x, y))
        }
        shape = (x.shape[0] + y.shape[0], *x.shape[1:])
        return _made(x.element, shape, made, max(x.bits, y.bits))

    def _move(self, operation: ir.AnyMove, operands: Sequence[Value]) -> Secret:
        """Move elements in the same way in every share; indices are public."""
        count = operation.element_count
        moved = self.share(operands[:count])
        indices = [value.data for value in operands[count:] if isinstance(value, ClearValue)]
        made = {}
        for sharing in self._common(moved):
            parts = [self._in(value, sharing) for value in moved]
            made[sharing] = tuple(
                evaluate.moved(operation, [*(part[party] for part in parts), *indices])
                for party in range(self.protocol.parties)
            )
        result = operation.result.type
        return _made(result.element, result.shape, made, max(value.bits for value in moved))

    # Helpers

    def _in(self, x: Secret, sharing: Sharing) -> Shares:
        """Return the shares of x in a sharing, converting if necessary."""
        if not x.has(sharing):
            self.protocol.ensure((x,), sharing)
        shares = x.shares(sharing)
        assert shares is not None
        return shares

    def _common(self, values: Sequence[Secret]) -> list[Sharing]:
        """Return the sharings that all values have, at least one; convert if necessary."""
        both = (Sharing.ARITHMETIC, Sharing.BOOLEAN)
        sharings = [sharing for sharing in both if all(value.has(sharing) for value in values)]
        if not sharings:
            self.protocol.ensure(values, Sharing.ARITHMETIC)
            sharings = [Sharing.ARITHMETIC]
        return sharings

    def _for_circuit(self, values: Sequence[Value]) -> list[Value]:
        """Share operands that are not public; leave public operands unchanged."""
        public = [isinstance(v, ClearValue) and v.owner is None for v in values]
        shared = iter(self.share([v for v, known in zip(values, public, strict=True) if not known]))
        return [v if known else next(shared) for v, known in zip(values, public, strict=True)]

    def _circuit(
        self,
        netlist: Netlist,
        operands: Sequence[Value],
        element: ScalarType,
        purpose: str,
        shape: tuple[int, ...] | None = None,
    ) -> Secret:
        ports = [
            operand if isinstance(operand, Secret) else operand.data.astype(word(operand.element))
            for operand in operands
        ]
        full = _shape(operands[0]) if shape is None else shape
        return self.protocol.circuit(netlist, ports, element, full, purpose)


def _shared(value: Value) -> Secret:
    if isinstance(value, Secret):
        return value
    assert value.shared is not None
    return value.shared


def _role(operand: Value) -> catalogue.OperandRole:
    return catalogue.SECRET if isinstance(operand, Secret) else catalogue.PUBLIC


def _shape(value: Value) -> tuple[int, ...]:
    return value.shape if isinstance(value, Secret) else value.data.shape


def _complement(shares: Shares) -> Shares:
    """Compute ~x = −x − 1 on additive shares."""
    negated = local(shares, lambda s: np.zeros_like(s) - s)
    return at_first(negated, lambda s: s - s.dtype.type(1))


def _like(x: Secret, *, boolean: Shares | None = None, arithmetic: Shares | None = None) -> Secret:
    return secret(x.element, x.shape, boolean=boolean, arithmetic=arithmetic)


def _made(
    element: ScalarType, shape: tuple[int, ...], made: dict[Sharing, Shares], bits: int
) -> Secret:
    return secret(
        element,
        shape,
        boolean=made.get(Sharing.BOOLEAN),
        arithmetic=made.get(Sharing.ARITHMETIC),
        bits=bits,
    )


def _mapped(x: Secret, shape: tuple[int, ...], function: Callable[[Array], Array]) -> Secret:
    if prod(shape) > x.size:
        raise CompilerBug("this only keeps or leaves out elements")
    return secret(
        x.element,
        shape,
        boolean=local(x.boolean, function) if x.boolean else None,
        arithmetic=local(x.arithmetic, function) if x.arithmetic else None,
        bits=x.bits,
    )


def _items(x: Secret, first: int, end: int) -> Secret:
    return _mapped(x, (end - first, *x.shape[1:]), lambda s: s[first:end])


def _lines(shares: Array, axis: int | None) -> Array:
    """Move the reduced axis to the front."""
    return shares.reshape(-1) if axis is None else np.moveaxis(shares, axis, 0)
