"""Costs of operations in each sharing, and of conversions.

These estimates serve to compare sharings; byte-exact costs are left to another model. They ignore
that batches of OTs are rounded up, and that independent operations share messages. Preprocessing is
generated from OTs during the run, without a dealer. On arithmetic and boolean shares, costs are
counted by running an operation's protocol at a counting party. In Yao's protocol, and for an
operation that will be expanded, the number of ANDs is that of its circuit.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log2

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import replace
from ezlang.source import NO_SPAN

from ...circuits import catalogue
from ...circuits.operands import operand_roles
from ...cost.profiles import Profile
from ...cost.usage import NOTHING, Usage
from ...ir import tree as ir
from ...ir.facts import Facts, constant_operands
from ...ir.parties import COMPUTING
from ...ir.sharings import A, B, Y
from ...ir.tree import BinaryKind, Sharing
from ...kernels.layout import LABEL_BYTES
from ..analyses.counted_usages import counted_usages, shared_as


def operation_usage(
    operation: ir.Operation, sharing: Sharing, profile: Profile, facts: Facts
) -> Usage:
    """Return the usage of an operation without regions in an operation sharing.

    Operands that aren't secret count as known, according to their labels: public or owned by one
    party. `facts` are those of the function. Among circuits on shares, the cheapest one counts.
    """
    if not operation.results:
        return NOTHING
    moved = _bytes(operation.results[0].type) * (8 * LABEL_BYTES if sharing is Y else 1)
    return _usage(operation, sharing, profile, facts) + Usage(moved=moved)


def _usage(operation: ir.Operation, sharing: Sharing, profile: Profile, facts: Facts) -> Usage:
    match operation:
        case ir.Relabel() if sharing is Y:
            return share_usage(operation, sharing)
        case ir.Reveal() if sharing is Y:
            return _reveal(operation)
        case ir.Reduce():
            return _reduce(operation, sharing)
        case ir.Product() if sharing is not A:
            return _sums_of_products(operation, sharing)
        case ir.Lookup() if sharing is not A:
            return _lookup(operation, sharing)
        case _ if sharing is not Y:
            known = constant_operands(operation, facts.constants)
            return cheapest(counted_usages(shared_as(operation, sharing), known), profile)
        case ir.Elementwise():
            netlist = catalogue.circuit(operation, operand_roles(operation, facts))
            return Usage(gates=netlist.ands).times(operation.result.type.size)
        case ir.Move():
            return NOTHING
        case _:
            raise CompilerBug(f"{type(operation).__name__} is nothing in Yao's protocol")


def cheapest(usages: Sequence[Usage], profile: Profile) -> Usage:
    """Return the usage that takes the least time."""
    return min(usages, key=lambda one: one.seconds(profile) + one.latency(profile))


def convert_usage(type: ir.TensorType, old: Sharing, new: Sharing, profile: Profile) -> Usage:
    """Return the usage of a conversion. Yao is converted to arithmetic via boolean."""
    w, n = type.width, type.size
    match (old, new):
        case (Sharing.YAO, Sharing.BOOLEAN):
            return Usage(moved=n * w)
        case (Sharing.YAO, Sharing.ARITHMETIC):
            return convert_usage(type, Y, B, profile) + convert_usage(type, B, A, profile)
        case (Sharing.BOOLEAN, Sharing.YAO):
            return Usage(rounds=1, ots=n * w, sent=n * w / 8, moved=n * w * LABEL_BYTES)
        case (Sharing.ARITHMETIC, Sharing.YAO):
            return convert_usage(type, B, Y, profile) + Usage(gates=n * (w - 1))
        case _ if old is new:
            return NOTHING
        case _:
            x = ir.Value(0, replace(type, sharing=old))
            y = ir.Value(1, replace(type, sharing=new))
            form = ir.Convert(operands=(x,), results=(y,), span=NO_SPAN)
            return cheapest(counted_usages(form), profile)


def share_usage(operation: ir.Relabel, sharing: Sharing) -> Usage:
    """Return the usage of sharing a known value directly; a public one is free."""
    source = operation.operands[0].type
    if source.label.is_public:
        return NOTHING
    bits = source.size * source.width
    if sharing is not Y:
        return Usage(rounds=1, sent=bits / 8)
    if source.label.owner != COMPUTING.garbler:
        # What a client gives in boolean shares takes an OT for each bit, too.
        return Usage(rounds=1, sent=bits / 8, ots=bits)
    return NOTHING


_SECRETS = (catalogue.SECRET, catalogue.SECRET)


def _circuit(circuit: tuple[float, float], sharing: Sharing) -> Usage:
    ands, depth = circuit
    if sharing is Y:
        return Usage(gates=ands)
    return Usage(rounds=depth, triples=ands, ots=2 * ands, sent=ands / 4)


def _bytes(type: ir.TensorType) -> float:
    return type.size * max(type.width, 8) / 8


# Openings


def _reveal(operation: ir.Reveal) -> Usage:
    type = operation.result.type
    return Usage(rounds=1, sent=type.size * type.width / 8)


# Operations on whole arrays


def _reduce(operation: ir.Reduce, sharing: Sharing) -> Usage:
    (x,) = operation.operands
    size = x.type.size if operation.axis is None else x.type.shape[operation.axis]
    if size < 2:
        return NOTHING
    if sharing is A or (sharing is B and operation.kind is BinaryKind.XOR):
        return NOTHING
    step = _step(operation.kind, x.type, sharing)
    usage = step.times(operation.result.type.size * (size - 1))
    return usage + Usage(rounds=step.rounds * (ceil(log2(size)) - 1))


def _step(kind: BinaryKind, type: ir.TensorType, sharing: Sharing) -> Usage:
    size = catalogue.binary_size(kind, type.element, *_SECRETS, shallow=sharing is B)
    return _circuit(size, sharing)


def _sums_of_products(operation: ir.AnyProduct, sharing: Sharing) -> Usage:
    x = operation.operands[0].type
    k, results = operation.terms, operation.result.type.size
    secrets = [v.type for v in operation.operands if v.type.label.is_secret]
    known = catalogue.PUBLIC if len(secrets) < 2 else catalogue.SECRET
    product = catalogue.binary_size(
        BinaryKind.MUL, x.element, catalogue.SECRET, known, shallow=sharing is B
    )
    step = _step(BinaryKind.ADD, x, sharing)
    sums = step.times(results * (k - 1))
    levels = ceil(log2(k)) if k > 1 else 0
    waits = Usage(rounds=step.rounds * (levels - 1))
    return _circuit(product, sharing).times(results * k) + sums + waits


def _lookup(operation: ir.Lookup, sharing: Sharing) -> Usage:
    """Return the usage of a tree of selections, of which those of public items are free."""
    table, index = operation.operands
    entries, bits = table.type.shape[0], operation.words * table.type.width
    compared = 0 if operation.inside and entries == 1 << operation.index_bits else index.type.width
    ands = bits * (entries // 2 - 1 + (compared > 0)) + compared
    if sharing is Y:
        return Usage(gates=ands).times(index.type.size)
    depth = operation.index_bits + (compared > 0)
    # A pair of triples is for two bits of a number.
    return Usage(rounds=depth, triples=ands, ots=ands, sent=3 * ands / 16).times(index.type.size)
