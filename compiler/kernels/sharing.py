"""The units of the secret-sharing engine: one for bits, and one of arithmetic for each width."""

from __future__ import annotations

from typing import Final

from llvmlite import ir

from . import gilboa, gmw, lookups, matrices, pads, rings, trees, triples
from .aes import cipher_for
from .engine import Engine
from .rings import WIDTHS
from .target import Target

_BIT_SYMBOLS: Final = (
    *("triples_sender", "triples_receiver", "pairs_sender", "pairs_receiver", "flip"),
    *("leaves1_sender", "leaves2_sender"),
    *(f"leaves{fields}_receiver" for fields in triples.TABLE_BITS),
    *(f"tables{fields}_sender" for fields in triples.TABLE_BITS),
    *("spread_digits", *gmw.SYMBOLS, *trees.SYMBOLS),
)
_RING_NAMES: Final = (
    *("gilboa_sender", "bitwise_sender", "gilboa_receiver", "spread", "collect"),
    *("additive_sender", "additive_receiver", "matrix_sender", "matrix_receiver"),
    *("to_planes", "from_planes"),
)
_LOOKUP_NAMES: Final = ("lookup_sender", "lookup_receiver", "rotated_sums")


def build_bits(target: Target) -> str:
    """Write the unit of bits."""
    module = ir.Module("sharing-bits")
    cipher = cipher_for(target.path)
    sender = {b: pads.write_pads(module, cipher, b, sender=True) for b in WIDTHS}
    receiver = {b: pads.write_pads(module, cipher, b, sender=False) for b in WIDTHS}
    for copies in (1, 2):
        triples.write_triples_sender(module, sender[8], copies)
        triples.write_triples_receiver(module, receiver[8], copies)
    triples.write_flip(module)
    for fields in triples.TABLE_BITS:
        triples.write_leaves_sender(module, sender[16 * fields], fields, tables=True)
        triples.write_leaves_receiver(module, receiver[16 * fields], fields)
    for fields in (1, 2):
        triples.write_leaves_sender(module, sender[16 * fields], fields, tables=False)
    gilboa.write_spread(module, 8, triples.DIGIT_BITS)
    gmw.write_free(module)
    gmw.write_open(module)
    gmw.write_close(module)
    trees.write_open(module)
    trees.write_close(module)
    return str(module)


def build_ring(target: Target, bits: int) -> str:
    """Write the unit of arithmetic modulo 2^`bits`."""
    module = ir.Module(f"sharing{bits}")
    cipher = cipher_for(target.path)
    sender = pads.write_pads(module, cipher, bits, sender=True)
    receiver = pads.write_pads(module, cipher, bits, sender=False)
    receive = (rings.write_receive_first(module, bits), rings.write_receive_pair(module, bits))
    for bitwise in (True, False):
        first = rings.write_send_first(module, bits, bitwise=bitwise)
        pair = rings.write_send_pair(module, bits, bitwise=bitwise)
        gilboa.write_gilboa_sender(module, bits, sender, first, pair, bitwise=bitwise)
    gilboa.write_gilboa_receiver(module, bits, receiver, *receive)
    gilboa.write_spread(module, bits, bits)
    gilboa.write_collect(module, bits)
    gilboa.write_additive_sender(module, bits, sender)
    gilboa.write_additive_receiver(module, bits, receiver)
    matrices.write_matrix_sender(module, cipher, bits)
    matrices.write_matrix_receiver(module, cipher, bits)
    gmw.write_planes(module, bits)
    gmw.write_words(module, bits)
    return str(module)


def add_bits(engine: Engine) -> None:
    """Load the unit of bits."""
    engine.add_unit("sharing-bits", build_bits, _BIT_SYMBOLS)


def add_ring(engine: Engine, bits: int) -> None:
    """Load the unit of arithmetic modulo 2^`bits`."""

    def build(target: Target) -> str:
        return build_ring(target, bits)

    engine.add_unit(f"sharing{bits}", build, tuple(f"{name}{bits}" for name in _RING_NAMES))


def add_lookups(engine: Engine, bits: int) -> None:
    """Load the unit of lookups of words of `bits` bits."""

    def build(target: Target) -> str:
        module = ir.Module(f"lookups{bits}")
        cipher = cipher_for(target.path)
        lookups.write_lookup_sender(module, cipher, bits)
        lookups.write_lookup_receiver(module, cipher, bits)
        lookups.write_rotated_sums(module, bits)
        return str(module)

    engine.add_unit(f"lookups{bits}", build, tuple(f"{name}{bits}" for name in _LOOKUP_NAMES))
