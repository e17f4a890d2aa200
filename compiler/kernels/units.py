"""The units of native code, by name, with the symbols that they provide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from llvmlite import ir

from . import circuit, extension, hash, primitives, stream
from . import wire_labels as values
from .abi import FUNCTIONS
from .aes import cipher_for
from .cipher import Cipher
from .engine import Engine
from .gate_generators import Evaluator, Garbler, GateGenerator
from .target import Target
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


def _build_role(name: str, target: Target, party: Callable[[Any, Cipher], GateGenerator]) -> str:
    module = ir.Module(name)
    cipher = cipher_for(target.path)
    role = party(module, cipher)
    circuit.write_circuit(module, role)
    values.write_shares(module, role, primitives.write_prg(module, cipher, internal=True))
    values.write_reveal(module, role)
    stream.write_channel(module, role.stream)
    return str(module)


def build_garbler(target: Target) -> str:
    """Write the unit `garbler`."""
    return _build_role("garbler", target, Garbler)


def build_evaluator(target: Target) -> str:
    """Load the code of a party of Yao's protocol."""
    return _build_role("evaluator", target, Evaluator)


YAO_SYMBOLS: Final = (*FUNCTIONS, "yao_flush")


def add_yao(engine: Engine, *, garbler: bool) -> None:
    """Load what a party of Yao's protocol runs."""
    name, build = ("garbler", build_garbler) if garbler else ("evaluator", build_evaluator)
    engine.add_unit(name, build, YAO_SYMBOLS)


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
