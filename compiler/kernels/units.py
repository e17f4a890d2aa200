"""The units of native code, by name, with the symbols that they provide."""

from __future__ import annotations

from typing import Final

from llvmlite import ir

from ..ir.garbling import Garbling
from . import circuit, extension, hash, primitives, stream
from . import wire_labels as values
from .abi import FUNCTIONS
from .aes import cipher_for
from .engine import Engine
from .gate_generators import Evaluator, Garbler
from .gates import HalfGates
from .schemes import Scheme
from .target import Target
from .three_halves import ThreeHalves
from .transpose import write_transpose


def build_primitives(target: Target) -> str:
    """Write the unit `primitives`."""
    module = ir.Module("primitives")
    cipher = cipher_for(target.path)
    primitives.write_schedule(module, cipher)
    primitives.write_encrypt(module, cipher)
    primitives.write_prg(module, cipher)
    hash.write_window(module, cipher)
    hash.write_hash(module, cipher)
    return str(module)


def scheme_for(garbling: Garbling, target: Target) -> Scheme:
    """Return the code generator of a garbling scheme."""
    made = ThreeHalves if garbling is Garbling.THREE_HALVES else HalfGates
    return made(cipher_for(target.path))


def build_yao(target: Target, *, garbler: bool, garbling: Garbling) -> str:
    """Write what a party of Yao's protocol runs."""
    module = ir.Module("garbler" if garbler else "evaluator")
    scheme = scheme_for(garbling, target)
    role = (Garbler if garbler else Evaluator)(module, scheme)
    circuit.write_circuit(module, role)
    values.write_shares(module, role, primitives.write_prg(module, scheme.cipher, internal=True))
    values.write_reveal(module, role)
    stream.write_channel(module, role.stream)
    return str(module)


YAO_SYMBOLS: Final = (*FUNCTIONS, "yao_flush")


def add_yao(engine: Engine, *, garbler: bool, garbling: Garbling = Garbling.HALF_GATES) -> None:
    """Load the code of a party of Yao's protocol."""

    def build(target: Target) -> str:
        return build_yao(target, garbler=garbler, garbling=garbling)

    name = "garbler" if garbler else "evaluator"
    engine.add_unit(f"{name}.{garbling.value}", build, YAO_SYMBOLS)


def add_primitives(engine: Engine) -> None:
    """Load `primitives`."""
    engine.add_unit("primitives", build_primitives, primitives.SYMBOLS)


def build_extension(target: Target, bits: int) -> str:
    """Write OT extension with groups of `bits` columns."""
    module = ir.Module("extension")
    cipher = cipher_for(target.path)
    transpose = write_transpose(module)
    extension.write_receiver(module, cipher, bits, transpose)
    extension.write_sender(module, cipher, bits, transpose)
    schedule = primitives.write_schedule(module, cipher, internal=True)
    prg = primitives.write_prg(module, cipher, internal=True)
    extension.write_double(module, schedule, prg, cipher)
    extension.write_expand_keys(module, schedule, cipher)
    return str(module)


def add_extension(engine: Engine, bits: int) -> None:
    """Load OT extension with groups of `bits` columns, and `primitives`."""
    add_primitives(engine)

    def build(target: Target) -> str:
        return build_extension(target, bits)

    engine.add_unit(f"extension{bits}", build, extension.SYMBOLS)
