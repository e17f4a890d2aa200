"""Compilation of the kernels of a run before the parties wait for each other."""

from __future__ import annotations

from typing import Final

from ...codegen.interface import Interface
from ...ir import tree as ir
from ...ir.dtypes import share_dtype
from ...ir.ots import OtKind, OtKinds
from ...ir.parties import COMPUTING
from ...ir.sharings import PAIRED
from ...kernels import sharing, units
from ...kernels.engine import Engine, Precompiler
from ...kernels.polynomials import add_polynomials
from ...kernels.products import add_products
from ...kernels.silent import add_silent
from ..operations.encrypted import keys_for
from ..ot.stock import SILENT, group_bits

_WIDTHS: Final = (8, 16, 32, 64)


def precompile(interface: Interface, kinds: OtKinds | None) -> None:
    """Compile the kernels that a run may load after it has begun, unless they are cached.

    `kinds` are the kinds of OTs that the parties make, or None if a dealer makes them. Protocols on
    shares also compute on numbers that are narrower than their operands, so all narrower rings are
    included.
    """
    engine = Precompiler()
    if interface.party >= interface.parties:
        return  # a client runs no protocol that needs a kernel
    if kinds is not None and interface.parties == PAIRED:
        _add_ots(engine, kinds.yao, senders={interface.party == COMPUTING.garbler})
    if not interface.exchanges:
        return
    if kinds is not None:
        _add_ots(engine, kinds.shares, senders={False, True})
        for one in keys_for(o for e in interface.exchanges for o in e.operations).all:
            add_polynomials(engine, one.size)
    sharing.add_bits(engine)
    widest = max(
        8 * share_dtype(value.type.element).itemsize
        for exchange in interface.exchanges
        for operation in exchange.operations
        for value in (*operation.operands, *operation.results)
    )
    looks_up = any(
        isinstance(operation, ir.Lookup)
        for exchange in interface.exchanges
        for operation in exchange.operations
    )
    for bits in _WIDTHS:
        if bits <= widest:
            sharing.add_ring(engine, bits)
            if looks_up:
                sharing.add_lookups(engine, bits)
    for bits in _multiplied(interface):
        add_products(engine, bits)


def _multiplied(interface: Interface) -> set[int]:
    """Return the widths of the numbers of matrix products and convolutions."""
    return {
        operation.result.type.width
        for exchange in interface.exchanges
        for operation in exchange.operations
        if isinstance(operation, ir.Product)
    }


def _add_ots(engine: Engine, kind: OtKind, senders: set[bool]) -> None:
    units.add_extension(engine, group_bits(kind))
    if kind is OtKind.SILENT:
        for sender in senders:
            add_silent(engine, SILENT.depth, SILENT.secret_bits, sender=sender)
